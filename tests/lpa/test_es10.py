# -*- test-case-name: tests.lpa.test_es10 -*-
"""
Tests for L{cardgw.lpa.es10}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import decode, encode, only
from cardgw.errors import MalformedAnswer
from cardgw.lpa import es10
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.es10 import CancelReason

CI = bytes.fromhex("81370f5125d0b1d408d4c3b232e6d25e795bebfb")
INFO2 = encode(
    0xBF22,
    bytes.fromhex("8103020301 8203020200 8303040506".replace(" ", "")),
    encode(0x84, bytes.fromhex("81010082040009b4e083022b53")),
    bytes.fromhex("8505067f36c0c0 990207 80".replace(" ", "")),
)


class GreetingTests(SynchronousTestCase):
    """
    GetEUICCChallenge and GetEUICCInfo1.
    """

    def test_requests(self) -> None:
        """
        Both requests are an empty data object, as captured from other LPAs.
        """
        self.assertEqual((es10.GET_EUICC_CHALLENGE.hex(), es10.GET_EUICC_INFO1.hex()), ("bf2e00", "bf2000"))

    def test_challenge(self) -> None:
        """
        The challenge is the 16 bytes in tag 80.
        """
        self.assertEqual(es10.parse_challenge(bytes.fromhex("bf2e128010") + bytes(range(16))), bytes(range(16)))

    def test_challengeOfWrongSize(self) -> None:
        """
        Another size is an error that names the function.
        """
        with self.assertRaises(MalformedAnswer) as caught:
            es10.parse_challenge(bytes.fromhex("bf2e04 80020102".replace(" ", "")))
        self.assertIn("GetEUICCChallenge: a challenge of 2 bytes", str(caught.exception))

    def test_info1(self) -> None:
        """
        EUICCInfo1 lists the CIs by key identifier; its bytes are kept as they came.
        """
        raw = encode(0xBF20, bytes.fromhex("8203020200"), encode(0xA9, encode(4, CI)), encode(0xAA, encode(4, CI)))
        info = es10.parse_info1(raw)
        self.assertEqual((info.raw, info.svn, info.verification, info.signing), (raw, "2.2.0", (CI,), (CI,)))

    def test_info1WithoutIssuers(self) -> None:
        """
        An eUICC that lists no CI has empty lists.
        """
        self.assertEqual(es10.parse_info1(bytes.fromhex("bf2005 8203020200".replace(" ", ""))).verification, ())

    @given(st.binary(max_size=40))
    def test_rubbish(self, octets: bytes) -> None:
        """
        Whatever a card answers: a value, or L{MalformedAnswer}, or the card's own error; nothing else.
        """
        for parse in (
            es10.parse_challenge,
            es10.parse_info1,
            es10.parse_authenticated,
            es10.parse_prepared,
            es10.parse_cancelled,
        ):
            for answer in (octets, encode(0xBF38, octets), encode(0xBF38, encode(0xA0, octets))):
                try:
                    parse(answer)
                except (MalformedAnswer, Es10Error):
                    continue


class InfoTests(SynchronousTestCase):
    """
    What EUICCInfo2 decides.
    """

    def test_physicalCard(self) -> None:
        """
        Free memory and forbidden policy rules, with the field values of a physical card.
        """
        info = es10.parse_info2(only(INFO2, 0xBF22))
        self.assertEqual((info.svn, info.free_nvm, info.forbidden), ("2.2.0", 0x9B4E0, frozenset({"pprUpdateControl"})))

    def test_untold(self) -> None:
        """
        Memory that is not told is C{None}, not zero.
        """
        self.assertIsNone(es10.parse_info2(only(bytes.fromhex("bf2200"), 0xBF22)).free_nvm)

    def test_namedBits(self) -> None:
        """
        The first byte of a BIT STRING is the number of unused bits, and bit 0 the highest of the second.
        """
        self.assertEqual(es10.named_bits(bytes.fromhex("0560"), es10.RULES), {"ppr1", "ppr2"})
        self.assertEqual(es10.named_bits(b"", es10.RULES), frozenset())


class AuthenticateTests(SynchronousTestCase):
    """
    AuthenticateServer.
    """

    def test_context(self) -> None:
        """
        Matching id, TAC and IMEI, as captured (but for the order of the nibbles in the IMEI's last byte, which SGP.22 4.2 gives).
        """
        context = es10.context_parameters("MID", bytes.fromhex("53968330"), bytes.fromhex("539683306534089f"))
        self.assertEqual(context.hex(), "a01980034d4944a112800453968330a1008208539683306534089f")

    def test_contextWithoutMatchingId(self) -> None:
        """
        Without matching id and IMEI their objects are left out.
        """
        self.assertEqual(es10.context_parameters("", bytes.fromhex("35290611")).hex(), "a00aa108800435290611a100")

    def test_request(self) -> None:
        """
        The server's objects go to the card byte for byte.
        """
        parts = (bytes.fromhex("30020101"), bytes.fromhex("5f3701aa"), bytes.fromhex("0401bb"), bytes.fromhex("3000"))
        self.assertEqual(only(es10.authenticate_server(*parts, bytes.fromhex("a000")), 0xBF38).value, b"".join(parts) + b"\xa0\0")

    def answer(self, certificate: bytes = b"\x30\x00") -> bytes:
        signed = encode(0x30, bytes.fromhex("8001aa"), INFO2)
        return encode(0xBF38, encode(0xA0, signed, encode(0x5F37, bytes(64)), certificate, b"\x30\x00"))

    def test_accepted(self) -> None:
        """
        The answer has EUICCInfo2 in it, so that it need not be asked for, and the signature that the server signs next.
        """
        card = es10.parse_authenticated(self.answer())
        self.assertEqual((card.raw, card.signature), (self.answer(), encode(0x5F37, bytes(64))))
        self.assertEqual(card.info2.free_nvm, 0x9B4E0)

    def test_unreadableCertificate(self) -> None:
        """
        A certificate that cannot be read leaves the EID unknown; the server judges it.
        """
        self.assertEqual(es10.parse_authenticated(self.answer()).eid, "")

    def test_refused(self) -> None:
        """
        The error code is an INTEGER without a tag of its own, or in tag 81, as cards do both.
        """
        for code in ("020106", "810106"):
            answer = encode(0xBF38, encode(0xA1, bytes.fromhex("8001aa" + code)))
            with self.assertRaises(Es10Error) as caught:
                es10.parse_authenticated(answer)
            self.assertEqual((caught.exception.function, caught.exception.result), ("AuthenticateServer", 6))

    def test_twoAnswers(self) -> None:
        """
        Anything after the answer is an error.
        """
        with self.assertRaises(MalformedAnswer):
            es10.parse_authenticated(self.answer() + b"\0\0")


class PrepareTests(SynchronousTestCase):
    """
    PrepareDownload.
    """

    def test_request(self) -> None:
        """
        The hash of the confirmation code stands between signature and certificate.
        """
        request = es10.prepare_download(b"\x30\0", bytes.fromhex("5f3701aa"), bytes(32), b"\x30\0")
        self.assertEqual([item.tag for item in decode(only(request, 0xBF21).value)], [0x30, 0x5F37, 0x04, 0x30])

    def test_requestWithoutCode(self) -> None:
        """
        Without a code there is no object for it.
        """
        request = es10.prepare_download(b"\x30\0", bytes.fromhex("5f3701aa"), b"", b"\x30\0")
        self.assertEqual([item.tag for item in decode(only(request, 0xBF21).value)], [0x30, 0x5F37, 0x30])

    def test_accepted(self) -> None:
        """
        The whole answer goes to the server.
        """
        answer = encode(0xBF21, encode(0xA0, b"\x30\0", bytes.fromhex("5f3701aa")))
        self.assertEqual(es10.parse_prepared(answer), answer)

    def test_refused(self) -> None:
        """
        The error branch is an error with its code.
        """
        with self.assertRaises(Es10Error) as caught:
            es10.parse_prepared(encode(0xBF21, encode(0xA1, bytes.fromhex("8001aa020102"))))
        self.assertEqual(caught.exception.result, 2)


class CancelTests(SynchronousTestCase):
    """
    CancelSession.
    """

    def test_request(self) -> None:
        """
        The request as captured: the transaction's 16 bytes and the reason.
        """
        request = es10.cancel_session(bytes(16), CancelReason.END_USER_REJECTION)
        self.assertEqual(request.hex(), "bf41158010" + "00" * 16 + "810100")

    def test_undefinedReason(self) -> None:
        """
        127 is one byte.
        """
        self.assertEqual(es10.cancel_session(b"\1", CancelReason.UNDEFINED).hex(), "bf41068001018101 7f".replace(" ", ""))

    def test_cancelled(self) -> None:
        """
        The eUICC signs that it gave up; the whole answer goes to the server.
        """
        answer = encode(0xBF41, encode(0xA0, b"\x30\0"))
        self.assertEqual(es10.parse_cancelled(answer), answer)

    def test_unknownSession(self) -> None:
        """
        A session that the eUICC does not know is an error.
        """
        with self.assertRaises(Es10Error) as caught:
            es10.parse_cancelled(bytes.fromhex("bf4103810105"))
        self.assertEqual(caught.exception.result, 5)
