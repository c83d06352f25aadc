"""
What the functional tests of the eSTK.me transport have in common: a gateway with one job, a listener, phones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import deferLater
from zope.interface import implementer

from cardgw.apdu.command import Command
from cardgw.apdu.script import Script, Step
from cardgw.errors import CardGatewayError, ChannelError
from cardgw.interfaces import ICardChannel, IGateway
from cardgw.testing.gateway import GatewayBase
from cardgw.transports.estk.service import EstkTransport
from cardgw.transports.estk.settings import EstkSettings
from cardgw.virtual.terminal import Manners, dial, request_frame
from tests.functional.listening import LISTEN, ListeningTestCase

reactor: Any = _reactor
CODE = "LPA:1$smdp.example.test$MID"
COMMANDS = [Command(0x80, 0xE2, 0x11, number, bytes(240)) for number in range(5)] + [Command(0x80, 0xC0, expected=256)]
FRAMES = 11
"""Frames that a card gets in a session: box, lock, six commands, unlock, box, goodbye."""


def card(command: bytes) -> bytes:
    """
    A card with the longest answers.
    """
    return bytes(256) + b"\x90\x00" if command[1] == 0xC0 else b"\x90\x00"


@implementer(IGateway)
class Gateway(GatewayBase):
    """
    Runs the same job on every card.

    @ivar requests: what was asked for.
    @ivar ends: how the channels ended.
    @ivar failures: what jobs failed with.
    """

    def __init__(self) -> None:
        super().__init__(reactor)
        self.requests: list[tuple[str, str]] = []
        self.ends: list[ChannelError | None] = []
        self.failures: list[CardGatewayError] = []
        self.done = 0
        self.running = 0

    def arrived(self, channel: ICardChannel) -> Deferred[CardGatewayError | None]:
        """
        See L{IGateway.arrived}.
        """
        request = channel.info.request
        assert request is not None
        self.requests.append((request.name, request.text))
        channel.when_gone().addCallback(self.ends.append)
        return ensureDeferred(self._serve(channel))

    async def _serve(self, channel: ICardChannel) -> None:
        self.running += 1
        try:
            await channel.show("Working.")
            await channel.hold()
            await channel.exchange(Script(tuple(Step(command) for command in COMMANDS)))
            channel.release()
            await channel.show("Done.")
            self.done += 1
        except CardGatewayError as error:
            self.failures.append(error)
        finally:
            self.running -= 1


class EstkTestCase(ListeningTestCase):
    """
    A transport that listens on loopback.
    """

    async def start(self, **settings: Any) -> None:
        """
        Start it.
        """
        self.gateway = Gateway()
        chosen = EstkSettings(**{"listen": LISTEN, "close_timeout": 0.2, **settings})
        self.listen_by(EstkTransport(), chosen, self.gateway)

    def stop(self) -> Deferred[None]:
        """
        Stop it; jobs must have ended.
        """
        stopping = super().stop()
        return stopping.addCallback(lambda _: self.assertEqual((self.gateway.running, self.service.factory.sessions), (0, set())))

    def dial(self, manners: Manners | None = None, request: bytes | None = None, answer: Callable[[bytes], bytes] = card) -> Any:
        """
        One phone.
        """
        frame = request_frame(2, CODE) if request is None else request
        return dial(reactor, TCP4ClientEndpoint(reactor, "127.0.0.1", self.port), answer, frame, manners=manners)

    async def empty(self) -> None:
        """
        Wait until all sessions are gone.
        """
        while self.service.factory.sessions:
            await deferLater(reactor, 0.01)
