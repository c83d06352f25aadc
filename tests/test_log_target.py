"""
Tests of L{cardgw.log_target}.
"""

from __future__ import annotations

import signal
import sys
from io import StringIO
from pathlib import Path
from typing import Any

from twisted.logger import LogLevel, textFileLogObserver
from twisted.trial.unittest import SynchronousTestCase

from cardgw.log import LogSettings
from cardgw.log_target import observer_for
from tests.logs import event


class TwistdTests(SynchronousTestCase):
    """
    Under C{twistd}.
    """

    def setUp(self) -> None:
        """
        The signal that rotates logs stays as it is.
        """
        self.addCleanup(signal.signal, signal.SIGUSR1, signal.getsignal(signal.SIGUSR1))

    def observer(self, **options: Any) -> Any:
        """
        The observer for these options of C{twistd}.
        """
        given = {"logger": None, "syslog": False, "logfile": None, "nodaemon": False, "debug": False, **options}
        return observer_for(given, LogSettings(), None)

    def test_foreground(self) -> None:
        """
        In the foreground, lines for people go to standard output.
        """
        out = StringIO()
        self.patch(sys, "stdout", out)
        for options in ({"nodaemon": True}, {"nodaemon": True, "logfile": "-"}, {"debug": True}):
            self.observer(**options)(event())
        self.assertEqual(out.getvalue().count("info  hello\n"), 3)

    def test_file(self) -> None:
        """
        A daemon writes them to a file, which is C{twistd.log} unless it is named.
        """
        path = Path(self.mktemp())
        self.observer(logfile=str(path))(event())
        self.assertIn("info  hello\n", path.read_text())
        self.patch(sys.modules["cardgw.log_target"], "_DAEMON_LOG", str(path))
        self.observer()(event())
        self.assertEqual(path.read_text().count("hello"), 2)

    def test_rotation(self) -> None:
        """
        SIGUSR1 rotates the file.
        """
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        path = Path(self.mktemp())

        class Reactor:
            """
            Enough of one.
            """

            def callFromThread(self, what: Any) -> None:
                """
                Call it.
                """
                what()

        options = {"logger": None, "syslog": False, "logfile": str(path), "nodaemon": True}
        observer: Any = observer_for(options, LogSettings(), Reactor())
        observer(event())
        signal.raise_signal(signal.SIGUSR1)
        self.assertTrue(Path(f"{path}.1").exists())

    def test_named(self) -> None:
        """
        An observer or syslog of the command line is left alone, and so is what C{twistd} will refuse.
        """
        for options in ({"logger": "x"}, {"syslog": True}, {"logfile": "-"}):
            self.assertIsNone(self.observer(**options))
        self.assertIsNone(observer_for(None, LogSettings(), None))


class TwistTests(SynchronousTestCase):
    """
    Under C{python -m twisted}.
    """

    def tune(self, form: str, settings: LogSettings) -> dict[str, Any]:
        """
        Its options, after we have seen them.
        """
        out = StringIO()
        options = {"fileLogObserverFactory": textFileLogObserver, "logFormat": form, "logFile": out, "logLevel": LogLevel.info}
        self.assertIsNone(observer_for(options, settings, None))
        return options

    def test_text(self) -> None:
        """
        Its text becomes ours.
        """
        options = self.tune("text", LogSettings())
        options["fileLogObserverFactory"](options["logFile"])(event())
        self.assertIn("info  hello\n", options["logFile"].getvalue())

    def test_json(self) -> None:
        """
        Its JSON stays its own.
        """
        self.assertIs(self.tune("json", LogSettings())["fileLogObserverFactory"], textFileLogObserver)

    def test_level(self) -> None:
        """
        Of both levels the more talkative one counts.
        """
        self.assertEqual(self.tune("text", LogSettings(level="debug"))["logLevel"], LogLevel.debug)
        self.assertEqual(self.tune("text", LogSettings(level="error"))["logLevel"], LogLevel.info)
