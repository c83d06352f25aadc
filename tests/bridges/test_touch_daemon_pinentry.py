"""
Tests for L{cardgw.bridges.touch_daemon_pinentry}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_daemon_pinentry import Pinentry
from tests.bridges.test_touch_daemon_child import FakeProcesses


class PinentryTests(SynchronousTestCase):
    """
    L{Pinentry}.
    """

    def setUp(self) -> None:
        self.processes = FakeProcesses()
        self.asking = Pinentry(["100% of", "the card"])
        self.done: Deferred[str] = self.asking.start(self.processes, ["/usr/bin/pinentry"], {})

    def until_asked(self) -> None:
        """
        Answer all up to the question itself.
        """
        self.processes.says("OK Pleased to meet you\n")
        while not self.processes.typed.endswith("GETPIN\n"):
            self.processes.says("OK\n")

    def test_asked(self) -> None:
        """
        One line after another, each when the one before was answered.
        """
        self.assertEqual(self.processes.typed, "")
        self.processes.says("OK Pleased to meet you, process 7\nO")
        self.assertEqual(self.processes.typed, "SETTITLE cardgw\n")
        self.processes.says("K\r\n")
        self.assertTrue(self.processes.typed.endswith("SETDESC 100%25 of%0Athe card\n"))
        self.processes.says("ERR 536871187 Unknown IPC command <User defined source 1>\nOK\n")
        self.assertTrue(self.processes.typed.endswith("SETPROMPT PIN:\nGETPIN\n"))

    def test_given(self) -> None:
        """
        The PIN, decoded, in one line or more; then pinentry ends.
        """
        self.until_asked()
        self.processes.says("S PASSWORD_FROM_CACHE\nD 64%25")
        self.processes.says("8219\nD 0\nOK\n")
        self.assertEqual(self.asking.pin, "64%82190")
        self.assertTrue(self.processes.typed.endswith("BYE\n<end>"))
        self.processes.ends()
        self.successResultOf(self.done)

    def test_cancelled(self) -> None:
        """
        There is none.
        """
        self.until_asked()
        self.processes.says("ERR 83886179 Operation cancelled <Pinentry>\n")
        self.assertEqual(self.asking.pin, "")
        self.assertTrue(self.processes.typed.endswith("BYE\n<end>"))

    def test_unasked(self) -> None:
        """
        What comes before the question is no PIN.
        """
        self.processes.says("D 1234\nOK\n")
        self.assertEqual(self.asking.pin, "")
