# -*- test-case-name: tests.lpa.test_activation -*-
"""
Tests for L{cardgw.lpa.activation}.
"""

from __future__ import annotations

import string
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa.activation import LONGEST, ActivationCode, ActivationCodeError, parse_activation_code
from cardgw.lpa.imei import clean_imei

HOST, MID = "smdp.example.test", "K2-1A4X"
PLAIN = ActivationCode(HOST, MID)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)
MATCHING_IDS = st.text(string.ascii_letters + string.digits + "-._", max_size=40)
OIDS = st.one_of(
    st.just(""), st.lists(st.integers(0, 10**6), min_size=1, max_size=5).map(lambda arcs: f"2.{'.'.join(map(str, arcs))}")
)
SECRETS = (
    st.text(string.ascii_letters + string.digits + "!+% ", min_size=1, max_size=16)
    .map(str.strip)
    .filter(lambda it: it not in "1")
)
IMEIS = st.one_of(st.none(), st.text("0123456789", min_size=14, max_size=14).map(clean_imei))


@st.composite
def codes(draw: st.DrawFn) -> ActivationCode:
    """
    Any activation code.
    """
    secret = draw(st.one_of(st.none(), SECRETS))
    required = secret is not None or draw(st.booleans())
    return ActivationCode(draw(HOSTS), draw(MATCHING_IDS), draw(OIDS), required, secret, draw(IMEIS))


class FormTests(SynchronousTestCase):
    """
    The many forms of a right code.
    """

    def parse(self, text: str, wanted: ActivationCode) -> None:
        """
        Check one text.
        """
        self.assertEqual(parse_activation_code(text), wanted, text)

    def test_standard(self) -> None:
        """
        With and without the scheme, whose case does not matter, nor does that of the host.
        """
        for text in (f"LPA:1${HOST}${MID}", f"1${HOST}${MID}", f"lpa:1${HOST.upper()}${MID}", f"Lpa:1${HOST}${MID}"):
            self.parse(text, PLAIN)

    def test_space(self) -> None:
        """
        White space around the text and its fields counts for nothing, nor do marks that are not seen.
        """
        for text in (f"  LPA:1${HOST}${MID}\r\n", f"LPA: 1$ {HOST} $ {MID} ", f"\ufeffLPA:1${HOST}${MID}\0"):
            self.parse(text, PLAIN)

    def test_links(self) -> None:
        """
        Links that carry a code, and those that only look like one.
        """
        code = f"1${HOST}${MID}"
        for prefix in (
            "https://qr.esim.cyou/LPA:",
            "https://qr.esim.cyou/",
            "qr.esim.cyou/LPA:",
            "qr.esim.cyou/",
            "HTTPS://QR.ESIM.CYOU/lpa:",
            "https://",
            "https://LPA:",
            "http://example.test/a/b/LPA:",
            "https://example.test/setup?carddata=LPA:",
            "lpa://",
        ):
            self.parse(prefix + code, PLAIN)

    def test_encoded(self) -> None:
        """
        Links carry codes in percent-encoding, whole or in part.
        """
        text = f"LPA:1${HOST}${MID}"
        for encoded in (
            quote(text, safe=""),
            text.replace(":", "%3A"),
            text.replace("$", "%24"),
            quote(text).lower()[:9] + quote(text)[9:],
        ):
            self.parse(encoded, PLAIN)
        self.parse(
            "https://qr.esim.cyou/" + quote(f"{text}$$1#356938035643809", safe=""),
            ActivationCode(HOST, MID, "", True, None, "356938035643809"),
        )

    def test_percentInCode(self) -> None:
        """
        A percent sign in a confirmation code is only that, whatever follows it, unless the whole code is encoded.
        """
        for secret in ("50%25", "50%24", "%3A", "%3a%24"):
            wanted = ActivationCode(HOST, MID, "", True, secret)
            self.parse(f"1${HOST}${MID}$${secret}", wanted)
            self.parse(quote(f"LPA:1${HOST}${MID}$${secret}", safe=""), wanted)

    def test_emptyFields(self) -> None:
        """
        Fields at the end may be missing or empty, however many.
        """
        for text in (f"1${HOST}${MID}$", f"1${HOST}${MID}$$", f"1${HOST}${MID}$$$$"):
            self.parse(text, PLAIN)
        for text in (f"1${HOST}", f"1${HOST}$", f"LPA:1${HOST}$$$"):
            self.parse(text, ActivationCode(HOST))

    def test_noHost(self) -> None:
        """
        Without a host, the default one of the eUICC is meant.
        """
        self.parse(f"LPA:1$${MID}", ActivationCode("", MID))
        self.parse("1$", ActivationCode(""))

    def test_oid(self) -> None:
        """
        The OID that the server's certificate must have.
        """
        self.parse(f"1${HOST}${MID}$1.3.6.1.4.1.31746", ActivationCode(HOST, MID, "1.3.6.1.4.1.31746"))

    def test_confirmation(self) -> None:
        """
        1 says that a confirmation code is needed; anything else is the confirmation code.
        """
        self.parse(f"1${HOST}${MID}$2.999.10$1", ActivationCode(HOST, MID, "2.999.10", True))
        self.parse(f"1${HOST}${MID}$$4711", ActivationCode(HOST, MID, "", True, "4711"))
        self.parse(f"1${HOST}${MID}$$11", ActivationCode(HOST, MID, "", True, "11"))

    def test_imei(self) -> None:
        """
        An IMEI after a hash sign, with or without its check digit.
        """
        for text in ("#356938035643809", "#35693803564380", "$#356938035643809", "# 35-693803-564380-9"):
            self.parse(f"1${HOST}${MID}{text}", ActivationCode(HOST, MID, imei="356938035643809"))
        self.parse(f"1${HOST}${MID}$$4711#356938035643809", ActivationCode(HOST, MID, "", True, "4711", "356938035643809"))
        self.parse(f"1${HOST}${MID}#", PLAIN)

    def test_hosts(self) -> None:
        """
        A full stop at the end is dropped, a port kept, other scripts become what DNS knows.
        """
        self.parse(f"1${HOST}.${MID}", PLAIN)
        self.parse("LPA:1$127.0.0.1:8443$TS48V1", ActivationCode("127.0.0.1:8443", "TS48V1"))
        self.parse("1$B\u00dccher.example$", ActivationCode("xn--bcher-kva.example"))

    @given(codes())
    def test_thereAndBack(self, code: ActivationCode) -> None:
        """
        The text of any code is read as that code.
        """
        self.assertEqual(parse_activation_code(code.format()), code)

    @given(codes())
    def test_encodedThereAndBack(self, code: ActivationCode) -> None:
        """
        So is its percent-encoding in a link.
        """
        self.assertEqual(parse_activation_code(f"https://example.test/{quote(code.format(), safe='')}"), code)


class MistakeTests(SynchronousTestCase):
    """
    A sentence for each mistake.
    """

    def refused(self, text: str, words: str) -> None:
        """
        A text that is none, and what is said of it.
        """
        error = self.assertRaises(ActivationCodeError, parse_activation_code, text)
        self.assertIn(words, error.detail, text)
        self.assertIn(error.detail, error.brief)
        self.assertLessEqual(len(error.brief), 160)
        self.assertTrue(error.brief.isascii())

    def test_nothing(self) -> None:
        """
        There must be something.
        """
        for text in ("", "  \r\n", "LPA:", "lpa: ", "#356938035643809"):
            self.refused(text, "it is empty")

    def test_beginning(self) -> None:
        """
        It begins with the version, which is 1.
        """
        for text in (f"LPA:2${HOST}${MID}", f"2${HOST}", f"https://example.test/LPA:2${HOST}${MID}", "LPA:11$x", "0"):
            self.refused(text, "its version is not 1")
        for text in ("hello", f"{HOST}${MID}", f"LPA${HOST}", "$", f"https://{HOST}/x", "\u0661$x.y$z", f"1 {HOST} {MID}"):
            self.refused(text, "does not begin with LPA:1$")

    def test_noAddress(self) -> None:
        """
        The version alone is not enough.
        """
        for text in ("1", "LPA:1", "lpa:1 "):
            self.refused(text, "SM-DP+ address is missing")

    def test_host(self) -> None:
        """
        The address is a host name that is known to everybody.
        """
        for host in (
            "smdp",
            "a b.example",
            "-a.example",
            "a..example",
            ".",
            "a_b.example",
            "\u00fc." * 40 + "b",
            "x" * 64 + ".example",
            "a@b.c",
            "\u00fc..x",
        ):
            self.refused(f"1${host}${MID}", "is not a host name")
        for host in ("https://" + HOST, HOST + "/path", "//" + HOST):
            self.refused(f"1${host}${MID}", "a scheme or a path")

    def test_port(self) -> None:
        """
        A port is a number, and belongs to a host.
        """
        for port in ("", "0", "65536", "123456", "https", "+1", "\u0661"):
            self.refused(f"1${HOST}:{port}${MID}", "is not a number from 1 to 65535")
        self.refused(f"1$:443${MID}", "is not a host name")
        self.refused(f"1$[::1]:443${MID}", "is not a host name")

    def test_matchingId(self) -> None:
        """
        The position of a wrong character is told, not the character.
        """
        self.refused(f"1${HOST}$AB D", "character 3 of the matching id")
        self.refused(f"1${HOST}$\u00e9", "character 1 of the matching id")
        self.refused(f"1${HOST}$A,B", "letters, digits, hyphens, points and underscores are")

    def test_oid(self) -> None:
        """
        An OID is numbers and points.
        """
        for oid in ("x", "1", "1.", ".1", "1..2", "3.1", "1.02", "1.2.\u0663"):
            self.refused(f"1${HOST}${MID}${oid}$1", "OID")

    def test_confirmation(self) -> None:
        """
        A confirmation code that nobody can have typed.
        """
        for secret in ("a\nb", "a\x02b", "\ud800"):
            self.refused(f"1${HOST}${MID}$${secret}", "confirmation code has a character")

    def test_imei(self) -> None:
        """
        An IMEI has 15 digits, and its last one checks the others.
        """
        self.refused(f"1${HOST}${MID}#1234", "15 digits")
        self.refused(f"1${HOST}${MID}#356938035643809#", "15 digits")
        self.refused(f"1${HOST}${MID}#356938035643808", "does not fit the others")

    def test_length(self) -> None:
        """
        It may have 255 characters, without link and IMEI; the number of fields is limited too.
        """
        head = f"1${HOST}$"
        longest = head + "x" * (LONGEST - len(head))
        self.assertEqual(parse_activation_code(f"https://example.test/LPA:{longest}#356938035643809").host, HOST)
        self.refused(longest + "x", "it has 256 characters, at most 255 are allowed")
        self.refused(f"1${HOST}${MID}$$1$x", "it has 6 fields")

    @given(st.text(max_size=60))
    def test_anything(self, text: str) -> None:
        """
        Whatever is typed is read or refused with a sentence.
        """
        for typed in (text, "LPA:1$" + text, f"1${HOST}${text}", f"1${HOST}${MID}$${text}"):
            try:
                parse_activation_code(typed)
            except ActivationCodeError as error:
                self.assertTrue(str(error).endswith("."))


class SecretTests(SynchronousTestCase):
    """
    An activation code is worth money.
    """

    def test_errors(self) -> None:
        """
        No error repeats what was typed.
        """
        for text in (
            "LPA:1$smdp.example.test$TOPSECRET OOPS",
            "LPA:2$smdp.example.test$TOPSECRET",
            "1$smdp$TOPSECRET",
            "1$smdp.example.test$TOPSECRET$x",
            "1$smdp.example.test$TOPSECRET$$TOPSECRET$x",
            "1$smdp.example.test$TOPSECRET$$4711#1",
            "TOPSECRET",
        ):
            error = self.assertRaises(ActivationCodeError, parse_activation_code, text)
            self.assertNotIn("TOPSECRET", str(error) + error.brief + repr(error))

    def test_repr(self) -> None:
        """
        Neither the matching id nor the confirmation code nor the IMEI is in the value's text for programmers.
        """
        text = repr(parse_activation_code(f"1${HOST}${MID}$$4711#356938035643809"))
        self.assertIn(HOST, text)
        for secret in (MID, "4711", "356938035643809"):
            self.assertNotIn(secret, text)
