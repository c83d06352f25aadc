# -*- test-case-name: tests.virtual.test_euicc_metadata -*-
"""
Tests for L{cardgw.virtual.euicc_metadata}.
"""

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode
from cardgw.virtual.euicc_metadata import ProfileClass, read_metadata, write_metadata
from cardgw.virtual.euicc_notifications import Event
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp_orders import Order
from tests.virtual.bpp import ICCID, metadata

BASE = encode(0x5A, bytes.fromhex("98001032547698103214")) + encode(0x91, b"SP") + encode(0x92, b"Name")


class MetadataTests(SynchronousTestCase):
    """
    StoreMetadataRequest.
    """

    def test_roundTrip(self) -> None:
        """
        What was written is read.
        """
        wishes = [((Event.ENABLE, Event.DELETE), "a.example.test"), ((Event.INSTALL,), "b.example.test")]
        octets = write_metadata(ICCID, "Näme", "Prövider", profile_class=0, rules={"ppr1", "ppr2"}, wishes=wishes)
        found = read_metadata(octets)
        self.assertEqual((ICCID, "Näme", "Prövider", ProfileClass.TEST), (found.digits, found.name, found.provider, 0))
        self.assertEqual({"ppr1", "ppr2"}, found.rules)
        self.assertEqual(((frozenset((1, 3)), "a.example.test"), (frozenset((0,)), "b.example.test")), found.wishes)

    def test_least(self) -> None:
        """
        ICCID, provider and name are enough: an operational profile without rules that notifies nobody.
        """
        found = read_metadata(encode(0xBF25, BASE))
        self.assertEqual((ProfileClass.OPERATIONAL, frozenset(), ()), (found.profile_class, found.rules, found.wishes))

    def test_order(self) -> None:
        """
        What an SM-DP+ makes of an order is understood.
        """
        iccid = make_iccid(7)
        order = Order("ID", make_package(iccid), icon=b"PNG", policy_rules=frozenset({"ppr2"}), owner=bytes.fromhex("00F110"))
        found = read_metadata(order.metadata("smdp.example.test"))
        self.assertEqual((iccid, {"ppr2"}), (found.digits, found.rules))
        self.assertEqual(((frozenset((1, 2, 3)), "smdp.example.test"),), found.wishes)

    def test_malformed(self) -> None:
        """
        What is missing, there twice, too long, or has no meaning is refused.
        """
        wish = encode(0x30, encode(0x80, bytes.fromhex("0308")), encode(0x81, b"x"))
        for octets in (
            encode(0xBF26, BASE),
            encode(0xBF25, BASE[12:]),
            encode(0xBF25, BASE, encode(0x92, b"again")),
            encode(0xBF25, BASE[:12], encode(0x91, b"x" * 33), encode(0x92, b"n")),
            encode(0xBF25, BASE[:12], encode(0x91, b"x"), encode(0x92, b"n" * 65)),
            encode(0xBF25, BASE[:12], encode(0x91, b"\xff"), encode(0x92, b"n")),
            encode(0xBF25, BASE, encode(0x94, b"icon without type")),
            encode(0xBF25, BASE, encode(0x93, b"\1"), encode(0x94, bytes(1025))),
            encode(0xBF25, BASE, encode(0xB6, wish)),
            encode(0xBF25, BASE, encode(0x99, bytes.fromhex("0001"))),
            metadata() + b"\0",
        ):
            self.assertRaises(ValueError, read_metadata, octets)
