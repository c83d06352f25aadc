# -*- test-case-name: tests.test_log -*-
"""
Logs are events.  On a terminal each is a line for people; with C{--logger cardgw.log.json_observer} each is a flat JSON object
on a line of its own.  What may be seen is decided in one place, L{rules}, which the settings C{[log]} and C{[privacy]} fill.

APDU traffic has a namespace of its own, C{cardgw.traffic}, and a switch of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from attrs import define, field, frozen
from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    ILogFilterPredicate,
    ILogObserver,
    LogEvent,
    LogLevel,
    PredicateResult,
)
from zope.interface import implementer, provider

from cardgw.fields import boolean, choice, option
from cardgw.identities import AGENT, CUID, FORMS, IIN_CIN, UID
from cardgw.log_format import event_as_json, event_as_line

TRAFFIC = "cardgw.traffic"
"""The namespace of what is said to cards and what they say."""
IDENTIFIERS = ("identity", "eid", "eidValue", "iccid", "cuid", "iin", "cin", "uid")
"""Keys of events that hold personal data."""
TEXTS = ("reason", "problem", "path")
"""Keys of events whose texts may name such."""
_OTHERS = "|".join(f"{scheme}(?::|%3[Aa]){FORMS[scheme]}" for scheme in (CUID, IIN_CIN, UID, AGENT))
_IDENTIFIER = re.compile(rf"(?<!\d)(?:89\d{{16,18}}|\d{{32}})(?!\d)|(?<![A-Za-z])(?:{_OTHERS})")
"""An ICCID (ITU-T E.118), an EID (SGP.02 2.2.2) or another identity of a card (L{cardgw.identities}) in a text."""
LAST_DIGITS = 4


@frozen
class LogSettings:
    """
    The table C{[log]}.
    """

    level: str = option(choice("debug", "info", "warn", "error"), "the least important events that are logged", default="info")
    traffic: bool = option(boolean, "log what is said to cards: headers, lengths and status words, no data", default=False)
    unsafe_trace: bool = option(
        boolean, "log all data of the traffic too; it holds secrets and personal data, so: for test cards only", default=False
    )


@frozen
class PrivacySettings:
    """
    The table C{[privacy]}.
    """

    identifiers: str = option(
        choice("last4", "hash", "full"),
        "what logs show of EIDs, ICCIDs and other numbers of cards: the last four digits; a hash that stays the same until the "
        "gateway is restarted; all of it",
        default="last4",
    )


@define
class Rules:
    """
    What the log shows.  There is one instance, L{rules}, since the log is one.
    """

    log: LogSettings = field(factory=LogSettings)
    privacy: PrivacySettings = field(factory=PrivacySettings)
    _salt: bytes = field(factory=lambda: os.urandom(16), repr=False)

    @property
    def traffic(self) -> bool:
        """
        Whether traffic is logged at all.
        """
        return self.log.traffic or self.log.unsafe_trace

    def shows(self, event: LogEvent) -> bool:
        """
        Whether an event is logged.
        """
        if event.get("log_namespace") == TRAFFIC:
            return self.traffic
        return bool(event.get("log_level", LogLevel.info) >= LogLevel.levelWithName(self.log.level))

    def shorten(self, identifier: str) -> str:
        """
        An EID, an ICCID or the like as the log may show it.
        """
        if self.privacy.identifiers == "full":
            return identifier
        if self.privacy.identifiers == "last4":
            return f"…{identifier[-LAST_DIGITS:]}"
        return "#" + hmac.new(self._salt, identifier.encode(), hashlib.sha256).hexdigest()[:12]


rules = Rules()
"""What the log of this process shows."""


@provider(ILogObserver)
def privacy_observer(event: LogEvent) -> None:
    """
    Shortens identifiers in the event itself, so it must be the first observer: what comes after never sees them.
    """
    for key in IDENTIFIERS:
        if isinstance(event.get(key), str):
            event[key] = rules.shorten(event[key])
    for key in TEXTS:
        if isinstance(event.get(key), str):
            event[key] = _IDENTIFIER.sub(lambda found: rules.shorten(found[0]), event[key])


def standard_output() -> IO[str]:
    """
    Standard output; nowhere, where the process was started without one.
    """
    return sys.stdout if sys.stdout is not None else Path(os.devnull).open("w")


def json_observer(out: IO[str] | None = None) -> ILogObserver:
    """
    What C{twistd --logger} calls to get an observer: one flat JSON object a line, on standard output.
    """
    return _observer(standard_output() if out is None else out, event_as_json, rules.shows)


def human_observer(out: IO[str] | None = None, environ: Mapping[str, str] | None = None) -> ILogObserver:
    """
    The same for people: time, level, message.  Coloured on a terminal, unless C{$NO_COLOR} is set.  What Twisted says about
    itself counts as debugging.
    """
    target = standard_output() if out is None else out
    coloured = target.isatty() and not (os.environ if environ is None else environ).get("NO_COLOR")
    return _observer(target, lambda event: event_as_line(event, coloured=coloured), _concerns_people)


def _concerns_people(event: LogEvent) -> bool:
    namespace = event.get("log_namespace") or ""
    if re.match(r"twisted\.|log_legacy$|-$|$", namespace) and event.get("log_level", LogLevel.info) <= LogLevel.info:
        return rules.log.level == "debug"
    return rules.shows(event)


@implementer(ILogObserver)
class _Quiet:
    """
    A log that cannot be written (a full disk, a closed pipe) must not hurt what is logged.
    """

    def __init__(self, observer: ILogObserver) -> None:
        self._observer = observer

    def __call__(self, event: LogEvent) -> None:
        try:
            self._observer(event)
        except OSError:
            return


@implementer(ILogFilterPredicate)
class _Predicate:
    """
    A yes or no for L{FilteringLogObserver}.
    """

    def __init__(self, shows: Callable[[LogEvent], bool]) -> None:
        self._shows = shows

    def __call__(self, event: LogEvent) -> Any:
        return PredicateResult.maybe if self._shows(event) else PredicateResult.no


def _observer(out: IO[str], form: Callable[[LogEvent], str], shows: Callable[[LogEvent], bool]) -> ILogObserver:
    quiet = _Quiet(FileLogObserver(out, form))
    observer: ILogObserver = FilteringLogObserver(quiet, [_Predicate(shows)])
    return observer
