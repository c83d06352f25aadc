# -*- test-case-name: tests.transports.ramhttp.test_served -*-
"""
Tests for L{cardgw.transports.ramhttp.served}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, fail
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import CardError, CardGatewayError, PeerLost
from cardgw.transports.ramhttp.served import ServedSession
from cardgw.values import ChannelInfo
from tests.logs import captured
from tests.transports.estk.fakes import FakeGateway


class Session(ServedSession):
    """
    One that notes how it went.
    """

    def __init__(self, gateway: FakeGateway) -> None:
        super().__init__(gateway, "peer", "host")
        self.ended: list[CardGatewayError | None] = []

    def _done(self, error: CardGatewayError | None) -> None:
        self.ended.append(error)


class ServedTests(SynchronousTestCase):
    """
    L{ServedSession}.
    """

    def setUp(self) -> None:
        """
        A card is here.
        """
        self.gateway = FakeGateway()
        self.session = Session(self.gateway)
        channel: Any = MemoryChannel(ChannelInfo("memory"), lambda octets: b"")
        channel.apdus = 3
        self.channel = channel

    def test_job(self) -> None:
        """
        It is busy until the gateway has done what there is to do, and learns how that went.
        """
        self.assertEqual((self.session.busy, self.session.apdus), (False, 0))
        self.session.end(None)
        self.session.arrive(self.channel)
        self.assertEqual((self.session.busy, self.session.apdus), (True, 3))
        error = CardError()
        self.gateway.jobs[0].callback(error)
        self.assertEqual((self.session.busy, self.session.ended), (False, [error]))

    def test_windUp(self) -> None:
        """
        The job can be cancelled, if there is one.
        """
        self.session.wind_up()
        self.session.arrive(self.channel)
        self.session.wind_up()
        self.assertEqual((self.gateway.cancelled, self.session.ended), (1, [None]))

    def test_fails(self) -> None:
        """
        A defect of the gateway is logged, a job that was cancelled is none.
        """
        events = captured(self)
        for error, expected in ((CancelledError(), []), (ArithmeticError(), ["request-not-served"])):
            self.patch(self.gateway, "arrived", lambda channel, error=error: fail(error))
            self.session.arrive(self.channel)
            self.assertEqual([each["event"] for each in events], expected)
            self.assertFalse(self.session.busy)
        self.assertEqual(len(self.flushLoggedErrors(ArithmeticError)), 1)

    def test_end(self) -> None:
        """
        Ending it closes the channel.
        """
        self.session.arrive(self.channel)
        self.session.end(PeerLost())
        self.assertIsInstance(self.successResultOf(self.channel.when_gone()), PeerLost)

    def test_logEnd(self) -> None:
        """
        The log has how long it took, how much was done, and why it is over.
        """
        events = captured(self)
        self.session.arrive(self.channel)
        self.gateway.reactor.advance(2.5)
        for reason, told in ((None, "goodbye"), (PeerLost("away"), str(PeerLost("away")))):
            self.session.log_end(reason, 4)
            found = [events[-1][each] for each in ("event", "peer", "seconds", "exchanges", "apdus", "reason")]
            self.assertEqual(found, ["session-ended", "peer", 2.5, 4, 3, told])
