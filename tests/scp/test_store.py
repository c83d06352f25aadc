# -*- test-case-name: tests.scp.test_store -*-
"""
L{cardgw.scp.store}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.apdu.response import Response
from cardgw.errors import MalformedAnswer, UnexpectedStatus
from cardgw.scp.certificate_errors import ScpCertificateMalformed, ScpCertificateRefused
from cardgw.scp.store import (
    Authority,
    KeyReference,
    encode_store,
    get_authorities,
    get_certificates,
    parse_certificate,
    parse_certificates,
    read_authorities,
    read_certificates,
)
from cardgw.scp.x509_certificate import X509Certificate
from tests.scp.scp11_rig import make_pki


class CertificateStoreTests(SynchronousTestCase):
    """
    The certificates of a key.
    """

    def test_command(self) -> None:
        """
        The key is named in a control reference; versions from 80 on are right, too.
        """
        self.assertEqual(get_certificates(KeyReference(0x11, 0x03)).encode().hex(), "80cabf2106a6048302110300")
        self.assertEqual(get_certificates(KeyReference(0x13, 0xFF), 0x00).encode().hex(), "00cabf2106a604830213ff00")
        self.assertRaises(ValueError, KeyReference, 0x100, 1)

    def test_forms(self) -> None:
        """
        Wrapped and bare, in both forms of certificates, the order of the card is kept.
        """
        for form in ("x509", "gp"):
            chain = make_pki("card", form=form).chain
            for wrapped in (True, False):
                answer = Response(encode_store(chain, wrapped=wrapped), 0x9000)
                self.assertEqual(read_certificates(answer), chain)

    def test_x509Inside(self) -> None:
        """
        X.509 inside 7F21 is X.509, and no certificate of GlobalPlatform's own form.
        """
        leaf = make_pki("card").leaf
        (read,) = parse_certificates(tlv.encode(0xBF21, tlv.encode(0x7F21, leaf.raw)))
        self.assertIsInstance(read, X509Certificate)
        self.assertEqual(read.raw, leaf.raw)

    def test_none(self) -> None:
        """
        A card without certificates says 6A88, or gives an empty store.
        """
        self.assertEqual(read_certificates(Response(b"", 0x6A88)), ())
        self.assertEqual(read_certificates(Response(b"\xbf\x21\x00", 0x9000)), ())

    def test_refused(self) -> None:
        """
        Another status is told.
        """
        self.assertIn("6982", str(self.assertRaises(UnexpectedStatus, read_certificates, Response(b"", 0x6982))))

    def test_malformed(self) -> None:
        """
        What is cut short, something else, or far too much is told.
        """
        raw = make_pki("card").leaf.raw
        for octets in (raw[:-1], b"\x04\x01\x00", raw * 17, b"\xbf\x21\x02\x30", tlv.encode(0xBF21, raw) + raw):
            self.assertRaises(ScpCertificateMalformed, parse_certificates, octets)

    def test_one(self) -> None:
        """
        A single certificate of either form is read, and no more than that.
        """
        for form in ("x509", "gp"):
            leaf = make_pki("card", form=form).leaf
            self.assertEqual(parse_certificate(leaf.raw), leaf)
            self.assertRaises(ScpCertificateMalformed, parse_certificate, leaf.raw * 2)
        self.assertRaises(ScpCertificateMalformed, parse_certificate, b"")

    @given(st.binary(max_size=60))
    def test_anything(self, octets: bytes) -> None:
        """
        Nothing that a card may send makes another error.
        """
        try:
            parse_certificates(octets)
        except ScpCertificateRefused as problem:
            self.assertTrue(problem.detail)


class AuthorityTests(SynchronousTestCase):
    """
    Whom a card knows.
    """

    def test_command(self) -> None:
        """
        FF33: those that certify hosts.
        """
        self.assertEqual(get_authorities().encode().hex(), "80caff3300")

    def test_answers(self) -> None:
        """
        Pairs of name and key, wrapped or bare.
        """
        bare = bytes.fromhex("4203010203830210034204aabbccdd83022001")
        expected = (Authority(b"\1\2\3", KeyReference(0x10, 3)), Authority(b"\xaa\xbb\xcc\xdd", KeyReference(0x20, 1)))
        for octets in (bare, tlv.encode(0xFF33, bare)):
            self.assertEqual(read_authorities(Response(octets, 0x9000)), expected)
        self.assertEqual(read_authorities(Response(b"", 0x6A88)), ())
        self.assertEqual(read_authorities(Response(b"", 0x9000)), ())

    def test_wrong(self) -> None:
        """
        Anything else is told.
        """
        for octets in ("4201", "420101", "83021003420101", "420101830110", "42010183021003420101"):
            self.assertRaises(MalformedAnswer, read_authorities, Response(bytes.fromhex(octets), 0x9000))
        self.assertRaises(UnexpectedStatus, read_authorities, Response(b"", 0x6982))
