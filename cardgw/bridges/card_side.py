# -*- test-case-name: tests.bridges.test_card_side -*-
"""
The card's side of a connection to a reader of vsmartcard's kind (vpcd): messages in, what they say done to the card one after
another, answers out in the same order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from cardgw.bridges.attach_errors import ReaderHungUp
from cardgw.bridges.attached_card import AttachedCard
from cardgw.connections.connection import tune
from cardgw.connections.prompt import PromptWriter, acknowledge, read_on
from cardgw.transports.vpcd.wire import BODY_MAX, Control, Parser, encode

_T = TypeVar("_T")
KEEPALIVE = 60.0
"""Seconds of silence after which TCP asks whether the reader is still there."""
MOST_WAITING = 64
"""Messages that may wait until no more are read; a reader sends two or three at once."""
READER_CLOSED = "reader-closed"
TOO_LONG = bytes.fromhex("6F00")
"""In place of an answer that does not fit into a message."""
_POWER_OFF, _POWER_ON, _RESET, _GET_ATR = (
    bytes((each,)) for each in (Control.POWER_OFF, Control.POWER_ON, Control.RESET, Control.GET_ATR)
)


class CardSide(Protocol):
    """
    See the module's docstring.

    @ivar begun: C{Deferred[None]}: the reader has asked for something; or the failure with which it was over before that.
    @ivar ended: C{Deferred[str]}: it is over, and why: the reader has powered the card off, if it ever was on, and closed the
        connection, or what L{end} was told.  A failure: the reader closed otherwise (L{ReaderHungUp}), or the card is lost.
    """

    def __init__(self, card: AttachedCard) -> None:
        self.begun: Deferred[None] = Deferred()
        self.ended: Deferred[str] = Deferred()
        self._card = card
        self._parser = Parser()
        self._inbox: deque[bytes] = deque()
        self._work: Deferred[Any] | None = None
        self._turning = self._reading = self._paused = self._over = False
        self._gone: Deferred[None] | None = None
        self._timer: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """
        The reader speaks first.
        """
        assert self.transport is not None
        tune(self.transport, KEEPALIVE)
        self._writer = PromptWriter(self.transport)

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol.dataReceived}.  vpcd writes length and body one after another, and waits for the acknowledgement between.
        """
        transport: Any = self.transport
        if self._over:
            return
        self._inbox.extend(self._parser.feed(data))
        cut = bool(self._parser.pending) and not self._reading
        if cut:
            self._reading = True
            read_on(transport)
            self._reading = False
        self._turn()
        if not cut and self._work is None:  # no answer will carry the acknowledgement
            acknowledge(transport)
        if len(self._inbox) > MOST_WAITING and not self._paused:
            self._paused = True
            transport.pauseProducing()

    def _turn(self) -> None:
        """
        Do what waits, as long as nothing has to be waited for.
        """
        if self._turning:
            return
        self._turning = True
        while self._inbox and self._work is None and not self._over:
            self._take(self._inbox.popleft())
        self._turning = False
        if self._paused and not (self._inbox or self._over):
            self._paused = False
            transport: Any = self.transport
            transport.resumeProducing()

    def _take(self, body: bytes) -> None:
        if not self.begun.called:
            self.begun.callback(None)
        if len(body) > 1:
            self._wait(self._card.transmit(body), self._send)
        elif body == _GET_ATR:
            self._send(self._card.atr)
        elif body == _POWER_ON:
            self._wait(self._card.power_on(), _nothing)
        elif body == _RESET:
            self._wait(self._card.reset(), _nothing)
        elif body == _POWER_OFF:
            self._card.power_off()

    def _wait(self, work: Deferred[_T], then: Callable[[_T], object]) -> None:
        self._work = work
        work.addCallback(self._done, then).addErrback(self._failed)

    def _done(self, result: _T, then: Callable[[_T], object]) -> None:
        self._work = None
        if not self._over:
            then(result)
            self._turn()

    def _failed(self, failure: Failure) -> None:
        self._work = None
        self.end(failure)

    def _send(self, body: bytes) -> None:
        self._writer.write(encode(body if len(body) <= BODY_MAX else TOO_LONG))

    def end(self, why: str | Exception | Failure) -> None:
        """
        It is over.

        @param why: see L{ended}.
        """
        if self._over:
            return
        self._finish()
        if isinstance(why, str):
            self.ended.callback(why)
        else:
            (self.ended if self.begun.called else self.begun).errback(why)

    def _finish(self) -> None:
        self._over = True
        self._inbox.clear()
        work, self._work = self._work, None
        if work is not None:
            work.cancel()

    def leave(self, clock: Any, patience: float) -> Deferred[None]:
        """
        Take the card out: close the connection.

        @param clock: C{IReactorTime}.
        @param patience: seconds until a reader that does not take what was written is left alone.
        @return: C{Deferred[None]}, when the connection is gone.
        """
        if not self._over:
            self._finish()
        for each in (self.begun, self.ended):
            each.addErrback(_nothing)  # nobody waits any more
        transport: Any = self.transport
        if transport is None or not self.connected:
            return succeed(None)
        gone = self._gone = Deferred()
        self._timer = clock.callLater(patience, transport.abortConnection)
        transport.loseConnection()
        return gone

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol.connectionLost}.
        """
        self.connected = 0
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
        amid = self._amid(reason)
        self.end(ReaderHungUp(amid) if amid else READER_CLOSED)
        gone, self._gone = self._gone, None
        if gone is not None:
            gone.callback(None)

    def _amid(self, reason: Failure) -> str:
        """
        @return: what the reader was in the midst of; nothing if it had finished with the card.
        """
        if not reason.check(ConnectionDone):
            return "the connection broke"
        if not self.begun.called:
            return "before it asked for anything"
        if self._work is not None or self._inbox:
            return "in the midst of a command"
        return "while the card was powered on" if self._card.powered else ""


def _nothing(result: object) -> None:
    """
    There is no answer.
    """
