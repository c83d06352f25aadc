# -*- test-case-name: tests.cli.test_transcripts -*-
"""
Tests of L{cardgw.cli.transcripts}.
"""

from __future__ import annotations

import stat
from pathlib import Path

from cardgw.cli.app import App
from cardgw.cli.transcripts import check_path, is_redacted, write_transcript
from cardgw.errors import ParameterError
from tests.cli.case import CliTestCase
from tests.cli.fakes import REDACTED, WHOLE


class TranscriptsTests(CliTestCase):
    """
    Files with transcripts.
    """

    def setUp(self) -> None:
        """
        What is said is kept.
        """
        super().setUp()
        self.said: list[str] = []
        self.patch(App, "say", lambda app, text: self.said.append(text))
        self.file = self.directory / "transcript.txt"

    def test_written(self) -> None:
        """
        A file is for its owner alone, a new one and one that was there; what it is good for is said.
        """
        for text, told in ((WHOLE, "secrets too"), (REDACTED, "no data")):
            write_transcript(self.app(), text, self.file)
            self.assertEqual((self.file.read_text(), stat.S_IMODE(self.file.stat().st_mode)), (text, 0o600))
            self.assertIn(told, self.said[-1])
            self.file.chmod(0o644)

    def test_notWritten(self) -> None:
        """
        What cannot be written is told, beforehand if that can be seen.
        """
        for path in (self.directory, self.directory / "none" / "x"):
            error = self.assertRaises(ParameterError, check_path, path)
            self.assertRegex(error.detail, "cannot be written: .")
            self.assertRaises(ParameterError, write_transcript, self.app(), WHOLE, path)
        for fine in (None, self.file, Path("/dev/null")):
            check_path(fine)
        self.assertFalse(self.file.exists())

    def test_isRedacted(self) -> None:
        """
        What cannot be read is rather taken for something that has secrets in it; so is what has no data left to leave out.
        """
        found = [is_redacted(each) for each in (REDACTED, WHOLE, "", "nonsense")]
        self.assertEqual(found, [True, False, False, False])
