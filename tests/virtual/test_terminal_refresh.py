# -*- test-case-name: tests.virtual.test_terminal_refresh -*-
"""
Tests for L{cardgw.virtual.terminal_refresh}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.euicc_options import Delivery
from cardgw.virtual.terminal_refresh import RefreshWatch
from tests.lpa.switching import AWAY_AID, HOME, TwoProfiles

AID = f"A0124F10{AWAY_AID}"
ICCID = "A00C5A0A98990901000000000081"


def store(data: str, p1: int = 0x91, p2: int = 0) -> bytes:
    """
    One block of STORE DATA.
    """
    octets = bytes.fromhex(data)
    return bytes((0x80, 0xE2, p1, p2, len(octets))) + octets


class WatchTests(SynchronousTestCase):
    """
    L{RefreshWatch}.
    """

    def setUp(self) -> None:
        self.watch = RefreshWatch()

    def sees(self, command: bytes, response: str) -> bool:
        """
        One command.
        """
        return self.watch.switched(command, bytes.fromhex(response))

    def test_switched(self) -> None:
        """
        Both functions count, if they asked for a REFRESH and were done.
        """
        for tag in ("BF31", "BF32"):
            for flag, result, expected in (("FF", "00", True), ("01", "00", True), ("00", "00", False), ("FF", "02", False)):
                request = store(f"{tag}17{AID}8101{flag}")
                self.assertEqual(self.sees(request, f"{tag}038001{result}9000"), expected)

    def test_fetched(self) -> None:
        """
        The answer may have to be fetched, in pieces too.
        """
        self.assertFalse(self.sees(store(f"BF3117{AID}8101FF"), "6106"))
        self.assertFalse(self.sees(bytes.fromhex("80C0000003"), "BF31036103"))
        self.assertTrue(self.sees(bytes.fromhex("80C0000003"), "800100910B"))

    def test_blocks(self) -> None:
        """
        The request may come in blocks.
        """
        request = f"BF3117{AID}8101FF"
        self.assertFalse(self.sees(store(request[:32], 0x11, 0), "9000"))
        self.assertTrue(self.sees(store(request[32:], 0x91, 1), "BF3103800100910B"))

    def test_others(self) -> None:
        """
        Nothing else counts, whatever came before.
        """
        self.assertFalse(self.sees(store("BF3317" + AID + "8101FF"), "BF33038001009000"))
        self.sees(store(f"BF3117{AID}8101FF"), "6985")
        self.assertFalse(self.sees(store("BF2D00"), "BF31038001009000"))
        self.sees(store(f"BF3117{AID}8101FF"), "6985")
        self.assertFalse(self.sees(bytes.fromhex("00A4040000"), "BF31038001009000"))

    @given(st.lists(st.tuples(st.binary(min_size=4, max_size=12), st.binary(min_size=2, max_size=8)), max_size=5))
    def test_anything(self, exchanges: list[tuple[bytes, bytes]]) -> None:
        """
        Whatever is exchanged, it is not disturbed.
        """
        watch = RefreshWatch()
        for command, response in exchanges:
            watch.switched(command, response)

    def test_card(self) -> None:
        """
        It knows the software eUICC's answers, however they are handed over, and those of cards that are busy.
        """
        iccid = "".join(HOME.ljust(20, "F")[at + 1] + HOME.ljust(20, "F")[at] for at in range(0, 20, 2))
        for delivery in Delivery:
            card = TwoProfiles(delivery=delivery).card
            for flag, expected in (("00", []), ("FF", [True])):
                seen = []
                for command in (store(f"BF3211A00C5A0A{iccid}8101{flag}"), bytes.fromhex("80C0000000")):
                    response = card.transmit(command)
                    seen.append(self.watch.switched(command, response))
                self.assertEqual([each for each in seen if each], expected)
                card.transmit(store(f"BF3111A00C5A0A{iccid}810100"))
