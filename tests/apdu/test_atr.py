# -*- test-case-name: tests.apdu.test_atr -*-
"""
Tests for L{cardgw.apdu.atr}.
"""

from __future__ import annotations

from functools import reduce
from operator import xor

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.atr import Atr, make_atr

CONTACTLESS = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")


class DecodeTests(SynchronousTestCase):
    """
    L{Atr.decode}.
    """

    def test_uicc(self) -> None:
        """
        T=0, four logical channels, no extended length; T=15 is no protocol.
        """
        body = bytes.fromhex("9F96801FC78031E073FE211B66D001A0C804000F")
        found = Atr.decode(b"\x3b" + body + bytes((reduce(xor, body),)))
        self.assertEqual((found.protocols, found.historical), ((0,), body[5:]))
        self.assertEqual((found.extended_length, found.channels), (False, 4))

    def test_contactless(self) -> None:
        """
        What a reader makes up for a memory card (PC/SC part 3) says nothing of these.
        """
        found = Atr.decode(CONTACTLESS)
        self.assertEqual((found.protocols, len(found.historical)), ((0, 1), 15))
        self.assertEqual((found.extended_length, found.channels), (None, None))
        self.assertTrue(found.contactless and found.storage)

    def test_antenna(self) -> None:
        """
        A contactless card that takes commands is no storage card; a card with contacts is neither.
        """
        for text, contactless in (
            ("3B80800101", True),
            ("3B8A80014A434F503431563232317F", True),
            ("3B00", False),
            ("3B8101FF7F", False),
        ):
            found = Atr.decode(bytes.fromhex(text))
            self.assertEqual((found.contactless, found.storage), (contactless, False), text)

    def test_noHistory(self) -> None:
        """
        T=0 alone, without historical bytes, has no check byte.
        """
        found = Atr.decode(bytes.fromhex("3B00"))
        self.assertEqual((found.protocols, found.historical, found.extended_length), ((0,), b"", None))

    def test_capabilities(self) -> None:
        """
        Extended length; one channel where nobody assigns numbers; eight or more; a status behind.
        """
        for third, extended, channels in ((0x40, True, 1), (0x93, False, 4), (0xDF, True, 20), (0x03, False, 1)):
            for historical in (b"\x80\x73\x00\x00%c", b"\x00\x73\x00\x00%c\x05\x90\x00"):
                found = Atr.decode(make_atr(historical % third, 1))
                self.assertEqual((found.extended_length, found.channels), (extended, channels), historical.hex())

    def test_wrong(self) -> None:
        """
        What is none, cut short, too long, or has a wrong check byte.
        """
        for wrong in ("", "3B", "9000", "3B80", "3B8001", "3B0141FF", "3B02FF", "3B80010000", "3B" + "00" * 33):
            self.assertRaises(ValueError, Atr.decode, bytes.fromhex(wrong))

    @given(st.binary(max_size=40).map(lambda octets: b"\x3b" + octets))
    def test_rubbish(self, octets: bytes) -> None:
        """
        Whatever comes is an answer to reset or a C{ValueError}, and what it says can be asked.
        """
        try:
            found = Atr.decode(octets)
        except ValueError:
            return
        self.assertIn(found.extended_length, (None, True, False))
        self.assertTrue(found.protocols)
        self.assertFalse(found.storage and not found.contactless)

    @given(st.binary(max_size=15), st.sampled_from((0, 1)))
    def test_made(self, historical: bytes, protocol: int) -> None:
        """
        What L{make_atr} makes can be read.
        """
        found = Atr.decode(make_atr(historical, protocol))
        self.assertEqual((found.historical, found.protocols), (historical, (protocol,)))

    def test_tooMuchHistory(self) -> None:
        """
        There is room for fifteen historical bytes.
        """
        self.assertRaises(ValueError, make_atr, bytes(16))
