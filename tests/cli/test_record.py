# -*- test-case-name: tests.cli.test_record -*-
"""
Tests of L{cardgw.cli.record}, and of C{cardgw jobs transcript}.
"""

from __future__ import annotations

import stat
from pathlib import Path

from tests.cli.case import CliTestCase
from tests.cli.fakes import BEGUN, EID, REDACTED, WHOLE, described, done, failed


class RecordTests(CliTestCase):
    """
    C{cardgw record}.
    """

    def setUp(self) -> None:
        """
        An operation is there.
        """
        super().setUp()
        self.api.operations = {"acme.count": described("acme.count"), "acme.wipe": described("acme.wipe", destructive=True)}
        self.api.scripts = {name: [BEGUN, done(score=3)] for name in self.api.operations}
        self.file = self.directory / "transcript.txt"

    def test_redacted(self) -> None:
        """
        The result is shown as ever, and the transcript is in the file; it is said what to do with it.
        """
        result = self.run_it("record", "acme.count", "-o", str(self.file), terminal=True)
        self.assertEqual(result.stdout, "score: 3\n")
        self.assertEqual(self.file.read_text(), REDACTED)
        self.assertIn("cardgw diagnose", result.stderr)
        self.assertEqual(self.api.sent("POST", "jobs")[0]["record"], "redacted")

    def test_whole(self) -> None:
        """
        What has secrets in it is for nobody else to read, also where the file was there before.
        """
        self.file.write_text("something longer than this, " * 10)
        self.file.chmod(0o644)
        result = self.run_it("record", "acme.count", "--whole", "-o", str(self.file))
        self.assertEqual((self.file.read_text(), stat.S_IMODE(self.file.stat().st_mode)), (WHOLE, 0o600))
        self.assertIn("secrets too", result.stderr)
        self.assertEqual(self.api.sent("POST", "jobs")[0]["record"], "whole")

    def test_output(self) -> None:
        """
        Without a file, standard output has the transcript and nothing else.
        """
        result = self.run_it("record", "acme.count")
        self.assertEqual(result.stdout, REDACTED)
        self.assertIn("score", result.stderr)
        self.api.scripts["acme.count"] = [BEGUN, done(score=3)]
        self.assertEqual(self.run_it("record", "acme.count", "-o", "-").stdout, REDACTED)

    def test_failed(self) -> None:
        """
        There is a transcript too where the operation failed; the exit status is that of the operation.
        """
        self.api.scripts["acme.count"] = [BEGUN, failed("es10", "The card refused", status="6A82")]
        result = self.run_it("record", "acme.count", status=4)
        self.assertEqual(result.stdout, REDACTED)
        self.assertIn("the card refused", result.stderr)

    def test_missing(self) -> None:
        """
        Where there is none, that is told; what failed before counts more.
        """
        self.api.transcripts.clear()
        self.assertIn("no transcript", self.run_it("record", "acme.count", status=1).stderr)
        self.api.scripts["acme.count"] = [BEGUN, failed("es10", "The card refused", status="6A82")]
        self.assertIn("no transcript", self.run_it("record", "acme.count", status=4).stderr)

    def test_unwritable(self) -> None:
        """
        A file that cannot be written is told before anything is done.
        """
        self.assertIn("cannot be written", self.run_it("record", "acme.count", "-o", "/nowhere/x", status=2).stderr)
        self.run_it("record", "acme.count", "-o", str(self.directory), status=2)
        self.assertEqual(self.api.sent("POST", "jobs"), [])

    def test_unwritableLater(self) -> None:
        """
        Where that turns out afterwards, nothing is lost: it is said where the transcript is.
        """
        self.api.before = lambda request: None if self.file.is_dir() else self.file.mkdir()
        result = self.run_it("record", "acme.count", "-o", str(self.file), status=2)
        self.assertIn("cannot be written", result.stderr)
        self.assertIn("cardgw jobs transcript 01JOB1", result.stderr)

    def test_later(self) -> None:
        """
        A job that waits for its card is recorded when it runs: the transcript can be had afterwards.
        """
        result = self.run_it("record", "acme.count", "--card", f"eid:{EID[:-1]}9", "--no-wait")
        self.assertIn("cardgw jobs transcript 01JOB1", result.stderr)
        self.assertEqual(self.run_it("jobs", "transcript", "01JOB1").stdout, REDACTED)
        self.run_it("jobs", "transcript", "01JOB1", "-o", str(self.file))
        self.assertEqual(self.file.read_text(), REDACTED)

    def test_typed(self) -> None:
        """
        What would be asked without recording is asked likewise, and nothing is done for --dry-run.
        """
        self.run_it("record", "acme.wipe", status=2)
        self.assertIn('"record": "redacted"', self.run_it("record", "acme.count", "--dry-run").stdout)
        self.assertEqual(self.api.sent("POST", "jobs"), [])
        self.assertEqual(self.run_it("record", "acme.wipe", "--yes").stdout, REDACTED)

    def test_nothing(self) -> None:
        """
        No file is made for what was refused.
        """
        self.run_it("record", "acme.nothing", "-o", str(self.file), status=2)
        self.assertFalse(Path(self.file).exists())
