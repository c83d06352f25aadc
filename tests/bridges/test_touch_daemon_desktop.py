"""
Tests for L{cardgw.bridges.touch_daemon_desktop}.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_daemon_ask import Choice
from cardgw.bridges.touch_daemon_desktop import Desktop, find_desktop
from tests.bridges.test_touch_daemon_child import FakeProcesses
from tests.logs import captured


class DesktopTests(SynchronousTestCase):
    """
    L{Desktop}.
    """

    def setUp(self) -> None:
        self.processes = FakeProcesses()
        self.desktop = Desktop(self.processes, "/usr/bin/notify-send", "/usr/bin/pinentry", {})

    def test_choose(self) -> None:
        """
        A notification with a button for each answer; what stands in it is only text.
        """
        for said, expected in (("once\n", Choice.ONCE), ("always\n", Choice.ALWAYS), ("no\n", Choice.NO), ("", Choice.NO)):
            chosen = self.desktop.choose(["<b>A & B", "C"], list(Choice))
            self.processes.says(said)
            self.processes.ends()
            self.assertIs(self.successResultOf(chosen), expected)
        command = self.processes.started[-1]
        self.assertEqual(command[3:6], ["--action=once=This once", "--action=always=Always", "--action=no=No"])
        self.assertEqual(command[6:], ["--", "Smart card", "&lt;b&gt;A &amp; B\nC"])

    def test_notOffered(self) -> None:
        """
        What was not offered is not chosen.
        """
        chosen = self.desktop.choose(["A"], [Choice.ONCE, Choice.NO])
        self.processes.says("always\n")
        self.processes.ends()
        self.assertIs(self.successResultOf(chosen), Choice.NO)

    def test_cancelled(self) -> None:
        """
        The notification is taken away.
        """
        chosen = self.desktop.choose(["A"], list(Choice))
        chosen.cancel()
        self.failureResultOf(chosen, CancelledError)
        self.assertEqual(self.processes.signals, ["INT"])

    def test_notStarted(self) -> None:
        """
        Nobody is asked: no.
        """
        events = captured(self)
        desktop = Desktop(FakeProcesses(broken=True), "/usr/bin/notify-send", "/usr/bin/pinentry", {})
        self.assertIs(self.successResultOf(desktop.choose(["A"], list(Choice))), Choice.NO)
        self.assertEqual(self.successResultOf(desktop.secret(["A"])), "")
        self.assertEqual([each["event"] for each in events], ["cannot-ask"])

    def test_secret(self) -> None:
        """
        A PIN is asked for with pinentry.
        """
        pin = self.desktop.secret(["PIN 1"])
        self.processes.says("OK\nOK\nOK\nOK\nD 1234\nOK\n")
        self.processes.ends()
        self.assertEqual(self.successResultOf(pin), "1234")
        self.assertEqual(self.processes.started, [["/usr/bin/pinentry"]])

    def test_noPinentry(self) -> None:
        """
        Without it there is none.
        """
        events = captured(self)
        desktop = Desktop(self.processes, "/usr/bin/notify-send", "", {})
        self.assertEqual(self.successResultOf(desktop.secret(["PIN 1"])), "")
        self.assertEqual([each["event"] for each in events], ["cannot-ask"])


class FindTests(SynchronousTestCase):
    """
    L{find_desktop}.
    """

    bus = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1000/bus"}

    def test_found(self) -> None:
        """
        A session bus, and something to notify with; a screen, and something to ask for PINs.
        """
        found = find_desktop(None, {**self.bus, "DISPLAY": ":0"}, "/usr/bin/{}".format)
        assert found is not None
        self.assertEqual((found.notify, found.pinentry), ("/usr/bin/notify-send", "/usr/bin/pinentry"))
        found = find_desktop(None, self.bus, "/usr/bin/{}".format)
        assert found is not None
        self.assertEqual(found.pinentry, "")

    def test_none(self) -> None:
        """
        Without one of both there is no desktop.
        """
        self.assertIsNone(find_desktop(None, {"DISPLAY": ":0"}, "/usr/bin/{}".format))
        self.assertIsNone(find_desktop(None, self.bus, lambda name: None))
