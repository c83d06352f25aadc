# -*- test-case-name: tests.apdu.test_mini_language -*-
"""
Tests for L{cardgw.apdu.mini_language}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.mini_language import ScriptError, ScriptLine, parse_script, render
from cardgw.errors import ParameterError
from tests.apdu.strategies import commands

patterns = st.text("0123456789ABCDEFx", min_size=4, max_size=4)
lines = st.builds(ScriptLine, commands.map(lambda each: Command.decode(each.encode())), st.lists(patterns, max_size=3).map(tuple))
"""Lines with commands as they are when they come from the wire."""


def command(text: str) -> str:
    """
    The command of a line, in hexadecimal.
    """
    (line,) = parse_script(text)
    return line.command.encode().hex().upper()


class ParseTests(SynchronousTestCase):
    """
    L{parse_script}.
    """

    def wrong(self, text: str) -> str:
        """
        Why a script is refused.
        """
        return str(self.assertRaises(ScriptError, parse_script, text).detail)

    def test_hexadecimal(self) -> None:
        """
        Four bytes or more are a whole command.
        """
        for text in ("00A40400", "00A4040000", "00A4040008A000000527210101", "80E2910006BF3E035C015A", "00B00000000100"):
            self.assertEqual(command(text), text)
            self.assertEqual(command(f"  {text[:2]} {text[2:].lower()}\t"), text)

    def test_miniLanguage(self) -> None:
        """
        What ykman's users know: what is left out is 00.
        """
        for text, octets in {
            "a1": "00A10000",
            "84/08": "0084000008",
            "80CA": "80CA0000",
            "04dead": "0004DEAD",
            "a40400:a000000527210101": "00A4040008A000000527210101",
            "00A40400:A0000005/00": "00A4040004A000000500",
            "80E29100:BF3E035C015A": "80E2910006BF3E035C015A",
            "00A40400/00": "00A4040000",
            "A1/0000": "00A10000000000",
            "A1:01/0100": "00A10000000001010100",
        }.items():
            self.assertEqual(command(text), octets, text)

    def test_both(self) -> None:
        """
        A line of four bytes is the same in both.
        """
        self.assertEqual(parse_script("00A40400"), parse_script("00 A4 04 00"))
        self.assertEqual(parse_script("00A40400")[0].command, Command(0, 0xA4, 4, 0))

    def test_expected(self) -> None:
        """
        After an equals sign come the statuses; without one any will do, with nothing after it only success.
        """
        for text, expected in {
            "A1": (),
            "A1=": ("9000",),
            "A1 = 9000": ("9000",),
            "80E2910003BF2E00 = 9000 | 61XX|6a8x": ("9000", "61xx", "6A8x"),
        }.items():
            self.assertEqual(parse_script(text)[0].expected, expected, text)

    def test_allows(self) -> None:
        """
        An x stands for any digit, wherever it is.
        """
        (line,) = parse_script("A1=9000|61xx|x3x0")
        self.assertEqual([s for s in (0x9000, 0x9001, 0x6100, 0x61FF, 0x6200, 0x63C0, 0x63C1, 0xF3F0) if line.allows(s)],
                         [0x9000, 0x6100, 0x61FF, 0x63C0, 0xF3F0])  # fmt: skip
        self.assertTrue(all(parse_script("A1")[0].allows(status) for status in (0, 0x9000, 0xFFFF)))
        self.assertTrue(parse_script("A1=xxxx")[0].allows(0x6F00))

    def test_script(self) -> None:
        """
        Empty lines and comments are left out; lines keep their numbers.
        """
        found = parse_script("# first\n\nA1 # the list = 9000\r\n  # more\nA2=\n")
        self.assertEqual(
            [(each.command.ins, each.expected, each.number) for each in found], [(0xA1, (), 3), (0xA2, ("9000",), 5)]
        )
        self.assertEqual(parse_script("# nothing\n"), ())

    def test_wrong(self) -> None:
        """
        What is wrong is told with line and column.
        """
        for text, told in {
            "\n00A4040G": "line 2, column 8: expected a hexadecimal digit, got 'G'",
            "00 A4 04 0": "line 1, column 11: expected a command, two digits for each byte".replace(
                "a command", "[CLA]INS[P1P2]"
            ),
            "00A404001": "line 1, column 10: expected a command, two digits for each byte",
            "00A4040005AA": "line 1, column 1: Lc is 5, but 1 bytes follow",
            "A1:": "line 1, column 4: expected data after the colon, two digits for each byte",
            "A1/": "line 1, column 4: expected Le after the slash, two digits for each byte",
            "A1/000000": "line 1, column 8: Le has two digits, or four",
            "A1/00:11": "line 1, column 6: expected a hexadecimal digit, got ':'",
            "00A4040000:11": "line 1, column 9: CLA, INS, P1 and P2 are four bytes; a colon comes before the data",
            "=9000": "line 1, column 1: expected [CLA]INS[P1P2], two digits for each byte",
            "A1 = 900": "line 1, column 9: a status word has four digits; x stands for any",
            "A1 = 90000": "line 1, column 10: a status word has four digits; x stands for any",
            "A1 = 9000 |": "line 1, column 12: a status word has four digits; x stands for any",
            "A1 = 90Z0": "line 1, column 8: expected a status word such as 9000 or 61xx, got 'Z'",
            "A1 = 9000 = 6100": "line 1, column 11: expected a status word such as 9000 or 61xx, got '='",
        }.items():
            self.assertEqual(self.wrong(text), told, text)

    def test_secret(self) -> None:
        """
        Neither errors nor the printed line have the data.
        """
        self.assertNotIn("31323334", self.wrong("00200001:31323334Z"))
        self.assertNotIn("31323334", repr(parse_script("00200001:31323334")).replace(" ", ""))

    @given(st.lists(lines, max_size=5))
    def test_roundTrip(self, script: list[ScriptLine]) -> None:
        """
        What is rendered is parsed to the same.
        """
        text = render(script)
        self.assertEqual(parse_script(text), tuple(script))
        self.assertEqual([each.number for each in parse_script(text)], list(range(1, len(script) + 1)))
        self.assertEqual(render(parse_script(text)), text)

    @given(st.text(max_size=60) | st.text("0A:/=|x# \n", max_size=40))
    def test_anything(self, text: str) -> None:
        """
        Any text is a script or a L{ParameterError}.
        """
        try:
            parsed = parse_script(text)
        except ParameterError as error:
            self.assertRegex(error.detail, r"^line \d+, column \d+: ")
        else:
            self.assertEqual(parse_script(render(parsed)), parsed)
