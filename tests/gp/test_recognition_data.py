# -*- test-case-name: tests.gp.test_recognition_data -*-
"""
L{cardgw.gp.recognition_data}.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.errors import MalformedAnswer
from cardgw.gp.recognition_data import RecognitionData, SecureChannel, oid_arcs, oid_text, parse_recognition_data

MODERN = (
    "663F733D06072A864886FC6B01600C060A2A864886FC6B02020301630906072A864886FC6B03640B06092A864886FC6B040360640C060A2A864886FC6B"
    "04119B06"
)
"""With SCP03 and SCP11."""
OLDER = (
    "664C734A06072A864886FC6B01600C060A2A864886FC6B02020101630906072A864886FC6B03640B06092A864886FC6B040215650B06092B8510864864"
    "020103660C060A2B060104012A026E0102"
)
"""With SCP02, configuration and chip."""
WRONG = (
    "6657735506072A864886FC6B01600B06092A864886FC6B020202630906072A864886FC6B03640B06092A864886FC6B040370640B06092A864886FC6B04"
    "8000650A06082A864886FC6B0504660C060A2B060104012A026E0103"
)
"""With SCP80, as bytes where they are no object identifier."""


class KnownTests(SynchronousTestCase):
    """
    Of real cards.
    """

    def parse(self, answer: str) -> RecognitionData:
        """
        What is in it.
        """
        return parse_recognition_data(bytes.fromhex(answer))

    def test_modern(self) -> None:
        """
        Options of SCP11 may have two bytes.
        """
        data = self.parse(MODERN)
        self.assertEqual((data.version, data.identified), ("2.3.1", True))
        self.assertEqual(data.channels, (SecureChannel(0x03, 0x60), SecureChannel(0x11, 0x0D86)))
        self.assertEqual([str(each) for each in data.channels], ["SCP03 i=60", "SCP11 i=D86"])
        self.assertEqual((data.options(3), data.options(0x11), data.options(2)), ((0x60,), (0x0D86,), ()))
        self.assertEqual(len(data.objects), 5)

    def test_older(self) -> None:
        """
        Configuration and chip are object identifiers of others; Java Card has one of them.
        """
        data = self.parse(OLDER)
        self.assertEqual((data.version, data.options(2), data.java_card), ("2.1.1", (0x15,), "2"))
        self.assertEqual((data.configuration, data.chip), ("1.3.656.840.100.2.1.3", "1.3.6.1.4.1.42.2.110.1.2"))

    def test_wrong(self) -> None:
        """
        What is no object identifier is understood as what it is meant to be.
        """
        data = self.parse(WRONG)
        self.assertEqual(data.channels, (SecureChannel(0x03, 0x70), SecureChannel(0x80, 0x00)))
        self.assertEqual((data.version, data.java_card), ("2.2", "3"))


class OidTests(SynchronousTestCase):
    """
    Object identifiers.
    """

    def test_text(self) -> None:
        """
        The first two numbers are in one.
        """
        for octets, text in (("2A864886FC6B01", "1.2.840.114283.1"), ("8837", "2.999"), ("2B", "1.3"), ("00", "0.0")):
            self.assertEqual(oid_text(bytes.fromhex(octets)), text)
        self.assertRaises(ValueError, oid_text, b"")

    @given(st.lists(st.integers(0, 1 << 40), max_size=6))
    def test_arcs(self, wanted: list[int]) -> None:
        """
        Numbers of any size.
        """
        octets = b"".join(self.base128(each) for each in wanted)
        self.assertEqual(oid_arcs(octets), tuple(wanted))

    def base128(self, number: int) -> bytes:
        """
        A number as it is in an object identifier.
        """
        octets = [number & 0x7F]
        while number := number >> 7:
            octets.insert(0, number & 0x7F | 0x80)
        return bytes(octets)

    @given(st.integers(0, 0xFF), st.integers(0, 0xFFFF))
    def test_channel(self, protocol: int, options: int) -> None:
        """
        Protocol and options are read from their numbers.
        """
        found = SecureChannel.decode(self.base128(protocol) + self.base128(options))
        self.assertEqual(found, SecureChannel(protocol, options))

    def test_cutShort(self) -> None:
        """
        A number that does not end is a C{ValueError}; so are too many, and too large ones.
        """
        self.assertRaises(ValueError, oid_arcs, b"\x2a\x86")
        for tail in ("", "03", "030203", "8F7F02", "03FFFF7F"):
            self.assertRaises(ValueError, SecureChannel.decode, bytes.fromhex(tail))


class MalformedTests(SynchronousTestCase):
    """
    What else a card may say.
    """

    def test_little(self) -> None:
        """
        No more than that it is a card of GlobalPlatform.
        """
        little = tlv.encode(0x66, tlv.encode(0x73, bytes.fromhex("06072A864886FC6B01")))
        self.assertEqual(parse_recognition_data(little), RecognitionData(objects=(bytes.fromhex("06072A864886FC6B01"),)))

    def test_bare(self) -> None:
        """
        Some cards leave the outer data object out.
        """
        bare = tlv.encode(0x73, bytes.fromhex("06072A864886FC6B01"))
        self.assertEqual(parse_recognition_data(bare), parse_recognition_data(tlv.encode(0x66, bare)))

    def test_other(self) -> None:
        """
        Another card, or nothing.
        """
        for answer in (b"", tlv.encode(0x66), tlv.encode(0x66, tlv.encode(0x73)), tlv.encode(0x66, tlv.encode(0x73, b"\6\1\0"))):
            self.assertRaises(MalformedAnswer, parse_recognition_data, answer)

    @given(st.binary(max_size=40), st.sampled_from((0x60, 0x63, 0x64, 0x65, 0x66)))
    def test_anything(self, octets: bytes, tag: int) -> None:
        """
        Any bytes are understood, or L{MalformedAnswer}.
        """
        first = bytes.fromhex("06072A864886FC6B01")
        for inside in (octets, first + octets, first + tlv.encode(tag, tlv.encode(6, octets)), first + tlv.encode(tag, octets)):
            with contextlib.suppress(MalformedAnswer):
                parse_recognition_data(tlv.encode(0x66, tlv.encode(0x73, inside)))
        with contextlib.suppress(MalformedAnswer):
            parse_recognition_data(octets)
