"""
Tests for L{cardgw.virtual.smdp_binding}.
"""

from __future__ import annotations

import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.virtual.certificates import verify
from cardgw.virtual.pki import make_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp_answers import pack
from cardgw.virtual.smdp_binding import SEGMENT_MAX, bind, bound_size, cut, package_size
from cardgw.virtual.smdp_sessions import Session
from tests.virtual.card import Card

PACKAGE = make_package(make_iccid(1), 5000)
SIZES = make_pki()
METADATA = tlv.encode(0xBF25, bytes(2000))


class BindTests(SynchronousTestCase):
    """
    Bound profile packages.
    """

    def setUp(self) -> None:
        self.pki = make_pki()
        self.session = Session(os.urandom(16), self.pki, b"", b"", "", 0.0, eid=self.pki.eid)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def bind(self, *, fresh: bool = False) -> bytes:
        """
        Bind the package.
        """
        return bind(self.session, PACKAGE, METADATA, self.point, os.urandom if fresh else None)

    def test_parts(self) -> None:
        """
        BF36 of BF23, A0, A1 and A3; A2 comes only with new session keys.
        """
        found = [[item.tag for item in tlv.only(self.bind(fresh=fresh), 0xBF36).children()] for fresh in (False, True)]
        self.assertEqual(found, [[0xBF23, 0xA0, 0xA1, 0xA3], [0xBF23, 0xA0, 0xA1, 0xA2, 0xA3]])

    def test_initialiseSecureChannel(self) -> None:
        """
        Operation, transaction, reference template and one-time key are signed together with the eUICC's one-time key.
        """
        items = tlv.only(self.bind(), 0xBF36).children().need(0xBF23).children()
        self.assertEqual([item.tag for item in items], [0x82, 0x80, 0xA6, 0x5F49, 0x5F37])
        template = items.need(0xA6).children()
        self.assertEqual((items.value(0x82), items.value(0x80)), (b"\x01", self.session.transaction_id))
        self.assertEqual((template.value(0x80), template.value(0x81)), (b"\x88", b"\x10"))
        signed = b"".join(item.raw for item in items[:4]) + tlv.encode(0x5F49, self.point)
        self.assertTrue(verify(self.pki.dp_pb.key.public_key(), items.value(0x5F37), signed))

    def test_sizes(self) -> None:
        """
        No protected data object is over 1020 bytes, and none but the last is small (SGP.22 2.5.3).
        """
        parts = tlv.only(self.bind(), 0xBF36).children()
        for tag, smallest in ((0xA1, 1000), (0xA3, 1000)):
            sizes = [len(item.raw) for item in parts.need(tag).children()]
            self.assertLessEqual(max(sizes), SEGMENT_MAX)
            self.assertGreaterEqual(min(sizes[:-1]), smallest)

    def test_unpack(self) -> None:
        """
        The eUICC gets out what was put in, whichever keys protect the elements.
        """
        from cardgw.virtual.smdp import Smdp

        for fresh in (False, True):
            card = Card(self.pki, Smdp(self.pki), one_time=self.key)
            card.answer = {"boundProfilePackage": pack(self.bind(fresh=fresh))}
            configuration, metadata, package = card.unpack()
            self.assertEqual((configuration.hex(), metadata, package), ("bf2400", METADATA, PACKAGE))

    def test_wrongPoint(self) -> None:
        """
        A one-time key that is not on the curve is refused.
        """
        self.point = b"\x04" + bytes(64)
        self.assertRaises(ValueError, self.bind)


class SizeTests(SynchronousTestCase):
    """
    Sizes, known beforehand.
    """

    @settings(max_examples=30)
    @given(st.integers(0, 6000), st.integers(60, 2500))
    def test_boundSize(self, package: int, metadata: int) -> None:
        """
        It is the size of what is really bound.
        """
        pki = SIZES
        session = Session(bytes(16), pki, b"", b"", "", 0.0, eid=pki.eid)
        point = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        bound = bind(session, bytes(package), bytes(metadata), point)
        self.assertEqual(bound_size(package, metadata), len(bound))

    @given(st.integers(500, 60000), st.integers(60, 200))
    def test_packageSize(self, bound: int, metadata: int) -> None:
        """
        The largest that fits.
        """
        size = package_size(bound, metadata)
        self.assertLessEqual(bound_size(size, metadata), bound)
        self.assertGreater(bound_size(size + 1, metadata), bound)

    def test_tooSmall(self) -> None:
        """
        The secure channel alone needs some bytes.
        """
        self.assertRaises(ValueError, package_size, 100, 60)


class CutTests(SynchronousTestCase):
    """
    Cutting bytes to pieces.
    """

    @given(st.binary(max_size=100), st.integers(1, 20))
    def test_cut(self, octets: bytes, size: int) -> None:
        """
        Joined they are the same; all but the last have the full size.
        """
        pieces = cut(octets, size)
        self.assertEqual(b"".join(pieces), octets)
        self.assertEqual({len(piece) for piece in pieces[:-1]} - {size}, set())
