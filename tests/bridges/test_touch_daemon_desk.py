"""
Tests for L{cardgw.bridges.touch_daemon_desk}.
"""

from __future__ import annotations

from attrs import define, evolve, field
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.bridges.touch import Outcome
from cardgw.bridges.touch_daemon_desk import Desk, Loan
from cardgw.bridges.touch_daemon_errors import NoCardInserted, NotApproved, SessionCancelled
from cardgw.bridges.touch_daemon_request import HIDDEN, Wanted
from cardgw.bridges.touch_errors import TouchReported
from cardgw.errors import PeerLost
from cardgw.values import ChannelInfo
from tests.bridges.touch_daemon import CARDS, SHOP, WANTED
from tests.logs import captured


@define(eq=False)
class Hall:
    """
    Gate, cards and connector, at which all happens that a test makes happen.

    @ivar admitted: what the gate says, C{None} until a test does.
    @ivar back: how each card was given back.
    """

    admitted: Deferred[None] = field(factory=lambda: succeed(None))
    lent: Deferred[Loan] | None = None
    borrowers: list[str] = field(factory=list)
    back: list[bool] = field(factory=list)
    connected: list[Loan] = field(factory=list)
    outcome: Deferred[Outcome] = field(factory=Deferred)

    def known(self, wanted: Wanted) -> bool:
        """
        See L{cardgw.bridges.touch_daemon_ask.Gate}.
        """
        return False

    def admit(self, wanted: Wanted) -> Deferred[None]:
        """
        See L{cardgw.bridges.touch_daemon_ask.Gate}.
        """
        return self.admitted

    def borrow(self, whom: str) -> Deferred[Loan]:
        """
        See L{cardgw.bridges.touch_daemon_desk.Cards}.
        """
        self.borrowers.append(whom)
        channel = MemoryChannel(ChannelInfo("pcsc"), lambda _: b"\x90\x00")
        return self.lent or succeed(Loan("ACR39U", channel, self.back.append))

    def connect(self, loan: Loan, wanted: Wanted) -> Deferred[Outcome]:
        """
        See L{cardgw.bridges.touch_daemon_desk.Connector}.
        """
        self.connected.append(loan)
        return self.outcome


class DeskTests(SynchronousTestCase):
    """
    L{Desk}.
    """

    def setUp(self) -> None:
        self.hall = Hall()
        self.desk = Desk(self.hall, self.hall, self.hall)
        self.events = captured(self)

    def test_served(self) -> None:
        """
        Let in, given a card, lent; the card stays as it is for the same page and server.
        """
        served = self.desk.serve(WANTED)
        self.assertEqual(self.hall.borrowers, [f"{CARDS} {SHOP}"])
        self.assertNoResult(served)
        self.hall.outcome.callback(Outcome(3, "thank you"))
        self.assertEqual(self.successResultOf(served), Outcome(3, "thank you"))
        self.assertEqual(self.hall.back, [True])
        self.assertEqual([(each["event"], each["commands"]) for each in self.events], [("touch-done", 3)])
        self.assertNotIn("secret", str(self.events))

    def test_notApproved(self) -> None:
        """
        Who is not let in gets no card.
        """
        self.hall.admitted = fail(NotApproved())
        self.failureResultOf(self.desk.serve(WANTED), NotApproved)
        self.assertEqual(self.hall.borrowers, [])
        self.assertEqual([(each["event"], each["code"]) for each in self.events], [("touch-failed", "not-approved")])

    def test_noCard(self) -> None:
        """
        There is none.
        """
        self.hall.lent = fail(NoCardInserted())
        self.failureResultOf(self.desk.serve(WANTED), NoCardInserted)
        self.assertEqual((self.hall.connected, self.hall.back), ([], []))

    def test_lost(self) -> None:
        """
        A card that was lost is given back, and begun with anew.  Nobody is told what to do with a gateway.
        """
        served = self.desk.serve(WANTED)
        lost = PeerLost()
        lost.hint = "Restart the gateway."
        self.hall.outcome.errback(lost)
        self.assertEqual(self.failureResultOf(served, PeerLost).value.hint, "")
        self.assertEqual(self.hall.back, [False])

    def test_reported(self) -> None:
        """
        The server says that it failed: so did it for the page; the card stays.
        """
        served = self.desk.serve(WANTED)
        self.hall.outcome.callback(Outcome(3, "no such key", failed=True))
        self.assertIn("no such key", str(self.failureResultOf(served, TouchReported).value))
        self.assertEqual(self.hall.back, [True])

    def test_hidden(self) -> None:
        """
        After a page that hides the card forgets its PIN: the next one that hides may be another.
        """
        served = self.desk.serve(evolve(WANTED, page=HIDDEN))
        self.hall.outcome.callback(Outcome(3))
        self.successResultOf(served)
        self.assertEqual(self.hall.back, [False])

    def test_reportedWell(self) -> None:
        """
        What the server says controls no terminal on which the log is shown.
        """
        served = self.desk.serve(WANTED)
        self.hall.outcome.callback(Outcome(3, "\x1b]0;no\x07\u202esuch\nkey", failed=True))
        self.assertTrue(str(self.failureResultOf(served, TouchReported).value).isprintable())

    def test_cancelled(self) -> None:
        """
        The page hangs up: the server is told, and then it is over; what was verified is forgotten.
        """
        cancelled: list[Deferred[Outcome]] = []
        self.hall.outcome = Deferred(cancelled.append)
        served = self.desk.serve(WANTED)
        served.cancel()
        self.assertEqual(len(cancelled), 1)
        self.failureResultOf(served, SessionCancelled)
        self.assertEqual(self.hall.back, [False])

    def test_cancelledInTheEnd(self) -> None:
        """
        The outcome may say so, too.
        """
        self.hall.outcome = Deferred(lambda outcome: outcome.callback(Outcome(1, cancelled=True)))
        served = self.desk.serve(WANTED)
        self.successResultOf(self.desk.end())
        self.failureResultOf(served, SessionCancelled)
        self.assertEqual(self.hall.back, [False])

    def test_end(self) -> None:
        """
        It ends when the last session has; there may be none.
        """
        self.successResultOf(self.desk.end())
        cancelled: list[Deferred[Outcome]] = []
        listening: Deferred[Outcome] = Deferred()

        async def connected() -> Outcome:
            try:
                return await Deferred(cancelled.append)
            except CancelledError:
                return await listening

        self.hall.outcome = Deferred.fromCoroutine(connected())
        served = self.desk.serve(WANTED)
        ended = self.desk.end()
        self.assertEqual(len(cancelled), 1)
        self.assertNoResult(ended)
        listening.callback(Outcome(1, cancelled=True))
        self.successResultOf(ended)
        self.failureResultOf(served, SessionCancelled)

    def test_cancelledEarly(self) -> None:
        """
        While somebody is asked.
        """
        self.hall.admitted = Deferred()
        served = self.desk.serve(WANTED)
        served.cancel()
        self.failureResultOf(served, SessionCancelled)
        self.assertEqual(self.hall.borrowers, [])
