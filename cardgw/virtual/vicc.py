# -*- test-case-name: tests.virtual.test_vicc -*-
"""
A card that dials in to a reader: the card's side of L{cardgw.transports.vpcd}, with the manners of bad ones.  It does as well at
vsmartcard's own reader, vpcd.

C{python -m cardgw.virtual.vicc --help} is the same with a software eUICC.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import connectProtocol
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall, IStreamClientEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from cardgw.apdu.atr import make_atr
from cardgw.connections.connection import tune
from cardgw.connections.prompt import acknowledge
from cardgw.transports.vpcd.wire import Control, Parser, encode
from cardgw.virtual.euicc_options import Delivery, Options
from cardgw.virtual.pieces import Pieces, cut

Card: TypeAlias = Callable[[bytes], bytes]
Watch: TypeAlias = Callable[[str, dict[str, Any]], object]
KEEPALIVE = 60.0
"""Seconds of silence after which TCP asks whether the reader is still there."""
_SERVICES = bytes.fromhex("31C0")
"""Card service data: applications are selected by their whole or partial name (ISO/IEC 7816-4, 12.1.1.2)."""
_NAME = bytes.fromhex("56") + b"cardgw"
"""The issuer's data."""
_ASSIGNED_BY_CARD, _MANY = 0x10, 7


def euicc_atr(options: Options) -> bytes:
    """
    The answer to reset of a software eUICC: how many logical channels it has, and no extended length.
    """
    third = _ASSIGNED_BY_CARD | min(options.channels, _MANY) if options.channels else 0
    capabilities = bytes((0x73, 0xC0, 0x21, third))
    return make_atr(b"\x80" + _SERVICES + capabilities + _NAME, int(options.delivery is not Delivery.T0))


@frozen
class Manners:
    """
    How the card and its side behave.  Numbers of commands begin at 1.

    @ivar fragment: bytes in one write; 0 writes whole messages.
    @ivar delay: seconds that each command takes.
    @ivar empty: so many times there is no card when the reader asks for its ATR, before it is there.
    @ivar pull_at: the command at whose arrival the connection is dropped.
    @ivar hard: drop with RST instead of FIN.
    @ivar silent_at: the command which is never answered, nor anything after it.
    @ivar garbage_at: the command in place of whose answer C{garbage} is sent.
    """

    fragment: int = 0
    delay: float = 0.0
    empty: int = 0
    pull_at: int | None = None
    hard: bool = False
    silent_at: int | None = None
    garbage_at: int | None = None
    garbage: bytes = b""


@frozen
class Outcome:
    """
    What a session was.

    @ivar resets: how often the card was started anew: resets, and power on.
    @ivar goodbye: the reader has powered the card off in the end.
    @ivar reason: how the connection ended, C{"closed"} for the ordinary way.
    """

    apdus: int
    resets: int
    goodbye: bool
    seconds: float
    reason: str


class Vicc(Protocol):
    """
    One session from the card's side.

    @param clock: C{IReactorTime}.
    @param card: gives the response APDU to a command APDU.
    @param watch: told C{"apdu"} (C{command}, C{response}) and C{"reset"} (the card starts anew), in time.
    @ivar atr: what it answers; empty while the card is taken out.
    @ivar done: C{Deferred[Outcome]}, when the connection is gone; a failure only if C{card} raised.
    """

    def __init__(self, clock: Any, card: Card, atr: bytes, manners: Manners | None = None, watch: Watch | None = None) -> None:
        self.atr = atr
        self.done: Deferred[Outcome] = Deferred(lambda _: self.drop())
        self.apdus = self.resets = 0
        self._clock, self._card = clock, card
        self._manners = manners or Manners()
        self._watch: Watch = watch or (lambda what, facts: None)
        self._parser = Parser()
        self._empty = self._manners.empty
        self._inbox: deque[bytes] = deque()
        self._busy: IDelayedCall | None = None
        self._pieces = Pieces(clock, self._put)
        self._powered = self._deaf = False
        self._defect: Failure | None = None

    def connectionMade(self) -> None:
        """
        The reader speaks first.
        """
        assert self.transport is not None
        self._began = self._clock.seconds()
        tune(self.transport, KEEPALIVE)

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol.dataReceived}.  The reader may write length and body one after another.
        """
        assert self.transport is not None
        acknowledge(self.transport)
        if not self._deaf:
            self._inbox.extend(self._parser.feed(data))
            self._work()

    def _work(self) -> None:
        while self._inbox and self._busy is None and not self._deaf:
            self._take(self._inbox.popleft())

    def _take(self, body: bytes) -> None:
        if len(body) > 1:
            self._command(body)
        elif body[:1] == bytes((Control.GET_ATR,)):
            present, self._empty = self._empty <= 0, self._empty - 1
            self._send(self.atr if present else b"")
        elif body in (bytes((Control.POWER_ON,)), bytes((Control.RESET,))):
            self._powered = True
            self.resets += 1
            self._watch("reset", {})
        elif body == bytes((Control.POWER_OFF,)):
            self._powered = False

    def _command(self, command: bytes) -> None:
        self.apdus += 1
        if self.apdus == self._manners.pull_at:
            self.drop()
        elif self.apdus == self._manners.silent_at:
            self._deaf = True
        elif self._manners.delay:
            self._busy = self._clock.callLater(self._manners.delay, self._go_on, command)
        else:
            self._answer(command)

    def _go_on(self, command: bytes) -> None:
        self._busy = None
        self._answer(command)
        self._work()

    def _answer(self, command: bytes) -> None:
        if self.apdus == self._manners.garbage_at:
            self._write(self._manners.garbage)
            return
        try:
            response = self._card(command) if self.atr else b""
        except Exception:
            self._defect = Failure()
            self.drop()
            return
        self._watch("apdu", {"command": command, "response": response})
        self._send(response)

    def _send(self, body: bytes) -> None:
        self._write(encode(body))

    def _write(self, octets: bytes) -> None:
        self._pieces.write(*cut(octets, self._manners.fragment))

    def _put(self, octets: bytes) -> None:
        if self.transport is not None and not self._deaf:
            self.transport.write(octets)

    def drop(self) -> None:
        """
        Pull the card out, with its reader's cable.
        """
        self._deaf = True
        self._pieces.end()
        transport: Any = self.transport
        if transport is None:
            return
        if self._manners.hard:
            transport.abortConnection()
        else:
            transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol.connectionLost}.
        """
        busy, self._busy = self._busy, None
        if busy is not None:
            busy.cancel()
        self._pieces.end()
        self._deaf = True
        if self.done.called:
            return
        if self._defect is not None:
            self.done.errback(self._defect)
        else:
            self.done.callback(self._outcome("closed" if reason.check(ConnectionDone) else reason.getErrorMessage()))

    def _outcome(self, reason: str) -> Outcome:
        goodbye = bool(self.resets) and not self._powered
        return Outcome(self.apdus, self.resets, goodbye, self._clock.seconds() - self._began, reason)


def dial(
    reactor: Any,
    endpoint: IStreamClientEndpoint,
    card: Card,
    atr: bytes,
    *,
    manners: Manners | None = None,
    watch: Watch | None = None,
) -> Deferred[Outcome]:
    """
    Go through one session.  See L{Vicc} for the parameters.

    @return: C{Deferred[Outcome]}; cancelling it drops the connection.
    """
    vicc = Vicc(reactor, card, atr, manners, watch)
    connecting: Deferred[Vicc] = connectProtocol(endpoint, vicc)
    return connecting.addCallback(lambda _: vicc.done)


if __name__ == "__main__":
    from cardgw.virtual.vicc_command import main

    main()
