# -*- test-case-name: tests.test_notify -*-
"""
Telling systemd how the service is (sd_notify(3)): ready, alive, stopping.  Without systemd nothing happens.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

from twisted.application.internet import TimerService
from twisted.application.service import Service
from twisted.internet.defer import Deferred

_SOCKET = "NOTIFY_SOCKET"
_WATCHDOG = "WATCHDOG_USEC"
_WATCHDOG_PID = "WATCHDOG_PID"


def sd_notify(state: str, environ: Mapping[str, str] | None = None) -> bool:
    """
    Send one state, for example C{READY=1}.

    @return: whether there was somebody to tell.
    """
    address = (os.environ if environ is None else environ).get(_SOCKET, "")
    if not address.startswith(("/", "@")):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as sender:
        try:
            sender.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError:
            return False
    return True


def watchdog_interval(environ: Mapping[str, str]) -> float | None:
    """
    Seconds between two signs of life, half of what systemd allows; C{None} where it expects none from this process.
    """
    limit = environ.get(_WATCHDOG, "")
    if not limit.isdigit() or not int(limit) or environ.get(_WATCHDOG_PID, str(os.getpid())) != str(os.getpid()):
        return None
    return int(limit) / 2_000_000


class Notifier(Service):
    """
    Says ready when it is started, so it is the last to be started; then signs of life as often as systemd wants.

    @param clock: C{IReactorTime}.
    """

    name = "notifier"

    def __init__(self, clock: Any, environ: Mapping[str, str] | None = None) -> None:
        self._environ = dict(os.environ if environ is None else environ)
        interval = watchdog_interval(self._environ)
        self._timer: Any = None
        if interval is not None:
            self._timer = TimerService(interval, sd_notify, "WATCHDOG=1", self._environ)
            self._timer.clock = clock

    def startService(self) -> None:
        """
        Say that the service is ready.
        """
        Service.startService(self)
        sd_notify("READY=1", self._environ)
        if self._timer is not None:
            self._timer.startService()

    def reloading(self) -> None:
        """
        Say that the settings are read again; L{ready} says that it is done.
        """
        sd_notify("RELOADING=1", self._environ)

    def ready(self) -> None:
        """
        Say that the service is ready (again).
        """
        sd_notify("READY=1", self._environ)

    def stopping(self) -> None:
        """
        Say that the service winds up.  Signs of life go on until it is stopped.
        """
        sd_notify("STOPPING=1", self._environ)

    def stopService(self) -> Deferred[None] | None:
        """
        No more signs of life.
        """
        Service.stopService(self)
        if self._timer is None:
            return None
        stopped: Deferred[None] = self._timer.stopService()
        return stopped
