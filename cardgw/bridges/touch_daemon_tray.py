# -*- test-case-name: tests.bridges.test_touch_daemon_tray -*-
"""
The icon in the tray of a desktop session: shows the trace, clears it, ends the daemon.  It needs C{cardgw[tray]}.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any

from twisted.application.service import Service
from twisted.logger import Logger

from cardgw.bridges.touch_daemon_image import passed
from cardgw.bridges.touch_daemon_trace import Trace
from cardgw.errors import SettingsError

TITLE = "cardgw: smart card for web pages"
SHOW, CLEAR, EXIT = "Show log", "Clear log", "Exit"
_ICON = 64
"""Pixels."""
_log = Logger()


class TrayService(Service):
    """
    The icon, while it runs.  The library has a thread of its own, in which it calls what is chosen.

    @param reactor: C{IReactorFromThreads}; is stopped in the end.
    @param shown: where the trace is written, to be looked at.
    @param load: imports a module.
    @param show: opens a file for the person here.
    """

    name = "tray"

    def __init__(
        self,
        reactor: Any,
        trace: Trace,
        shown: Path,
        load: Callable[[str], Any] = import_module,
        show: Callable[[Path], object] | None = None,
    ) -> None:
        self._reactor, self._trace, self._shown = reactor, trace, shown
        self._show = show or open_file
        try:
            tray, images = load("pystray"), load("PIL.Image")
        except Exception as problem:  # without a desktop it fails in many ways
            hint = "It takes a desktop session, and: pip install 'cardgw[tray]'"
            raise SettingsError(f"--tray: {type(problem).__name__}", hint=hint) from None
        image = images.open(BytesIO(passed())).resize((_ICON, _ICON))
        items = ((SHOW, self._show_trace), (CLEAR, trace.clear), (EXIT, self._exit))
        menu = tray.Menu(*(tray.MenuItem(text, self._later(call), default=text is SHOW) for text, call in items))
        self._icon = tray.Icon("cardgw", image, TITLE, menu)

    def _later(self, call: Callable[[], object]) -> Callable[[Any, Any], None]:
        def chosen(icon: Any, item: Any) -> None:
            self._reactor.callFromThread(call)

        return chosen

    def _show_trace(self) -> None:
        try:
            self._trace.save(self._shown)
            self._show(self._shown)
        except OSError as problem:
            _log.warn("{file}: {reason}", event="trace-not-shown", file=str(self._shown), reason=problem.strerror)

    def _exit(self) -> None:
        self._reactor.stop()

    def startService(self) -> None:
        """
        Show the icon.
        """
        Service.startService(self)
        Thread(target=self._run, name="tray", daemon=True).start()

    def _run(self) -> None:
        try:
            self._icon.run()
        except Exception as problem:
            self._reactor.callFromThread(
                _log.warn, "there is no icon: {reason}", event="no-tray", reason=f"{type(problem).__name__}: {problem}"
            )

    def stopService(self) -> None:
        """
        Take the icon away.
        """
        Service.stopService(self)
        self._icon.stop()


def open_file(path: Path) -> None:
    """
    Have the desktop show a file.

    @raise OSError: it cannot.
    """
    opener = shutil.which("xdg-open")
    if opener is None:
        raise FileNotFoundError(2, "xdg-open is not installed")
    subprocess.Popen([opener, str(path)], stdin=subprocess.DEVNULL, start_new_session=True)
