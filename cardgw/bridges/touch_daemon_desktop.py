# -*- test-case-name: tests.bridges.test_touch_daemon_desktop -*-
"""
Asks in a desktop session: by a notification with buttons, and for PINs in a window.
"""

from __future__ import annotations

import html
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.bridges.touch_daemon_ask import Choice
from cardgw.bridges.touch_daemon_child import Child
from cardgw.bridges.touch_daemon_pinentry import Pinentry

LABELS: Mapping[Choice, str] = {Choice.ONCE: "This once", Choice.ALWAYS: "Always", Choice.NO: "No"}
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")
_log = Logger()


@frozen
class Desktop:
    """
    See L{cardgw.bridges.touch_daemon_ask.Asker}.

    @ivar reactor: C{IReactorProcess}.
    @ivar notify: the path of notify-send (of libnotify 0.7.10 or later).
    @ivar pinentry: that of pinentry; empty where there is none, and then there are no PINs.
    """

    reactor: Any
    notify: str
    pinentry: str
    environ: Mapping[str, str]

    def choose(self, lines: Sequence[str], choices: Sequence[Choice]) -> Deferred[Choice]:
        """
        See L{cardgw.bridges.touch_daemon_ask.Asker.choose}.
        """
        actions = [f"--action={each.value}={LABELS[each]}" for each in choices]
        body = html.escape("\n".join(lines), quote=False)
        arguments = [self.notify, "--app-name=cardgw", "--urgency=critical", *actions, "--", "Smart card", body]
        # with this signal notify-send takes the notification away
        asked = Child("INT").start(self.reactor, arguments, self.environ)
        return asked.addCallbacks(lambda said: _chosen(said, choices), self._failed)

    def _failed(self, failure: Failure) -> Choice:
        error = failure.check(OSError)
        if error is None:
            failure.raiseException()
        _log.warn("{program} cannot be run", event="cannot-ask", program=self.notify)
        return Choice.NO

    def secret(self, lines: Sequence[str]) -> Deferred[str]:
        """
        See L{cardgw.bridges.touch_daemon_ask.Asker.secret}.
        """
        if not self.pinentry:
            _log.warn("no PIN can be asked for: pinentry is not installed", event="cannot-ask", program="pinentry")
            return succeed("")
        asking = Pinentry(lines)

        def refused(failure: Failure) -> str:
            failure.trap(OSError)
            return ""

        return asking.start(self.reactor, [self.pinentry], self.environ).addCallbacks(lambda _: asking.pin, refused)


def _chosen(said: str, choices: Sequence[Choice]) -> Choice:
    """
    A notification that is closed says nothing.
    """
    return next((each for each in choices if said.strip() == each.value), Choice.NO)


def find_desktop(reactor: Any, environ: Mapping[str, str], which: Callable[[str], str | None] = shutil.which) -> Desktop | None:
    """
    The desktop session that the daemon runs in; C{None} where there is none, or none that can show a notification.
    """
    notify = which("notify-send")
    if not environ.get("DBUS_SESSION_BUS_ADDRESS") or notify is None:
        return None
    screen = any(environ.get(each) for each in _SCREENS)
    return Desktop(reactor, notify, (screen and which("pinentry")) or "", environ)
