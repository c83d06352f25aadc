"""
Tests of L{cardgw.operations.gp_script}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import UnexpectedStatus
from cardgw.operations.gp_script import RunGpScript
from tests.operations.gp_card import HEAD, GpOperationTests, GpTestCase

SCRIPT = "80CA9F7F00 = 9000\n80F28002024F00 = 9000"


class RunGpScriptTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.script} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = {**HEAD, "script": SCRIPT}

    def make_operation(self) -> RunGpScript:
        """
        See L{OperationTestsMixin}.
        """
        return RunGpScript()


class GpScriptTests(GpTestCase):
    """
    What C{gp.script} does.
    """

    operation = RunGpScript

    def test_protected(self) -> None:
        """
        The commands come to the card protected, and their answers are told plain.
        """
        found = self.done(script=SCRIPT)
        self.assertTrue(found["ok"])
        self.assertEqual([each["response"][:2] for each in found["answers"]], ["9F", "E3"])
        self.assertEqual(len(self.commands(0xF2)), 1)

    def test_unexpected(self) -> None:
        """
        The first status that is not expected is the last one.
        """
        self.assertIn("line 1", self.failed(UnexpectedStatus, script="80F00000 = 6985"))
        self.assertFalse(self.session.results[-1]["ok"])

    def test_dryRun(self) -> None:
        """
        The commands as they are.
        """
        self.assertEqual(self.done(script="80CA9F7F00", dry_run=True)["commands"], ["80CA9F7F00"])
