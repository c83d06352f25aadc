"""
Tests of L{cardgw.cli.touch_trace}.
"""

from __future__ import annotations

from io import StringIO
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.app import App
from cardgw.cli.touch_trace import QUIET, TIMES, TRACE, Screen, answer_lines, command_lines, hexdump, status_text

WIDTH = 80


class LinesTests(SynchronousTestCase):
    """
    L{hexdump}, L{command_lines}, L{answer_lines} and L{status_text}.
    """

    def test_hexdump(self) -> None:
        """
        Where bytes are, what they are, and what they look like.
        """
        self.assertEqual(
            list(hexdump(b"0123456789ABCDEF\x00~\x7f")),
            [
                "      0000  30 31 32 33 34 35 36 37 38 39 41 42 43 44 45 46  0123456789ABCDEF",
                "      0010  00 7E 7F                                         .~.",
            ],
        )

    def test_commands(self) -> None:
        """
        Headers with their names, lengths, and data.
        """
        for command, lines in (
            ("00200081", ["C: 00 20 00 81 - VERIFY"]),
            ("0084000045", ["C: 00 84 00 00 - GET CHALLENGE Le=69"]),
            ("80E60200024142", ["C: 80 E6 02 00 - INSTALL [for load] Lc=2", f"      0000  41 42{'':44}AB"]),
            (
                "00D600000000014100" + "05",
                ["C: 00 D6 00 00 - UPDATE BINARY Lc=1 Extended", f"      0000  41{'':47}A", "      Le=5"],
            ),
            ("00A4", ["C: 2 bytes that are no command", f"      0000  00 A4{'':44}.."]),
        ):
            self.assertEqual(list(command_lines(bytes.fromhex(command))), lines)

    def test_answers(self) -> None:
        """
        Status words with their class and their name, and data.
        """
        self.assertEqual(list(answer_lines(b"A\x90\x00")), ["R: SW1/SW2=9000 (Normal: No error) Lr=1", f"      0000  41{'':47}A"])
        self.assertEqual(list(answer_lines(b"")), ["R: no answer"])

    def test_statuses(self) -> None:
        """
        Each class of ISO 7816-4 has its name.
        """
        for word, text in (
            (0x6110, "Normal: 16 more bytes available"),
            (0x6282, "Warning: End of file reached before Le bytes"),
            (0x6581, "Execution error: Memory failure"),
            (0x6A82, "Checking error: File or application not found"),
            (0x1234, "Unknown: Unknown status"),
        ):
            self.assertEqual(status_text(word), f"SW1/SW2={word:04X} ({text})")

    def test_longStatus(self) -> None:
        """
        A status word of many words goes on in a line of its own.
        """
        for word in (0x6300, 0x9110, 0x9200):
            first, *rest = answer_lines(bytes(1000) + word.to_bytes(2, "big"))
            self.assertLessEqual(max(map(len, (first, *rest))), WIDTH)
            self.assertTrue(rest[0].startswith("      ") and rest[0].endswith(" Lr=1000"), rest[0])

    @given(st.binary(max_size=300))
    def test_width(self, octets: bytes) -> None:
        """
        Whatever it is, it fits into a terminal of 80 columns, and controls nothing.
        """
        for line in (*command_lines(octets), *answer_lines(octets)):
            self.assertLessEqual(len(line), WIDTH)
            self.assertTrue(line.isascii() and line.isprintable())


class ScreenTests(SynchronousTestCase):
    """
    L{Screen}.
    """

    def screen(self, level: int, *, terminal: bool = False, colour: bool = False) -> Screen:
        """
        One at this level.
        """
        self.out, self.err = StringIO(), StringIO()
        self.now = 0.0
        app = App(terminal=terminal, interactive=terminal)
        app._err = Console(file=self.err, force_terminal=terminal, width=WIDTH, highlight=False, markup=False)
        system: Any = "standard" if colour else None
        out = Console(file=self.out, force_terminal=colour, color_system=system, width=WIDTH, highlight=False, markup=False)
        return Screen(app, "cards.example", level, out, lambda: self.now)

    def play(self, screen: Screen) -> str:
        """
        Something happens.
        """
        screen.connected(b"\x3b\x00")
        screen.reset(b"\x3b\x00")
        screen.command(b"\x00\x84\x00\x00\x01")
        self.now += 0.012
        screen.answer(b"A\x90\x00")
        screen.notified(3, "Go on\x1b[2J\nnow", 30)
        screen.notified(-1, "No", None)
        screen.warned("elements 99, which nobody here knows, are skipped")
        screen.ended()
        return self.out.getvalue()

    def test_quiet(self) -> None:
        """
        What the server says is always shown, and controls no terminal.
        """
        expected = "Server: [3] Go on\ufffd[2J now (about 30 s)\nServer: [-1] No\n"
        warned = "WARNING: elements 99, which nobody here knows, are skipped\n"
        self.assertEqual(self.play(self.screen(QUIET)), expected + warned)
        self.assertEqual(self.err.getvalue(), "connected to cards.example\n")

    def test_trace(self) -> None:
        """
        Commands and answers where they are wanted; and how long they took.
        """
        shown = self.play(self.screen(TRACE))
        self.assertIn("ATR: 3B 00\nReset - ATR: 3B 00\nC: 00 84 00 00 - GET CHALLENGE Le=1\nR: SW1/SW2=9000", shown)
        self.assertIn("(Normal: No error) Lr=1 12 ms\n", self.play(self.screen(TIMES)))

    def test_counted(self) -> None:
        """
        On a terminal commands are counted in a line that goes away when something else is shown.
        """
        self.play(self.screen(QUIET, terminal=True))
        self.assertTrue(self.err.getvalue().endswith("\r\x1b[K1 commands\r\x1b[K"), self.err.getvalue())
        screen = self.screen(QUIET, terminal=True)
        screen.app.flags.quiet = True
        self.play(screen)
        self.assertEqual(self.err.getvalue(), "")

    def test_colours(self) -> None:
        """
        Errors are red.
        """
        screen = self.screen(TRACE, colour=True)
        screen.answer(b"\x6a\x82")
        self.assertIn("\x1b[31mR: SW1/SW2=6A82", self.out.getvalue())
        screen.answer(b"\x90\x00")
        self.assertIn("\x1b[32mR: SW1/SW2=9000", self.out.getvalue())
