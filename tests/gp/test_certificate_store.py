# -*- test-case-name: tests.gp.test_certificate_store -*-
"""
L{cardgw.gp.certificate_store}.
"""

from __future__ import annotations

import contextlib
from typing import Any

from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.apdu.script import Script
from cardgw.errors import MalformedAnswer, ParameterError
from cardgw.gp.certificate_store import (
    OFF_CARD_ISSUERS,
    KeyReference,
    get_certificates,
    parse_certificates,
    parse_issuers,
    store_allow_list,
    store_certificates,
    store_issuer,
)
from tests.gp.vectors import vectors

KEY = KeyReference(0x11, 0x03)
ONE, TWO, OLD = tlv.encode(0x30, b"one"), tlv.encode(0x30, b"two"), tlv.encode(0x7F21, tlv.encode(0x93, b"\1"))


def stored(script: Script) -> str:
    """
    What is stored, in hex.
    """
    return b"".join(each.command.data for each in script.steps).hex()


class GetTests(SynchronousTestCase):
    """
    Certificates that a card has.
    """

    def test_command(self) -> None:
        """
        The command names the key.
        """
        self.assertEqual(get_certificates(KEY).encode().hex(), "80cabf2106a6048302110300")

    def test_forms(self) -> None:
        """
        In their data object, bare, and X.509 in what was meant for others.
        """
        for answer in (tlv.encode(0xBF21, ONE, TWO), ONE + TWO, tlv.encode(0xBF21, tlv.encode(0x7F21, ONE), TWO)):
            self.assertEqual(parse_certificates(answer), (ONE, TWO))
        self.assertEqual(parse_certificates(tlv.encode(0xBF21, OLD)), (OLD,))
        self.assertEqual(parse_certificates(tlv.encode(0xBF21)), ())

    def test_published(self) -> None:
        """
        Answers of a card that others have published have a certificate in them.
        """
        found = vectors("scp11-openscp.json")
        if found is None:
            self.skipTest("the published vectors are not beside this checkout")
        for vector in found:
            (octets,) = parse_certificates(self.answer(vector))
            self.assertTrue(x509.load_der_x509_certificate(octets).serial_number)

    def answer(self, vector: dict[str, Any]) -> bytes:
        """
        The first answer of an exchange, whole.
        """
        parts = b""
        for exchange in vector["exchanges"]:
            octets = bytes.fromhex(exchange["response"])
            parts += octets[:-2]
            if octets[-2] != 0x61:
                break
        return parts

    @given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda value: tlv.encode(0xBF21, value)))
    def test_anything(self, answer: bytes) -> None:
        """
        Any bytes are certificates, or L{MalformedAnswer}.
        """
        with contextlib.suppress(MalformedAnswer):
            for each in parse_certificates(answer):
                self.assertIn(each, answer)
        self.assertRaises(MalformedAnswer, parse_certificates, b"\x31\0")


class StoreTests(SynchronousTestCase):
    """
    What is stored.
    """

    def test_certificates(self) -> None:
        """
        The key, then the certificates, in as many blocks as it takes.
        """
        script = store_certificates(KEY, [ONE, TWO], 10)
        self.assertEqual(stored(script), "a60483021103" + "bf210a" + ONE.hex() + TWO.hex())
        self.assertEqual([(each.command.p1, each.command.p2) for each in script.steps], [(0x10, 0), (0x90, 1)])
        for wrong in ([], [b""], [b"one"], [ONE + TWO], [tlv.encode(0x31)]):
            self.assertRaises(ParameterError, store_certificates, KEY, wrong, 100)

    def test_allowList(self) -> None:
        """
        Serial numbers; none of them lets in all.
        """
        self.assertEqual(stored(store_allow_list(KEY, [b"\1", b"\2\3"], 100)), "a60483021103" + "7007" + "930101" + "93020203")
        self.assertEqual(stored(store_allow_list(KEY, [], 100)), "a60483021103" + "7000")
        self.assertRaises(ParameterError, store_allow_list, KEY, [b""], 100)

    def test_counter(self) -> None:
        """
        A list may be counted, in two bytes.
        """
        self.assertEqual(stored(store_allow_list(KEY, [b"\1"], 100, 258)), "a60483021103" + "92020102" + "7003930101")
        for counter in (0, 0x8000):
            self.assertRaises(ParameterError, store_allow_list, KEY, [], 100, counter)

    def test_issuer(self) -> None:
        """
        Who certifies those that speak to the card, and the card.
        """
        key = KeyReference(0x10, 0x03)
        self.assertEqual(stored(store_issuer(key, b"ski", 100)), "a609" + "4203736b69" + "83021003")
        self.assertEqual(stored(store_issuer(KEY, b"ski", 100, on_card=True)), "a60c" + "800101" + "4203736b69" + "83021103")
        self.assertRaises(ParameterError, store_issuer, KEY, b"", 100)

    def test_reference(self) -> None:
        """
        Keys that there cannot be.
        """
        self.assertRaises(ParameterError, KeyReference, 0x80, 1)
        self.assertRaises(ParameterError, KeyReference, 1, 256)


class IssuersTests(SynchronousTestCase):
    """
    L{parse_issuers}.
    """

    @given(st.dictionaries(st.builds(KeyReference, st.integers(0, 0x7F), st.integers(0, 0xFF)), st.binary(max_size=20)))
    def test_roundTrip(self, wanted: dict[KeyReference, bytes]) -> None:
        """
        Pairs of identifier and key, in their data object or bare.
        """
        bare = b"".join(tlv.encode(0x42, issuer) + key.encode() for key, issuer in wanted.items())
        for answer in (bare, tlv.encode(OFF_CARD_ISSUERS, bare)):
            self.assertEqual(parse_issuers(answer), wanted)

    @given(st.binary(max_size=30))
    def test_anything(self, answer: bytes) -> None:
        """
        Any bytes are pairs, or L{MalformedAnswer}.
        """
        with contextlib.suppress(MalformedAnswer):
            parse_issuers(answer)
        for wrong in ("4200", "830211034200", "420083021103" + "4200", "42008301" + "11", "4200" + "83028003"):
            self.assertRaises(MalformedAnswer, parse_issuers, bytes.fromhex(wrong))
