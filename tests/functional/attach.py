"""
What the functional tests of attached cards have in common: a reader in software, and what local programs do to a card in it.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint

from cardgw.transports.vpcd.wire import Control
from cardgw.virtual.vpcd_reader import Manners, Reader, ReaderFactory
from tests.functional.api_client import Json
from tests.functional.operators import reactor
from tests.functional.vpcd import VpcdTestCase

ISD_R = "A0000005591010FFFFFFFF8900000100"
OPEN, GET_EID = "0070000001", "80E2910006BF3E035C015A"
OK = b"\x90\x00"
LEADING = bytes.fromhex("BF3E125A10")
"""Before the EID in the answer to GetEID."""


async def transmit(reader: Reader, command: str) -> bytes:
    """
    Send a command in hexadecimal, and fetch the rest of the answer as a local program does.
    """
    octets = bytes.fromhex(command)
    answer = await reader.transmit(octets)
    if answer[-2] != 0x61:
        return answer
    return answer[:-2] + await reader.transmit(bytes((octets[0] & 0x03, 0xC0, 0, 0, answer[-1])))


async def open_isdr(reader: Reader) -> int:
    """
    Open a logical channel, and select the ISD-R there.

    @return: its number.
    """
    number, *status = await transmit(reader, OPEN)
    assert bytes(status) == OK, status
    selected = await transmit(reader, f"{number:02X}A40400 10 {ISD_R}")
    assert selected[-2:] == OK, selected
    return number


async def get_eid(reader: Reader, number: int) -> bytes:
    """
    Read the EID on a logical channel.
    """
    answer = await transmit(reader, f"{0x80 | number:02X}{GET_EID[2:]}")
    assert answer[-2:] == OK, answer
    assert answer.startswith(LEADING), answer
    return answer[len(LEADING) : -2]


def read_eid(reader: Reader) -> Deferred[bytes]:
    """
    What a local program does that reads the EID; then the reader is closed.
    """
    return Deferred.fromCoroutine(_read_eid(reader))


async def _read_eid(reader: Reader) -> bytes:
    reader.control(Control.POWER_ON)
    await reader.atr()
    number = await open_isdr(reader)
    eid = await get_eid(reader, number)
    assert await transmit(reader, f"007080{number:02X}") == OK
    reader.control(Control.POWER_OFF)
    await reader.atr()
    reader.drop()
    await reader.gone
    return eid


class AttachTestCase(VpcdTestCase):
    """
    A service, and a reader beside it.
    """

    async def listen(self, manners: Manners | None = None) -> str:
        """
        Start the reader.

        @return: where it is, as C{card.attach} is told.
        """
        self.slot = ReaderFactory(reactor, manners)
        port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(self.slot)
        self.addCleanup(port.stopListening)
        return f"tcp:127.0.0.1:{port.getHost().port}"

    def use_next(self, use: Callable[[Reader], object]) -> None:
        """
        What is done with the next card that is put into it.
        """
        self.slot.inserted.get().addCallback(use)

    async def inserted(self) -> Reader:
        """
        The reader, when a card is in it.
        """
        reader = await self.slot.inserted.get()

        def drop() -> None:
            if reader.connected:
                reader.drop(hard=True)

        self.addCleanup(drop)
        return reader

    async def attach(self, card: str) -> tuple[Json, Reader]:
        """
        Put a card into the reader, and wait until it asks for the card.

        @return: the job, and the reader.
        """
        job = await self.submit(card, "card.attach", vpcd=await self.listen())
        reader = await self.inserted()
        return job, reader
