# -*- test-case-name: tests.test_log_format -*-
"""
One log event as a line: for people, or as JSON.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from twisted.logger import LogEvent, LogLevel, formatEvent
from twisted.python.failure import Failure

_COLOURS = {LogLevel.debug: "2", LogLevel.warn: "33", LogLevel.error: "31", LogLevel.critical: "31;1"}
"""Parameters of SGR (ECMA-48, 8.3.117)."""
_LEGACY = frozenset({"time", "system", "message", "isError", "format", "failure", "why", "logLevel", "debug", "printed"})
"""Keys that Twisted's old logging puts into events."""
_FIRST = ("time", "level", "namespace", "event", "message")
_EVENT_WORDS = 6


def event_as_json(event: LogEvent) -> str:
    """
    A flat object: C{time} (RFC 3339, UTC), C{level}, C{namespace}, C{event} (a name for programs), C{message}, then the event's
    own values, as far as they are simple; of a failure also C{error} and C{traceback}.
    """
    head = {
        "time": _time(event).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": _level(event),
        "namespace": event.get("log_namespace") or "-",
        "event": _name(event),
        "message": message(event),
    }
    return json.dumps({**head, **_own(event), **_failure(event)}) + "\n"


def event_as_line(event: LogEvent, *, coloured: bool = False) -> str:
    """
    Local time, level, message.  The traceback of a defect follows in lines of its own.
    """
    stamp = _time(event).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    level = _level(event)
    colour = _COLOURS.get(event.get("log_level", LogLevel.info)) if coloured else None
    line = f"{stamp} {level:<5} {message(event)}"
    if colour is not None:
        line = f"\x1b[{colour}m{line}\x1b[0m"
    trace = _failure(event).get("traceback", "")
    return line + "\n" + "".join(f"    {_visible(each)}\n" for each in trace.splitlines())


def message(event: LogEvent) -> str:
    """
    The sentence of an event, on one line.  What a peer may have put there cannot steer the terminal.
    """
    text = formatEvent(event).rstrip("\n")
    failure = _failure(event)
    if failure and (not text or failure["error"] not in text):
        said = text if text and "Traceback (most recent call last)" not in text else "defect"
        text = f"{said}: {failure['error']}"
    return _visible(text)


def _visible(text: str) -> str:
    """
    Line breaks, escape sequences and the like as Python writes them.
    """
    return text if text.isprintable() else "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _time(event: LogEvent) -> datetime:
    return datetime.fromtimestamp(event.get("log_time", 0.0), UTC)


def _level(event: LogEvent) -> str:
    return str(event.get("log_level", LogLevel.info).name)


def _name(event: LogEvent) -> str:
    given = event.get("event")
    if isinstance(given, str):
        return given
    words = re.findall(r"[a-z0-9]+", re.sub(r"\{[^}]*\}", " ", event.get("log_format") or "").lower())
    return "-".join(words[:_EVENT_WORDS]) or "log"


def _own(event: LogEvent) -> dict[str, Any]:
    own = {}
    for key, value in event.items():
        if key.startswith("log_") or key in _LEGACY or key in _FIRST:
            continue
        if value is None or isinstance(value, (str, int, float)):
            own[key] = value
        elif isinstance(value, bytes):
            own[key] = value.hex()
    return own


def _failure(event: LogEvent) -> dict[str, str]:
    failure = event.get("log_failure") or event.get("failure")
    if not isinstance(failure, Failure):
        return {}
    return {"error": f"{type(failure.value).__name__}: {failure.value}", "traceback": failure.getTraceback()}
