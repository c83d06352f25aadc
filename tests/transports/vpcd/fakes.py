"""
What the tests of the vpcd transport have in common: a gateway, a socket and a card's side without I/O.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from cardgw.apdu.atr import make_atr
from cardgw.apdu.command import Command
from cardgw.transports.vpcd.channel import VpcdChannel
from cardgw.transports.vpcd.factory import VpcdFactory
from cardgw.transports.vpcd.protocol import VpcdProtocol
from cardgw.transports.vpcd.settings import VpcdSettings
from cardgw.transports.vpcd.wire import Control, Parser, control, encode
from tests.connections.sockets import FakeSocket
from tests.transports.estk.fakes import FakeGateway

ATR = make_atr(bytes.fromhex("8073C02113"))
"""Four logical channels, no extended length."""
EXTENDED = make_atr(bytes.fromhex("8073C02150"), 1)
"""One logical channel, extended length."""
START = control(Control.POWER_ON, Control.GET_ATR)
GET_ATR, OFF = control(Control.GET_ATR), control(Control.POWER_OFF)
READ = Command(0x80, 0xCA, 0x00, 0x5A, expected=256)
OK = encode(b"\x90\x00")


class Talk:
    """
    One card's side that has dialled in.

    @ivar wire: its socket.
    """

    def __init__(self, settings: VpcdSettings | None = None, factory: VpcdFactory | None = None) -> None:
        self.factory = factory or VpcdFactory(settings or VpcdSettings(), FakeGateway())
        gateway: Any = self.factory.gateway
        self.gateway: FakeGateway = gateway
        self.clock: Clock = gateway.reactor
        self.wire = FakeSocket()
        session = self.factory.buildProtocol(self.wire.getPeer())
        assert session is not None
        self.session: VpcdProtocol = session
        session.makeConnection(self.wire)

    def insert(self, atr: bytes = ATR) -> VpcdChannel:
        """
        Show a card.

        @return: the channel that the gateway was given.
        """
        self.wire.take()
        self.answer(atr)
        channel: Any = self.gateway.channels[-1]
        return channel  # type: ignore[no-any-return]

    def answer(self, *bodies: bytes) -> None:
        """
        Send messages, each by itself.
        """
        for body in bodies:
            self.say(encode(body))

    def say(self, octets: bytes) -> None:
        """
        Send something.
        """
        self.session.dataReceived(octets)

    def hang_up(self, reason: Exception | None = None) -> None:
        """
        The connection is gone.
        """
        self.session.connectionLost(Failure(reason or ConnectionDone()))


class Card:
    """
    The card's side of a L{Talk}, which reads and answers when it is told to.

    @ivar commands: what it has got.
    @ivar asked: what it was asked for besides.
    """

    def __init__(self, talk: Talk, atr: bytes = ATR) -> None:
        self.talk = talk
        self.atr = atr
        self.commands: list[bytes] = []
        self.asked: list[int] = []
        self.answers: deque[bytes] = deque()
        self.here = True
        self._parser = Parser()
        self._questions: deque[bytes] = deque()

    def move(self) -> None:
        """
        Read and answer until nothing moves.
        """
        while self.here and (self._read() or self._write()):
            pass

    def _read(self) -> bool:
        written = self.talk.wire.take()
        for body in self._parser.feed(written):
            if len(body) > 1:
                self.commands.append(body)
            else:
                self.asked.append(body[0])
            if len(body) > 1 or body[0] == Control.GET_ATR:
                self._questions.append(body)
        if self.talk.wire.half_closed:
            self.leave()
        return bool(written)

    def _write(self) -> bool:
        if not self._questions or (len(self._questions[0]) > 1 and not self.answers):
            return False
        question = self._questions.popleft()
        self.talk.answer(self.answers.popleft() if len(question) > 1 else self.atr)
        return True

    def leave(self) -> None:
        """
        The connection is gone.
        """
        if self.here:
            self.here = False
            self.talk.hang_up()
