"""
Tests for L{cardgw.bridges.touch_daemon_tray}.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_daemon_trace import Trace
from cardgw.bridges.touch_daemon_tray import CLEAR, EXIT, SHOW, TrayService, open_file
from cardgw.errors import SettingsError
from tests.logs import captured


class FakeTray:
    """
    Stands for the library C{pystray}.

    @ivar menu: what can be chosen.
    @ivar shown: set when the icon is.
    """

    def __init__(self, problem: Exception | None = None) -> None:
        self.menu: dict[str, Callable[[Any, Any], None]] = {}
        self.shown, self.gone = Event(), Event()
        self.problem = problem
        self.size = (0, 0)

    def load(self, name: str) -> Any:
        """
        Import a module.
        """
        return {"pystray": self, "PIL.Image": Image}[name]

    def MenuItem(self, text: str, action: Callable[[Any, Any], None], default: bool) -> Any:
        """
        See C{pystray}.
        """
        return text, action

    def Menu(self, *items: Any) -> Any:
        """
        See C{pystray}.
        """
        self.menu.update(items)
        return items

    def Icon(self, name: str, icon: Any, title: str, menu: Any) -> FakeTray:
        """
        See C{pystray}.
        """
        self.size = icon.size
        return self

    def run(self) -> None:
        """
        See C{pystray}.
        """
        if self.problem is not None:
            self.gone.set()
            raise self.problem
        self.shown.set()
        self.gone.wait(60)

    def stop(self) -> None:
        """
        See C{pystray}.
        """
        self.gone.set()


class FakeReactor:
    """
    Calls at once what comes from another thread.

    @ivar told: set when it was called.
    """

    def __init__(self) -> None:
        self.stopped = False
        self.told = Event()

    def callFromThread(self, f: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """
        See C{IReactorFromThreads}.
        """
        f(*args, **kwargs)
        self.told.set()

    def stop(self) -> None:
        """
        See C{IReactorCore}.
        """
        self.stopped = True


class TrayTests(SynchronousTestCase):
    """
    L{TrayService}.
    """

    def setUp(self) -> None:
        self.reactor, self.tray = FakeReactor(), FakeTray()
        self.trace = Trace(lambda: 1_000_000_000.0)
        self.trace.add("one")
        self.file = Path(self.mktemp())
        self.opened: list[Path] = []
        self.service = TrayService(self.reactor, self.trace, self.file, self.tray.load, self.opened.append)

    def choose(self, text: str) -> None:
        """
        Choose something in the menu.
        """
        self.tray.menu[text](None, None)

    def test_shown(self) -> None:
        """
        The icon is there while the service runs, in a thread of its own.
        """
        self.service.startService()
        self.assertTrue(self.tray.shown.wait(60))
        self.assertEqual((list(self.tray.menu), self.tray.size), ([SHOW, CLEAR, EXIT], (64, 64)))
        self.service.stopService()
        self.assertTrue(self.tray.gone.is_set())

    def test_show(self) -> None:
        """
        The trace is written to a file, and that is opened.
        """
        self.choose(SHOW)
        self.assertEqual(self.opened, [self.file])
        self.assertIn("one", self.file.read_text())

    def test_notShown(self) -> None:
        """
        Where that is not possible, it is logged.
        """
        events = captured(self)
        self.file.mkdir()
        self.choose(SHOW)
        self.assertEqual(([each["event"] for each in events], self.opened), (["trace-not-shown"], []))

    def test_clear(self) -> None:
        """
        The trace is forgotten.
        """
        self.choose(CLEAR)
        self.assertEqual(list(self.trace.lines), [])

    def test_exit(self) -> None:
        """
        The daemon ends.
        """
        self.choose(EXIT)
        self.assertTrue(self.reactor.stopped)

    def test_noIcon(self) -> None:
        """
        A desktop that shows no icons is no reason to end.
        """
        events = captured(self)
        tray = FakeTray(RuntimeError("no tray here"))
        TrayService(self.reactor, self.trace, self.file, tray.load, self.opened.append).startService()
        self.assertTrue(self.reactor.told.wait(60))
        self.assertEqual([each["event"] for each in events], ["no-tray"])

    def test_notInstalled(self) -> None:
        """
        Without the library, or without a desktop, it is said what is missing.
        """

        def load(name: str) -> Any:
            raise ImportError(name)

        error = self.assertRaises(SettingsError, TrayService, self.reactor, self.trace, self.file, load)
        self.assertIn("cardgw[tray]", str(error))


class OpenTests(SynchronousTestCase):
    """
    L{open_file}.
    """

    def test_opened(self) -> None:
        """
        The desktop opens it, without a shell.
        """
        started: list[list[str]] = []
        self.patch(shutil, "which", "/usr/bin/{}".format)
        self.patch(subprocess, "Popen", lambda command, **_: started.append(command))
        open_file(Path("/x; y"))
        self.assertEqual(started, [["/usr/bin/xdg-open", "/x; y"]])

    def test_cannot(self) -> None:
        """
        There may be nothing that can.
        """
        self.patch(shutil, "which", lambda name: None)
        self.assertRaises(OSError, open_file, Path("/x"))
