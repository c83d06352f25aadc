"""
Tests for L{cardgw.virtual.smdp_orders}.
"""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp_answers import Refusal
from cardgw.virtual.smdp_orders import EVENTS, Order, Orders, check_confirmation, named_bits

PACKAGE = make_package(make_iccid(1), 500)
EID, OTHER = bytes(16), bytes(15) + b"\1"


class NamedBitsTests(SynchronousTestCase):
    """
    BIT STRINGs with named bits.
    """

    def test_notificationEvents(self) -> None:
        """
        The values of SGP.22's events, alone and together.
        """
        found = [named_bits(EVENTS, [event]).hex() for event in EVENTS]
        self.assertEqual(found, ["0780", "0640", "0520", "0410"])
        self.assertEqual(named_bits(EVENTS, EVENTS).hex(), "04f0")
        self.assertEqual(named_bits(EVENTS, []).hex(), "00")

    @given(st.sets(st.sampled_from(EVENTS), min_size=1))
    def test_der(self, chosen: set[str]) -> None:
        """
        The last bit that is used is set: DER has no trailing zeros.
        """
        unused, bits = named_bits(EVENTS, chosen)
        self.assertEqual(bits >> unused & 1, 1)
        self.assertEqual(bits & (1 << unused) - 1, 0)

    def test_unknown(self) -> None:
        """
        Only known names.
        """
        self.assertRaises(ValueError, named_bits, EVENTS, ["destroy"])


class MetadataTests(SynchronousTestCase):
    """
    StoreMetadataRequest.
    """

    def test_plain(self) -> None:
        """
        ICCID, provider, name, class, and what to notify the server about.
        """
        values = tlv.only(Order("A", PACKAGE).metadata("smdp.test"), 0xBF25).children()
        self.assertEqual([item.tag for item in values], [0x5A, 0x91, 0x92, 0x95, 0xB6])
        self.assertEqual(values.value(0xB6), tlv.encode(0x30, bytes.fromhex("80020470"), tlv.encode(0x81, b"smdp.test")))

    def test_all(self) -> None:
        """
        Icon, owner and policy rules come in the order of the standard.
        """
        order = Order("A", PACKAGE, icon=b"PNG", policy_rules=frozenset({"ppr1", "ppr2"}), owner=b"\x99\xf9\x10")
        values = tlv.only(order.metadata("smdp.test"), 0xBF25).children()
        self.assertEqual([item.tag for item in values], [0x5A, 0x91, 0x92, 0x93, 0x94, 0x95, 0xB6, 0xB7, 0x99])
        self.assertEqual(values.value(0x99).hex(), "0560")

    def test_ownerOfRules(self) -> None:
        """
        Policy rules have an owner, if only the test operator.
        """
        values = tlv.only(Order("A", PACKAGE, policy_rules=frozenset({"ppr1"})).metadata("h"), 0xBF25).children()
        self.assertEqual((values.value(0xB7).hex(), values.value(0x99).hex()), ("800300f110", "0640"))

    def test_nothingToNotify(self) -> None:
        """
        Without events there is no notification configuration.
        """
        values = tlv.only(Order("A", PACKAGE, events=(), profile_class=None).metadata("smdp.test"), 0xBF25).children()
        self.assertEqual([item.tag for item in values], [0x5A, 0x91, 0x92])

    def test_otherIccid(self) -> None:
        """
        A test may announce another ICCID than the package has.
        """
        values = tlv.only(Order("A", PACKAGE, iccid="8949449999999990023").metadata("h"), 0xBF25).children()
        self.assertEqual(values.value(0x5A).hex(), "989444999999990920f3")


class FindTests(SynchronousTestCase):
    """
    Which order an eUICC gets.
    """

    def setUp(self) -> None:
        self.orders = Orders()

    def refused(self, matching_id: str, eid: bytes = EID) -> str:
        """
        The codes of the refusal.
        """
        refusal = self.assertRaises(Refusal, self.orders.find, matching_id, eid)
        return f"{refusal.subject}/{refusal.reason}"

    def test_found(self) -> None:
        """
        By MatchingID.
        """
        order = Order("A", PACKAGE)
        self.orders.add(Order("B", PACKAGE))
        self.orders.add(order)
        self.assertIs(self.orders.find("A", EID), order)

    def test_unknown(self) -> None:
        """
        An unknown MatchingID is 8.2.6/3.8.
        """
        self.assertEqual(self.refused("A"), "8.2.6/3.8")

    def test_otherEuicc(self) -> None:
        """
        A profile for another eUICC is 8.1.1/3.8.
        """
        self.orders.add(Order("A", PACKAGE, eid=OTHER))
        self.assertEqual(self.refused("A"), "8.1.1/3.8")
        self.assertEqual(self.orders.find("A", OTHER).matching_id, "A")

    def test_withoutMatchingId(self) -> None:
        """
        Without MatchingID an eUICC gets what waits for its EID, and only that.
        """
        self.orders.add(Order("", PACKAGE, eid=EID))
        self.assertEqual(self.orders.find("", EID).eid, EID)
        self.assertEqual(self.refused("", OTHER), "8.1.1/3.8")

    def test_usedUp(self) -> None:
        """
        A profile that was installed as often as it may is 8.2.6/3.8.
        """
        self.orders.add(Order("A", PACKAGE, uses=1, installed=1))
        self.assertEqual(self.refused("A"), "8.2.6/3.8")

    def test_notReleased(self) -> None:
        """
        A profile that is not released is 8.2/1.2.
        """
        self.orders.add(Order("A", PACKAGE, released=False))
        self.assertEqual(self.refused("A"), "8.2/1.2")

    def test_exhausted(self) -> None:
        """
        After too many wrong confirmation codes the order has ended: 8.8.5/6.4.
        """
        self.orders.add(Order("A", PACKAGE, wrong_codes=3))
        self.assertEqual(self.refused("A"), "8.8.5/6.4")


class ConfirmationTests(SynchronousTestCase):
    """
    Confirmation codes.
    """

    def setUp(self) -> None:
        self.order = Order("A", PACKAGE, confirmation_code="1234", tries=2)

    def hashed(self, code: str) -> bytes:
        """
        What the eUICC signs for a code.
        """
        return sha256(sha256(code.encode()).digest() + EID).digest()

    def test_right(self) -> None:
        """
        SHA-256 of the hashed code and the transaction.
        """
        check_confirmation(self.order, self.hashed("1234"), EID)
        self.assertEqual(self.order.wrong_codes, 0)

    def test_notWanted(self) -> None:
        """
        An order without a code does not look at it.
        """
        check_confirmation(Order("A", PACKAGE), b"?", EID)

    def test_missing(self) -> None:
        """
        8.2.7/2.2; it does not count as wrong.
        """
        refusal = self.assertRaises(Refusal, check_confirmation, self.order, None, EID)
        self.assertEqual((refusal.subject, refusal.reason, self.order.wrong_codes), ("8.2.7", "2.2", 0))

    def test_wrong(self) -> None:
        """
        8.2.7/3.8, and 6.4 when it was the last try; from then on the right one does not help.
        """
        reasons = [
            self.assertRaises(Refusal, check_confirmation, self.order, self.hashed(code), EID).reason
            for code in ("1", "2", "1234")
        ]
        self.assertEqual(reasons, ["3.8", "6.4", "6.4"])

    def test_secret(self) -> None:
        """
        The code is not in the representation.
        """
        self.assertNotIn("1234", repr(self.order))
