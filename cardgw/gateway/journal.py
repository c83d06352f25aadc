# -*- test-case-name: tests.gateway.test_journal -*-
"""
What happened, for logs: every event of L{ICardObserver} as one log event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import define, field
from twisted.logger import Logger
from zope.interface import implementer

from cardgw.errors import CardGatewayError, ChannelError
from cardgw.interfaces import ICardObserver
from cardgw.values import ChannelInfo

_LONGEST = 80
"""Characters of a value that a line shows; what is longer is in the result of the job."""
_TAKEN = frozenset({"self", "level", "format", "event", "job", "stage", "outcome"})
"""Names that the journal or the logger uses itself."""
_RAW = frozenset({"data", "decoded", "answer", "response"})
"""Names of values of a result that a card has told as they are: who it is may be among them."""


def _always() -> bool:
    return True


def _own(facts: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """
    Facts of an operation as keys of an event that hide none of its own, and the text that shows them.
    """
    keys = {name: f"{name}_" if name in _TAKEN or name.startswith("log_") else name for name in facts}
    shown = ", ".join(f"{name}={{{key}}}" for name, key in keys.items() if key.isidentifier())
    return {keys[name]: value for name, value in facts.items()}, f" {shown}" if shown else ""


def _is_plain(value: Any) -> bool:
    """
    Whether a value of a result is worth its place in a line.
    """
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST and value.isprintable()
    return isinstance(value, int)


@implementer(ICardObserver)
@define
class Journal:
    """
    Writes events to the log.  What transports log themselves, and percentages (for programs that
    draw a bar), are debug events; where nobody wants these, they are not even made: there are dozens in each download.

    @ivar wants_details: says whether somebody does.
    """

    wants_details: Callable[[], bool] = _always
    _log = Logger()

    def card_arrived(self, info: ChannelInfo) -> None:
        """
        See L{ICardObserver.card_arrived}.
        """
        asked = info.request.name if info.request is not None else "nothing"
        fmt = "{transport} {peer}: a card is here and asks for {request}"
        self._log.debug(fmt, event="card-arrived", transport=info.transport, peer=info.peer, request=asked)

    def card_gone(self, info: ChannelInfo, reason: ChannelError | None) -> None:
        """
        See L{ICardObserver.card_gone}.
        """
        why = "goodbye" if reason is None else str(reason)
        fmt = "{transport} {peer}: the card is gone: {reason}"
        self._log.debug(fmt, event="card-gone", transport=info.transport, peer=info.peer, reason=why)

    def job_started(self, job: str, operation: str, info: ChannelInfo) -> None:
        """
        See L{ICardObserver.job_started}.
        """
        fmt = "job {job}: {operation} on {transport} {peer}"
        self._log.info(fmt, event="job-started", job=job, operation=operation, transport=info.transport, peer=info.peer)

    def job_stage(self, job: str, stage: str, facts: Mapping[str, Any]) -> None:
        """
        See L{ICardObserver.job_stage}.
        """
        if not self.wants_details():
            return
        own, shown = _own(facts)
        self._log.debug("job {job}: {stage}" + shown, event="job-stage", job=job, stage=stage, **own)

    def job_percent(self, job: str, done: int) -> None:
        """
        See L{ICardObserver.job_percent}.
        """
        if self.wants_details():
            self._log.debug("job {job}: {percent} %", event="job-percent", job=job, percent=done)

    def job_ended(self, job: str, result: dict[str, Any] | None, error: CardGatewayError | None) -> None:
        """
        See L{ICardObserver.job_ended}.
        """
        if error is not None:
            fmt = "job {job}: failed: {reason}"
            self._log.warn(fmt, event="job-ended", job=job, outcome="failed", code=error.code, reason=str(error))
            return
        own, shown = _own({name: value for name, value in (result or {}).items() if name not in _RAW and _is_plain(value)})
        self._log.info("job {job}: done" + shown, event="job-ended", job=job, outcome="done", **own)


@implementer(ICardObserver)
@define
class Observers:
    """
    Several observers as one.  One that raises is logged, and the others still hear.
    """

    observers: list[ICardObserver] = field(factory=list)
    _log = Logger()

    def _tell(self, event: str, arguments: Iterable[Any]) -> None:
        for observer in self.observers:
            try:
                getattr(observer, event)(*arguments)
            except Exception:
                self._log.failure("an observer failed at {event}", event=event)

    def card_arrived(self, info: ChannelInfo) -> None:
        """
        See L{ICardObserver.card_arrived}.
        """
        self._tell("card_arrived", (info,))

    def card_gone(self, info: ChannelInfo, reason: ChannelError | None) -> None:
        """
        See L{ICardObserver.card_gone}.
        """
        self._tell("card_gone", (info, reason))

    def job_started(self, job: str, operation: str, info: ChannelInfo) -> None:
        """
        See L{ICardObserver.job_started}.
        """
        self._tell("job_started", (job, operation, info))

    def job_stage(self, job: str, stage: str, facts: Mapping[str, Any]) -> None:
        """
        See L{ICardObserver.job_stage}.
        """
        self._tell("job_stage", (job, stage, facts))

    def job_percent(self, job: str, done: int) -> None:
        """
        See L{ICardObserver.job_percent}.
        """
        self._tell("job_percent", (job, done))

    def job_ended(self, job: str, result: dict[str, Any] | None, error: CardGatewayError | None) -> None:
        """
        See L{ICardObserver.job_ended}.
        """
        self._tell("job_ended", (job, result, error))
