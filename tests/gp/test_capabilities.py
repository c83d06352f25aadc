# -*- test-case-name: tests.gp.test_capabilities -*-
"""
L{cardgw.gp.capabilities}.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.errors import MalformedAnswer
from cardgw.gp.cap import Hash
from cardgw.gp.capabilities import Capabilities, ChannelCapability, CodeCipher, Suite, parse_capabilities
from cardgw.gp.privileges import Privilege


class KnownTests(SynchronousTestCase):
    """
    Of real cards.
    """

    def test_modern(self) -> None:
        """
        Two secure channels, privileges, and ways to make hashes and signatures.
        """
        found = parse_capabilities(
            bytes.fromhex(
                "6735A00E8001038106001020306070820107A007800102810215558103FF9E0082031E160083010284018F8502FF028602FF028702FF02"
            )
        )
        self.assertEqual(
            found.channels,
            (ChannelCapability(3, bytes.fromhex("001020306070"), (16, 24, 32)), ChannelCapability(2, bytes.fromhex("1555"))),
        )
        self.assertEqual(found.domain_privileges, Privilege(0xFF9E00))
        self.assertEqual(found.application_privileges, Privilege(0x1E1600))
        self.assertEqual(found.hashes, (Hash.SHA256,))
        self.assertEqual(found.ciphers, CodeCipher(0x8F))
        self.assertEqual((found.tokens, found.receipts, found.daps), (Suite(0x2FF),) * 3)
        self.assertIn(Suite.ECC521_SHA512, found.daps)

    def test_twice(self) -> None:
        """
        A card that puts it into another object of the same tag.
        """
        found = parse_capabilities(
            bytes.fromhex(
                "673A6738A006800102810155A00A8001038102001082010781039EFE8082031E03008301028504010208408602040887040102084088050102030405"
            )
        )
        self.assertEqual([each.protocol for each in found.channels], [2, 3])
        self.assertEqual(found.curves, bytes(range(1, 6)))
        self.assertEqual(found.receipts, Suite.DES_MAC | Suite(0x800))

    def test_oneByte(self) -> None:
        """
        Suites of one byte.
        """
        found = parse_capabilities(bytes.fromhex("6724A0098001028104153555758103E5BEC082031E030083010284010285017B86010C87017B"))
        self.assertEqual((found.tokens, found.receipts), (Suite(0x7B), Suite.DES_MAC | Suite.CMAC_AES128))
        self.assertEqual(found.channels[0].options.hex(), "15355575")
        self.assertEqual(found.ciphers, CodeCipher.AES128)

    def test_tls(self) -> None:
        """
        SCP81 has suites of TLS, and keys of some length.
        """
        found = parse_capabilities(bytes.fromhex("670FA00D8001818302008C840120") + b"\x81\x01\x00")
        self.assertEqual(found, Capabilities((ChannelCapability(0x81, b"\0", (), b"\0\x8c", 32),)))


class AnyTests(SynchronousTestCase):
    """
    Whatever else comes.
    """

    def test_empty(self) -> None:
        """
        A card that tells nothing.
        """
        self.assertEqual(parse_capabilities(b"\x67\0"), Capabilities())

    def test_unknownHash(self) -> None:
        """
        A hash that no document has is passed over.
        """
        self.assertEqual(parse_capabilities(bytes.fromhex("670483020177")).hashes, (Hash.SHA1,))

    def test_malformed(self) -> None:
        """
        Values of a length that they cannot have.
        """
        for answer in ("", "6700FF", "6702A000", "6705A003800201", "6706A0048002" + "0303", "67048102FFFF"):
            self.assertRaises(MalformedAnswer, parse_capabilities, bytes.fromhex(answer))

    @given(st.binary(max_size=40))
    def test_anything(self, octets: bytes) -> None:
        """
        Any bytes are capabilities, or L{MalformedAnswer}.
        """
        for answer in (octets, tlv.encode(0x67, octets), tlv.encode(0x67, tlv.encode(0xA0, b"\x80\1\3" + octets))):
            with contextlib.suppress(MalformedAnswer):
                parse_capabilities(answer)
