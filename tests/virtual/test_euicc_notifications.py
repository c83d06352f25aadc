# -*- test-case-name: tests.virtual.test_euicc_notifications -*-
"""
Tests for L{cardgw.virtual.euicc_notifications}.
"""

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import only
from cardgw.virtual.euicc_notifications import Event
from cardgw.virtual.euicc_options import Options
from tests.virtual.rig import Rig

ICCID = "98999010000000000018"
DIGITS = "89990901000000000081"
WISHES = [((Event.ENABLE, Event.DISABLE, Event.DELETE), "a.test"), ((Event.ENABLE,), "b.test")]


class NotificationsTests(SynchronousTestCase):
    """
    A profile that was enabled and disabled: three notifications, 0 and 1 (enable, to two servers), 2 (disable).
    """

    def setUp(self) -> None:
        """
        Enable and disable.
        """
        self.rig = self.make()

    def make(self, first: int = 0) -> Rig:
        """
        Enable and disable on another card.
        """
        rig = Rig.make(Options(first_sequence=first))
        rig.card.add_profile(DIGITS, "Name", "Provider", wishes=WISHES)
        self.assertEqual("BF3103800100", rig.ask(f"BF3111A00C5A0A{ICCID}810100"))
        self.assertEqual("BF3203800100", rig.ask(f"BF3211A00C5A0A{ICCID}810100"))
        return rig

    def listed(self, request: str) -> list[int]:
        """
        The sequence numbers in a list.
        """
        fields = only(self.rig.send(bytes.fromhex(request)), 0xBF28).children().need(0xA0).children()
        return [int.from_bytes(each.children().need(0x80).value, "big") for each in fields]

    def retrieved(self, request: str) -> list[int]:
        """
        The sequence numbers of what was retrieved.
        """
        fields = only(self.rig.send(bytes.fromhex(request)), 0xBF2B).children().need(0xA0).children()
        return [int.from_bytes(each.children().need(0xBF2F).children().need(0x80).value, "big") for each in fields]

    def test_list(self) -> None:
        """
        ListNotification: all, or those about some kinds of events.
        """
        self.assertEqual([0, 1, 2], self.listed("BF2800"))
        self.assertEqual([0, 1], self.listed("BF280481020640"))
        self.assertEqual([2], self.listed("BF280481020520"))
        self.assertEqual([0, 1, 2], self.listed("BF280481020560"))
        self.assertEqual([], self.listed("BF280481020780"))

    def test_metadata(self) -> None:
        """
        One event each, the address of who wants to hear of it, and the profile.
        """
        found = self.rig.ask("BF280481020520")
        wanted = f"BF2F1B8001028102052 00C06612E74657374 5A0A{ICCID}".replace(" ", "")
        self.assertEqual(f"BF2820A01E{wanted}", found)

    def test_signed(self) -> None:
        """
        OtherSignedNotification: the metadata, signed by the eUICC, and both certificates.
        """
        answer = self.rig.send(bytes.fromhex("BF2B05A003800102"))
        (other,) = only(answer, 0xBF2B).children().need(0xA0).children()
        about, signature, euicc, eum = other.children()
        self.assertEqual((0x30, self.rig.pki.euicc.der, self.rig.pki.eum.der), (other.tag, euicc.raw, eum.raw))
        self.assertTrue(self.rig.check(signature, about.raw))

    def test_retrieve(self) -> None:
        """
        By number, by event, or all; the criterion may be untagged.
        """
        self.assertEqual([1], self.retrieved("BF2B05A003800101"))
        self.assertEqual([1], self.retrieved("BF2B03800101"))
        self.assertEqual([0, 1], self.retrieved("BF2B06A00481020640"))
        self.assertEqual([2], self.retrieved("BF2B0481020520"))
        self.assertEqual([0, 1, 2], self.retrieved("BF2B00"))

    def test_noResult(self) -> None:
        """
        What is not there: noResultAvailable.
        """
        for request in ("BF2B05A003800109", "BF2B06A00481020780"):
            self.assertEqual("BF2B03810101", self.rig.ask(request))
        self.assertEqual("BF2B03810101", Rig.make().ask("BF2B00"))

    def test_remove(self) -> None:
        """
        Each is removed by its number, 0 as well, and only once.
        """
        self.assertEqual("BF3003800100", self.rig.ask("BF3003800100"))
        self.assertEqual("BF3003800101", self.rig.ask("BF3003800100"))
        self.assertEqual([1, 2], self.listed("BF2800"))
        self.assertEqual([1, 2], [each.sequence for each in self.rig.card.notifications])

    def test_numbers(self) -> None:
        """
        Numbers above 127 have two bytes, and are never used again.
        """
        self.rig = self.make(first=200)
        self.assertEqual([200, 201, 202], self.listed("BF2800"))
        self.assertEqual("BF3003800100", self.rig.ask("BF300480020 0CA".replace(" ", "")))
        self.rig.ask(f"BF3111A00C5A0A{ICCID}810100")
        self.assertEqual([200, 201, 203, 204], self.listed("BF2800"))

    def test_view(self) -> None:
        """
        People see events, addresses, and ICCIDs in digits.
        """
        seen = [(each.event, each.address, each.digits) for each in self.rig.card.notifications]
        self.assertEqual([(1, "a.test", DIGITS), (1, "b.test", DIGITS), (2, "a.test", DIGITS)], seen)

    def test_malformed(self) -> None:
        """
        Other criteria are refused.
        """
        for request in ("BF2B05A003820101", "BF2B06800101800102", "BF2803800101", "BF3000", "BF3003810100", "BF2B04A0028000"):
            self.assertEqual("6A80", self.rig.ask(request))
