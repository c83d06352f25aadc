# -*- test-case-name: tests.transports.vpcd.test_protocol -*-
"""
One session: a card's side dials in, shows a card, perhaps another one after it, and is told goodbye.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.internet.defer import CancelledError, maybeDeferred
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.apdu.command import SHORT_RESPONSE
from cardgw.connections.card_session import CardSession
from cardgw.connections.connection import Connection, tune
from cardgw.connections.prompt import acknowledge
from cardgw.errors import ChannelError, FrameTooLong, PeerLost, PeerMisbehaved, PeerSilent
from cardgw.transports.vpcd.channel import VpcdChannel, channel_info
from cardgw.transports.vpcd.line import Line
from cardgw.transports.vpcd.settings import NO
from cardgw.transports.vpcd.wire import BODY_MAX, Control, Parser, control

if TYPE_CHECKING:
    from cardgw.transports.vpcd.factory import VpcdFactory

_log = Logger()
START = control(Control.POWER_ON, Control.GET_ATR)
STILL_THERE = control(Control.GET_ATR)


class VpcdProtocol(CardSession, Protocol):
    """
    See the module's docstring.

    @param factory: C{VpcdFactory}: settings, gateway, and who counts the sessions.
    @param peer: the address of the card's side, for people.
    @param address: what the factory counts it under.
    """

    def __init__(self, factory: VpcdFactory, peer: str, address: str) -> None:
        self.peer = peer
        self.address = address
        self._factory = factory
        self._parser = Parser(SHORT_RESPONSE if factory.settings.extended_length == NO else BODY_MAX)
        self._channel: VpcdChannel | None = None
        self._began = self._empty_since = 0.0
        self._apdus = 0

    def connectionMade(self) -> None:
        """
        A card's side has dialled in.
        """
        assert self.transport is not None
        settings, reactor = self._factory.settings, self._factory.gateway.reactor
        tune(self.transport, settings.keepalive)
        self._began = self._empty_since = reactor.seconds()
        self._connection = Connection(self.transport, reactor, settings.close_timeout, self._silent, prompt=True)
        self._line = Line(self._connection, settings.poll)
        self._ask_for_atr(START)

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol.dataReceived}.
        """
        if not self._connection.leaving:
            self._read(data)

    def _read(self, data: bytes) -> None:
        due = self._line.due
        try:
            for body in self._parser.feed(data):
                if self._connection.leaving:
                    return
                if not due:
                    self.end(PeerMisbehaved(f"{len(body)} bytes came unasked"))
                    return
                due -= 1
                self._line.came(body)
        except FrameTooLong as error:
            self.end(error.with_traceback(None))
        if self._parser.pending and self.transport is not None:
            acknowledge(self.transport)

    def _ask_for_atr(self, octets: bytes) -> None:
        self._line.ask(octets, self._factory.settings.apdu_timeout, "an answer to reset", self._atr_came)

    def _atr_came(self, atr: bytes) -> None:
        channel = self._channel
        if channel is None:
            self._may_be_here(atr)
        elif atr == channel.info.atr:
            self._line.rest()
        else:
            self._taken_out(channel)
            self._ask_for_atr(START)

    def _may_be_here(self, atr: bytes) -> None:
        now, patience = self._factory.gateway.reactor.seconds(), self._factory.settings.idle_timeout
        if atr:
            self._here(atr)
        elif now - self._empty_since >= patience:
            self.end(PeerSilent(f"a card did not come within {patience:g} s"))
        else:
            self._line.rest()

    def _here(self, atr: bytes) -> None:
        try:
            info = channel_info(self.peer, atr, self._factory.settings)
        except PeerMisbehaved as error:
            self.end(error.with_traceback(None))
            return
        self._line.rest()
        channel = self._channel = VpcdChannel(info, self._line, self._factory.settings)
        job = self._job = maybeDeferred(self._factory.gateway.arrived, channel)
        job.addErrback(self._job_failed).addCallback(self._job_ended, channel)

    def _taken_out(self, channel: VpcdChannel) -> None:
        self._channel = self._job = None
        self._empty_since = self._factory.gateway.reactor.seconds()
        self._apdus += channel.apdus
        channel.gone(PeerLost("the card was taken out"))

    def _job_failed(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            _log.failure("{peer}: the card was not served", failure, event="request-not-served", peer=self.peer)

    def _job_ended(self, _: object, channel: VpcdChannel) -> None:
        if channel is self._channel:
            self._job = None
            self.end(None)

    def _say_goodbye(self, reason: ChannelError | None) -> None:
        self._line.depart()

    def _silent(self, what: str, seconds: float) -> None:
        if self._line.due:
            self.end(PeerSilent(f"{what} did not come within {seconds:g} s"))
        else:
            self._ask_for_atr(START if self._channel is None else STILL_THERE)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol.connectionLost}.
        """
        why = self._lost(reason)
        channel, self._channel, self._job = self._channel, None, None
        if channel is not None:
            self._apdus += channel.apdus
            why = channel.gone(why)
        elif self._connection.leaving:
            why = self._ending
        self._line.lost()
        self._tell_end(why)
        self._factory.crowd.ended(self, self.address)

    def _lost(self, reason: Failure) -> ChannelError | None:
        if self._job is None and reason.check(ConnectionDone):
            return None
        return PeerLost("" if reason.check(ConnectionDone) else "the connection broke")

    def _tell_end(self, reason: ChannelError | None) -> None:
        _log.info(
            "{peer}: gone after {seconds:.1f} s and {apdus} APDUs: {reason}",
            event="session-ended",
            peer=self.peer,
            seconds=round(self._factory.gateway.reactor.seconds() - self._began, 1),
            apdus=self._apdus,
            reason="goodbye" if reason is None else str(reason),
        )
