# -*- test-case-name: tests.functional.test_text_commands -*-
"""
Text commands over real sockets.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure

from cardgw.errors import CardGatewayError
from cardgw.interfaces import ICardChannel
from cardgw.operations.text_command import TextCommand
from cardgw.testing import GatewayBase, session_for
from cardgw.transports.estk.wire import Parser, Tag
from cardgw.virtual.terminal import request_frame
from tests.functional.estk import EstkTestCase, reactor


class CommandGateway(GatewayBase):
    """
    Runs text commands.
    """

    def __init__(self) -> None:
        super().__init__(reactor)
        self.running = 0
        self.results: list[dict[str, Any]] = []

    def arrived(self, channel: ICardChannel) -> Deferred[CardGatewayError | None]:
        """
        See L{cardgw.interfaces.IGateway.arrived}.
        """
        return ensureDeferred(self._serve(channel))

    async def _serve(self, channel: ICardChannel) -> None:
        request = channel.info.request
        assert request is not None and request.name == "command"
        session = session_for(TextCommand(), channel, {"text": request.text})
        session.clock = reactor
        self.results.append(await TextCommand().run(session))
        await channel.show(session.farewells[-1])


class LazyReader(Protocol):
    """
    A phone that takes a piece, and has a rest.

    @ivar received: all that came.
    @ivar done: fires when the connection is closed.
    """

    def __init__(self, request: bytes) -> None:
        self.received = b""
        self.done: Deferred[None] = Deferred()
        self._request = request

    def connectionMade(self) -> None:
        """
        Ask.
        """
        transport: Any = self.transport
        transport.write(self._request)

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol.dataReceived}.
        """
        transport: Any = self.transport
        self.received += data
        transport.pauseProducing()
        reactor.callLater(0, transport.resumeProducing)

    def connectionLost(self, reason: Failure | None = None) -> None:
        """
        See L{Protocol.connectionLost}.
        """
        self.done.callback(None)


class TextCommandTests(EstkTestCase):
    """
    A card holder types.
    """

    async def ask(self, text: str) -> LazyReader:
        """
        Type a command, and read all that comes.
        """
        await self.start()
        self.gateway = self.service.factory.gateway = CommandGateway()  # type: ignore[assignment]
        phone = LazyReader(request_frame(Tag.DOWNLOAD_PROFILE, text))
        await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", self.port), phone)
        await phone.done
        return phone

    async def test_data(self) -> None:
        """
        C{/data} transfers exactly what was asked for, in both directions together, however slowly it is read.
        """
        phone = await self.ask("/data 1024")
        self.assertEqual(len(phone.received) + len(request_frame(Tag.DOWNLOAD_PROFILE, "/data 1024")), 1024 * 1024)
        frames = list(Parser(0xFFFF).feed(phone.received))
        self.assertEqual(frames[-1], (Tag.CLOSE, b""))
        self.assertEqual(frames[-2], (Tag.MESSAGE_BOX, b"You used 1024 KiB data"))
        self.assertEqual({frame.value for frame in frames[:-3]}, {bytes(253)})

    async def test_help(self) -> None:
        """
        C{/help} is one box and a goodbye.
        """
        phone = await self.ask("/Help ")
        self.assertEqual([frame.tag for frame in Parser().feed(phone.received)], [Tag.MESSAGE_BOX, Tag.CLOSE])
