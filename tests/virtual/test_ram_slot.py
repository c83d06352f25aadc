# -*- test-case-name: tests.virtual.test_ram_slot -*-
"""
Tests for L{cardgw.virtual.ram_slot}.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import Deferred, succeed

from cardgw.virtual.ram_slot import CardGone, Slot, Thrown, completed, through_java, through_pcsc
from tests.virtual.ram_rig import ATR, RamTestCase

SELECT = bytes.fromhex("00A4040000")


class SlotTests(RamTestCase):
    """
    L{Slot}.
    """

    def fails(self, work: Coroutine[Any, Any, bytes], error: type[Exception]) -> str:
        """
        What something fails with.
        """
        return str(self.failureResultOf(Deferred.fromCoroutine(work), error).value)

    def test_card(self) -> None:
        """
        Commands go to the card as they are; resets are told to it.
        """
        told: list[int] = []
        slot = Slot(self.clock, lambda octets: octets + b"\x90\x00", ATR, lambda: told.append(1))
        self.assertEqual(self.over(slot.transmit(SELECT)), SELECT + b"\x90\x00")
        self.assertEqual((self.over(slot.reset()), slot.apdus, slot.resets, told), (ATR, 1, 1, [1]))
        self.assertEqual(slot.protocols, (1,))

    def test_later(self) -> None:
        """
        A card may answer later.
        """
        slot = Slot(self.clock, lambda octets: succeed(b"\x90\x00"), ATR)
        self.assertEqual(self.over(slot.transmit(SELECT)), b"\x90\x00")

    def test_delay(self) -> None:
        """
        It may take its time; pulled out meanwhile, it has not answered.
        """
        slot = self.slot(delay=2)
        waiting = Deferred.fromCoroutine(slot.transmit(SELECT))
        self.clock.advance(1)
        slot.present = False
        self.clock.advance(1)
        self.assertEqual(str(self.failureResultOf(waiting, CardGone).value), "Card was removed.")

    def test_pulled(self) -> None:
        """
        The card that is pulled out has not got the command; later it is not there.
        """
        slot = self.slot(pull_at=2)
        self.over(slot.transmit(SELECT))
        self.fails(slot.transmit(SELECT), CardGone)
        self.fails(slot.reset(), CardGone)
        self.assertEqual(slot.apdus, 1)

    def test_empty(self) -> None:
        """
        Without an ATR there is no card.
        """
        self.assertFalse(self.slot(atr=b"").present)

    def test_room(self) -> None:
        """
        ram-client has room for 4096 bytes.
        """
        for size, good in ((4096, True), (4097, False)):
            slot = self.slot(lambda octets, size=size: bytes(size))  # type: ignore[misc]
            if good:
                self.assertEqual(len(self.over(through_pcsc(slot, SELECT))), size)
            else:
                self.assertEqual(self.fails(through_pcsc(slot, SELECT), CardGone), "Insufficient buffer.")

    def test_completed(self) -> None:
        """
        GET RESPONSE goes where the command went; Le is put right.
        """
        seen: list[str] = []

        def card(octets: bytes) -> bytes:
            seen.append(octets.hex())
            return (
                {"b0": b"\x6c\x02", "c0": b"CD\x90\x00"}.get(octets[1:2].hex(), b"AB\x61\x02")
                if octets[4] != 2
                else b"CD\x90\x00"
            )

        for way in (through_java, completed):
            seen.clear()
            self.assertEqual(self.over(way(self.slot(card), bytes.fromhex("80CA000004"))), b"ABCD\x90\x00")
            self.assertEqual(self.over(way(self.slot(card), bytes.fromhex("80B0000000"))), b"CD\x90\x00")
            self.assertEqual(seen, ["80ca000004", "80c0000002", "80b0000000", "80b0000002"])

    def test_java(self) -> None:
        """
        What Java takes for a command, and what it throws at.
        """
        slot = self.slot()
        for good in ("00A40400", "00A4040000", "00A40400023F00", "00A40400023F0000", "00DB3FFF000000", "00DB3FFF000001AA0000"):
            self.over(through_java(slot, bytes.fromhex(good)))
        for bad, words in (("00A404", "at least 4"), ("00A4040003AA", "length=6, b1=3"), ("00DB3FFF0000", "b1=0")):
            self.assertIn(words, self.fails(through_java(slot, bytes.fromhex(bad)), Thrown))
        self.assertIn("Manage channel", self.fails(through_java(slot, bytes.fromhex("0070000001")), Thrown))
