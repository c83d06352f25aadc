# -*- test-case-name: tests.functional.test_vpcd -*-
"""
What the functional tests of the vpcd transport have in common: the service, and cards that dial in to it as virtual ones do.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol

from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.vicc import Manners, Vicc, euicc_atr
from tests.functional.api_client import Json
from tests.functional.commands import LOOPBACK
from tests.functional.operators import OperatorsTestCase, identity, reactor, until

SETTINGS = f"""
[transports.vpcd]
listen = ["{LOOPBACK}"]
poll = 0.1
close_timeout = 0.2
"""


def make_vicc(card: VirtualEuicc, manners: Manners | None = None, transmit: Callable[[bytes], bytes] | None = None) -> Vicc:
    """
    The side of an eUICC that dials in.

    @param transmit: what stands between the card and the wire.
    """
    return vicc_of(transmit or card.transmit, euicc_atr(card.options), card.reset, manners)


def vicc_of(
    transmit: Callable[[bytes], bytes], atr: bytes, reset: Callable[[], object] = bool, manners: Manners | None = None
) -> Vicc:
    """
    The side of any card that dials in.

    @param reset: called when it starts anew.
    """

    def watch(what: str, facts: dict[str, Any]) -> None:
        if what == "reset":
            reset()

    return Vicc(reactor, transmit, atr, manners, watch)


class VpcdTestCase(OperatorsTestCase):
    """
    A service that is a reader, too.
    """

    async def start(self, settings: str = "") -> None:
        """
        Start it.

        @param settings: of C{[transports.vpcd]}, and what may follow.
        """
        await super().start(SETTINGS + settings)

    def euicc(self, number: int = 1, **options: Any) -> VirtualEuicc:
        """
        A card like L{card}, whose ISD-R wants to be selected.
        """
        return self.card(number, pinned=False, **options)

    async def insert(
        self, card: VirtualEuicc, manners: Manners | None = None, transmit: Callable[[bytes], bytes] | None = None
    ) -> Vicc:
        """
        A card dials in.  See L{make_vicc}.
        """
        return await self.dial_in(make_vicc(card, manners, transmit))

    async def insert_any(
        self,
        transmit: Callable[[bytes], bytes],
        atr: bytes,
        reset: Callable[[], object] = bool,
        manners: Manners | None = None,
    ) -> Vicc:
        """
        Any card dials in.  See L{vicc_of}.
        """
        return await self.dial_in(vicc_of(transmit, atr, reset, manners))

    async def dial_in(self, vicc: Vicc) -> Vicc:
        """
        The side of a card dials in.
        """
        port = self.gateway.ports["vpcd-listening"]
        await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", port), vicc)
        self.addCleanup(vicc.drop)
        return vicc

    async def here(self, card: VirtualEuicc) -> Json:
        """
        The card as the API shows it, when it has been identified.
        """
        return await self.identified(identity(card))

    async def identified(self, name: str) -> Json:
        """
        The same of any card.
        """

        async def look() -> Json | None:
            cards = await self.api.items("cards")
            return next((each for each in cards if each["identity"] == name), None)

        found: Json = await until(look)
        return found

    async def nobody(self) -> None:
        """
        Wait until no card is here.
        """

        async def look() -> bool:
            return not await self.api.items("cards")

        await until(look)

    def defects(self) -> list[Json]:
        """
        What the service has logged that it should not: tracebacks and worse.
        """
        return [each for each in self.gateway.events if "traceback" in each or each.get("level") in ("error", "critical")]

    def footprint(self) -> tuple[int, int]:
        """
        File descriptors and threads of the service.
        """
        place = Path("/proc") / str(self.gateway.process.process.pid)
        return len(list((place / "fd").iterdir())), len(list((place / "task").iterdir()))
