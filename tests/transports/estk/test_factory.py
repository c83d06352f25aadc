# -*- test-case-name: tests.transports.estk.test_factory -*-
"""
Tests for L{cardgw.transports.estk.factory}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.estk import factory as module
from cardgw.transports.estk.factory import EstkFactory
from cardgw.transports.estk.settings import EstkSettings
from tests.transports.estk.fakes import CLOSE, REQUEST, FakeGateway, Talk, box

BUSY = box("The server is busy. Please try again in a minute.")
RESTART = box("The server is being restarted. Please try again in a minute.")


class LimitTests(SynchronousTestCase):
    """
    There are only so many sessions.
    """

    def factory(self, **limits: Any) -> EstkFactory:
        """
        One with these settings.
        """
        return EstkFactory(EstkSettings(**limits), FakeGateway())

    def test_all(self) -> None:
        """
        One too many is told so and closed; its request is not served.
        """
        factory = self.factory(max_sessions=1)
        first, second = Talk(factory=factory), Talk(factory=factory)
        self.assertEqual(first.wire.take(), b"")
        self.assertEqual((second.wire.take(), second.wire.half_closed), (BUSY + CLOSE, True))
        second.say(REQUEST)
        self.assertEqual(first.gateway.channels, [])
        second.hang_up()
        self.assertEqual(factory.sessions, {first.session})
        first.hang_up()
        self.assertEqual(Talk(factory=factory).wire.take(), b"")

    def test_perAddress(self) -> None:
        """
        The limit per address counts only those that are here.
        """
        factory = self.factory(max_sessions_per_address=2)
        first, _, third = (Talk(factory=factory) for _ in range(3))
        self.assertEqual(third.wire.take()[3:].split(b".")[0], b"Too many cards of your network are being served")
        self.assertIsNotNone(factory.buildProtocol(IPv4Address("TCP", "192.0.2.8", 1)))
        first.hang_up()
        self.assertEqual(Talk(factory=factory).wire.take(), b"")

    def test_words(self) -> None:
        """
        A refusal is in the language of the card holders.
        """
        factory = self.factory(max_sessions=1)
        first = Talk(factory=factory)
        first.gateway.words = str.upper
        self.assertEqual(Talk(factory=factory).wire.take(), box("THE SERVER IS BUSY. PLEASE TRY AGAIN IN A MINUTE.") + CLOSE)

    def test_localPeers(self) -> None:
        """
        What has no address counts only in all.
        """
        factory = self.factory(max_sessions_per_address=1)
        for _ in range(3):
            session = factory.buildProtocol(UNIXAddress(None))
            assert session is not None
            self.assertEqual(session.address, "")

    def test_refusals(self) -> None:
        """
        Those that are being refused are limited, too; further ones are dropped without a word.
        """
        self.patch(module, "REFUSALS_MAX", 1)
        factory = self.factory(max_sessions=1)
        Talk(factory=factory)
        refused = Talk(factory=factory)
        self.assertIsNone(factory.buildProtocol(IPv4Address("TCP", "192.0.2.8", 1)))
        refused.hang_up()
        self.assertIsNotNone(factory.buildProtocol(IPv4Address("TCP", "192.0.2.8", 1)))

    def test_forgets(self) -> None:
        """
        Addresses are forgotten with their last session.
        """
        factory = self.factory()
        talk = Talk(factory=factory)
        talk.hang_up()
        self.assertEqual(factory.crowd.addresses, {})


class DrainTests(SynchronousTestCase):
    """
    All sessions end together, but not at once.
    """

    def test_nobody(self) -> None:
        """
        Without sessions it is done; no new ones are taken.
        """
        factory = EstkFactory(EstkSettings(), FakeGateway())
        self.successResultOf(factory.crowd.drain())
        self.assertIsNone(factory.buildProtocol(IPv4Address("TCP", "192.0.2.8", 1)))

    def test_idle(self) -> None:
        """
        A session that has asked for nothing ends at once.
        """
        talk = Talk()
        drained = talk.factory.crowd.drain()
        self.assertEqual(talk.wire.take(), RESTART + CLOSE)
        self.assertNoResult(drained)
        talk.hang_up()
        self.successResultOf(drained)

    def test_busy(self) -> None:
        """
        One that is being served goes on to its end.
        """
        talk = Talk()
        talk.ask()
        drained = talk.factory.crowd.drain()
        self.assertEqual(talk.wire.take(), b"")
        talk.gateway.jobs[0].callback(None)
        self.assertEqual(talk.wire.take(), CLOSE)
        talk.hang_up()
        self.successResultOf(drained)

    def test_refused(self) -> None:
        """
        Those that are being refused are waited for.
        """
        factory = EstkFactory(EstkSettings(max_sessions=1), FakeGateway())
        first, second = Talk(factory=factory), Talk(factory=factory)
        drained = factory.crowd.drain()
        first.hang_up()
        self.assertNoResult(drained)
        second.hang_up()
        self.successResultOf(drained)

    def test_windUp(self) -> None:
        """
        Winding up cancels the job; what it still says to the card goes first.
        """
        talk = Talk()
        channel = talk.ask()
        talk.gateway.farewell = lambda: channel.show("Cancelled.")
        talk.factory.crowd.wind_up()
        self.assertEqual((talk.gateway.cancelled, talk.wire.take()), (1, box("Cancelled.") + CLOSE))

    def test_end(self) -> None:
        """
        A job that does not wind up is ended with an honest goodbye.
        """
        talk = Talk()
        channel = talk.ask()
        talk.factory.crowd.end()
        self.assertEqual(talk.wire.take(), RESTART + CLOSE)
        gone = channel.when_gone()
        talk.hang_up()
        self.assertEqual(str(self.successResultOf(gone)), "The gateway is being shut down")
