# -*- test-case-name: tests.apdu.test_script -*-
"""
Tests for L{cardgw.apdu.script}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, OK, PROACTIVE, WARNINGS, Script, Step

COMMAND = Command(0x80, 0xE2)
GOOD = Response(b"", 0x9000)
BAD = Response(b"", 0x6A80)


class StepTests(SynchronousTestCase):
    """
    L{Step}.
    """

    def test_default(self) -> None:
        """
        Unless it says otherwise only 9000 is allowed, with data or without.
        """
        step = Step(COMMAND)
        self.assertTrue(step.allows(GOOD))
        self.assertTrue(step.allows(Response(b"data", 0x9000)))
        for status in (0x9001, 0x8FFF, 0x6100, 0x9100):
            self.assertFalse(step.allows(Response(b"", status)))

    def test_ranges(self) -> None:
        """
        Several ranges may be allowed.
        """
        step = Step(COMMAND, (OK, PROACTIVE, WARNINGS))
        allowed = [status for status in (0x9000, 0x9100, 0x91FF, 0x9200, 0x6200, 0x63FF, 0x6400) if step.allows_status(status)]
        self.assertEqual(allowed, [0x9000, 0x9100, 0x91FF, 0x6200, 0x63FF])
        self.assertTrue(Step(COMMAND, (ANY,)).allows_status(0x0000))
        self.assertTrue(Step(COMMAND, (ANY,)).allows_status(0xFFFF))

    def test_noData(self) -> None:
        """
        Where there must be no data, an answer with data ends the script whatever its status (SGP.22 2.5.5).
        """
        step = Step(COMMAND, (ANY,), data=False)
        self.assertFalse(step.allows(Response(b"x", 0x9000)))
        self.assertTrue(step.allows(GOOD))
        self.assertTrue(step.allows_status(0x9000))


class ScriptTests(SynchronousTestCase):
    """
    L{Script}.
    """

    def test_of(self) -> None:
        """
        Plain commands make a script that is not pipelined.
        """
        self.assertEqual(Script.of(COMMAND, COMMAND), Script((Step(COMMAND), Step(COMMAND)), pipelined=False))

    def test_rest(self) -> None:
        """
        The rest of a pipelined script is pipelined; all of it is the script itself.
        """
        script = Script((Step(COMMAND), Step(COMMAND, slow=True)), pipelined=True)
        self.assertEqual(script.rest(1), Script((Step(COMMAND, slow=True),), pipelined=True))
        self.assertIs(script.rest(0), script)
        self.assertEqual(script.rest(2).steps, ())

    def test_completed(self) -> None:
        """
        It ran to its end if there is an allowed answer to each step.
        """
        script = Script.of(COMMAND, COMMAND)
        self.assertTrue(script.completed([GOOD, GOOD]))
        for answers in ([], [GOOD], [GOOD, BAD], [BAD, GOOD]):
            self.assertFalse(script.completed(answers))
        self.assertTrue(Script(()).completed([]))
