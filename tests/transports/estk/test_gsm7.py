# -*- test-case-name: tests.transports.estk.test_gsm7 -*-
# ruff: noqa: RUF001
"""
Tests for L{cardgw.transports.estk.gsm7} and L{cardgw.transports.estk.lookalikes}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.estk.gsm7 import BOX_MAX, boxes, decode, encode
from cardgw.transports.estk.lookalikes import LOOKALIKES

ALPHABET = [decode(bytes((code,))) for code in range(128) if code != 0x1B] + list("^{}\\[~]|€")


def letters(octets: bytes) -> bytes:
    """
    Without white space.
    """
    return b"".join(octets.split())


def may_break(octets: bytes, at: int, limit: int) -> bool:
    """
    Whether a box may end before this place: at white space, or within a word that no box can hold.
    """
    if octets[at - 1 : at + 1].split() != [octets[at - 1 : at + 1]]:
        return True
    word = len(octets[:at].split()[-1]) + len(octets[at:].split()[0])
    return word > limit and octets[at - 1] != 0x1B


def fewest(octets: bytes, limit: int) -> int:
    """
    The smallest number of boxes, found by trying all.
    """
    best = {0: 0}
    for end in range(1, len(octets) + 1):
        if end < len(octets) and not may_break(octets, end, limit):
            continue
        counts = [count + 1 for start, count in best.items() if 0 < len(octets[start:end].strip()) <= limit]
        counts += [count for start, count in best.items() if not octets[start:end].strip()]
        if counts:
            best[end] = min(counts)
    return best[len(octets)]


class AlphabetTests(SynchronousTestCase):
    """
    L{encode} and L{decode} follow 3GPP TS 23.038, 6.2.1.
    """

    def test_basic(self) -> None:
        """
        Some characters are where ASCII has control characters.
        """
        self.assertEqual(encode("$@_£¥é\n"), bytes.fromhex("02001101 03050a".replace(" ", "")))
        self.assertEqual(encode("LPA:1$h"), b"LPA:1\x02h")
        self.assertEqual(encode("¡ÄÖÑÜ§¿äöñüà"), bytes.fromhex("405b5c5d5e5f607b7c7d7e7f"))

    def test_extension(self) -> None:
        """
        Ten characters take an escape and a byte.
        """
        self.assertEqual(encode("^{}\\[~]|€"), bytes.fromhex("1b141b281b291b2f1b3c1b3d1b3e1b401b65"))
        self.assertEqual(decode(bytes.fromhex("1b65")), "€")

    def test_replacements(self) -> None:
        """
        What the alphabet lacks is replaced by what looks most alike.
        """
        for text, expected in {
            "Łódź": "Lodz",
            "garçon Ç": "garcon Ç",
            "e\u0301a\u0301": "éa",
            "“x” ‘y’ „z“": '"x" \'y\' "z"',
            "wait…": "wait...",
            "a–b—c": "a-b-c",
            "ﬁ ½ ① Ａ": "fi 1/2 1 A",
            "Ελλάδα": "EΛΛAΔA",
            "МТС Россия": "MTS Rossiya",
            "a\u00a0b\u200b\u2003c": "a b c",
            "日本 🙂": "?? ?",
            "\x00\x1b": "??",
        }.items():
            self.assertEqual(decode(encode(text)), expected.replace("ó", "o"), text)

    def test_lookalikes(self) -> None:
        """
        Every replacement can be shown.
        """
        for character, replacement in LOOKALIKES.items():
            self.assertNotIn(b"?", encode(replacement), character)

    @given(st.text(st.sampled_from(ALPHABET)))
    def test_roundTrip(self, text: str) -> None:
        """
        What the alphabet has survives, but for the form feed, which becomes a line end.
        """
        self.assertEqual(decode(encode(text)), text)

    @given(st.text())
    def test_anyText(self, text: str) -> None:
        """
        Any text can be encoded; encoding what came out changes nothing more.
        """
        once = encode(text)
        self.assertEqual(encode(decode(once)), once)
        self.assertLess(max(once, default=0), 0x80)

    @given(st.binary())
    def test_anyBytes(self, octets: bytes) -> None:
        """
        Any bytes can be decoded.
        """
        self.assertIsInstance(decode(octets), str)

    def test_lenient(self) -> None:
        """
        An unknown extension shows the basic character, two escapes or a last one a space, a byte above 7F a question mark.
        """
        self.assertEqual(decode(bytes.fromhex("1b41 1b1b 65 ff 1b".replace(" ", ""))), "A e? ")


class BoxesTests(SynchronousTestCase):
    """
    L{boxes} splits a text into few boxes.
    """

    def test_short(self) -> None:
        """
        A text that fits is one box; white space around it is not shown.
        """
        self.assertEqual(boxes("\nhello\nyou "), [b"hello\nyou"])

    def test_nothing(self) -> None:
        """
        A text without anything to see blocks no card.
        """
        self.assertEqual(boxes(""), [])
        self.assertEqual(boxes(" \n "), [])

    def test_words(self) -> None:
        """
        Boxes end between words.
        """
        self.assertEqual(boxes("one two three", 8), [b"one two", b"three"])
        self.assertEqual(boxes("one two three", 7), [b"one two", b"three"])
        self.assertEqual(boxes("one two three", 6), [b"one", b"two", b"three"])

    def test_lines(self) -> None:
        """
        A line end is preferred where that takes no further box.
        """
        self.assertEqual(boxes("first\nsecond line", 14), [b"first", b"second line"])
        self.assertEqual(boxes("a\nbbbb cccc dddd", 11), [b"a\nbbbb cccc", b"dddd"])

    def test_longWord(self) -> None:
        """
        A word that no box can hold is cut, and begins where there is room.
        """
        self.assertEqual(boxes("ab " + "x" * 12, 8), [b"ab xxxxx", b"xxxxxxx"])

    def test_escape(self) -> None:
        """
        An escape and its character stay together.
        """
        self.assertEqual(boxes("€€€", 3), [b"\x1be", b"\x1be", b"\x1be"])
        self.assertEqual(boxes("a€", 2), [b"a", b"\x1be"])

    def test_limit(self) -> None:
        """
        A box has at most 253 bytes.
        """
        self.assertEqual([len(box) for box in boxes("x" * (2 * BOX_MAX + 1))], [BOX_MAX, BOX_MAX, 1])

    @given(st.text(st.sampled_from("ab€ \n"), max_size=300), st.integers(2, 40))
    def test_properties(self, text: str, limit: int) -> None:
        """
        Nothing is lost but white space at the breaks; every box fits and shows something.
        """
        found = boxes(text, limit)
        self.assertEqual(letters(b"".join(found)), letters(encode(text)))
        for box in found:
            self.assertLessEqual(len(box), limit)
            self.assertTrue(box.strip())
            self.assertNotEqual(box[-1], 0x1B)

    @given(st.text(st.sampled_from("ab€ \n"), max_size=40), st.integers(2, 12))
    def test_fewest(self, text: str, limit: int) -> None:
        """
        No other way to split takes fewer boxes.
        """
        self.assertEqual(len(boxes(text, limit)), fewest(encode(text).strip(), limit))
