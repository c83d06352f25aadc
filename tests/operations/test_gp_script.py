"""
Tests of L{cardgw.operations.gp_script}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError, UnexpectedStatus
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

    def test_selecting(self) -> None:
        """
        A command that ends the secure channel goes as it is, and is the last one.
        """
        found = self.done(script="80CA9F7F00 = 9000\n00A4040000 = 9000")
        self.assertEqual((found["ok"], found["answers"][1]["response"][:2]), (True, "6F"))
        text = str(self.assertRaises(ParameterError, self.start, script="# first\n00A4040000\n80CA9F7F00"))
        self.assertIn("line 2 ends the secure channel (an application was selected)", text)

    def test_unfit(self) -> None:
        """
        What cannot be protected is told by its line, before anything is sent.
        """
        for line, text in (("81CA9F7F00", "line 2 is for logical channel 1"), ("84CA9F7F00", "line 2 cannot be protected")):
            self.assertIn(text, str(self.assertRaises(ParameterError, self.start, script=f"80CA9F7F00\n{line}")))

    def test_terminate(self) -> None:
        """
        A card is not terminated by the way.
        """
        for line in ("80F080FF", "80F080FF00", "84F080FF"):
            self.assertIn("line 2 terminates", str(self.assertRaises(ParameterError, self.start, script=f"80CA9F7F00\n{line}")))

    def test_dryRun(self) -> None:
        """
        The commands as they are.
        """
        self.assertEqual(self.done(script="80CA9F7F00", dry_run=True)["commands"], ["80CA9F7F00"])
