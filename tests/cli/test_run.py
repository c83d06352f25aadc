"""
Tests of L{cardgw.cli.run}.
"""

from __future__ import annotations

import json
from typing import Any

from cardgw.operations.apdu_script import ScriptParameters
from cardgw.schema import json_schema
from tests.cli.case import CliTestCase
from tests.cli.fakes import BEGUN, described, done

SECRET = {"type": "string", "writeOnly": True}


class RunTests(CliTestCase):
    """
    C{cardgw run}.
    """

    def setUp(self) -> None:
        """
        Some operations are there.
        """
        super().setUp()
        script = {**described("apdu.script"), "parameters": json_schema(ScriptParameters)}
        count: dict[str, Any] = {"type": "integer"}
        self.api.operations = {
            "acme.count": described("acme.count", required=("count",), count=count, code=SECRET),
            "acme.wipe": described("acme.wipe", destructive=True),
            "apdu.script": script,
        }
        self.api.scripts = {name: [BEGUN, done(score=3)] for name in self.api.operations}

    def test_runs(self) -> None:
        """
        Parameters are what the operation declares; the result is shown whatever it is.
        """
        self.assertEqual(self.run_it("run", "acme.count", "-p", "count=3", terminal=True).stdout, "score: 3\n")
        self.assertEqual(self.api.sent("POST", "jobs")[0]["parameters"], {"count": 3})

    def test_wrong(self) -> None:
        """
        What is wrong with parameters is found before anything is sent, and is wrong usage; so is an unknown operation.
        """
        for typed in (["acme.count"], ["acme.count", "-p", "count=x"], ["acme.count", "-p", "cuont=3"], ["acme.nothing"]):
            self.run_it("run", *typed, status=2)
        self.assertEqual(self.api.sent("POST", "jobs"), [])

    def test_destructive(self) -> None:
        """
        What can destroy something must be confirmed: with yes on a terminal, or with --yes.
        """
        self.assertIn("say --yes", self.run_it("run", "acme.wipe", status=2).stderr)
        told = self.run_it("run", "acme.wipe", status=130, interactive=True, input="y\n").stderr
        self.assertIn("This runs acme.wipe: ", told)
        self.assertTrue(told.endswith("). Type yes to go on: Nothing was done.\n"), told)
        self.assertEqual(self.api.sent("POST", "jobs"), [])
        self.run_it("run", "acme.wipe", interactive=True, input="Yes\n")
        self.api.scripts["acme.wipe"] = [BEGUN, done()]
        self.run_it("run", "acme.wipe", "--yes")
        self.assertEqual([each["confirm"] for each in self.api.sent("POST", "jobs")], [True, True])

    def test_dryRun(self) -> None:
        """
        Secrets are not shown; of a script the commands are.
        """
        result = self.run_it("run", "acme.count", "-p", "count=3", "-p", "code=geheim", "--dry-run")
        self.assertEqual(json.loads(result.stdout)["body"]["parameters"], {"count": 3, "code": "***"})
        result = self.run_it("run", "apdu.script", "-p", "script=A4/00=9000", "--dry-run")
        self.assertIn("00A4000000", result.stderr.replace(" ", ""))
        self.assertIn("and what 61xx and 6Cxx ask for", result.stderr)
        result = self.run_it("run", "apdu.script", "-p", "script=A4/00=9000", "-p", "raw=yes", "--dry-run")
        self.assertNotIn("61xx", result.stderr)
        self.run_it("run", "apdu.script", "-p", "script=nonsense", "--dry-run", status=2)
        self.run_it("run", "acme.wipe", "--dry-run")
        self.assertEqual(self.api.sent("POST", "jobs"), [])

    def test_input(self) -> None:
        """
        A parameter can come from standard input.
        """
        self.run_it("run", "apdu.script", "-p", "script@-", input="00A4040000\nA1=\n")
        self.assertEqual(self.api.sent("POST", "jobs")[0]["parameters"], {"script": "00A4040000\nA1="})
