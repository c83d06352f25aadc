# -*- test-case-name: tests.testing.test_gateway -*-
"""
L{IGateway}: what it does, one that only keeps what comes, and what others can be made of.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from zope.interface import implementer

from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import CardGatewayError, PeerLost, SecretError, UnknownLink
from cardgw.interfaces import ICardChannel, IGateway
from cardgw.testing.card import PatientCard
from cardgw.testing.contract import ContractMixin
from cardgw.values import ChannelInfo, Psk


class GatewayBase:
    """
    What transports see of a gateway, but for what becomes of their cards.

    @ivar words: see L{IGateway}; here, texts stay as they are.
    @ivar secrets: what there is for L{secret}, by name.
    @ivar keys: what there is for L{psk}, by identity.
    @ivar links: what L{link} gives, by token; or the error that it raises.
    """

    def __init__(self, reactor: Any = None) -> None:
        """
        @param reactor: C{MemoryReactorClock} by default.
        """
        self.reactor: Any = MemoryReactorClock() if reactor is None else reactor
        self.words: Callable[[str], str] = str
        self.secrets: dict[str, bytes] = {}
        self.keys: dict[bytes, Psk] = {}
        self.links: dict[str, str | CardGatewayError] = {}

    def link(self, token: str) -> str:
        """
        See L{IGateway.link}.
        """
        found = self.links.get(token, UnknownLink())
        if isinstance(found, CardGatewayError):
            raise found
        return found

    def secret(self, name: str) -> bytes:
        """
        See L{cardgw.interfaces.ISession.secret}.
        """
        if name not in self.secrets:
            raise SecretError(f"{name}: there is no secret of this name")
        return self.secrets[name]

    def psk(self, identity: bytes) -> Psk | None:
        """
        See L{IGateway}.
        """
        return self.keys.get(identity)


@implementer(IGateway)
class FakeGateway(GatewayBase):
    """
    A gateway for one transport.

    @ivar channels: the cards that have come.
    @ivar outcome: what L{arrived} gives for each card.
    """

    def __init__(self, reactor: Any = None, attend: Callable[[ICardChannel], Awaitable[object]] | None = None) -> None:
        """
        @param reactor: C{MemoryReactorClock} by default.
        @param attend: what is done to a card that has come; by default nothing until it goes.
        """
        super().__init__(reactor)
        self.channels: list[ICardChannel] = []
        self.outcome: CardGatewayError | None = None
        self._attend = attend

    def arrived(self, channel: ICardChannel) -> Deferred[CardGatewayError | None]:
        """
        See L{IGateway.arrived}.
        """
        self.channels.append(channel)
        return Deferred.fromCoroutine(self._attended(channel)).addErrback(lambda _: None)

    async def _attended(self, channel: ICardChannel) -> CardGatewayError | None:
        if self._attend is None:
            await channel.when_gone()
        else:
            await self._attend(channel)
        return self.outcome


class GatewayTestsMixin(ContractMixin):
    """
    Tests of an L{IGateway}.  Subclasses provide L{make_gateway}.
    """

    def make_gateway(self) -> Any:
        """
        A hook.

        @return: L{IGateway}, or a C{Deferred} of it.
        """
        raise NotImplementedError("make_gateway")

    def test_interface(self) -> Any:
        """
        It provides L{IGateway}.
        """
        return self.contract(self._interface())

    async def _interface(self) -> None:
        self.verify(IGateway, await self.hook(self.make_gateway))

    def test_words(self) -> Any:
        """
        A transport's own text may be translated; one that is not known stays as it is.
        """
        return self.contract(self._words())

    async def _words(self) -> None:
        gateway = await self.hook(self.make_gateway)
        self.assertEqual(gateway.words("A text that\nno catalogue has: 1."), "A text that\nno catalogue has: 1.")

    def test_strangers(self) -> Any:
        """
        There is no link of a token that nobody has made, no secret of an unknown name, no key of an unknown identity.
        """
        return self.contract(self._strangers())

    async def _strangers(self) -> None:
        gateway = await self.hook(self.make_gateway)
        for token in ("", "no-such-link", "\ud800"):
            self.assertRaises(UnknownLink, gateway.link, token)
        self.assertRaises(SecretError, gateway.secret, "no-such-secret")
        self.assertIsNone(gateway.psk(b"no such identity"))

    def test_stays(self) -> Any:
        """
        A card that asked for nothing stays until it goes, for whatever reason.
        """
        return self.contract(self._stays())

    async def _stays(self) -> None:
        gateway = await self.hook(self.make_gateway)
        for reason in (PeerLost(), None):
            channel = MemoryChannel(ChannelInfo("memory"), PatientCard())
            attended = gateway.arrived(channel)
            await self.hook(self.flush)
            self.assertNoResult(attended)
            channel.close(reason)
            self.assertIsNone(await self.settled(attended))

    def test_cancel(self) -> Any:
        """
        A transport that is being stopped may cancel; that is no failure.
        """
        return self.contract(self._cancel())

    async def _cancel(self) -> None:
        gateway = await self.hook(self.make_gateway)
        attended = gateway.arrived(MemoryChannel(ChannelInfo("memory"), PatientCard()))
        attended.cancel()
        self.assertIsNone(await self.settled(attended))
