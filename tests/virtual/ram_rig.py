# -*- test-case-name: tests.virtual.test_ram_matrix -*-
"""
Connections in memory, for both sides of HTTP: what is written in one piece arrives in one, in a later turn of a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint, ITCPTransport
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from cardgw.apdu.atr import make_atr
from cardgw.virtual.ram_client import Manners, Outcome, RamClient
from cardgw.virtual.ram_kinds import OURS, Kind
from cardgw.virtual.ram_server import Oddities, RamServer
from cardgw.virtual.ram_session import Script
from cardgw.virtual.ram_slot import Slot, Wear

T = TypeVar("T")
ATR = bytes.fromhex("3BFE1800008131FE458031815448534D31738021408107FA")
"""A SmartCard-HSM."""
T0_ATR = make_atr(b"T0")
URL = "http://localhost:8080/rt/test"
_MOST_TURNS = 20000


@implementer(ITCPTransport)
class End:
    """
    One side of a connection.

    @ivar other: the other one.
    """

    disconnecting = False

    def __init__(self, clock: Clock, port: int) -> None:
        self.other: End
        self.protocol: Any = None
        self.over = False
        self._clock, self._port = clock, port

    def write(self, data: bytes) -> None:
        """
        One segment.
        """
        if not self.over and data:
            self._clock.callLater(0, self.other._arrive, bytes(data))

    def writeSequence(self, data: Any) -> None:
        """
        One segment.
        """
        self.write(b"".join(data))

    def _arrive(self, data: bytes) -> None:
        if not self.over:
            self.protocol.dataReceived(data)

    def loseConnection(self) -> None:
        """
        Close it after what was written.
        """
        if not self.disconnecting:
            self.disconnecting = True
            self._clock.callLater(0, self.other._lost)
            self._clock.callLater(0, self._lost)

    def abortConnection(self) -> None:
        """
        The same here.
        """
        self.loseConnection()

    def loseWriteConnection(self) -> None:
        """
        The same here.
        """
        self.loseConnection()

    def _lost(self) -> None:
        if not self.over:
            self.over = self.disconnecting = True
            self.protocol.connectionLost(Failure(ConnectionDone()))

    def getPeer(self) -> IPv4Address:
        """
        An address.
        """
        return IPv4Address("TCP", "127.0.0.1", self._port)

    def getHost(self) -> IPv4Address:
        """
        The same here.
        """
        return self.getPeer()

    def setTcpNoDelay(self, enabled: bool) -> None:
        """
        Nothing waits here.
        """

    def getTcpNoDelay(self) -> bool:
        """
        Nothing waits here.
        """
        return True

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """
        Nobody gets lost here.
        """

    def getTcpKeepAlive(self) -> bool:
        """
        Nobody gets lost here.
        """
        return False

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """
        There is always room.
        """
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """
        There is always room.
        """

    def pauseProducing(self) -> None:
        """
        There is always room.
        """

    resumeProducing = stopProducing = pauseProducing


@implementer(IStreamClientEndpoint)
class Wires:
    """
    An endpoint where a factory of protocols listens.

    @ivar ends: the server's sides of all connections.
    """

    def __init__(self, clock: Clock, factory: IProtocolFactory) -> None:
        self.ends: list[End] = []
        self._clock, self._factory = clock, factory

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:  # noqa: N803 - Twisted names it
        """
        See L{IStreamClientEndpoint.connect}.
        """
        here, there = End(self._clock, 40000 + len(self.ends)), End(self._clock, 8080)
        here.other, there.other = there, here
        there.protocol = self._factory.buildProtocol(here.getPeer())
        here.protocol = protocolFactory.buildProtocol(there.getPeer())
        there.protocol.makeConnection(there)
        here.protocol.makeConnection(here)
        self.ends.append(there)
        return succeed(here.protocol)


def settle(clock: Clock) -> None:
    """
    Have all happen that is due.
    """
    for _ in range(_MOST_TURNS):
        if not any(call.getTime() <= clock.seconds() for call in clock.getDelayedCalls()):
            return
        clock.advance(0)
    raise AssertionError("it goes on for ever")


def advance(clock: Clock, seconds: float) -> None:
    """
    Let time pass, and have all happen that is due meanwhile, in its time.
    """
    end = clock.seconds() + seconds
    settle(clock)
    while (due := min((call.getTime() for call in clock.getDelayedCalls()), default=end + 1)) <= end:
        clock.advance(due - clock.seconds())
        settle(clock)
    clock.advance(max(0.0, end - clock.seconds()))


def answer(command: bytes) -> bytes:
    """
    A card that gives random numbers, and knows nothing else.
    """
    if command[1] == 0x84:
        return bytes(command[4] or 256) + b"\x90\x00"
    return b"\x90\x00" if command[1] == 0xA4 else b"\x6d\x00"


class RamTestCase(SynchronousTestCase):
    """
    A client, and a server, in memory.
    """

    def setUp(self) -> None:
        self.clock = Clock()

    def serve(self, script: Script, oddities: Oddities | None = None, **options: Any) -> RamServer:
        """
        A server with one script.
        """
        self.server = RamServer(self.clock, {"test": script}, oddities=oddities, **options)
        self.wires = Wires(self.clock, self.server)
        return self.server

    def slot(self, card: Callable[[bytes], bytes] = answer, atr: bytes = ATR, **wear: Any) -> Slot:
        """
        A reader with a card.
        """
        return Slot(self.clock, card, atr, wear=Wear(**wear))

    def client(self, kind: Kind = OURS, slot: Slot | None = None, url: str = URL, session: str = "", **manners: Any) -> RamClient:
        """
        A client.
        """
        return RamClient(self.clock, self.wires, url, slot or self.slot(), kind, session=session, manners=Manners(**manners))

    def run_client(
        self,
        kind: Kind = OURS,
        slot: Slot | None = None,
        *,
        seconds: float = 1.0,
        url: str = URL,
        session: str = "",
        **manners: Any,
    ) -> Outcome:
        """
        A whole session, which must be over in so many seconds.
        """
        return self.over(self.client(kind, slot, url, session, **manners).run(), seconds)

    def over(self, work: Coroutine[Any, Any, T], seconds: float = 1.0) -> T:
        """
        What something gives that must be over in so many seconds.
        """
        working = Deferred.fromCoroutine(work)
        advance(self.clock, seconds)
        return self.successResultOf(working)
