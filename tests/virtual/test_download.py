"""
Whole downloads without an LPA: L{cardgw.virtual.smdp} and L{cardgw.virtual.euicc} against each other.  What these tests do
between the two is SGP.22 3.1.3 in its shortest form.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.virtual import smdp_tamper as tamper
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.pki import Fault, Pki, load_pki, make_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_answers import octets, pack
from cardgw.virtual.smdp_orders import Order
from tests.virtual.test_pki import SGP26

SELECT = bytes.fromhex("00A4040010A0000005591010FFFFFFFF8900000100")
BLOCK = 240
DEVICE = tlv.encode(0xA1, tlv.encode(0x80, bytes.fromhex("35290611")), tlv.encode(0xA1))
INSTALLED, REFUSED = 0xA0, 0xA1


class Stopped(Exception):
    """
    Somebody said no.
    """


def segments(bound: bytes) -> Iterator[bytes]:
    """
    SGP.22 2.5.5: headers with what follows them, or alone, and each protected data object by itself.
    """
    _, _, start = tlv.header(bound)
    head = bound[:start]
    for part in tlv.only(bound, 0xBF36).children():
        _, _, inner = tlv.header(part.raw)
        if part.tag == 0xBF23:
            yield head + part.raw
        elif part.tag in (0xA0, 0xA2):
            yield part.raw
        else:
            yield part.raw[:inner]
            yield from (item.raw for item in part.children())


class Lpa:
    """
    What stands between card and server.
    """

    def __init__(self, card: VirtualEuicc, smdp: Smdp) -> None:
        self.card, self.smdp = card, smdp
        self.apdu(SELECT)

    def apdu(self, command: bytes) -> bytes:
        """
        One command and its whole answer.
        """
        answer = self.card.transmit(command)
        data = answer[:-2]
        while answer[-2] == 0x61:
            answer = self.card.transmit(bytes((0x80, 0xC0, 0, 0, answer[-1])))
            data += answer[:-2]
        if answer[-2:] != b"\x90\x00":
            raise Stopped(f"the card: {answer[-2:].hex()}")
        return data

    def es10(self, request: bytes) -> bytes:
        """
        One request in blocks of STORE DATA.
        """
        blocks = [request[at : at + BLOCK] for at in range(0, len(request), BLOCK)]
        data = b""
        for number, block in enumerate(blocks):
            p1 = 0x91 if number == len(blocks) - 1 else 0x11
            data = self.apdu(bytes((0x80, 0xE2, p1, number, len(block))) + block)
        return data

    def es9(self, function: str, **fields: Any) -> dict[str, Any]:
        """
        One call.
        """
        values = {name: pack(value) if isinstance(value, bytes) else value for name, value in fields.items()}
        answer = self.smdp.handle(function, values) or {}
        state = answer.get("header", {}).get("functionExecutionStatus", {})
        if data := state.get("statusCodeData"):
            raise Stopped(f"{function}: {data['subjectCode']}/{data['reasonCode']}")
        return answer

    def good(self, response: bytes) -> bytes:
        """
        A response that is no error of the card's.
        """
        item = next(tlv.walk(response))
        choice = item.children()[0]
        if choice.tag == REFUSED:
            raise Stopped(f"{item.tag:X}: {choice.children()[1].value.hex()}")
        return response

    def download(self, matching_id: str, code: str | None = None) -> bytes:
        """
        From the challenge to the result, which is given.
        """
        challenge = tlv.only(self.es10(bytes.fromhex("BF2E00")), 0xBF2E).children().need(0x80).value
        info = self.es10(bytes.fromhex("BF2000"))
        host = self.smdp.host
        first = self.es9("initiateAuthentication", smdpAddress=host, euiccChallenge=challenge, euiccInfo1=info)
        names = ("serverSigned1", "serverSignature1", "euiccCiPKIdToBeUsed", "serverCertificate")
        context = tlv.encode(0xA0, tlv.encode(0x80, matching_id.encode()), DEVICE)
        request = tlv.encode(0xBF38, *(octets(first, name) for name in names), context)
        response = self.good(self.es10(request))
        transaction = first["transactionId"]
        second = self.es9("authenticateClient", transactionId=transaction, authenticateServerResponse=response)
        hashed = (
            b""
            if code is None
            else tlv.encode(0x04, sha256(sha256(code.encode()).digest() + bytes.fromhex(transaction)).digest())
        )
        parts = [octets(second, name) for name in ("smdpSigned2", "smdpSignature2", "smdpCertificate")]
        response = self.good(self.es10(tlv.encode(0xBF21, parts[0], parts[1], hashed, parts[2])))
        third = self.es9("getBoundProfilePackage", transactionId=transaction, prepareDownloadResponse=response)
        return self.load(octets(third, "boundProfilePackage"))

    def load(self, bound: bytes) -> bytes:
        """
        Send the package, until the card gives its result.
        """
        for segment in segments(bound):
            result = self.es10(segment)
            if result:
                return result
        raise Stopped("the card gave no result")


def outcome(result: bytes) -> tuple[int, bytes]:
    """
    Success or error, and what it says.
    """
    (choice,) = tlv.only(result, 0xBF37).children().need(0xBF27).children().need(0xA2).children()
    return choice.tag, choice.value


class DownloadTests(SynchronousTestCase):
    """
    Downloads that succeed.
    """

    def download(self, pki: Pki, order: Order, code: str | None = None) -> VirtualEuicc:
        """
        Download, deliver the notification, and check what both sides know.
        """
        smdp, card = Smdp(pki), VirtualEuicc.from_pki(pki)
        smdp.add(order)
        lpa = Lpa(card, smdp)
        result = lpa.download(order.matching_id, code)
        self.assertEqual(outcome(result)[0], INSTALLED)
        self.assertEqual(
            [(each.iccid, each.name, each.provider) for each in card.profiles], [(order.iccid, order.name, order.provider)]
        )
        lpa.es9("handleNotification", pendingNotification=result)
        (heard,) = smdp.notifications
        self.assertEqual((heard.event, heard.problem, heard.error, order.installed), ("install", "", None, 1))
        self.assertEqual(heard.address, pki.host)
        return card

    def test_nist(self) -> None:
        """
        P-256, a generated package.
        """
        self.download(make_pki(), Order("PROFILE-1", make_package(make_iccid(1), 8000)))

    def test_brainpool(self) -> None:
        """
        Brainpool P-256.
        """
        self.download(make_pki("brainpool"), Order("PROFILE-1", make_package(make_iccid(1), 3000)))

    def test_freshKeys(self) -> None:
        """
        Profile elements protected with keys of their own.
        """
        self.download(make_pki(), Order("PROFILE-1", make_package(make_iccid(1), 3000), fresh_keys=True))

    def test_confirmationCode(self) -> None:
        """
        With a confirmation code.
        """
        self.download(make_pki(), Order("PROFILE-1", make_package(make_iccid(1), 900), confirmation_code="12é4"), "12é4")

    def test_everything(self) -> None:
        """
        An icon, policy rules, several addresses for notifications: metadata of more than one data object.
        """
        order = Order(
            "PROFILE-1",
            make_package(make_iccid(1), 900),
            icon=b"\x89PNG" + bytes(1020),
            policy_rules=frozenset({"ppr1", "ppr2"}),
            events=("install", "enable", "disable", "delete"),
            addresses=("", "other.example.test"),
        )
        self.download(make_pki(), order)

    def test_later(self) -> None:
        """
        Enabling the profile makes a notification that the server can verify.
        """
        pki = make_pki()
        order = Order("PROFILE-1", make_package(make_iccid(1), 900))
        card = self.download(pki, order)
        lpa = Lpa(card, Smdp(pki))
        iccid = tlv.only(order.metadata(""), 0xBF25).children().need(0x5A).raw
        lpa.es10(tlv.encode(0xBF31, tlv.encode(0xA0, iccid), tlv.encode(0x81, b"\0")))
        pending = tlv.only(lpa.es10(bytes.fromhex("BF2B00")), 0xBF2B).children().need(0xA0).children()
        for each in pending.every(0x30):
            lpa.es9("handleNotification", pendingNotification=each.raw)
        self.assertEqual([(each.event, each.problem) for each in lpa.smdp.notifications], [("enable", "")])

    def test_sgp26(self) -> None:
        """
        The GSMA's test certificates and generic test profiles.
        """
        pki = load_pki(SGP26)
        for path in sorted((SGP26 / "upp").glob("*.der")):
            self.download(pki, Order(path.stem, path.read_bytes()))

    if not SGP26.is_dir():
        test_sgp26.skip = "the SGP.26 certificates are not beside the checkout"  # type: ignore[attr-defined]


class RefusedTests(SynchronousTestCase):
    """
    Downloads that fail, and on whose word.
    """

    def setUp(self) -> None:
        self.pki = make_pki()
        self.card = VirtualEuicc.from_pki(self.pki)
        self.order = Order("PROFILE-1", make_package(make_iccid(1), 3000))

    def download(self, pki: Pki | None = None, matching_id: str = "PROFILE-1", code: str | None = None, **tampered: Any) -> str:
        """
        Download from a server that does something wrong.

        @return: who stopped it with what, or the error in the result.
        """
        smdp = Smdp(pki or self.pki)
        smdp.tamper = tampered
        smdp.add(self.order)
        try:
            tag, value = outcome(Lpa(self.card, smdp).download(matching_id, code))
        except Stopped as stopped:
            return str(stopped)
        return f"BF37: {value.hex()}" if tag == REFUSED else "installed"

    def test_dpAuth(self) -> None:
        """
        The eUICC refuses the server's first certificate: invalidCertificate (1).
        """
        for fault in (Fault.OTHER_CA, Fault.WRONG_POLICY):
            self.assertEqual(self.download(self.pki.replaced("dp_auth", fault)), "BF38: 01", fault)

    def test_dpPb(self) -> None:
        """
        The eUICC refuses the server's second certificate: invalidCertificate (1); another SM-DP+'s too.
        """
        for fault in (Fault.OTHER_CA, Fault.WRONG_POLICY, Fault.OTHER_OID):
            self.assertEqual(self.download(self.pki.replaced("dp_pb", fault)), "BF21: 01", fault)

    def test_signatures(self) -> None:
        """
        A wrong signature is invalidSignature (2).
        """
        self.assertEqual(self.download(initiateAuthentication=tamper.broken_signature("serverSignature1")), "BF38: 02")
        self.assertEqual(self.download(authenticateClient=tamper.broken_signature("smdpSignature2")), "BF21: 02")

    def test_challenge(self) -> None:
        """
        Another challenge is euiccChallengeMismatch (6).
        """
        self.assertEqual(self.download(initiateAuthentication=tamper.signed1(euicc_challenge=bytes(16))), "BF38: 06")

    def test_transaction(self) -> None:
        """
        Another transaction in what is signed is invalidTransactionId (5).
        """
        self.assertEqual(self.download(authenticateClient=tamper.signed2(transaction_id=bytes(16))), "BF21: 05")

    def test_package(self) -> None:
        """
        A wrong bit in the last data object: loadProfileElements (5), scp03tSecurityError (8); and it can be tried again.
        """
        found = self.download(getBoundProfilePackage=tamper.flipped_bit("boundProfilePackage"))
        self.assertEqual(found[:18], "BF37: 800105810108")
        self.assertEqual(self.card.profiles, [])
        self.assertEqual(self.download(), "installed")

    def test_twice(self) -> None:
        """
        A profile that is there already: iccidAlreadyExistsOnEuicc (9), when its metadata come.
        """
        self.assertEqual(self.download(), "installed")
        self.assertEqual(self.download()[:18], "BF37: 800102810109")

    def test_iccid(self) -> None:
        """
        Metadata with another ICCID than the package's: dataMismatch (13), while elements are loaded.
        """
        self.order.iccid = make_iccid(2)
        self.assertEqual(self.download()[:18], "BF37: 80010581010d")

    def test_confirmationCode(self) -> None:
        """
        The server refuses a wrong one; a missing one may be refused by the eUICC already.
        """
        self.order.confirmation_code = "1234"
        self.assertEqual(self.download(code="4321"), "getBoundProfilePackage: 8.2.7/3.8")
        self.assertIn(self.download(), ("BF21: 7f", "getBoundProfilePackage: 8.2.7/2.2"))

    def test_otherCi(self) -> None:
        """
        A server below another CI has no certificate for this eUICC.
        """
        self.assertEqual(self.download(make_pki()), "initiateAuthentication: 8.8.2/3.1")

    def test_matchingId(self) -> None:
        """
        An unknown MatchingID.
        """
        self.assertEqual(self.download(matching_id="ELSE"), "authenticateClient: 8.2.6/3.8")
