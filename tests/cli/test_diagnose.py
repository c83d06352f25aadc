"""
Tests of L{cardgw.cli.diagnose}.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import httpx

from cardgw.cli import diagnose
from cardgw.version import VERSION
from tests.cli.case import CliTestCase
from tests.cli.fakes import EID, TOKEN


class DiagnoseTests(CliTestCase):
    """
    C{cardgw diagnose}.
    """

    def setUp(self) -> None:
        """
        There are two readers.
        """
        super().setUp()
        self.answer: Any = subprocess.CompletedProcess([], 0, "Reader 00\nReader 01\n", "")
        self.run_other = subprocess.run
        self.patch(subprocess, "run", self.run_process)

    def run_process(self, arguments: list[str], **more: Any) -> Any:
        """
        In place of L{subprocess.run}; the standard library uses it too.
        """
        if arguments[0] != sys.executable:
            return self.run_other(arguments, **more)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def test_all(self) -> None:
        """
        Versions, plugins, readers and the gateway are told; no token, and of an EID the end alone.
        """
        told = self.run_it("diagnose").output
        for expected in (
            f"cardgw {VERSION}",
            "OpenSSL",
            "Twisted",
            "lpa.info (dropin:",
            "Reader 01",
            "[+] store: ok",
            "role admin",
        ):
            self.assertIn(expected, told)
        self.assertIn(f"eid:…{EID[-4:]}", told)
        self.assertNotIn(EID, told)
        self.assertNotIn(TOKEN, told)

    def test_json(self) -> None:
        """
        The same as JSON.
        """
        found = json.loads(self.run_it("diagnose", "--json").stdout)
        self.assertEqual(list(found), ["versions", "plugins", "readers", "gateway"])

    def test_away(self) -> None:
        """
        What cannot be had is told, and is no error.
        """

        def before(_: httpx.Request) -> None:
            raise httpx.ConnectError("Connection refused")

        self.api.before = before
        self.assertIn("nothing listens there", self.run_it("diagnose").stdout)
        self.environ["CARDGW_TOKEN"] = "not a token"
        self.assertIn("this is no token", self.run_it("diagnose").stdout)

    def test_noToken(self) -> None:
        """
        Without a token it is told whether the gateway is ready.
        """
        del self.environ["CARDGW_TOKEN"]
        told = self.run_it("diagnose").stdout
        self.assertIn("without a token", told)
        self.assertIn("[+] store: ok", told)

    def test_readers(self) -> None:
        """
        Readers, or why there are none.
        """
        for answer, told in (
            (subprocess.CompletedProcess([], 0, "none\n", ""), "none"),
            (subprocess.CompletedProcess([], 1, "", "x\nMemoryError: no more"), "MemoryError: no more"),
            (subprocess.CompletedProcess([], -11, "", ""), "it cannot be asked"),
            (subprocess.TimeoutExpired("x", 1), "pcscd does not answer"),
        ):
            self.answer = answer
            self.assertIn(told, diagnose.readers()[0])

    def test_defect(self) -> None:
        """
        Whatever fails, the rest is told.
        """
        self.patch(diagnose, "verified", lambda: 1 / 0)
        told = self.run_it("diagnose").stdout
        self.assertIn("ZeroDivisionError", told)
        self.assertIn("Reader 00", told)
