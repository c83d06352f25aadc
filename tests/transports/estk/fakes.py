"""
What the tests of the eSTK.me transport have in common: a gateway, a socket and a session without I/O.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from cardgw.apdu.command import Command
from cardgw.errors import CardGatewayError
from cardgw.interfaces import ICardChannel, IGateway
from cardgw.testing.gateway import GatewayBase
from cardgw.transports.estk.channel import EstkChannel
from cardgw.transports.estk.factory import EstkFactory
from cardgw.transports.estk.protocol import EstkProtocol
from cardgw.transports.estk.settings import EstkSettings
from cardgw.transports.estk.wire import Parser, Tag, encode
from tests.connections.sockets import FakeSocket

REQUEST = bytes.fromhex("021b00 4c50413a3102 3132372e302e302e313a38343433 02 545334385631")
"""A download request, as recorded."""
LIST = Command.decode(bytes.fromhex("80e2910003bf2800"))
LIST_FRAME = bytes.fromhex("fe0800 80e2910003bf2800")
MORE = Command.decode(bytes.fromhex("80c0000005"))
MORE_FRAME = bytes.fromhex("fe0500 80c0000005")
OK = encode(Tag.APDU, b"\x90\x00")
LOCK, UNLOCK, CLOSE = encode(Tag.LOCK_APDU), encode(Tag.UNLOCK_APDU), encode(Tag.CLOSE)


def answer(octets: str) -> bytes:
    """
    The frame of a response APDU.
    """
    return encode(Tag.APDU, bytes.fromhex(octets))


def box(text: str) -> bytes:
    """
    The frame of a message box with an ASCII text.
    """
    return encode(Tag.MESSAGE_BOX, text.encode("ascii"))


@implementer(IGateway)
class FakeGateway(GatewayBase):
    """
    Keeps what arrives.

    @ivar jobs: what C{arrived} gave for each channel.
    @ivar farewell: called when a job is cancelled.
    """

    def __init__(self) -> None:
        super().__init__(Clock())
        self.channels: list[ICardChannel] = []
        self.jobs: list[Deferred[CardGatewayError | None]] = []
        self.cancelled = 0
        self.farewell: Callable[[], object] = lambda: None

    def arrived(self, channel: ICardChannel) -> Deferred[CardGatewayError | None]:
        """
        See L{IGateway.arrived}.
        """
        self.channels.append(channel)
        job: Deferred[CardGatewayError | None] = Deferred(self._cancel)
        self.jobs.append(job)
        return job

    def _cancel(self, job: Deferred[CardGatewayError | None]) -> None:
        self.cancelled += 1
        self.farewell()
        job.callback(None)


class Talk:
    """
    One card that has dialled in.

    @ivar wire: its socket.
    """

    def __init__(self, settings: EstkSettings | None = None, factory: EstkFactory | None = None) -> None:
        self.factory = factory or EstkFactory(settings or EstkSettings(), FakeGateway())
        gateway: Any = self.factory.gateway
        self.gateway: FakeGateway = gateway
        self.clock: Clock = gateway.reactor
        self.wire = FakeSocket()
        session = self.factory.buildProtocol(self.wire.getPeer())
        assert session is not None
        self.session: EstkProtocol = session
        session.makeConnection(self.wire)

    def ask(self, request: bytes = REQUEST) -> EstkChannel:
        """
        Send a request.

        @return: the channel that the gateway was given.
        """
        self.say(request)
        channel: Any = self.gateway.channels[-1]
        return channel  # type: ignore[no-any-return]

    def say(self, octets: bytes) -> None:
        """
        Send something.
        """
        self.session.dataReceived(octets)

    def heard(self) -> list[tuple[int, bytes]]:
        """
        The frames that came since the last call.
        """
        return [tuple(frame) for frame in Parser(0xFFFF).feed(self.wire.take())]  # type: ignore[misc]

    def hang_up(self, reason: Exception | None = None) -> None:
        """
        The connection is gone.
        """
        self.session.connectionLost(Failure(reason or ConnectionDone()))


class ChannelTestCase(SynchronousTestCase):
    """
    A card that has asked for a download.
    """

    settings = EstkSettings()

    def setUp(self) -> None:
        """
        Dial in.
        """
        self.talk = Talk(self.settings)
        self.channel = self.talk.ask()
        self.wire = self.talk.wire

    def heard(self) -> bytes:
        """
        What was written since the last call.
        """
        return self.wire.take()
