# -*- test-case-name: tests.transports.ramhttp.test_repeats -*-
"""
Tests for L{cardgw.transports.ramhttp.repeats}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import Reply
from cardgw.transports.ramhttp.repeats import Memory, Verdict

ONE, TWO = (True,), (True, True)
TOLD = Reply(200, b"\xaa\x00")


class MemoryTests(SynchronousTestCase):
    """
    L{Memory}.
    """

    def setUp(self) -> None:
        """
        One answer has come over connection 1, and one is expected.
        """
        self.fate = Fate.UNKNOWN
        self.memory = Memory(lambda number: self.fate)
        self.memory.came(b"same", ONE, 1)

    def judged(self, connection: int = 2, form: tuple[bool, ...] = ONE) -> Verdict:
        """
        What the same body is.
        """
        return self.memory.judge(b"same", form, connection)

    def test_other(self) -> None:
        """
        Another body is another request, whatever the network has done.
        """
        self.assertEqual(self.memory.judge(b"other", ONE, 1), Verdict.NEW)

    def test_untold(self) -> None:
        """
        While nothing was told the same body is a repetition; so it is when what was told never went out.
        """
        self.assertEqual(self.judged(), Verdict.AGAIN)
        self.memory.told(TOLD, ONE)
        self.memory.delivered(False)
        self.assertEqual(self.judged(1), Verdict.AGAIN)
        self.memory.delivered(True)
        self.assertEqual(self.judged(1), Verdict.NEW)

    def test_form(self) -> None:
        """
        So it is where two answers are expected.
        """
        self.memory.told(TOLD, TWO)
        self.assertEqual(self.judged(1), Verdict.AGAIN)

    def test_nothing(self) -> None:
        """
        Nothing in answer to nothing is new each time: it does not matter.
        """
        self.memory.came(b"same", (), 1)
        self.memory.told(TOLD, ())
        self.assertEqual(self.judged(2, ()), Verdict.NEW)

    def test_fates(self) -> None:
        """
        Over another connection, it depends on what the client has read.
        """
        self.memory.told(TOLD, ONE)
        for self.fate, expected in (
            (Fate.HERE_READ, Verdict.NEW),
            (Fate.GONE_READ, Verdict.NEW),
            (Fate.GONE_UNREAD, Verdict.AGAIN),
            (Fate.UNKNOWN, Verdict.DOUBTFUL),
        ):
            self.assertEqual(self.judged(), expected)
            self.assertEqual(self.memory.unheard(b"same", 2), expected is Verdict.AGAIN)

    def test_moves(self) -> None:
        """
        Whoever leaves a connection that is in order may be confused from then on; but not about other forms.
        """
        for fate, expected in (
            (Fate.GONE_READ, False),
            (Fate.GONE_UNREAD, False),
            (Fate.HERE_READ, True),
            (Fate.UNKNOWN, True),
        ):
            self.setUp()
            self.fate = fate
            self.memory.over(1)
            self.assertFalse(self.memory.confusable(ONE))
            self.memory.over(2)
            self.assertEqual(self.memory.confusable(ONE), expected)
            self.assertFalse(self.memory.confusable(TWO))
            self.assertFalse(self.memory.confusable(()))
