# -*- test-case-name: tests.testing.test_gateway -*-
"""
L{IGateway}: what it does, and one that only keeps what comes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from zope.interface import implementer

from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import PeerLost
from cardgw.interfaces import ICardChannel, IGateway
from cardgw.testing.card import PatientCard
from cardgw.testing.contract import ContractMixin
from cardgw.values import ChannelInfo


@implementer(IGateway)
class FakeGateway:
    """
    A gateway for one transport.

    @ivar channels: the cards that have come.
    @ivar words: see L{IGateway}; here, texts stay as they are.
    """

    def __init__(self, reactor: Any = None, attend: Callable[[ICardChannel], Awaitable[object]] | None = None) -> None:
        """
        @param reactor: C{MemoryReactorClock} by default.
        @param attend: what is done to a card that has come; by default nothing until it goes.
        """
        self.reactor: Any = MemoryReactorClock() if reactor is None else reactor
        self.channels: list[ICardChannel] = []
        self.words: Callable[[str], str] = str
        self._attend = attend

    def arrived(self, channel: ICardChannel) -> Deferred[None]:
        """
        See L{IGateway.arrived}.
        """
        self.channels.append(channel)
        return Deferred.fromCoroutine(self._attended(channel)).addErrback(lambda _: None)

    async def _attended(self, channel: ICardChannel) -> None:
        if self._attend is None:
            await channel.when_gone()
        else:
            await self._attend(channel)


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
