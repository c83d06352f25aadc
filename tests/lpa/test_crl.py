# -*- test-case-name: tests.lpa.test_crl -*-
"""
Tests for L{cardgw.lpa.crl}.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import decode, encode, only
from cardgw.errors import MalformedAnswer, UnexpectedStatus
from cardgw.lpa.crl import CRL_MAX, load_crl, load_crl_request, parse_loaded, read_crl
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.isdr import Isdr
from cardgw.testing.session import FakeSession
from cardgw.virtual.crl import issue_crl
from cardgw.virtual.euicc_options import Faults, Options
from cardgw.virtual.pki import make_pki
from tests.lpa.card import ScriptedChannel
from tests.lpa.world import World, pki_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PKI = make_pki(now=NOW)
DER = issue_crl(PKI.ci, [PKI.dp_auth, PKI.dp_tls], number=300, now=NOW)
PEM = x509.load_der_x509_crl(DER).public_bytes(Encoding.PEM).decode()


class ReadTests(SynchronousTestCase):
    """
    L{read_crl}.
    """

    def refused(self, text: str) -> str:
        """
        Why a text is no list.
        """
        return str(self.assertRaises(ValueError, read_crl, text))

    def test_forms(self) -> None:
        """
        Hexadecimal, with colons or spaces as well, base64 in lines, and PEM give the same list.
        """
        base64 = b64encode(DER).decode()
        lines = "\n".join(base64[at : at + 64] for at in range(0, len(base64), 64))
        for text in (DER.hex(), DER.hex(":").upper(), f" {DER.hex(' ')}\n", base64, lines, PEM, f"\n{PEM}\n"):
            self.assertEqual(read_crl(text).der, DER)

    def test_facts(self) -> None:
        """
        What it says is known.
        """
        expected = {
            "issuer": "O=Example,CN=Example CI",
            "crlNumber": 300,
            "thisUpdate": "2026-11-21T11:00:00+00:00",
            "nextUpdate": "2026-12-21T12:00:00+00:00",
            "revokedCertificates": 2,
        }
        self.assertEqual(read_crl(PEM).facts(), expected)
        self.assertIsNone(read_crl(issue_crl(PKI.ci, number=None).hex()).number)

    def test_none(self) -> None:
        """
        What is no list is told why.
        """
        certificate = PKI.ci.certificate.public_bytes(Encoding.PEM).decode()
        for text, words in (
            ("", "it is empty"),
            ("  \n", "it is empty"),
            ("hello, world", "neither hexadecimal nor base64 nor PEM"),
            (DER.hex()[:-1] + "!", "neither hexadecimal nor base64 nor PEM"),
            ("3000", "no revocation list"),
            (DER.hex() + "00", "no revocation list"),
            (DER.hex()[:-2], "no revocation list"),
            (PKI.ci.der.hex(), "no revocation list"),
            (certificate, "with CERTIFICATE in it, not X509 CRL"),
            ("-----hello-----", "with nothing in it, not X509 CRL"),
            (PEM.replace("A", "B"), "the PEM text is damaged"),
            (PEM.split("-----END", maxsplit=1)[0], "the PEM text is damaged"),
            ("30" * (CRL_MAX + 1), f"it has {CRL_MAX + 1} bytes, at most {CRL_MAX} can be sent"),
        ):
            self.assertIn(words, self.refused(text))

    @given(st.text(max_size=200) | st.binary(max_size=200).map(bytes.hex))
    def test_anything(self, text: str) -> None:
        """
        Whatever it is, it is a list or a C{ValueError}.
        """
        self.refused(text)

    @given(st.integers(0, len(DER) - 1), st.integers(1, 255))
    def test_damaged(self, at: int, change: int) -> None:
        """
        So it is with a list in which one byte is wrong.
        """
        der = bytearray(DER)
        der[at] ^= change
        try:
            read_crl(der.hex())
        except ValueError as problem:
            self.assertTrue(str(problem))

    def test_dates(self) -> None:
        """
        A list that has expired, or is not valid yet, is doubtful.
        """
        crl = read_crl(PEM)
        self.assertEqual(crl.doubts(NOW.timestamp()), [])
        (late,) = crl.doubts(NOW.timestamp() + 31 * 86400)
        self.assertEqual(late, "The list has expired on 2026-12-21 12:00 UTC; there should be a newer one.")
        (early,) = crl.doubts(NOW.timestamp() - 86400)
        self.assertEqual(early, "The list is valid from 2026-11-21 11:00 UTC on only.")


class FormatTests(SynchronousTestCase):
    """
    Request and response.
    """

    def test_request(self) -> None:
        """
        The list is in BF35, and its tag is A0.
        """
        (crl,) = only(load_crl_request(DER), 0xBF35).children()
        self.assertEqual((crl.tag, crl.value), (0xA0, decode(DER)[0].value))

    def test_taken(self) -> None:
        """
        Missing parts are numbers, bare or each in a sequence.
        """
        for answer, missing in (
            ("BF3502A000", ()),
            ("BF3504A002A000", ()),
            ("BF350BA009A0070201010202012C", (1, 300)),
            ("BF350FA00DA00B300380010130048002012C", (1, 300)),
            ("BF3509A007A0053003020105", (5,)),
        ):
            self.assertEqual(parse_loaded(bytes.fromhex(answer)), missing)

    def test_refused(self) -> None:
        """
        Each code of the standard has words of its own.
        """
        sentences = set()
        for code in (1, 2, 3, 4, 5, 6, 127):
            error = self.assertRaises(Es10Error, parse_loaded, encode(0xBF35, encode(0x81, bytes((code,)))))
            self.assertEqual((error.function, error.result), ("LoadCRL", code))
            sentences.add(error.sentence)
        self.assertEqual(len(sentences), 7)
        self.assertRaises(Es10Error, parse_loaded, bytes.fromhex("BF3503020105"))

    @given(st.binary(max_size=12))
    def test_malformed(self, content: bytes) -> None:
        """
        Whatever else comes is told to be malformed.
        """
        for answer in (content, encode(0xBF35, content)):
            try:
                parse_loaded(answer)
            except (MalformedAnswer, Es10Error) as problem:
                self.assertIn("LoadCRL", str(problem))


class LoadTests(SynchronousTestCase):
    """
    L{load_crl}.
    """

    def load(self, world: World, der: bytes) -> Deferred[dict[str, Any]]:
        """
        Give a card a list.
        """
        isdr = Isdr(world.session.channel)
        return Deferred.fromCoroutine(load_crl(world.session, isdr, read_crl(der.hex())))

    def test_taken(self) -> None:
        """
        A software eUICC takes it, and refuses the server from then on.
        """
        world, pki = World(), pki_of("nist")
        world.clock.advance(datetime.now(UTC).timestamp())
        result = self.successResultOf(self.load(world, issue_crl(pki.ci, [pki.dp_auth], number=2)))
        self.assertEqual((result["crlNumber"], result["revokedCertificates"], result["missingParts"]), (2, 1, []))
        self.assertNotIn("warnings", result)
        self.assertEqual(world.stages, ["es10b_load_crl"])
        error = self.failureResultOf(world.download(), Es10Error).value
        self.assertEqual((error.function, error.reason.name), ("AuthenticateServer", "invalidCertificate"))

    def test_parts(self) -> None:
        """
        What is missing is told.
        """
        world = World()
        result = self.successResultOf(self.load(world, issue_crl(pki_of("nist").ci, part=(2, 4))))
        self.assertEqual(result["missingParts"], [1, 3, 4])

    def test_refused(self) -> None:
        """
        A list of another CI is refused by the card.
        """
        error = self.failureResultOf(self.load(World(), DER), Es10Error).value
        self.assertEqual(error.reason.name, "verificationKeyNotFound")

    def test_noSupport(self) -> None:
        """
        A card that does not know the function is explained.
        """
        world = World(options=Options(pinned=True, faults=Faults(status={0xBF35: 0x6A88})))
        error = self.failureResultOf(self.load(world, DER), UnexpectedStatus).value
        self.assertIn("LoadCRL: 6A88", str(error))
        self.assertIn("crlSupport", str(error))

    def test_warned(self) -> None:
        """
        An expired list goes to the card all the same, with a warning.
        """
        channel = ScriptedChannel(lambda command: bytes.fromhex("bf3502a0009000" if command[2] == 0x91 else "9000"))
        clock = Clock()
        clock.advance(NOW.timestamp() + 100 * 86400)
        session = FakeSession(channel=channel, clock=clock)
        result = self.successResultOf(Deferred.fromCoroutine(load_crl(session, Isdr(channel), read_crl(PEM))))
        (warning,) = result["warnings"]
        self.assertIn("has expired", warning)
        data = b"".join(each[5:] for each in channel.sent)
        self.assertEqual(data, load_crl_request(DER))
