# -*- test-case-name: tests.virtual.test_euicc -*-
"""
Tests for L{cardgw.virtual.euicc}: whole downloads, and the card as people see it.
"""

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from cardgw.apdu.tlv import encode, only
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Delivery, Faults, Options
from cardgw.virtual.euicc_profile import Profile
from cardgw.virtual.pki import Pki, load_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_answers import octets, pack
from cardgw.virtual.smdp_orders import Order
from tests.virtual.bpp import Result, cut
from tests.virtual.rig import CONTEXT, Rig, hash_code, pki_for
from tests.virtual.test_pki import SGP26

FUNCTIONS = (0x20, 0x21, 0x22, 0x28, 0x29, 0x2B, 0x2D, 0x2E, 0x30, 0x31, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3C, 0x3F, 0x41, 0x43)
ISD_R = bytes.fromhex("00A4040010A0000005591010FFFFFFFF8900000100")


def download(rig: Rig, smdp: Smdp, code: str = "") -> Result:
    """
    All of a download from an SM-DP+, by the book.
    """
    challenge, info = rig.begin(), rig.send(bytes.fromhex("BF2000"))
    first = smdp.handle(
        "initiateAuthentication", {"smdpAddress": smdp.host, "euiccChallenge": pack(challenge), "euiccInfo1": pack(info)}
    )
    assert first is not None
    names = ("serverSigned1", "serverSignature1", "euiccCiPKIdToBeUsed", "serverCertificate")
    response = rig.send(encode(0xBF38, *(octets(first, name) for name in names), CONTEXT))
    transaction = {"transactionId": first["transactionId"]}
    second = smdp.handle("authenticateClient", transaction | {"authenticateServerResponse": pack(response)})
    assert second is not None
    hash_cc = encode(0x04, hash_code(code, bytes.fromhex(first["transactionId"]))) if code else b""
    signed, signature, certificate = (octets(second, name) for name in ("smdpSigned2", "smdpSignature2", "smdpCertificate"))
    prepared = rig.send(encode(0xBF21, signed, signature, hash_cc, certificate))
    third = smdp.handle("getBoundProfilePackage", transaction | {"prepareDownloadResponse": pack(prepared)})
    assert third is not None
    return Result.of(rig.load(cut(octets(third, "boundProfilePackage"))))


def server(pki: Pki, **changes: object) -> Smdp:
    """
    An SM-DP+ with one order.
    """
    smdp = Smdp(pki)
    order = Order("MATCHING-ID", make_package(make_iccid(1), 12_900), provider="Prövider", name="Gölden")
    smdp.add(evolve(order, **changes))  # type: ignore[arg-type]
    return smdp


class DownloadTests(SynchronousTestCase):
    """
    Whole downloads from the software SM-DP+.
    """

    def check(self, rig: Rig, smdp: Smdp, code: str = "") -> None:
        """
        Download, check what is on the card, and that the SM-DP+ believes the notification.
        """
        result = download(rig, smdp, code)
        self.assertIsNone(result.error)
        (profile,) = rig.card.profiles
        self.assertEqual((make_iccid(1), "Prövider", "Gölden"), (profile.iccid, profile.provider, profile.name))
        smdp.handle("handleNotification", {"pendingNotification": pack(result.raw)})
        (heard,) = smdp.notifications
        self.assertEqual(("", None, smdp.host), (heard.problem, heard.error, heard.address))

    def test_golden(self) -> None:
        """
        On both curves, whichever way the card hands over data, with and without its own keys for the elements.
        """
        for curve in ("nist", "brainpool"):
            for delivery in Delivery:
                for fresh in (False, True):
                    rig = Rig.make(Options(delivery=delivery), curve)
                    self.check(rig, server(rig.pki, fresh_keys=fresh))

    def test_odd(self) -> None:
        """
        With odd sizes of 61xx, and blocks of any size.
        """
        for block in (1, 17, 120, 255):
            rig = evolve(Rig.make(Options(faults=Faults(chunks=(1, 200, 3)))), block=block)
            self.check(rig, server(rig.pki))

    def test_selected(self) -> None:
        """
        On a logical channel of a card in a reader.
        """
        pki = pki_for("nist")
        rig = Rig(pki, VirtualEuicc.from_pki(pki), cla=0x81)
        rig.card.transmit(bytes.fromhex("0070000001"))
        rig.card.transmit(b"\x01" + ISD_R[1:])
        self.check(rig, server(pki))

    def test_code(self) -> None:
        """
        With a confirmation code.
        """
        rig = Rig.make()
        self.check(rig, server(rig.pki, confirmation_code="4711"), "4711")

    def test_count(self) -> None:
        """
        12.9 kB in blocks of 240 bytes take fewer than 90 APDUs on a card that gives data with GET RESPONSE.
        """
        rig = Rig.make()
        download(rig, server(rig.pki))
        self.assertLess(rig.card.apdus, 90)
        self.assertEqual(rig.apdus, rig.card.apdus)

    def test_twice(self) -> None:
        """
        The same profile is not installed twice.
        """
        rig = Rig.make()
        smdp = server(rig.pki)
        self.assertEqual([None, (2, 9)], [download(rig, smdp).error for _ in range(2)])

    def test_switched(self) -> None:
        """
        The SM-DP+ believes the notifications of what becomes of the profile, too.
        """
        rig = Rig.make()
        smdp = server(rig.pki)
        iccid = download(rig, smdp).iccid.hex()
        for request in (f"BF3111A00C5A0A{iccid}810100", f"BF3211A00C5A0A{iccid}810100", f"BF330C5A0A{iccid}"):
            self.assertEqual(0, rig.send(bytes.fromhex(request))[-1])
        for each in rig.card.notifications:
            smdp.handle("handleNotification", {"pendingNotification": pack(each.raw)})
        heard = [(each.event, each.problem) for each in smdp.notifications]
        self.assertEqual([("install", ""), ("enable", ""), ("disable", ""), ("delete", "")], heard)

    def test_sgp26(self) -> None:
        """
        With the test certificates of SGP.26.
        """
        if not SGP26.is_dir():
            raise SkipTest("the SGP.26 certificates are not here")
        pki = load_pki(SGP26)
        self.check(Rig(pki, VirtualEuicc.from_pki(pki, options=Options(pinned=True))), server(pki))


class VirtualEuiccTests(SynchronousTestCase):
    """
    L{VirtualEuicc} as people see it.
    """

    def test_new(self) -> None:
        """
        A new card has an EID and nothing else.
        """
        card = VirtualEuicc.from_pki(pki_for("nist"))
        self.assertEqual((pki_for("nist").eid, [], [], ""), (card.eid, card.profiles, card.notifications, card.default_smdp))
        self.assertEqual(0, card.apdus)

    def test_profiles(self) -> None:
        """
        Profiles can be put there; one at most is enabled; nobody is notified.
        """
        card = VirtualEuicc.from_pki(pki_for("nist"))
        first = card.add_profile("89999010000000000018", "Home", "Provider", "enabled")
        card.add_profile("8999901000000000002", "Away", "Provider", "enabled")
        self.assertEqual(Profile("89999010000000000018", "Provider", "Home", "", "enabled"), first)
        self.assertEqual(["disabled", "enabled"], [each.state for each in card.profiles])
        self.assertEqual("8999901000000000002", card.profiles[1].iccid)
        self.assertEqual([], card.notifications)

    def test_kept(self) -> None:
        """
        A reset ends a session, but profiles and notifications stay.
        """
        rig = Rig.make()
        rig.install()
        rig.authenticate()
        rig.card.reset()
        self.assertEqual((1, 1), (len(rig.card.profiles), len(rig.card.notifications)))
        self.assertEqual(0xA1, only(rig.send(rig.preparation()), 0xBF21).children()[0].tag)

    @settings(max_examples=200)
    @given(st.lists(st.binary(max_size=24), max_size=8))
    def test_rubbish(self, apdus: list[bytes]) -> None:
        """
        Whatever is sent, the card answers with a status word.
        """
        rig = Rig.make()
        for apdu in apdus:
            self.assertGreaterEqual(len(rig.card.transmit(apdu)), 2)
            self.assertGreaterEqual(len(rig.card.transmit(b"\x80\xe2\x91\x00" + bytes((len(apdu),)) + apdu)), 2)

    @settings(max_examples=200)
    @given(st.sampled_from(FUNCTIONS), st.binary(max_size=40))
    def test_rubbishInside(self, tag: int, value: bytes) -> None:
        """
        Whatever is in the request of a function, the card answers with data or a status word of its own.
        """
        rig = Rig.make()
        rig.send(encode(0xBF00 | tag, value))
        self.assertIn(rig.sw, (0x9000, 0x910B, 0x6A80, 0x6985))
