# -*- test-case-name: tests.transports.ramhttp.test_repeats -*-
"""
Tests for L{cardgw.transports.ramhttp.repeats}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import Post, Reply
from cardgw.transports.ramhttp.repeats import Memory, Verdict

ONE, TWO = (True,), (True, True)
TOLD = Reply(200, b"\xaa\x00")


def post(body: bytes, connection: int = 1, *, proxied: bool = False, **headers: str) -> Post:
    """
    A request.

    @param headers: with C{_} for C{-}.
    """
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Post((), named, body, connection=connection, proxied=proxied)


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
        self.memory.came(post(b"same"), ONE)

    def judged(self, connection: int = 2, form: tuple[bool, ...] = ONE) -> Verdict:
        """
        What the same body is.
        """
        return self.memory.judge(post(b"same", connection), form)

    def test_other(self) -> None:
        """
        Another body is another request, whatever the network has done.
        """
        self.assertEqual(self.memory.judge(post(b"other"), ONE), Verdict.NEW)

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
        self.memory.came(post(b"same"), ())
        self.memory.told(TOLD, ())
        self.assertEqual(self.judged(2, ()), Verdict.NEW)

    def test_fates(self) -> None:
        """
        Over another connection it is a repetition where the client cannot have read the reply; otherwise nobody knows.
        """
        self.memory.told(TOLD, ONE)
        for self.fate, expected in ((Fate.GONE_UNREAD, Verdict.AGAIN), (Fate.UNKNOWN, Verdict.DOUBTFUL)):
            self.assertEqual(self.judged(), expected)
            self.assertEqual(self.memory.unheard(post(b"same", 2)), expected is Verdict.AGAIN)

    def test_moves(self) -> None:
        """
        Whoever has changed connections may be confused from then on; but not about other forms, nor where the change was because
        the reply was lost.
        """
        for self.fate, expected in ((Fate.GONE_UNREAD, False), (Fate.UNKNOWN, True)):
            self.memory = Memory(lambda number: self.fate)
            self.memory.came(post(b"same"), ONE)
            self.memory.over(post(b"same"))
            self.assertFalse(self.memory.confusable(ONE))
            self.memory.over(post(b"same", 2))
            self.assertEqual(self.memory.confusable(ONE), expected)
            self.assertFalse(self.memory.confusable(TWO))
            self.assertFalse(self.memory.confusable(()))

    def test_proxied(self) -> None:
        """
        So may whoever comes through a proxy, from the beginning.
        """
        self.memory.came(post(b"same", proxied=True), ONE)
        self.assertTrue(self.memory.confusable(ONE))

    def test_late(self) -> None:
        """
        What comes late, over a connection that was left, is not taken for the next answer; what comes from whoever uses several
        connections may be one.
        """
        for body in (b"two", b"three"):
            self.memory.told(TOLD, ONE)
            self.fate = Fate.GONE_UNREAD
            self.memory.came(post(body, 2), ONE)
        self.memory.told(TOLD, ONE)
        self.assertEqual(self.memory.judge(post(b"same", 1), ONE), Verdict.STALE)
        self.assertEqual(self.memory.judge(post(b"same", 2), ONE), Verdict.NEW)
        self.assertEqual(self.memory.judge(post(b"four", 1), ONE), Verdict.NEW)
        self.memory.moves = True
        self.assertEqual(self.memory.judge(post(b"same", 1), ONE), Verdict.NEW)

    def test_unfit(self) -> None:
        """
        What comes late is known by what is awaited, too: nothing, or something else.
        """
        for body in (b"two", b"three"):
            self.memory.told(TOLD, ONE)
            self.memory.came(post(body), ONE)
        self.assertEqual(self.memory.judge(post(b"same", 2), ONE), Verdict.STALE)
        self.memory.told(TOLD, TWO)
        self.assertEqual(self.memory.judge(post(b"same", 2), ONE), Verdict.STALE)
        self.assertEqual(self.memory.judge(post(b"four", 2), ONE), Verdict.NEW)
        self.memory.told(TOLD, ONE)
        self.assertEqual(self.memory.judge(post(b"same", 2), ONE), Verdict.NEW)


class NumberTests(SynchronousTestCase):
    """
    Clients that number their requests.
    """

    def setUp(self) -> None:
        """
        Nothing has come.
        """
        self.memory = Memory(lambda number: Fate.UNKNOWN)

    def judged(self, body: bytes = b"same", connection: int = 1, **headers: str) -> Verdict:
        """
        What a request is.
        """
        return self.memory.judge(post(body, connection, proxied=True, **headers), ONE)

    def test_header(self) -> None:
        """
        The number says what it is, whatever the connection, and nothing can be confused.
        """
        for number in (1, 2, 3):
            self.memory.came(post(b"same", proxied=True, x_cardgw_number=str(number)), ONE)
            self.memory.told(TOLD, ONE)
            self.assertFalse(self.memory.confusable(ONE))
        for connection in (1, 2):
            self.assertEqual(self.judged(connection=connection, x_cardgw_number="4"), Verdict.NEW)
            self.assertEqual(self.judged(connection=connection, x_cardgw_number="3"), Verdict.AGAIN)
            self.assertEqual(self.judged(connection=connection, x_cardgw_number="2"), Verdict.STALE)
            self.assertEqual(self.judged(b"other", connection, x_cardgw_number="3"), Verdict.STALE)

    def test_noNumber(self) -> None:
        """
        What is no number says nothing.
        """
        for each in ("", "0", "-1", "x", "\u0663", "1" * 10):
            self.memory.came(post(b"same", x_cardgw_number=each), ONE)
            self.memory.told(TOLD, ONE)
            self.assertEqual(self.judged(x_cardgw_number=each), Verdict.NEW)

    def turns(self, *read: int) -> None:
        """
        Requests, each with the number of the reply that was read last.
        """
        for number in read:
            self.memory.came(post(b"same", cookie=f"cardgw=name; cardgw-turn={number}"), ONE)
            self.memory.told(TOLD, ONE)

    def test_cookie(self) -> None:
        """
        Where the cookie follows what was told, it says which reply was read.
        """
        self.memory.came(post(b"first"), None)
        self.turns(1, 2, 3)
        self.assertEqual(self.memory.count, 4)
        self.assertEqual(self.judged(cookie="cardgw-turn=4"), Verdict.NEW)
        self.assertEqual(self.judged(cookie="cardgw-turn=3"), Verdict.AGAIN)
        self.assertEqual(self.judged(cookie="cardgw-turn=2"), Verdict.STALE)
        self.assertFalse(self.memory.confusable(ONE))

    def test_oldCookie(self) -> None:
        """
        Whoever keeps the first one for ever is not judged by it.
        """
        self.memory.came(post(b"first", proxied=True), None)
        self.turns(2, 2, 2)
        self.assertEqual(self.judged(cookie="cardgw-turn=2"), Verdict.NEW)
        self.assertTrue(self.memory.confusable(ONE))
