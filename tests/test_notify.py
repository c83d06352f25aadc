"""
Tests of L{cardgw.notify}.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.notify import Notifier, sd_notify, watchdog_interval


class NotifyTests(SynchronousTestCase):
    """
    The service's side of sd_notify(3).
    """

    def setUp(self) -> None:
        """
        Systemd's side: a datagram socket.
        """
        self.path = f"/tmp/cardgw-test-{os.getpid()}"
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.setblocking(False)
        self.manager.bind(self.path)
        self.addCleanup(Path(self.path).unlink)
        self.addCleanup(self.manager.close)
        self.environ = {"NOTIFY_SOCKET": self.path}

    def told(self) -> list[str]:
        """
        What systemd has heard since the last time.
        """
        heard = []
        while True:
            try:
                heard.append(self.manager.recv(100).decode())
            except BlockingIOError:
                return heard

    def test_state(self) -> None:
        """
        A state is one datagram.
        """
        self.assertTrue(sd_notify("READY=1", self.environ))
        self.assertEqual(self.told(), ["READY=1"])

    def test_abstract(self) -> None:
        """
        An address that begins with C{@} is in Linux's abstract namespace.
        """
        name = f"cardgw-test-{os.getpid()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.setblocking(False)
            manager.bind(f"\0{name}")
            self.assertTrue(sd_notify("READY=1", {"NOTIFY_SOCKET": f"@{name}"}))
            self.assertEqual(manager.recv(100), b"READY=1")

    def test_nobody(self) -> None:
        """
        Without systemd, or with one that does not listen, nothing happens.
        """
        self.assertFalse(sd_notify("READY=1", {}))
        self.assertFalse(sd_notify("READY=1", {"NOTIFY_SOCKET": "/no/such/socket"}))

    def test_life(self) -> None:
        """
        Ready at the start; then a sign of life every half of the time that systemd allows, also while it is stopping.
        """
        clock = Clock()
        notifier = Notifier(clock, {**self.environ, "WATCHDOG_USEC": "10000000"})
        notifier.startService()
        self.assertEqual(self.told(), ["READY=1", "WATCHDOG=1"])
        clock.advance(5)
        self.assertEqual(self.told(), ["WATCHDOG=1"])
        notifier.stopping()
        clock.advance(5)
        self.assertEqual(self.told(), ["STOPPING=1", "WATCHDOG=1"])
        notifier.stopService()
        clock.advance(5)
        self.assertEqual(self.told(), [])
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_noWatchdog(self) -> None:
        """
        Where systemd expects no signs of life there are none.
        """
        clock = Clock()
        notifier = Notifier(clock, self.environ)
        notifier.startService()
        self.assertEqual(clock.getDelayedCalls(), [])
        self.assertEqual(self.told(), ["READY=1"])
        notifier.stopService()

    def test_reload(self) -> None:
        """
        Reading the settings again begins and ends.
        """
        notifier = Notifier(Clock(), self.environ)
        notifier.reloading()
        notifier.ready()
        self.assertEqual(self.told(), ["RELOADING=1", "READY=1"])

    def test_interval(self) -> None:
        """
        The limit is in microseconds; one that is meant for another process does not count.
        """
        self.assertEqual(watchdog_interval({"WATCHDOG_USEC": "30000000"}), 15.0)
        self.assertEqual(watchdog_interval({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}), 15.0)
        for environ in ({}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}):
            self.assertIsNone(watchdog_interval(environ))
