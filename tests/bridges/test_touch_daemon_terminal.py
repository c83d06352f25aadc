"""
Tests for L{cardgw.bridges.touch_daemon_terminal}.
"""

from __future__ import annotations

import os
import pty
import select
import termios

from twisted.internet.defer import CancelledError
from twisted.internet.testing import MemoryReactor
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_daemon_ask import Choice
from cardgw.bridges.touch_daemon_terminal import Terminal, open_terminal


class TerminalTests(SynchronousTestCase):
    """
    L{Terminal}, on a real terminal that nobody sits at.
    """

    def setUp(self) -> None:
        self.keyboard, self.screen = pty.openpty()
        self.addCleanup(os.close, self.keyboard)
        self.addCleanup(os.close, self.screen)
        self.patch(os, "tcgetpgrp", lambda _: os.getpgrp())
        self.reactor = MemoryReactor()
        self.terminal = Terminal(self.reactor, self.screen)

    def type(self, text: str) -> None:
        """
        Type something, and have it read.
        """
        os.write(self.keyboard, text.encode())
        while self.reactor.getReaders() and select.select([self.screen], [], [], 0)[0]:
            self.terminal.doRead()

    def shown(self) -> str:
        """
        What is on the screen, as far as it was not looked at.
        """
        found = b""
        while select.select([self.keyboard], [], [], 0)[0]:
            found += os.read(self.keyboard, 4096)
        return found.decode().replace("\r\n", "\n")

    def echoes(self) -> bool:
        """
        Whether what is typed is shown.
        """
        return bool(termios.tcgetattr(self.screen)[3] & termios.ECHO)

    def test_choose(self) -> None:
        """
        The question is shown; the beginning of a word is enough.
        """
        for typed, expected in (("o", Choice.ONCE), ("ALW", Choice.ALWAYS), ("no", Choice.NO), ("", Choice.NO)):
            chosen = self.terminal.choose(["A page wants", "something"], list(Choice))
            self.assertEqual(self.shown(), "\nA page wants\nsomething\nMay it? [o]nce, [a]lways, [n]o: ")
            self.assertEqual(self.reactor.getReaders(), [self.terminal])
            self.type(f"{typed}\n")
            self.assertIs(self.successResultOf(chosen), expected)
            self.shown()
        self.assertEqual(self.reactor.getReaders(), [])

    def test_again(self) -> None:
        """
        What is no answer is asked again.
        """
        chosen = self.terminal.choose(["A page"], [Choice.ONCE, Choice.NO])
        self.type("always\n")
        self.assertNoResult(chosen)
        self.assertTrue(self.shown().endswith("Please type one of [o]nce, [n]o: "))
        self.type("on\n")
        self.assertIs(self.successResultOf(chosen), Choice.ONCE)

    def test_typedBefore(self) -> None:
        """
        What was typed before the question was there answers nothing.
        """
        self.type("always\n")
        chosen = self.terminal.choose(["A page"], list(Choice))
        self.type("")
        self.assertNoResult(chosen)
        self.type("n\n")
        self.assertIs(self.successResultOf(chosen), Choice.NO)

    def test_end(self) -> None:
        """
        The end of input is no; so is a terminal that is gone.
        """
        chosen = self.terminal.choose(["A page"], list(Choice))
        self.type("\x04")
        self.assertIs(self.successResultOf(chosen), Choice.NO)
        chosen = self.terminal.choose(["A page"], list(Choice))
        self.terminal.connectionLost(Failure(Exception("gone")))
        self.assertIs(self.successResultOf(chosen), Choice.NO)

    def test_secret(self) -> None:
        """
        A PIN is not shown while it is typed; after that all is shown as before.
        """
        pin = self.terminal.secret(["PIN 1"])
        self.assertFalse(self.echoes())
        self.shown()
        self.type("648219\n")
        self.assertEqual(self.successResultOf(pin), "648219")
        self.assertNotIn("648219", self.shown())
        self.assertTrue(self.echoes())

    def test_cancelled(self) -> None:
        """
        Nobody waits any more: the terminal is as it was before.
        """
        pin = self.terminal.secret(["PIN 1"])
        pin.cancel()
        self.failureResultOf(pin, CancelledError)
        self.assertTrue(self.echoes())
        self.assertEqual(self.reactor.getReaders(), [])
        self.assertIn("nobody waits", self.shown())

    def test_background(self) -> None:
        """
        In the background, or without a terminal of its own, it must not read, and nobody answers.
        """
        for elsewhere in (lambda _: os.getpgrp() + 1, self._none):
            self.patch(os, "tcgetpgrp", elsewhere)
            self.assertIs(self.successResultOf(self.terminal.choose(["A page"], list(Choice))), Choice.NO)
            self.assertEqual(self.reactor.getReaders(), [])

    def _none(self, descriptor: int) -> int:
        raise OSError(25, "Inappropriate ioctl for device")

    def test_names(self) -> None:
        """
        The reactor knows it by its descriptor.
        """
        self.assertEqual((self.terminal.fileno(), self.terminal.logPrefix()), (self.screen, "terminal"))


class OpenTests(SynchronousTestCase):
    """
    L{open_terminal}.
    """

    def test_none(self) -> None:
        """
        What is no terminal is none; nor is one that belongs to others just now.
        """
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        self.assertIsNone(open_terminal(MemoryReactor(), reading))
        keyboard, screen = pty.openpty()
        self.addCleanup(os.close, keyboard)
        self.addCleanup(os.close, screen)
        self.assertIsNone(open_terminal(MemoryReactor(), screen))

    def test_found(self) -> None:
        """
        It is opened anew, so that what we do to it is ours alone.
        """
        keyboard, screen = pty.openpty()
        self.addCleanup(os.close, keyboard)
        self.addCleanup(os.close, screen)
        self.patch(os, "tcgetpgrp", lambda _: os.getpgrp())
        found = open_terminal(MemoryReactor(), screen)
        assert found is not None
        self.addCleanup(os.close, found.fileno())
        self.assertNotEqual(found.fileno(), screen)
        self.assertEqual(os.ttyname(found.fileno()), os.ttyname(screen))
