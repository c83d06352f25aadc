# -*- test-case-name: tests.cli.test_gp -*-
"""
What the tests of C{cardgw gp} have in common: an API that has the operations, and CAP files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click.testing import Result

from cardgw.gateway.registry import load_registry
from cardgw.schema import build_strictly
from tests.cli.case import CliTestCase
from tests.cli.fakes import BEGUN, done
from tests.gp.cap_maker import make_components, zipped

AID = "D2760001240102"
KEYS = ("--keys", "issuer")


class GpCliTestCase(CliTestCase):
    """
    Runs C{cardgw gp}.
    """

    def gp(
        self, *typed: str, status: int = 0, result: Mapping[str, Any] | None = None, operation: str = "", **more: Any
    ) -> Result:
        """
        Run a command.

        @param result: of the job.
        @param operation: which then must have been asked for.
        """
        for name in [operation] if operation else []:
            self.api.scripts[name] = [BEGUN, done(**(result or {}))]
        return self.run_it("gp", *typed, status=status, **more)

    def jobs(self) -> list[dict[str, Any]]:
        """
        The jobs that were asked for; their parameters are such as the operations declare.
        """
        found = self.api.sent("POST", "jobs")
        for each in found:
            build_strictly(load_registry().operation(each["operation"]).parameters, each["parameters"], "test:")
        return found

    def parameters(self, operation: str) -> dict[str, Any]:
        """
        Those of the last job, which must be of this operation.
        """
        job = self.jobs()[-1]
        self.assertEqual(job["operation"], operation)
        found: dict[str, Any] = job["parameters"]
        return found

    def cap(self, **parts: Any) -> Path:
        """
        A CAP file; see L{make_components}.
        """
        path = self.directory / "applet.cap"
        path.write_bytes(zipped(make_components(**parts)))
        return path
