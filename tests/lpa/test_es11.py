# -*- test-case-name: tests.lpa.test_es11 -*-
"""
Tests for L{cardgw.lpa.es11}.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode
from cardgw.errors import PeerLost
from cardgw.lpa.certificates import Role
from cardgw.lpa.download_errors import OtherServer
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.es9 import Es9Error, WrongTransaction
from cardgw.lpa.es11 import EVENTS_MAX, ROOT_SMDS, Event, read_events, root_smds
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.server_errors import (
    AddressRefused,
    CertificateRefused,
    CiNotTrusted,
    MalformedServerAnswer,
    ServerUnreachable,
    SignatureInvalid,
    WrongCertificate,
)
from cardgw.testing.session import FakeSession
from cardgw.virtual.euicc_options import Faults, Options
from cardgw.virtual.pki import Fault, make_pki
from cardgw.virtual.smdp_answers import pack
from cardgw.virtual.smdp_tamper import broken_signature, field, other_transaction, signed1
from tests.lpa.card import BOUND, ScriptedChannel, replay
from tests.lpa.discovery import DiscoveryWorld
from tests.lpa.world import pki_of

FOUND = (Event("PROFILE-1", "smdp.example.test"),)
STAGES = ["es10b_get_euicc_challenge_and_info", "es9p_initiate_authentication", "es10b_authenticate_server"]
"""Before the server is asked for events."""


class DiscoverTests(SynchronousTestCase):
    """
    L{cardgw.lpa.es11.discover}, with a software eUICC and a strict SM-DS.
    """

    def setUp(self) -> None:
        self.world = DiscoveryWorld()

    def found(self) -> tuple[Event, ...]:
        """
        What a discovery gives.
        """
        return self.successResultOf(self.world.discover())

    def refused(self, kind: type[Exception]) -> Any:
        """
        What a discovery fails with.
        """
        return self.failureResultOf(self.world.discover(), kind).value

    def test_found(self) -> None:
        """
        The event comes with its id; server and stages are those of an SM-DS.
        """
        self.assertEqual(self.found(), FOUND)
        self.assertEqual(set(self.world.http.hosts), {self.world.smds.host})
        self.assertEqual(set(self.world.http.roles), {Role.DS_TLS})
        self.assertEqual(self.world.stages, [*STAGES, "es11_authenticate_client"])

    def test_nothingLeft(self) -> None:
        """
        Nothing is cancelled afterwards: ES11 knows no such thing.  The same session serves a download at once.
        """
        self.found()
        self.assertEqual(self.world.http.calls, ["initiateAuthentication", "authenticateClient"])
        self.assertFalse([each for each in self.world.wire.sent if each[5:7] == b"\xbf\x41"])
        self.assertEqual(self.successResultOf(self.world.download())["notification"], "delivered")

    def test_several(self) -> None:
        """
        Several come in the order in which the server got them.
        """
        self.world.smds.register(self.world.card.eid, "B", "SMDP2.example.test:8443")
        self.world.smds.register(self.world.card.eid, "A", "smdp.example.test")
        self.assertEqual(self.found(), (*FOUND, Event("B", "smdp2.example.test:8443"), Event("A", "smdp.example.test")))

    def test_none(self) -> None:
        """
        No event is no error: whether the server says so with a code or with an empty list.
        """
        self.world.smds.tamper["authenticateClient"] = field("eventEntries", [])
        self.assertEqual(self.found(), ())
        self.world.smds.tamper.clear()
        self.world.smds.delete(self.world.card.eid, "PROFILE-1")
        self.assertEqual(self.found(), ())

    def test_otherRefusal(self) -> None:
        """
        Any other refusal is told in words.
        """
        self.world.smds.fail_next("authenticateClient", "8.1.3", "6.3")
        self.assertEqual(self.refused(Es9Error).subject, "8.1.3")
        self.world.smds.fail_next("initiateAuthentication", "8.9.5", "3.9")
        self.refused(Es9Error)

    def test_imei(self) -> None:
        """
        The IMEI reaches the server in the eUICC's signed context; a matching id does not.
        """
        self.successResultOf(self.world.discover(imei="356938035643809"))
        request = b"".join(command[5:] for command in self.world.wire.sent if command[1] == 0xE2)
        self.assertIn(bytes.fromhex("a014 a112 8004 53968330 a100 8208 539683306534089f"), request)

    def test_brainpool(self) -> None:
        """
        Brainpool works too.
        """
        self.world = DiscoveryWorld("brainpool")
        self.assertEqual(self.found(), FOUND)

    def test_cardRefuses(self) -> None:
        """
        An eUICC that does not accept the server says why.
        """
        answer = self.world.wire.answer

        def meddle(command: bytes) -> bytes:
            if command[5:7] == b"\xbf\x38":
                self.world.forget_challenge()
            return answer(command)

        self.world.wire.answer = meddle
        self.assertEqual(self.refused(Es10Error).function, "AuthenticateServer")

    def test_cardLost(self) -> None:
        """
        A card that is lost is told so.
        """
        self.world.wire.lose_after = 4
        self.refused(PeerLost)

    def test_unreachable(self) -> None:
        """
        So is a server that cannot be reached, or an address that is none.
        """
        self.world.http.down = {self.world.smds.host}
        self.refused(ServerUnreachable)
        self.failureResultOf(self.world.discover("ds.example.test/x"), AddressRefused)


class WrongServerTests(SynchronousTestCase):
    """
    SM-DSs that are none, or do not say what they should.
    """

    def refused(self, kind: type[Exception], **world: Any) -> Any:
        """
        What a discovery fails with; the eUICC was not asked to trust the server.
        """
        self.world = DiscoveryWorld(**world)
        error = self.failureResultOf(self.world.discover(), kind).value
        self.assertFalse([each for each in self.world.wire.sent if each[5:7] == b"\xbf\x38"])
        return error

    def test_roles(self) -> None:
        """
        An SM-DP+'s certificate is none of an SM-DS's; the other way round neither.
        """
        pki = pki_of("nist")
        error = self.refused(WrongCertificate, smds_pki=pki.replaced("ds_auth", Fault.WRONG_POLICY))
        self.assertIn("is for an SM-DP+'s authentication, not for an SM-DS's authentication", str(error))
        world = DiscoveryWorld()
        world.http.others = {}
        world.http.smdp = world.smds  # type: ignore[assignment]
        code = f"LPA:1${world.smds.host}$PROFILE-1"
        error = self.failureResultOf(world.download(code), WrongCertificate).value
        self.assertIn("is for an SM-DS's authentication, not for an SM-DP+'s authentication", str(error))

    def test_certificates(self) -> None:
        """
        A certificate that is not valid, or from elsewhere, is refused.
        """
        for fault in (Fault.EXPIRED, Fault.NOT_YET_VALID, Fault.OTHER_CA):
            self.refused(CertificateRefused, smds_pki=pki_of("nist").replaced("ds_auth", fault))

    def test_otherCi(self) -> None:
        """
        A CI that the eUICC does not know is not even announced by an honest server; a dishonest one is found out.
        """
        world = DiscoveryWorld(smds_pki=make_pki())
        self.failureResultOf(world.discover(), Es9Error)
        world = DiscoveryWorld()
        world.smds.tamper["initiateAuthentication"] = field("serverCertificate", pack(make_pki().ds_auth.der))
        self.failureResultOf(world.discover(), CiNotTrusted)

    def test_otherServer(self) -> None:
        """
        A server that signs another address is another server; the advice is about the SM-DS.
        """
        world = DiscoveryWorld()
        world.smds.tamper["initiateAuthentication"] = signed1(address=b"else.test")
        error = self.failureResultOf(world.discover(), OtherServer).value
        self.assertEqual(error.hint, "Check the address of the SM-DS.")
        self.assertIn("calls itself 'else.test'", str(error))

    def test_tampered(self) -> None:
        """
        A wrong signature, and an answer about another session, are found out.
        """
        for tamper, kind in (
            (broken_signature("serverSignature1"), SignatureInvalid),
            (other_transaction(), WrongTransaction),
        ):
            world = DiscoveryWorld()
            world.smds.tamper["initiateAuthentication"] = tamper
            self.failureResultOf(world.discover(), kind)
        world = DiscoveryWorld()
        world.smds.tamper["authenticateClient"] = other_transaction()
        self.failureResultOf(world.discover(), WrongTransaction)


class EventTests(SynchronousTestCase):
    """
    L{read_events}.
    """

    def setUp(self) -> None:
        self.session = FakeSession()

    def test_order(self) -> None:
        """
        Events are read in their order, each once; addresses are in lower case, and a port stays.
        """
        entries = [
            {"eventId": "B", "rspServerAddress": "SMDP.example.test"},
            {"eventId": "A", "rspServerAddress": " smdp.example.test:8443 ", "more": 5},
            {"eventId": "B", "rspServerAddress": "smdp.example.test"},
        ]
        expected = (Event("B", "smdp.example.test"), Event("A", "smdp.example.test:8443"))
        self.assertEqual(read_events(self.session, entries), expected)

    def test_malformed(self) -> None:
        """
        Those that cannot be used are left out; if there are no others, that is an error that tells about the first.
        """
        good = {"eventId": "A", "rspServerAddress": "smdp.example.test"}
        for entry, words in (
            (5, "event 1: not an object"),
            (None, "event 1: not an object"),
            ({}, "event 1: no eventId"),
            (good | {"eventId": ""}, "no eventId"),
            (good | {"eventId": 5}, "no eventId"),
            (good | {"eventId": "x" * 256}, "at most 255 characters"),
            (good | {"eventId": "a\nb"}, "in ASCII"),
            (good | {"eventId": "\u20ac"}, "in ASCII"),
            ({"eventId": "A"}, "no rspServerAddress"),
            (good | {"rspServerAddress": ""}, "the rspServerAddress is missing"),
            (good | {"rspServerAddress": "https://smdp.example.test"}, "the rspServerAddress has a scheme or a path"),
            (good | {"rspServerAddress": "smdp.example.test/x"}, "a scheme or a path"),
            (good | {"rspServerAddress": "smdp.example.test:0"}, "the port of the rspServerAddress is not"),
            (good | {"rspServerAddress": "smdp.example.test:99999"}, "the port of the rspServerAddress is not"),
            (good | {"rspServerAddress": "user@smdp.example.test"}, "the rspServerAddress is not a host name"),
            (good | {"rspServerAddress": "localhost"}, "the rspServerAddress is not a host name"),
        ):
            error = self.assertRaises(MalformedServerAnswer, read_events, self.session, [entry])
            self.assertIn(words, str(error))
            self.assertEqual(read_events(self.session, [entry, good]), (Event("A", "smdp.example.test"),))

    def test_many(self) -> None:
        """
        Of hundreds the first ones are taken.
        """
        entries = [{"eventId": str(number), "rspServerAddress": "smdp.example.test"} for number in range(500)]
        found = read_events(self.session, entries)
        self.assertEqual((len(found), found[0].event_id, found[-1].event_id), (EVENTS_MAX, "0", "99"))

    @given(
        st.lists(
            st.none()
            | st.text(max_size=5)
            | st.dictionaries(st.sampled_from(["eventId", "rspServerAddress"]), st.text(max_size=20) | st.none() | st.integers())
        )
    )
    def test_anything(self, entries: list[Any]) -> None:
        """
        Whatever comes, it is events or an error of the server's.
        """
        try:
            found = read_events(self.session, entries)
        except MalformedServerAnswer:
            return
        self.assertEqual(bool(found), bool(entries))

    def test_code(self) -> None:
        """
        An event leads to a download; its id is not shown by accident.
        """
        event = Event("A-1", "smdp.example.test:8443")
        self.assertEqual(event.code().format(), "LPA:1$smdp.example.test:8443$A-1")
        self.assertEqual(event.code("356938035643809").imei, "356938035643809")
        self.assertNotIn("A-1", repr(event))


class RootTests(SynchronousTestCase):
    """
    L{root_smds}.
    """

    def root(self, answer: str) -> str:
        """
        The SM-DS of a card that answers so.
        """
        channel = ScriptedChannel(replay([("80e2910003bf3c00", answer)]), BOUND)
        return self.successResultOf(Deferred.fromCoroutine(root_smds(FakeSession(), Isdr(channel))))

    def test_card(self) -> None:
        """
        That of the card, if it has one; otherwise that of the GSMA.
        """
        for address, expected in (("Ds.Example.Test", "ds.example.test"), ("", ROOT_SMDS), (" ", ROOT_SMDS)):
            answer = encode(0xBF3C, encode(0x81, address.encode()))
            self.assertEqual(self.root(answer.hex() + "9000"), expected)
        self.assertEqual(self.root("bf3c009000"), ROOT_SMDS)

    def test_notTold(self) -> None:
        """
        So it is with a card that does not answer, or not as it should.
        """
        for answer in ("6a88", "9000", "bf3c0281019000", "bf3c038101ff9000"):
            self.assertEqual(self.root(answer), ROOT_SMDS)

    def test_lost(self) -> None:
        """
        A card that is lost is not asked any further.
        """
        world = DiscoveryWorld(options=Options(pinned=True, faults=Faults(status={0xBF3C: 0x6A88})))
        world.wire.lose_after = 0
        self.failureResultOf(Deferred.fromCoroutine(root_smds(world.session, world.isdr)), PeerLost)
