# -*- test-case-name: tests.functional.test_pcsc -*-
"""
What the functional tests of the pcsc transport have in common: the service, a real pcscd with virtual readers, software cards in
them, and other programs that use these.
"""

from __future__ import annotations

from collections.abc import Callable

from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.vicc import Manners, Vicc
from tests.functional.api_client import Json
from tests.functional.operators import begins, identity, until
from tests.functional.pcscd import PcscdTestCase, PrivatePcscd
from tests.functional.scard import Program, User
from tests.functional.vpcd import VpcdTestCase, make_vicc

SETTINGS = """
[transports.pcsc]
retry = 0.2
"""
NICKNAME = b"\xbf\x29"
"""Tag of a request of ES10c.SetNickname."""
LOAD = b"\xbf\x36"
"""Tag of ES10b.LoadBoundProfilePackage."""


class PcscTestCase(PcscdTestCase, VpcdTestCase):
    """
    A service with readers.

    @ivar daemon: pcscd.
    """

    daemon: PrivatePcscd

    async def start(self, settings: str = "", readers: int = 1) -> None:
        """
        Start both.

        @param settings: of C{[transports.pcsc]}, and what may follow.
        """
        self.daemon = self.pcscd(readers)
        await super().start(SETTINGS + settings)

    async def put_in(
        self,
        card: VirtualEuicc,
        manners: Manners | None = None,
        transmit: Callable[[bytes], bytes] | None = None,
        *,
        slot: int = 0,
    ) -> Vicc:
        """
        Put a card into a reader.  See L{make_vicc}.
        """
        vicc = await self.daemon.insert(make_vicc(card, manners, transmit), slot)
        self.addCleanup(vicc.drop)
        return vicc

    async def put_in_with_trap(self, card: VirtualEuicc, sign: bytes, trap: Callable[[Vicc], object]) -> Vicc:
        """
        A card to which something happens when a command comes that begins so, or whose data do; it does not get that.
        """

        def transmit(command: bytes) -> bytes:
            if not begins(command, sign):
                return card.transmit(command)
            trap(vicc)
            return b""

        vicc = await self.put_in(card, Manners(hard=True), transmit)
        return vicc

    async def user(self) -> User:
        """
        Another program.
        """
        program = Program()
        self.addCleanup(program.end)
        user = User(program)
        await user.begin()
        return user

    async def nickname(self, card: VirtualEuicc, number: int = 1) -> Json:
        """
        Queue a job that may start anew: give a profile the name "Zoë".
        """
        return await self.submit(identity(card), "lpa.nickname", profile=card.profiles[number].iccid, nickname="Zoë")

    async def logged(self, event: str, count: int = 1) -> Json:
        """
        Wait until something has been logged so many times.
        """

        def look() -> Json | None:
            found = [each for each in self.gateway.events if each.get("event") == event]
            return found[-1] if len(found) >= count else None

        found: Json = await until(look)
        return found

    async def ready(self, *, ready: bool = True) -> str:
        """
        Wait until the service is ready, or is not.

        @return: what it says of pcsc.
        """

        async def look() -> str | None:
            reply = await self.api.get("/readyz?verbose=true")
            if (reply.status == 200) is not ready:
                return None
            return next((each for each in reply.body.decode().splitlines() if " transport:pcsc: " in each), "")

        found: str = await until(look)
        return found
