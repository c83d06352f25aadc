# -*- test-case-name: tests.lpa.test_notices -*-
"""
Tests for L{cardgw.lpa.notices}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode
from cardgw.errors import CardError, MalformedAnswer
from cardgw.lpa import notices
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.notices import Listed, NoSuchNotification
from cardgw.lpa.notification import EVENTS, Metadata
from cardgw.testing.session import FakeSession
from tests.lpa.card import ScriptedChannel, replay
from tests.lpa.test_notification import ICCID, result

BITS = {"install": "0780", "enable": "0640", "disable": "0520", "delete": "0410"}


def metadata(number: int = 5, event: str = "enable", address: str = "smdp.example.test", iccid: bytes = ICCID) -> bytes:
    """
    The data object BF2F.
    """
    octets = number.to_bytes(number.bit_length() // 8 + 1, "big")
    named = encode(0x5A, iccid) if iccid else b""
    return encode(0xBF2F, encode(0x80, octets), encode(0x81, bytes.fromhex(BITS[event])), encode(0x0C, address.encode()), named)


def other_signed(number: int = 5, event: str = "enable") -> bytes:
    """
    An OtherSignedNotification.
    """
    return encode(0x30, metadata(number, event), encode(0x5F37, bytes(64)), encode(0x30), encode(0x30))


class ListTests(SynchronousTestCase):
    """
    What is on the card.
    """

    def test_kinds(self) -> None:
        """
        Number, event, address and ICCID of each; sorted by number, in which order servers are to get them; 0 is a number.
        """
        octets = [metadata(200, "delete"), metadata(0, "install"), metadata(3, iccid=b"")]
        listed = notices.parse_list(encode(0xBF28, encode(0xA0, *octets)))
        self.assertEqual([each.sequence for each in listed.notices], [0, 3, 200])
        self.assertEqual([notices.event_of(each) for each in listed.notices], ["install", "enable", "delete"])
        self.assertEqual([each.iccid for each in listed.notices], ["89000123456789012341", "", "89000123456789012341"])
        self.assertEqual(listed.unreadable, 0)

    def test_everyEvent(self) -> None:
        """
        Each event has its bit; one that is not known has no name.
        """
        for event in EVENTS:
            (found,) = notices.parse_list(encode(0xBF28, encode(0xA0, metadata(event=event)))).notices
            self.assertEqual(notices.event_of(found), event)
        self.assertEqual(notices.event_of(Metadata(1, frozenset(), "", "")), "")

    def test_nothing(self) -> None:
        """
        An empty list is a list.
        """
        self.assertEqual(notices.parse_list(bytes.fromhex("bf2802a000")), Listed(()))

    def test_unreadable(self) -> None:
        """
        One that cannot be read is counted, and hides no other.
        """
        items = (encode(0xBF2F, b"\x80"), encode(0x30), encode(0xBF2F), metadata(7))
        for listed in (notices.parse_list(encode(0xBF28, encode(0xA0, *items[1:]))),):
            self.assertEqual(([each.sequence for each in listed.notices], listed.unreadable), ([7], 2))

    def test_error(self) -> None:
        """
        An error code is an error.
        """
        self.assertRaises(Es10Error, notices.parse_list, bytes.fromhex("bf280381017f"))

    def test_find(self) -> None:
        """
        One is found by its number; if it is not there, the error says what is.
        """
        listed = notices.parse_list(encode(0xBF28, encode(0xA0, metadata(1), metadata(4))))
        self.assertEqual(listed.find(4).sequence, 4)
        self.assertIn("It has 1, 4.", str(self.assertRaises(NoSuchNotification, listed.find, 2)))
        self.assertIn("It has none.", str(self.assertRaises(NoSuchNotification, Listed(()).find, 2)))

    @given(st.binary(max_size=60))
    def test_rubbish(self, octets: bytes) -> None:
        """
        Whatever a card says, it is a list or an error of the card's.
        """
        for answer in (octets, encode(0xBF28, octets), encode(0xBF28, encode(0xA0, octets))):
            try:
                notices.parse_list(answer)
            except CardError:
                continue

    def test_asked(self) -> None:
        """
        One command; what cannot be read is no secret.
        """
        channel = ScriptedChannel(replay([("80e2910003bf2800", "bf2805a003bf2f009000")]))
        session = FakeSession()
        listed = self.successResultOf(Deferred.fromCoroutine(notices.list_notices(session, Isdr(channel))))
        self.assertEqual(listed, Listed((), 1))


class RetrieveTests(SynchronousTestCase):
    """
    One of them.
    """

    def test_bothKinds(self) -> None:
        """
        The result of an installation, or another one; its bytes are kept as they are.
        """
        for octets in (result(), other_signed()):
            pending = notices.parse_retrieved(encode(0xBF2B, encode(0xA0, octets)), 5)
            self.assertEqual((pending.raw, pending.metadata.sequence), (octets, 5))

    def test_amongOthers(self) -> None:
        """
        A card that gives more than it was asked for: the right one counts.
        """
        answer = encode(0xBF2B, encode(0xA0, other_signed(4), other_signed(5), other_signed(6)))
        self.assertEqual(notices.parse_retrieved(answer, 5).raw, other_signed(5))

    def test_another(self) -> None:
        """
        Another one is not what was asked for.
        """
        error = self.assertRaises(MalformedAnswer, notices.parse_retrieved, encode(0xBF2B, encode(0xA0, result())), 6)
        self.assertIn("notification 6 is not in it", str(error))

    def test_none(self) -> None:
        """
        None is an error of the eUICC's.
        """
        self.assertRaises(Es10Error, notices.parse_retrieved, bytes.fromhex("bf2b03810101"), 5)

    def test_unknownKind(self) -> None:
        """
        Something else is not understood.
        """
        answer = encode(0xBF2B, encode(0xA0, encode(0x31, metadata())))
        self.assertIn("31", str(self.assertRaises(MalformedAnswer, notices.parse_retrieved, answer, 5)))

    @given(st.binary(max_size=60))
    def test_rubbish(self, octets: bytes) -> None:
        """
        Rubbish is an error of the card's.
        """
        for answer in (octets, encode(0xBF2B, octets), encode(0xBF2B, encode(0xA0, octets))):
            self.assertRaises(CardError, notices.parse_retrieved, answer, 5)

    def test_asked(self) -> None:
        """
        One command, as captured.
        """
        answer = encode(0xBF2B, encode(0xA0, result())).hex() + "9000"
        channel = ScriptedChannel(replay([("80e2910008bf2b05a003800105", answer)]))
        pending = self.successResultOf(Deferred.fromCoroutine(notices.retrieve_notice(Isdr(channel), 5)))
        self.assertEqual(pending.raw, result())


class ParcelTests(SynchronousTestCase):
    """
    A notification in the outbox.
    """

    def setUp(self) -> None:
        self.pending = notices.parse_retrieved(encode(0xBF2B, encode(0xA0, other_signed())), 5)
        self.parcel = notices.parcel_of("eid:1", self.pending, frozenset({b"ci"}), remove=False)

    def test_fields(self) -> None:
        """
        It has all that the courier needs, and what may be shown.
        """
        self.assertEqual((self.parcel.kind, self.parcel.card, self.parcel.number), ("notification", "eid:1", 5))
        self.assertEqual((self.parcel.address, self.parcel.payload), ("smdp.example.test", other_signed()))
        self.assertEqual(self.parcel.facts, {"event": "enable", "iccid": "89000123456789012341"})
        self.assertEqual((self.parcel.trusted, self.parcel.remove), ({b"ci"}, False))

    def test_isAbout(self) -> None:
        """
        It is recognized by all that a list tells.
        """
        notice = self.pending.metadata
        self.assertTrue(notices.is_about(self.parcel, notice))
        others: dict[str, Any] = {"sequence": 6, "events": frozenset({"disable"}), "address": "b.example.test", "iccid": "8999"}
        for name, value in others.items():
            self.assertFalse(notices.is_about(self.parcel, evolve(notice, **{name: value})))
        self.assertFalse(notices.is_about(evolve(self.parcel, kind="callback"), notice))

    def test_described(self) -> None:
        """
        Results use the names of SGP.22.
        """
        self.assertEqual(
            notices.described(self.pending.metadata),
            {
                "seqNumber": 5,
                "profileManagementOperation": "enable",
                "notificationAddress": "smdp.example.test",
                "iccid": "89000123456789012341",
            },
        )


class ForgetTests(SynchronousTestCase):
    """
    From the eUICC.
    """

    def forget(self, answer: str) -> Deferred[None]:
        channel = ScriptedChannel(replay([("80e2910006bf3003800105", answer)]))
        return Deferred.fromCoroutine(notices.forget(FakeSession(), Isdr(channel), 5))

    def test_removed(self) -> None:
        """
        One APDU, as captured.
        """
        self.successResultOf(self.forget("bf30038001009000"))

    def test_goneAlready(self) -> None:
        """
        A notification that is gone already is as good as removed.
        """
        self.successResultOf(self.forget("bf30038001019000"))

    def test_kept(self) -> None:
        """
        Any other code is an error.
        """
        self.failureResultOf(self.forget("bf300380017f9000"), Es10Error)
