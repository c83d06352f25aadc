# -*- test-case-name: tests.test_log_target -*-
"""
Where the log goes when the command line names no observer: lines for people, to the place that C{twistd}'s options say.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from typing import Any

from twisted.logger import FileLogObserver, ILogObserver, LogLevel
from twisted.python.logfile import LogFile

from cardgw.log import LogSettings, human_observer
from cardgw.log_format import event_as_line

_DAEMON_LOG = "twistd.log"


def observer_for(parent: Any, settings: LogSettings, reactor: Any) -> ILogObserver | None:
    """
    @param parent: the options of C{twistd} or C{twist}, or C{None}.
    @return: the observer that the application should bring, or C{None}: that of the command line is used.
    """
    if not isinstance(parent, Mapping):
        return None
    if "fileLogObserverFactory" in parent:
        _tune_twist(parent, settings)
        return None
    if parent.get("logger") or parent.get("syslog"):
        return None
    name = parent.get("logfile")
    foreground = parent.get("nodaemon") or parent.get("debug")
    if name == "-" or (foreground and not name):
        return human_observer() if foreground else None  # twistd refuses a daemon that logs to standard output
    return _to_file(name or _DAEMON_LOG, reactor)


def _to_file(name: str, reactor: Any) -> ILogObserver:
    """
    Lines in a file that is rotated when it is large, and on SIGUSR1, as twistd's own is.
    """
    file: Any = LogFile.fromFullPath(name)
    if not signal.getsignal(signal.SIGUSR1):
        signal.signal(signal.SIGUSR1, lambda *_: reactor.callFromThread(file.rotate))
    lines: Any = _Lines(file)
    return human_observer(lines)


class _Lines:
    """
    As much of a text stream as an observer needs, on a C{LogFile}.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self.encoding = "utf-8"

    def write(self, text: str) -> None:
        self._file.write(text)

    def flush(self) -> None:
        self._file.flush()

    def isatty(self) -> bool:
        return False


def _tune_twist(parent: Any, settings: LogSettings) -> None:
    """
    C{python -m twisted} has an observer of its own: it gets our lines, where it was to write text, and our level.
    """
    level = LogLevel.levelWithName(settings.level)
    parent["logLevel"] = min(parent["logLevel"], level)
    if parent.get("logFormat") == "text":
        coloured = parent["logFile"] in {sys.stdout, sys.stderr} and parent["logFile"].isatty()
        parent["fileLogObserverFactory"] = lambda out: FileLogObserver(out, lambda event: event_as_line(event, coloured=coloured))
