# -*- test-case-name: tests.virtual.test_ram_client -*-
"""
Tests for L{cardgw.virtual.ram_client}; what real programs do is in L{tests.virtual.test_ram_matrix}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from zope.interface import implementer

from cardgw.virtual.ram_kinds import OURS
from cardgw.virtual.ram_server import Oddities
from cardgw.virtual.ram_session import RESET_CARD, play
from tests.virtual.ram_rig import RamTestCase, advance


@implementer(IStreamClientEndpoint)
class Nobody:
    """
    An endpoint where nobody listens.
    """

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:  # noqa: N803 - Twisted names it
        """
        See L{IStreamClientEndpoint.connect}.
        """
        return fail(ConnectError())


class ClientTests(RamTestCase):
    """
    L{RamClient} besides what programs do.
    """

    def test_nobody(self) -> None:
        """
        Nobody listens there.
        """
        self.serve(play())
        self.wires = Nobody()  # type: ignore[assignment]
        outcome = self.run_client(OURS)
        self.assertEqual((outcome.good, outcome.status), (False, 1))
        self.assertTrue(outcome.text.startswith("Networking error: "), outcome.text)

    def test_killed(self) -> None:
        """
        Cancelling it closes the connection, and leaves no timer.
        """
        self.serve(play(RESET_CARD), Oddities(delay=100))
        client = self.client(OURS, repost_at=1, aside=50)
        running = Deferred.fromCoroutine(client.run())
        self.clock.advance(0)
        running.cancel()
        self.failureResultOf(running)
        self.server.stop()
        advance(self.clock, 1)
        self.assertEqual(([each.over for each in self.wires.ends], self.clock.getDelayedCalls()), ([True], []))

    def test_forgetful(self) -> None:
        """
        For many clients at once nothing is remembered.
        """
        self.serve(play(RESET_CARD))
        outcome = self.run_client(OURS, keep=False)
        self.assertEqual((outcome.good, outcome.posts, outcome.exchanges), (True, 2, ()))

    def test_pause(self) -> None:
        """
        Time may pass between a reply and the next POST.
        """
        self.serve(play(RESET_CARD, RESET_CARD))
        self.assertEqual(self.run_client(OURS, seconds=10, pause=2).seconds, 4.0)

    def test_cancelByItself(self) -> None:
        """
        The holder gives up at a POST.
        """
        self.serve(play(RESET_CARD, RESET_CARD))
        outcome = self.run_client(OURS, self.slot(), seconds=10, cancel_at=2, aside=0, latency=0.5)
        self.assertEqual(next(iter(self.server.sessions.values())).lost, "Session canceled")
        self.assertTrue(outcome.good)
