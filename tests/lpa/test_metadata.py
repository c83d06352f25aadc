# -*- test-case-name: tests.lpa.test_metadata -*-
"""
Tests for L{cardgw.lpa.metadata}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode
from cardgw.lpa.bcd import iccid_octets
from cardgw.lpa.metadata import Metadata, Notification, Owner, parse_metadata
from cardgw.lpa.server_errors import MalformedServerAnswer

ICCID = "8901234567890123415"
HEAD = encode(0x5A, iccid_octets(ICCID)) + encode(0x91, b"Provider") + encode(0x92, b"Name")


def parse(*parts: bytes) -> Metadata:
    """
    Metadata with these further data objects.
    """
    return parse_metadata(encode(0xBF25, HEAD, *parts))


class MetadataTests(SynchronousTestCase):
    """
    StoreMetadataRequest.
    """

    def test_least(self) -> None:
        """
        ICCID and names are enough; nothing is made up for the rest.
        """
        self.assertEqual(parse(), Metadata(ICCID, "Provider", "Name"))

    def test_longNames(self) -> None:
        """
        Names are cut off at 64 characters: people read them in message boxes.
        """
        found = parse_metadata(
            encode(0xBF25, encode(0x5A, iccid_octets(ICCID)), encode(0x91, b"p" * 9999), encode(0x92, b"n" * 64))
        )
        self.assertEqual((found.provider, found.name), ("p" * 64, "n" * 64))

    def test_all(self) -> None:
        """
        Everything that the standard has.
        """
        found = parse(
            bytes.fromhex("930101 9402beef 950102"),
            encode(
                0xB6,
                encode(0x30, bytes.fromhex("80020410"), encode(0x81, b"smdp.example.test")),
                encode(0x30, bytes.fromhex("80020560"), encode(0x81, b"ds.example.test")),
            ),
            encode(0xB7, bytes.fromhex("800300f110 8102aabb")),
            bytes.fromhex("99020660"),
        )
        self.assertEqual((found.icon_type, found.icon, found.profile_class), ("png", b"\xbe\xef", "operational"))
        self.assertEqual(found.owner, Owner(bytes.fromhex("00f110"), b"\xaa\xbb"))
        self.assertEqual(found.policy_rules, {"ppr1", "ppr2"})
        self.assertEqual(
            found.notifications,
            (
                Notification(frozenset({"delete"}), "smdp.example.test"),
                Notification(frozenset({"enable", "disable"}), "ds.example.test"),
            ),
        )

    def test_rules(self) -> None:
        """
        Policy rules are bits; one that no version knows counts for nothing.
        """
        for bits, wanted in (
            ("0780", {"pprUpdateControl"}),
            ("0640", {"ppr1"}),
            ("0520", {"ppr2"}),
            ("0008", set()),
            ("00", set()),
        ):
            self.assertEqual(parse(encode(0x99, bytes.fromhex(bits))).policy_rules, wanted)

    def test_classes(self) -> None:
        """
        A class that is not known is not one of the known ones.
        """
        for number, wanted in (("00", "test"), ("01", "provisioning"), ("02", "operational"), ("03", None), ("", None)):
            self.assertEqual(parse(encode(0x95, bytes.fromhex(number))).profile_class, wanted)

    def test_unknownObjects(self) -> None:
        """
        What later versions or Android add is skipped.
        """
        self.assertEqual(parse(encode(0xBF76, encode(0xE2)), encode(0x9F1F, b"x")), parse())

    def test_names(self) -> None:
        """
        Names are UTF-8, and shown on one line without control characters.
        """
        head = encode(0x5A, iccid_octets(ICCID))
        octets = encode(0xBF25, head, encode(0x91, b"\x1b[31mBad\r\nLine\0"), encode(0x92, "Zoë ".encode()))
        self.assertEqual((parse_metadata(octets).provider, parse_metadata(octets).name), ("[31mBad Line", "Zoë"))

    def test_spaceInAddress(self) -> None:
        """
        Some operators' addresses have spaces in them.
        """
        row = encode(0x30, bytes.fromhex("80020780"), encode(0x81, b" smdp.example.test "))
        self.assertEqual(parse(encode(0xB6, row)).notifications[0].address, "smdp.example.test")

    def test_malformed(self) -> None:
        """
        Other objects, none, a missing or impossible ICCID, a name that is not UTF-8, an owner without MCC and MNC.
        """
        for octets in (
            b"",
            encode(0xBF26, HEAD),
            encode(0xBF25),
            encode(0xBF25, HEAD) + b"\0\0",
            encode(0xBF25, HEAD)[:-1],
            encode(0xBF25, encode(0x5A, b"\xaa" * 10)),
            encode(0xBF25, HEAD[:12], encode(0x91, b"\xff")),
            encode(0xBF25, HEAD, encode(0xB7)),
        ):
            error = self.assertRaises(MalformedServerAnswer, parse_metadata, octets)
            self.assertIn("profileMetadata", str(error))

    @given(st.binary(max_size=80))
    def test_anything(self, octets: bytes) -> None:
        """
        Whatever a server sends is read or refused.
        """
        for sent in (octets, encode(0xBF25, octets), encode(0xBF25, HEAD, octets)):
            try:
                parse_metadata(sent)
            except MalformedServerAnswer as error:
                self.assertTrue(error.detail)
