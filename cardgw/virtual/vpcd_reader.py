# -*- test-case-name: tests.virtual.test_vpcd_reader -*-
"""
A reader of vsmartcard's kind (vpcd) that cards dial in to, with the manners of bad ones: what pcscd has, and local programs use.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred, DeferredQueue
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from cardgw.transports.vpcd.wire import HEADER, Control, Parser, control, encode
from cardgw.virtual.pieces import Pieces, cut


@frozen
class Manners:
    """
    How the reader behaves.

    @ivar split: it writes the length of a message, and then its body, as vpcd does.
    @ivar fragment: bytes in one write; 0 writes all at once.
    """

    split: bool = True
    fragment: int = 0


class Reader(Protocol):
    """
    The reader while a card is in it.

    @param clock: C{IReactorTime}.
    @ivar unasked: what has come though nothing was awaited.
    @ivar gone: C{Deferred[None]}, when the card was taken out, or its side is gone.
    """

    def __init__(self, clock: Any, manners: Manners | None = None) -> None:
        self.unasked: list[bytes] = []
        self.gone: Deferred[None] = Deferred()
        self._manners = manners or Manners()
        self._parser = Parser()
        self._due: deque[Deferred[bytes]] = deque()
        self._pieces = Pieces(clock, self._write)

    def _write(self, octets: bytes) -> None:
        assert self.transport is not None
        self.transport.write(octets)

    def say(self, octets: bytes) -> None:
        """
        Write something, whatever it is.
        """
        manners = self._manners
        if manners.split and not manners.fragment:
            self._pieces.write(octets[:HEADER], octets[HEADER:])
        else:
            self._pieces.write(*cut(octets, manners.fragment))

    def control(self, *what: Control) -> None:
        """
        Power on, off, or reset; several at once.
        """
        self.say(control(*what))

    def atr(self) -> Deferred[bytes]:
        """
        Ask for the answer to reset.

        @raise ConnectionDone: (as failure, or another one) the card is gone.
        """
        return self._ask(control(Control.GET_ATR))

    def transmit(self, command: bytes) -> Deferred[bytes]:
        """
        Send a command APDU.

        @return: C{Deferred[bytes]}: the response APDU.
        @raise ConnectionDone: (as failure, or another one) the card is gone.
        """
        return self._ask(encode(command))

    def _ask(self, octets: bytes) -> Deferred[bytes]:
        answer: Deferred[bytes] = Deferred()
        self._due.append(answer)
        self.say(octets)
        return answer

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol.dataReceived}.
        """
        for body in self._parser.feed(data):
            if self._due:
                self._due.popleft().callback(body)
            else:
                self.unasked.append(body)

    def drop(self, *, hard: bool = False) -> None:
        """
        Close the connection, after what was written.

        @param hard: at once, with RST instead of FIN.
        """
        transport: Any = self.transport
        if hard:
            self._pieces.end()
            transport.abortConnection()
        else:
            self._pieces.flush()
            transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol.connectionLost}.
        """
        self._pieces.end()
        while self._due:
            self._due.popleft().errback(reason)
        self.gone.callback(None)


class ReaderFactory(Factory):
    """
    Makes a L{Reader} of each card that dials in.

    @ivar inserted: C{DeferredQueue} of them.
    """

    noisy = False

    def __init__(self, clock: Any, manners: Manners | None = None) -> None:
        self.inserted: DeferredQueue[Reader] = DeferredQueue()
        self._clock, self._manners = clock, manners

    def buildProtocol(self, addr: IAddress | None) -> Reader:
        """
        See L{Factory.buildProtocol}.
        """
        return _Announced(self)


class _Announced(Reader):
    """
    Told of when it is connected.
    """

    def __init__(self, factory: ReaderFactory) -> None:
        super().__init__(factory._clock, factory._manners)
        self._inserted = factory.inserted

    def connectionMade(self) -> None:
        self._inserted.put(self)
