# -*- test-case-name: tests.functional.test_matrix -*-
"""
What the functional tests of the service with the transport ramhttp have in common: the service, and cards that are lent to it
over HTTP, by our own client or by those that there are in software.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint

from cardgw.apdu.memory import Card, MemoryChannel
from cardgw.bridges.touch import touch
from cardgw.bridges.touch_http import HttpLine
from cardgw.bridges.touch_session import parse
from cardgw.bridges.touch_tls import policy
from cardgw.values import ChannelInfo, Reset
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.ram_client import Manners, RamClient
from cardgw.virtual.ram_kinds import Kind
from cardgw.virtual.ram_slot import Slot
from cardgw.virtual.vicc import euicc_atr
from tests.bridges.touches import FakeWatcher
from tests.functional.commands import LOOPBACK
from tests.functional.gp import GpCard, GpTestCase
from tests.functional.matrix import GpWay
from tests.functional.operators import reactor, until
from tests.functional.vpcd import VpcdTestCase

SETTINGS = f"""
[transports.ramhttp]
listen = ["{LOOPBACK}"]
poll = 1
close_timeout = 0.5
"""


class LentChannel(MemoryChannel):
    """
    A card in this process that can be started anew.
    """

    def __init__(self, info: ChannelInfo, card: Card, restart: Callable[[], object]) -> None:
        super().__init__(info, card)
        self._restart = restart

    def _reset(self, kind: Reset) -> Deferred[None]:
        self._restart()
        return super()._reset(kind)


class LentTestCase(VpcdTestCase):
    """
    A service to which cards can be lent.

    @ivar kind: a client in software; C{None} for our own one.
    @ivar manners: of the client in software.
    @ivar lending: how the last session ends.
    """

    kind: Kind | None = None
    manners = Manners()
    lending: Deferred[Any]

    async def start(self, settings: str = "") -> None:
        """
        Start it.

        @param settings: of C{[transports.ramhttp]}, and what may follow.
        """
        await super().start(SETTINGS + settings)

    async def lend(self, card: VirtualEuicc) -> None:
        """
        An eUICC comes.
        """
        await self.lend_any(card.transmit, euicc_atr(card.options), card.reset)

    async def lend_any(self, transmit: Callable[[bytes], bytes], atr: bytes, reset: Callable[[], object]) -> None:
        """
        Any card comes.

        @return: when it has been sent something.
        """
        commands: list[bytes] = []

        def answer(command: bytes) -> bytes:
            commands.append(command)
            return transmit(command)

        url = f"http://127.0.0.1:{self.gateway.ports['ramhttp-listening']}/rt"
        lending = self.lending = self._by_us(url, answer, atr, reset) if self.kind is None else self._by(url, answer, atr, reset)
        lending.addErrback(lambda _: None)
        self.addCleanup(self._ended, lending)
        await until(lambda: commands)

    def _by_us(self, url: str, answer: Card, atr: bytes, reset: Callable[[], object]) -> Deferred[Any]:
        channel = LentChannel(ChannelInfo("memory", atr=atr, resets=frozenset((Reset.COLD,))), answer, reset)
        return touch(channel, HttpLine(reactor, parse(url), policy()), reactor, FakeWatcher())

    def _by(self, url: str, answer: Card, atr: bytes, reset: Callable[[], object]) -> Deferred[Any]:
        assert self.kind is not None
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.gateway.ports["ramhttp-listening"])
        slot = Slot(reactor, answer, atr, reset)
        return ensureDeferred(RamClient(reactor, endpoint, url, slot, self.kind, manners=self.manners).run())

    async def _ended(self, lending: Deferred[Any]) -> None:
        lending.cancel()
        await lending


class GpLentTestCase(LentTestCase, GpTestCase):
    """
    The same with a card of GlobalPlatform.
    """

    async def lent(self, way: GpWay) -> GpCard:
        """
        A card comes.

        @return: when it has been identified.
        """
        card = GpCard(**way.options)
        await self.lend_any(card, card.card.atr, card.card.reset)
        await self.identified(card.identity)
        return card
