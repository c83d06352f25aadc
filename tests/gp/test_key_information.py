# -*- test-case-name: tests.gp.test_key_information -*-
"""
L{cardgw.gp.key_information}.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.errors import MalformedAnswer
from cardgw.gp.key_information import KeyInformation, KeyPart, encode_key_information, parse_key_information
from tests.gp.strategies import octet

parts = st.builds(KeyPart, st.integers(0x80, 0xFE), st.integers(1, 256))
long_parts = st.builds(KeyPart, st.integers(0x80, 0xFE), st.integers(0, 0xFFFF))
basic = st.builds(KeyInformation, octet, octet, st.lists(parts, min_size=1, max_size=4).map(tuple))
extended = st.builds(
    KeyInformation,
    octet,
    octet,
    st.lists(long_parts, min_size=1, max_size=4).map(tuple),
    st.just(True),
    st.binary(max_size=2),
    st.binary(max_size=1),
)


class KnownTests(SynchronousTestCase):
    """
    Of real cards.
    """

    def parse(self, answer: str) -> tuple[KeyInformation, ...]:
        """
        What is in it.
        """
        return parse_key_information(bytes.fromhex(answer))

    def test_basic(self) -> None:
        """
        Pairs of type and length; a length of 00 is 256 or more.
        """
        keys = self.parse("E020C00401018820C00402018820C00403018820C0060170A180A003C00401718010")
        self.assertEqual([(each.identifier, each.version) for each in keys], [(1, 1), (2, 1), (3, 1), (1, 0x70), (1, 0x71)])
        self.assertEqual(keys[0].parts, (KeyPart(0x88, 32),))
        self.assertEqual(str(keys[3]), "version 70 identifier 01: RSA modulus 128, RSA public exponent 3")
        self.assertEqual(self.parse("E006C0040170A100")[0].parts, (KeyPart(0xA1, 256),))

    def test_extended(self) -> None:
        """
        Types and lengths of the extended format, usage and access after them.
        """
        keys = self.parse("E01CC00A0120FF80001001000100C00E0202FF880010FF10000101000100")
        self.assertEqual(keys[0], KeyInformation(1, 0x20, (KeyPart(0x80, 16),), True, b"\0", b"\0"))
        self.assertEqual(keys[1].parts, (KeyPart(0x88, 16), KeyPart(0x10, 1)))

    def test_mixed(self) -> None:
        """
        A card that leaves out the mark of the extended format from the second component on.
        """
        keys = self.parse("E021C00401018010C00402018010C00403018010C00D0173FFA10080A0000301840100")
        self.assertEqual(keys[3].parts, (KeyPart(0xA1, 128), KeyPart(0xA0, 3)))
        self.assertEqual((keys[3].usage, keys[3].access), (b"\x84", b"\0"))

    def test_empty(self) -> None:
        """
        A domain without keys.
        """
        self.assertEqual(self.parse("E000"), ())
        self.assertEqual(self.parse("E002C000"), ())

    def test_unknownType(self) -> None:
        """
        A type that no document has is shown as it is.
        """
        self.assertEqual(str(self.parse("E006C0040101EE10")[0]), "version 01 identifier 01: type EE 16")


class WireTests(SynchronousTestCase):
    """
    Any of it.
    """

    @given(st.lists(basic | extended, max_size=4).map(tuple))
    def test_roundTrip(self, keys: tuple[KeyInformation, ...]) -> None:
        """
        What was encoded is decoded again, in both formats.
        """
        self.assertEqual(parse_key_information(encode_key_information(keys)), keys)

    @given(st.binary(max_size=30))
    def test_anything(self, octets: bytes) -> None:
        """
        Any bytes are keys, or L{MalformedAnswer}.
        """
        keys = (tlv.encode(0xC0, octets), tlv.encode(0xC0, b"\1\1\xff" + octets))
        for answer in (octets, *(tlv.encode(0xE0, each) for each in keys)):
            with contextlib.suppress(MalformedAnswer):
                parse_key_information(answer)

    def test_bare(self) -> None:
        """
        Some cards leave the template out.
        """
        keys = tuple(KeyInformation(number, 0xFF, (KeyPart(0x88, 16),)) for number in (1, 2, 3))
        self.assertEqual(parse_key_information(tlv.only(encode_key_information(keys), 0xE0).value), keys)

    def test_malformed(self) -> None:
        """
        What is cut short, or something else.
        """
        for answer in ("", "E1", "E003C10101"):
            self.assertRaises(MalformedAnswer, parse_key_information, bytes.fromhex(answer))
        for key in ("010188", "0101881088", "0101FF8800", "0101FF8800100100" + "02", "0101FF880010000000"):
            octets = tlv.encode(0xE0, tlv.encode(0xC0, bytes.fromhex(key)))
            self.assertRaises(MalformedAnswer, parse_key_information, octets)
