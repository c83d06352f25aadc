# -*- test-case-name: tests.cli.test_replay -*-
"""
Tests of L{cardgw.cli.replay}: with transcripts of an eUICC in software.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cardgw.gateway.records import REDACTED, WHOLE
from tests.cli.case import CliTestCase
from tests.recorded import ICCID, record

NAME = "lpa.profiles"


class ReplayTests(CliTestCase):
    """
    C{cardgw replay}.
    """

    def record(self, kind: str = WHOLE) -> tuple[Path, dict[str, Any]]:
        """
        A file, and the result that it was recorded with.
        """
        result, text = record(self, NAME, kind)
        file = self.directory / "card.txt"
        file.write_text(text)
        return file, result

    def test_same(self) -> None:
        """
        Stages and result are shown as C{cardgw run} does; no gateway is asked.
        """
        file, result = self.record()
        self.assertEqual(json.loads(self.run_it("replay", str(file), NAME, "--json").stdout), result)
        lines = [json.loads(line) for line in self.run_it("replay", str(file), NAME).stdout.splitlines()]
        self.assertEqual((lines[0]["event"], lines[-1]["event"], lines[-1]["result"]), ("job.stage", "job.ended", result))
        self.assertIn(ICCID, self.run_it("replay", str(file), NAME, terminal=True).stdout)
        self.assertEqual(json.loads(self.run_it("replay", "-", NAME, "--json", input=file.read_text()).stdout), result)
        self.assertEqual(self.api.requests, [])

    def test_differs(self) -> None:
        """
        The line at which it differs is told.
        """
        file, _ = self.record()
        lines = file.read_text().splitlines()
        at = next(number for number, line in enumerate(lines) if line[2:6] == "E291")
        lines[at] = lines[at][:-2] + "00"
        file.write_text("\n".join(lines))
        self.assertIn(f"(line {at + 1}): expected ", self.run_it("replay", str(file), NAME, status=1).stderr)

    def test_redacted(self) -> None:
        """
        Without data it ends at the line where they are needed.
        """
        file, _ = self.record(REDACTED)
        found = self.run_it("replay", str(file), NAME, status=1)
        self.assertRegex(found.stderr, r"does not say what the card answered: command [0-9]+ \(line [0-9]+\): ")
        self.assertIn("--whole", found.stderr)

    def test_settings(self) -> None:
        """
        The settings of a gateway count where they are given.
        """
        file, _ = self.record()
        config = self.directory / "cardgw.toml"
        config.write_text('[[quirks]]\nisd_r = "A0000005591010FFFFFFFF8900000199"\n')
        found = self.run_it("replay", str(file), NAME, "--config", str(config), status=1)
        self.assertIn("8900000199", found.stderr)

    def test_wrong(self) -> None:
        """
        What is wrong with the arguments or the file is told.
        """
        file, _ = self.record()
        self.run_it("replay", str(file), "acme.nothing", status=2)
        self.run_it("replay", str(file), NAME, "-p", "colour=red", status=2)
        self.run_it("replay", str(self.directory / "missing"), NAME, status=2)

    def test_unreadable(self) -> None:
        """
        What is wrong with the file is told, in one line; it is the wrong file then.
        """
        file, _ = self.record()
        text = file.read_text()
        for content, told in (
            (b"nonsense", "line 1: "),
            (b"", "there is no command in it"),
            (bytes(2000), "line 1: expected bytes in hexadecimal, got what is no text"),
            (b"\xff\xd8\xff\xe0", "it is not UTF-8"),
            (text.replace("FORMAT: 1", "FORMAT: 2").encode(), "has format 2, and this version knows formats up to 1. A newer"),
            (text[: text.rindex("\n# Received") + 1].encode(), "the command has no answer"),
            (text.replace("OFFERS: ", "OFFERS: magic ").encode(), "there is no magic"),
            (text.replace("PARAMETERS: {", "PARAMETERS: [{").encode(), "PARAMETERS: expected a JSON object"),
            (text.replace("# OPERATION", "# OTHER").encode(), "does not say of which operation it is"),
        ):
            file.write_bytes(content)
            found = self.run_it("replay", str(file), status=2, terminal=True)
            self.assertIn(told, found.stderr)
            self.assertEqual((found.stdout, found.stderr.count("\n")), ("", 1), found.stderr)

    def test_recorded(self) -> None:
        """
        Operation and parameters are those that were recorded, unless others are given; secret ones must be given.
        """
        file, result = self.record()
        self.assertEqual(json.loads(self.run_it("replay", str(file), "--json").stdout), result)
        recorded = file.read_text()
        for named in ('{"icons":true}', '{"nonsense":1}'):
            file.write_text(recorded.replace("PARAMETERS: {}", f"PARAMETERS: {named}"))
            self.run_it("replay", str(file), status=1 if "icons" in named else 2)
            self.run_it("replay", str(file), NAME, "-p", "icons=false", status=0 if "icons" in named else 2)
        file.write_text(recorded.replace("lpa.profiles", "profile.download") + "# WITHHELD: activation_code\n")
        found = self.run_it("replay", str(file), status=2)
        self.assertIn("-p activation_code=VALUE", found.stderr)
        self.run_it("replay", str(file), "-p", "activation_code=LPA:1$smdp.example.com$X", status=1)
