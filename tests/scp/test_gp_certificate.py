# -*- test-case-name: tests.scp.test_gp_certificate -*-
"""
L{cardgw.scp.gp_certificate}.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from attrs import evolve
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.scp.certificate import Usage
from cardgw.scp.certificate_errors import ScpCertificateMalformed
from cardgw.scp.curves import CURVES, encode_point
from cardgw.scp.gp_certificate import GpCertificate
from tests.scp.scp11_rig import gp_plan, private_key

PLAN = gp_plan("card", "root")
KEY, SIGNER = private_key("card leaf"), private_key("card root")
MADE = PLAN.issue(KEY.public_key(), SIGNER)


def changed(*changes: tuple[int, bytes | None]) -> bytes:
    """
    The certificate with the values of some data objects replaced, or with the objects left out.
    """
    replaced = dict(changes)
    items = tlv.only(MADE.raw, 0x7F21).children()
    parts = [(item.tag, replaced.get(item.tag, item.value)) for item in items]
    return tlv.encode(0x7F21, *(tlv.encode(tag, value) for tag, value in parts if value is not None))


class GpCertificateTests(SynchronousTestCase):
    """
    Made, read and checked.
    """

    def test_round(self) -> None:
        """
        What was made is read, on every curve, signed on every curve.
        """
        for name in CURVES:
            key, signer = private_key("leaf", name), private_key("root", name)
            made = PLAN.issue(key.public_key(), signer)
            read = GpCertificate.decode(made.raw)
            self.assertEqual(read, made)
            self.assertEqual(read.facts.key, key.public_key())
            self.assertTrue(read.is_signed_with(signer.public_key()))
            self.assertFalse(read.is_signed_with(key.public_key()))

    def test_facts(self) -> None:
        """
        Names are bytes; a certificate is valid to the end of its last day.
        """
        facts = MADE.facts
        self.assertEqual((facts.subject, facts.issuer, facts.serial), (b"card", b"root", b"\x12\x34"))
        self.assertEqual(facts.usage, Usage.AGREEMENT)
        self.assertEqual(facts.begins, datetime(2026, 1, 1, tzinfo=UTC))
        self.assertEqual(facts.ends, datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC))
        self.assertEqual(facts.name, "the certificate 1234 of 63617264")

    def test_bytes(self) -> None:
        """
        The data objects are in the order of table 6-12, dates are digits, and the signature is over all before it.
        """
        items = tlv.only(MADE.raw, 0x7F21).children()
        self.assertEqual([item.tag for item in items], [0x93, 0x42, 0x5F20, 0x95, 0x5F25, 0x5F24, 0x7F49, 0x5F37])
        self.assertEqual(
            (items.value(0x95), items.value(0x5F25), items.value(0x5F24)), (b"\0\x80", b"\x20\x26\x01\x01", b"\x20\x26\x12\x31")
        )
        key = items.need(0x7F49).children()
        self.assertEqual((key.value(0xB0), key.value(0xF0)), (encode_point(KEY.public_key()), b"\0"))
        self.assertEqual(len(items.value(0x5F37)), 64)

    def test_optional(self) -> None:
        """
        The first day may be left out; discretionary data and restrictions may be there; a year may be far away.
        """
        plan = evolve(PLAN, begins=None, ends=date(9999, 12, 31), discretionary=b"hello", restrictions=b"\x81\x01\x00")
        read = GpCertificate.decode(plan.issue(KEY.public_key(), SIGNER).raw)
        self.assertIsNone(read.facts.begins)
        self.assertEqual(read.facts.ends.year, 9999)
        self.assertEqual((read.discretionary, read.restrictions), (b"hello", b"\x81\x01\x00"))

    def test_datesAsNumbers(self) -> None:
        """
        Some write 20, 28, 12 and 31 in four bytes; long ago nobody had certificates.
        """
        self.assertEqual(GpCertificate.decode(changed((0x5F24, bytes((20, 28, 12, 31))))).facts.ends.date(), date(2028, 12, 31))
        self.assertEqual(GpCertificate.decode(changed((0x5F24, bytes((20, 25, 9, 16))))).facts.ends.date(), date(2025, 9, 16))
        self.assertRaises(ScpCertificateMalformed, GpCertificate.decode, changed((0x5F24, bytes((20, 25, 13, 16)))))
        self.assertRaises(ScpCertificateMalformed, GpCertificate.decode, changed((0x5F24, bytes((20, 200, 9, 16)))))

    def test_derSignature(self) -> None:
        """
        Some write the signature as X.509 does.
        """
        signed = tlv.only(changed((0x5F37, None)), 0x7F21).value
        made = GpCertificate.decode(changed((0x5F37, SIGNER.sign(signed, ec.ECDSA(SHA256())))))
        self.assertTrue(made.is_signed_with(SIGNER.public_key()))
        self.assertFalse(made.is_signed_with(KEY.public_key()))

    def test_malformed(self) -> None:
        """
        What is missing, too long, unknown or no date is told.
        """
        for octets in (
            b"",
            b"\x30\x00",
            MADE.raw + b"\0\0",
            changed((0x93, None)),
            changed((0x93, bytes(21))),
            changed((0x42, b"")),
            changed((0x95, b"\x01")),
            changed((0x5F24, b"\x20\x26\x13\x01")),
            changed((0x5F24, b"\x20\x26\x0a\x01")),
            changed((0x5F24, b"\x20")),
            changed((0x5F37, None)),
            changed((0x7F49, tlv.encode(0xB0, encode_point(KEY.public_key())))),
            changed((0x7F49, tlv.encode(0xB0, encode_point(KEY.public_key())) + b"\xf0\x01\x01")),
            tlv.encode(0x7F21, tlv.only(MADE.raw, 0x7F21).value, b"\x5f\x24\x04\x20\x30\x01\x01"),
            tlv.encode(0x7F21, b"\x99\x01\x00", tlv.only(MADE.raw, 0x7F21).value),
        ):
            self.assertRaises(ScpCertificateMalformed, GpCertificate.decode, octets)

    def test_unmakeable(self) -> None:
        """
        A plan that cannot be written is refused before it is signed.
        """
        for plan in (evolve(PLAN, serial=b""), evolve(PLAN, subject=bytes(21)), evolve(PLAN, usage=Usage.NOTHING)):
            self.assertRaises(ValueError, plan.issue, KEY.public_key(), SIGNER)

    @given(st.integers(0, len(MADE.raw) * 8 - 1))
    def test_tampered(self, bit: int) -> None:
        """
        With any bit changed it is no certificate, or not signed.
        """
        octets = bytearray(MADE.raw)
        octets[bit // 8] ^= 1 << bit % 8
        try:
            read = GpCertificate.decode(bytes(octets))
        except ScpCertificateMalformed:
            return
        self.assertFalse(read.is_signed_with(SIGNER.public_key()))

    @given(st.binary(max_size=200))
    def test_anything(self, octets: bytes) -> None:
        """
        Nothing that a card may send makes another error.
        """
        for each in (octets, tlv.encode(0x7F21, octets)):
            self.assertRaises(ScpCertificateMalformed, GpCertificate.decode, each)
