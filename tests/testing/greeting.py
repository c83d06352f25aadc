# -*- test-case-name: tests.testing.test_operation -*-
"""
A small operation and a small transport, as a third party writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen
from twisted.application.internet import StreamServerEndpointService
from twisted.application.service import IService
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory, Protocol
from zope.interface import implementer

from cardgw.apdu.command import Command
from cardgw.apdu.script import Script
from cardgw.errors import UnexpectedStatus
from cardgw.fields import boolean, option, text
from cardgw.interfaces import IGateway, IOperation, ISession, ITransport
from cardgw.values import Feature

GREET = Command(0x80, 0xCA, 0x00, 0x01, b"Ada", 256)
FORGET = Command(0x80, 0xCA, 0x00, 0x02)


@frozen
class GreetParameters:
    """
    What the caller gives.
    """

    name: str = option(text, "whom to greet", from_request=True)


@frozen
class GreetSettings:
    """
    What the operator sets.
    """

    polite: bool = option(boolean, "say please", default=True)


@implementer(IOperation)
class Greet:
    """
    Says hello to a card, and has it forget that.
    """

    name = "card.greet"
    summary = "say hello to a card"
    help = "Says hello, and has the card forget it."
    parameters: Any = GreetParameters
    settings: Any = GreetSettings
    application: bytes | None = None
    requires: frozenset[Feature] = frozenset()
    destructive = False
    repeatable = False

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.
        """
        script = Script.of(Command(0x80, 0xCA, 0x00, 0x01, session.parameters.name.encode(), 256), FORGET)
        answers = await session.channel.exchange(script)
        if not script.completed(answers):
            raise UnexpectedStatus(answers[-1], "greeting")
        return {"answer": answers[0].data.decode()}


@frozen
class PostSettings:
    """
    The table of the transport.
    """

    listen: str = option(text, "endpoint to listen on", default="tcp:1")


@implementer(ITransport)
class Post:
    """
    Accepts connections and leaves them alone.
    """

    name = "post"
    summary = "cards that come by post"
    settings: Any = PostSettings
    requests: Mapping[str, str] = {"greet": "card.greet"}

    def make_service(self, settings: Any, gateway: IGateway) -> IService:
        """
        See L{ITransport.make_service}.
        """
        return StreamServerEndpointService(serverFromString(gateway.reactor, settings.listen), Factory.forProtocol(Protocol))
