# -*- test-case-name: tests.transports.ramhttp.test_wire -*-
"""
Tests for L{cardgw.transports.ramhttp.wire}.
"""

from __future__ import annotations

from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.transports.ramhttp.wire import (
    DEFAULT_ATR,
    TEMPLATE_MAX,
    Answer,
    Apdu,
    AtrGiven,
    Closed,
    Initiation,
    Notify,
    Rapdu,
    ResetCard,
    Unknown,
    WireError,
    decode_initiation,
    decode_request,
    decode_response,
    encode_initiation,
    encode_request,
    encode_response,
    is_initiation,
)

ATR = bytes.fromhex("3BFE1800008131FE458031815448534D31738021408107FA")
GIVEN = f"C018{ATR.hex()}"
HSM = bytes.fromhex("00A404040BE82B0601040181C31F0201 00")
HSM_FCI = bytes.fromhex("620782017885020102 9000")
VERIFY = bytes.fromhex("0020008106363438323139")
CHALLENGE = bytes.fromhex("0084000045")
RANDOM = bytes(range(69)) + b"\x90\0"
LONG_ODD = bytes.fromhex("00DB3FFF0005DC") + bytes(1498) + bytes.fromhex("1500")
REMOVED = Closed("Card was removed.")
SMILE = "Größe ✓ 卡"

Asked: TypeAlias = Apdu | ResetCard | Notify
Answered: TypeAlias = Rapdu | AtrGiven | Closed
IDS = st.integers(-0x80000000, 0x7FFFFFFF)
TEXTS = st.text(max_size=40)
NOTES = st.builds(Notify, IDS, TEXTS, st.none() | st.integers(0, 0x7FFFFFFF))
REQUESTS = st.lists(st.builds(Apdu, st.binary(max_size=300)) | st.just(ResetCard()) | NOTES, max_size=12)
RESPONSES = st.lists(
    st.builds(Rapdu, st.binary(max_size=300)) | st.builds(AtrGiven, st.binary(max_size=33)) | st.builds(Closed, TEXTS),
    max_size=12,
)
INITIATIONS = st.builds(
    Initiation,
    st.binary(min_size=1, max_size=33),
    st.none() | st.integers(1, 0x7FFFFFFF),
    st.none() | st.integers(1, 0x7FFFFFFF),
)


def octets(text: str) -> bytes:
    """
    Bytes as the examples write them.
    """
    return bytes.fromhex(text)


class RequestTests(SynchronousTestCase):
    """
    What the gateway asks.
    """

    def test_examples(self) -> None:
        """
        Requests as they were seen on the wire are made, and read.
        """
        batch: list[Asked] = [ResetCard(), Notify(1, "Selecting", 30), Apdu(HSM), Apdu(VERIFY), Apdu(CHALLENGE), Apdu(CHALLENGE)]
        extended: list[Asked] = [Apdu(HSM), Apdu(LONG_ODD), Apdu(octets("00840000000800"))]
        table: list[tuple[str, list[Asked]]] = [
            ("AA02 C000", [ResetCard()]),
            ("AA0B E009 020100 0C0454657374", [Notify(0, "Test")]),
            ("AA06 2204 00200081", [Apdu(octets("00200081"))]),
            (f"AA13 2211 {HSM.hex()}", [Apdu(HSM)]),
            ("AA07 2205 0084000045", [Apdu(CHALLENGE)]),
            ("AA00", []),
            (
                "AA43 C000 E011 020101 0C0953656C656374696E67 C3011E"
                f"2211{HSM.hex()} 220B{VERIFY.hex()} 22050084000045 22050084000045",
                batch,
            ),
            (f"AA820603 2211{HSM.hex()} 228205E3{LONG_ODD.hex()} 220700840000000800", extended),
            ("AA16 E014 02014D 0C0F4772C3B6C39F6520E29C9320E58DA1", [Notify(77, SMILE)]),
        ]
        for text, elements in table:
            self.assertEqual(encode_request(elements), octets(text))
            self.assertEqual(decode_request(octets(text)), tuple(elements))

    @given(REQUESTS)
    def test_turn(self, elements: list[Asked]) -> None:
        """
        What is encoded is decoded again.
        """
        self.assertEqual(decode_request(encode_request(elements)), tuple(elements))

    def test_ids(self) -> None:
        """
        The number of a notification is signed, as short as can be, and has four bytes at most.
        """
        for number, text in (
            (0, "00"), (1, "01"), (-1, "FF"), (127, "7F"), (128, "0080"), (-128, "80"), (-129, "FF7F"), (300, "012C"),
            (32768, "008000"), (0x7FFFFFFF, "7FFFFFFF"), (-0x80000000, "80000000"),
        ):  # fmt: skip
            integer = tlv.encode(0x02, octets(text))
            template = tlv.encode(0xAA, tlv.encode(0xE0, integer, b"\x0c\0"))
            self.assertEqual(encode_request([Notify(number, "")]), template)
            self.assertEqual(decode_request(template), (Notify(number, ""),))
        for number in (0x80000000, -0x80000001):
            self.assertRaises(WireError, encode_request, [Notify(number, "")])
        self.assertEqual(decode_request(octets("AA0A E008 02040000004D 0C00")), (Notify(77, ""),))
        for text in ("AA0B E009 02050000000001 0C00", "AA06 E004 0200 0C00", "AA04 E002 0C00"):
            self.assertRaises(WireError, decode_request, octets(text))

    def test_seconds(self) -> None:
        """
        Seconds are never taken for a negative number by who reads them as signed; a notification without a text has an empty one.
        """
        self.assertEqual(encode_request([Notify(1, "", 200)]), octets("AA0B E009 020101 0C00 C30200C8"))
        self.assertEqual(decode_request(octets("AA08 E006 020101 C301C8")), (Notify(1, "", 200),))

    def test_text(self) -> None:
        """
        Texts that are not Unicode are repaired, in both directions.
        """
        self.assertEqual(encode_request([Notify(0, "a\ud800")]), octets("AA09 E007 020100 0C02613F"))
        self.assertEqual(decode_request(octets("AA09 E007 020100 0C0261FF")), (Notify(0, "a�"),))

    def test_longest(self) -> None:
        """
        A template of 65535 bytes is made; a longer one is refused, whatever it is made of.
        """
        fits = encode_request([Apdu(bytes(TEMPLATE_MAX - 8))])
        self.assertEqual((len(fits), fits[:8]), (TEMPLATE_MAX, octets("AA82FFFB 2282FFF7")))
        self.assertRaises(WireError, encode_request, [Apdu(bytes(TEMPLATE_MAX - 7))])
        self.assertRaises(WireError, encode_request, [Apdu(bytes(4))] * 20_000)

    def test_closed(self) -> None:
        """
        A server that ends a session by E1 is understood, with a reason or without one; we never do so.
        """
        self.assertEqual(decode_request(octets("AA07 E105 0C03427965")), (Closed("Bye"),))
        self.assertEqual(decode_request(octets("AA02 E100")), (Closed(""),))

    def test_unknown(self) -> None:
        """
        Elements that nobody knows are told, and are in nobody's way; their tags may have two bytes.
        """
        found = decode_request(octets("AA10 9901AA 9F7F00 2204 00200081 2500 8000"))
        self.assertEqual(found, (Unknown(0x99), Unknown(0x9F7F), Apdu(octets("00200081")), Unknown(0x25), Unknown(0x80)))

    def test_reset(self) -> None:
        """
        A reset with something in it is none.
        """
        self.assertRaises(WireError, decode_request, octets("AA03 C00100"))


class ResponseTests(SynchronousTestCase):
    """
    What the card's side answers.
    """

    def test_examples(self) -> None:
        """
        Responses as clients sent them are read; the count of ram-client is what ours would write.
        """
        status, data = Rapdu(b"\x90\0"), Rapdu(RANDOM)
        atr, fci = AtrGiven(ATR), Rapdu(HSM_FCI)
        table: list[tuple[str, list[Answered], int]] = [
            (f"AB1D {GIVEN} 800100", [atr], 0),
            ("AB03 800100", [], 0),
            ("AB07 23026E00 800101", [Rapdu(b"\x6e\0")], 1),
            (f"AB10 230B{HSM_FCI.hex()} 800101", [fci], 1),
            (f"AB4C 2347{RANDOM.hex()} 800101", [data], 1),
            (f"AB81C0 {GIVEN} 230B{HSM_FCI.hex()} 23029000 2347{RANDOM.hex()} 2347{RANDOM.hex()} 800104",
             [atr, fci, status, data, data], 4),
            (f"AB18 23026A82 230B{HSM_FCI.hex()} 23026D00 800103", [Rapdu(b"\x6a\x82"), fci, Rapdu(b"\x6d\0")], 3),
            (f"AB82081C 230B{HSM_FCI.hex()} 230401029000 23820802{'5A' * 2048}9000 800103",
             [fci, Rapdu(octets("01029000")), Rapdu(b"\x5a" * 2048 + b"\x90\0")], 3),
            (f"AB45 {GIVEN} 230B{HSM_FCI.hex()} 23029000 2300 E1130C11{REMOVED.reason.encode().hex()} 800103",
             [atr, fci, status, Rapdu(b""), REMOVED], 3),
            (f"AB17 E1120C10{b'Session canceled'.hex()} 800100", [Closed("Session canceled")], 0),
            (f"AB8204B8 {'23029000' * 301} 8002012D", [status] * 301, 301),
        ]  # fmt: skip
        for text, elements, count in table:
            self.assertEqual(decode_response(octets(text)), Answer(tuple(elements), count))
            self.assertEqual(encode_response(elements, count), octets(text))

    def test_counts(self) -> None:
        """
        A count is read wherever it is and however it is written, and decides nothing; it may be missing, or be no number.
        """
        for text, expected in (
            ("AB04 23029000", None),
            ("AB07 800101 23029000", 1),
            ("AB07 23029000 80012D", 45),
            ("AB08 23029000 800200C8", 200),
            ("AB07 23029000 8001C8", 200),
            ("AB06 23029000 8000", None),
            ("AB0B 23029000 80050000000001", None),
        ):
            self.assertEqual(decode_response(octets(text)), Answer((Rapdu(b"\x90\0"),), expected))
        self.assertEqual(encode_response([], 200), octets("AB03 8001C8"))

    @given(RESPONSES, st.integers(0, 70_000))
    def test_turn(self, elements: list[Answered], count: int) -> None:
        """
        What is encoded is decoded again.
        """
        self.assertEqual(decode_response(encode_response(elements, count)), Answer(tuple(elements), count))

    def test_long(self) -> None:
        """
        A response may be longer than a request: servers read what they have asked for.
        """
        elements = [Rapdu(bytes(65_538))] * 2
        template = encode_response(elements, 2)
        self.assertEqual(template[:2], octets("AB83"))
        self.assertEqual(decode_response(template).elements, tuple(elements))

    def test_many(self) -> None:
        """
        All answers of the longest request are read.
        """
        elements = [Rapdu(b"\x90\0")] * 11_000
        self.assertEqual(len(decode_response(encode_response(elements, 11_000)).elements), 11_000)

    def test_unknown(self) -> None:
        """
        Elements that nobody knows are told, those of a request among them.
        """
        self.assertEqual(decode_response(octets("AB08 E20101 2200 800100")), Answer((Unknown(0xE2), Unknown(0x22)), 0))


class InitiationTests(SynchronousTestCase):
    """
    How the card's side begins.
    """

    def test_examples(self) -> None:
        """
        Initiations as clients sent them are read, and made.
        """
        for text, initiation in (
            (f"E81A {GIVEN}", Initiation(ATR)),
            (f"E822 {GIVEN} C10207D0 C2020800", Initiation(ATR, 2000, 2048)),
        ):
            self.assertEqual(decode_initiation(octets(text)), initiation)
            self.assertEqual(encode_initiation(initiation), octets(text))

    @given(INITIATIONS)
    def test_turn(self, initiation: Initiation) -> None:
        """
        What is encoded is decoded again.
        """
        self.assertEqual(decode_initiation(encode_initiation(initiation)), initiation)

    def test_lenient(self) -> None:
        """
        The elements may come in any order, with unknown ones among them; limits are not negative; 0 is no limit.
        """
        for text, initiation in (
            (f"E81E C102FFFF {GIVEN}", Initiation(ATR, 65535)),
            (f"E81F C10300FFFF {GIVEN}", Initiation(ATR, 65535)),
            (f"E81D C10100 {GIVEN}", Initiation(ATR)),
            (f"E81D E20101 {GIVEN}", Initiation(ATR)),
            ("E800", Initiation(DEFAULT_ATR)),
            ("E802 C000", Initiation(DEFAULT_ATR)),
        ):
            self.assertEqual(decode_initiation(octets(text)), initiation)
        for text in ("E802 C100", "E807 C1050000000001"):
            self.assertRaises(WireError, decode_initiation, octets(text))

    def test_is(self) -> None:
        """
        The first byte tells.
        """
        self.assertEqual([is_initiation(octets(text)) for text in ("E8", "E800", "AB03800100", "")], [True, True, False, False])
