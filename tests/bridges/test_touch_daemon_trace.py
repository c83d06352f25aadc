"""
Tests for L{cardgw.bridges.touch_daemon_trace}.
"""

from __future__ import annotations

import stat
from collections import deque
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges import touch_daemon_trace
from cardgw.bridges.touch_daemon_trace import MOST_LINES, Trace, Tracing
from tests.logs import captured


class TraceTests(SynchronousTestCase):
    """
    L{Trace}.
    """

    def setUp(self) -> None:
        self.file = Path(self.mktemp()) / "state" / "trace.txt"
        self.trace = Trace(lambda: 1_000_000_000.0, self.file)

    def test_kept(self) -> None:
        """
        The last lines are kept, with the time.
        """
        trace = Trace(lambda: 1_000_000_000.0)
        for number in range(MOST_LINES + 1):
            trace.add(str(number))
        self.assertEqual(len(trace.lines), MOST_LINES)
        self.assertRegex(trace.lines[0], r"^2001-09-0\d \d\d:\d\d:40  1$")

    def test_file(self) -> None:
        """
        A file of its owner's has them as they come; clearing it clears both.
        """
        self.trace.add("one")
        self.trace.add("zw\u00f6lf")
        self.assertEqual([each[21:] for each in self.file.read_text().splitlines()], ["one", "zw\u00f6lf"])
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        self.trace.clear()
        self.assertEqual((list(self.trace.lines), self.file.read_text()), ([], ""))
        self.trace.add("three")
        self.assertEqual(len(self.file.read_text().splitlines()), 1)

    def test_tooLong(self) -> None:
        """
        When it is too long, it begins anew, with what is kept.
        """
        self.patch(touch_daemon_trace, "MOST_BYTES", 100)
        self.trace.lines = deque(maxlen=2)
        for number in range(20):
            self.trace.add(str(number))
        self.assertLess(self.file.stat().st_size, 200)
        self.assertTrue(self.file.read_text().endswith("  19\n"))

    def test_notWritten(self) -> None:
        """
        A file that cannot be written is given up, and that is told once.
        """
        events = captured(self)
        self.file.mkdir(parents=True)
        self.trace.add("one")
        self.trace.add("two")
        self.assertEqual([each["event"] for each in events], ["trace-lost"])
        self.assertEqual(len(self.trace.lines), 2)

    def test_save(self) -> None:
        """
        All of it, elsewhere.
        """
        self.trace.add("one")
        other = self.file.with_name("other")
        self.trace.save(other)
        self.assertEqual(other.read_text(), self.file.read_text())


class TracingTests(SynchronousTestCase):
    """
    L{Tracing}.
    """

    def test_lines(self) -> None:
        """
        What happened, without data, and nothing that could disturb a terminal.
        """
        trace = Trace(lambda: 1_000_000_000.0)
        tracing = Tracing(trace, "https://cards.example")
        tracing.connected(bytes.fromhex("3B00"))
        tracing.command(bytes.fromhex("00A4040003A1B2C300"))
        tracing.answer(bytes.fromhex("C1C2C39000"))
        tracing.answer(bytes.fromhex("6A82"))
        tracing.answer(b"")
        tracing.command(bytes.fromhex("00A4040009A1B2C3"))
        tracing.reset(bytes.fromhex("3B01"))
        tracing.notified(-1, "no\x1b[2J\nkey", None)
        tracing.warned("odd")
        tracing.ended()
        self.assertEqual(
            [each[21:] for each in trace.lines],
            [
                "== https://cards.example: the card is there, its answer to reset is 3B00",
                "   > 00A40400 Lc 3 Le 256 (SELECT)",
                "   < 9000 (success), 3 bytes",
                "   < 6A82 (file or application not found)",
                "   < no answer",
                "   > 00A40400, 8 bytes that are no command",
                "   the card is started anew: 3B01",
                "   the server says (-1): no [2J key",
                "   odd",
                "== https://cards.example: over",
            ],
        )
