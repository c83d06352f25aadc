# -*- test-case-name: tests.transports.estk.test_protocol -*-
"""
One session: a card dials in, asks for something, is served, and is told goodbye.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.internet.defer import CancelledError, maybeDeferred
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.connections.card_session import CardSession
from cardgw.connections.connection import Connection, tune
from cardgw.errors import ChannelError, FrameTooLong, PeerLost, PeerMisbehaved, PeerSilent
from cardgw.transports.estk.channel import EstkChannel, channel_info, last_words, message
from cardgw.transports.estk.request import NAMES, request_from
from cardgw.transports.estk.wire import Frame, Parser, Tag

if TYPE_CHECKING:
    from cardgw.transports.estk.factory import EstkFactory

_log = Logger()
_APDU = int(Tag.APDU)
_SILENT_REPLIES = frozenset({Tag.LOCK_APDU, Tag.UNLOCK_APDU})
ONE_AT_A_TIME = "One request at a time. Please start the other one again."


class EstkProtocol(CardSession, Protocol):
    """
    See the module's docstring.

    @param factory: C{EstkFactory}: settings, gateway, and who counts the sessions.
    @param peer: the card's address, for people.
    @param address: what the factory counts it under, or C{None} where it is refused.
    @param refusal: why it is refused, for the card holder.
    """

    def __init__(self, factory: EstkFactory, peer: str, address: str | None, refusal: str = "") -> None:
        self.peer = peer
        self.address = address
        self._factory = factory
        self._refusal = refusal
        self._parser = Parser(factory.settings.frame_limit)
        self._channel: EstkChannel | None = None
        self._second = False
        self._odd_tags: set[int] = set()
        self._began = 0.0

    def connectionMade(self) -> None:
        """
        A card has dialled in.
        """
        assert self.transport is not None
        settings, reactor = self._factory.settings, self._factory.gateway.reactor
        tune(self.transport, settings.keepalive)
        self._began = reactor.seconds()
        self._connection = Connection(self.transport, reactor, settings.close_timeout, self._silent)
        if self.address is None:
            self._connection.depart(last_words(self._words(self._refusal)))
            return
        if settings.greeting:
            self._connection.write(message(settings.greeting))
        human = settings.box_timeout if settings.greeting else 0.0
        self._connection.expect(max(settings.idle_timeout, human), "a request")

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol.dataReceived}.
        """
        if not self._connection.leaving:
            self._read(data)

    def _read(self, data: bytes) -> None:
        answered = False
        try:
            for frame in self._parser.feed(data):
                if self._connection.leaving:
                    return
                if answered and frame.tag == _APDU:  # what it would answer has not even left
                    self.end(PeerMisbehaved("two answers came at once"))
                elif frame.tag == _APDU and self._channel is not None:
                    answered = True
                    self._channel.answered(frame.value)
                else:
                    self._other(frame)
        except FrameTooLong as error:
            self.end(error.with_traceback(None))  # its frames refer to this session

    def _other(self, frame: Frame) -> None:
        if frame.tag in NAMES:
            self._asked(frame)
        elif frame.tag == Tag.CLOSE:
            self.end(PeerLost("it said goodbye") if self._job is not None else None)
        elif frame.tag not in _SILENT_REPLIES and frame.tag not in self._odd_tags:
            self._odd_tags.add(frame.tag)
            fmt = "{peer}: skipping frames with tag {tag}"
            _log.warn(fmt, event="unknown-tag", peer=self.peer, tag=f"{frame.tag:02X}")

    def _asked(self, frame: Frame) -> None:
        request = request_from(frame.tag, frame.value)
        if self._channel is not None:
            if not self._second:
                fmt = "{peer}: asks for {request} while a request is being served"
                _log.warn(fmt, event="request-while-busy", peer=self.peer, request=request.name)
            self._second = True
            return
        _log.debug("{peer}: asks for {request}", event="request", peer=self.peer, request=request.name)
        self._connection.rest()
        info, words = channel_info(self.peer, request), self._factory.gateway.words  # no method of this, or it would live as long
        self._channel = EstkChannel(info, self._connection, self._factory.settings, words)
        job = self._job = maybeDeferred(self._factory.gateway.arrived, self._channel)
        job.addErrback(self._job_failed).addCallback(self._job_ended)

    def _job_failed(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            _log.failure("{peer}: the request was not served", failure, event="request-not-served", peer=self.peer)

    def _job_ended(self, _: object) -> None:
        self._job = None
        if self._channel is not None and self._second and not self._connection.leaving:
            self._connection.write(message(self._words(ONE_AT_A_TIME)))
        self.end(None)

    def _words(self, text: str) -> str:
        return self._factory.gateway.words(text)

    def _say_goodbye(self, reason: ChannelError | None) -> None:
        self._connection.depart(last_words("" if reason is None else self._words(reason.brief)))

    def _silent(self, what: str, seconds: float) -> None:
        self.end(PeerSilent(f"{what} did not come within {seconds:g} s"))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol.connectionLost}.
        """
        why = self._lost(reason)
        channel, self._channel, self._job = self._channel, None, None
        if channel is not None:
            why = channel.gone(why)
        elif self._connection.leaving:
            why = self._ending
        self._connection.lost()
        self._tell_end(why, channel)
        self._factory.crowd.ended(self, self.address)

    def _lost(self, reason: Failure) -> ChannelError | None:
        if self._job is None and reason.check(ConnectionDone):
            return None
        return PeerLost("" if reason.check(ConnectionDone) else "the connection broke")

    def _tell_end(self, reason: ChannelError | None, channel: EstkChannel | None) -> None:
        if self.address is None:
            return
        _log.info(
            "{peer}: gone after {seconds:.1f} s and {apdus} APDUs: {reason}",
            event="session-ended",
            peer=self.peer,
            seconds=round(self._factory.gateway.reactor.seconds() - self._began, 1),
            apdus=0 if channel is None else channel.apdus,
            reason="goodbye" if reason is None else str(reason),
        )
