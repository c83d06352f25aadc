"""
Tests of L{cardgw.connections.card_session}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.base import ChannelBase
from cardgw.connections.card_session import CardSession
from cardgw.connections.connection import Connection
from cardgw.errors import ChannelError, GatewayStopping
from cardgw.values import ChannelInfo
from tests.connections.sockets import FakeSocket


class Polite(CardSession):
    """
    @ivar goodbyes: with which reasons goodbye was said.
    """

    def __init__(self) -> None:
        self._connection = Connection(FakeSocket(), Clock(), 5, lambda what, seconds: None)
        self.goodbyes: list[ChannelError | None] = []

    def serve(self, channel: ChannelBase, job: Deferred[Any]) -> None:
        """
        The gateway is at it.
        """
        self._channel, self._job = channel, job

    def _say_goodbye(self, reason: ChannelError | None) -> None:
        self.goodbyes.append(reason)
        self._connection.depart(b"")


class CardSessionTests(SynchronousTestCase):
    """
    The end of a session.
    """

    def setUp(self) -> None:
        """
        A session in which nobody is served.
        """
        self.session = Polite()

    def test_goodbye(self) -> None:
        """
        Without a channel, the session says goodbye itself, once.
        """
        self.assertFalse(self.session.busy)
        self.session.wind_up()
        reason = GatewayStopping()
        self.session.end(reason)
        self.session.end(None)
        self.assertEqual(self.session.goodbyes, [reason])

    def test_served(self) -> None:
        """
        A job is cancelled first; the channel says goodbye where there is one.
        """
        channel, job = ChannelBase(ChannelInfo("test")), Deferred[None]()
        self.session.serve(channel, job)
        self.assertTrue(self.session.busy)
        self.session.wind_up()
        self.failureResultOf(job, CancelledError)
        self.session.end(reason := GatewayStopping())
        self.assertEqual((self.session.goodbyes, self.successResultOf(channel.when_gone())), ([], reason))

    def test_unfinished(self) -> None:
        """
        Protocols have to say how they say goodbye.
        """
        session = Polite()
        self.assertRaises(NotImplementedError, CardSession._say_goodbye, session, None)
