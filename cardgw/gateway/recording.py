# -*- test-case-name: tests.gateway.test_recording -*-
"""
What is said to a card during a job, where whoever asked for it wants to know.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.apdu.command import Command
from cardgw.apdu.record import Recorder
from cardgw.apdu.response import Response
from cardgw.apdu.transcript import FORMAT, NEWEST, TranscriptSink
from cardgw.apdu.transcript_channel import CUT
from cardgw.apdu.transcript_notes import notes_of
from cardgw.errors import ChannelError
from cardgw.gateway.faults import NoTranscript
from cardgw.gateway.records import ENDED, WHOLE, Job, Recorded
from cardgw.interfaces import ICardChannel
from cardgw.version import VERSION

if TYPE_CHECKING:
    from cardgw.gateway.store.engine import Store

MOST = 8_000_000
"""Characters of one transcript; what is said after these is not in it."""
MADE_BY, OPERATION, IDENTITY, OUTCOME = "CARDGW", "OPERATION", "IDENTITY", "ENDED"
"""
Notes (L{cardgw.apdu.transcript_notes}): the version of cardgw; what was done; the card's identity, where it was known when the
job began; and how it ended.
"""
PARAMETERS, WITHHELD = "PARAMETERS", "WITHHELD"
"""Notes of whole transcripts: the operation's parameters, as JSON; the names of the secret ones, which are not among them."""
SOMEBODY = "eid:" + "0" * 32
"""Stands for an identity that is not told."""
_CUT = f"# {CUT}: more was said than is kept\n"
_log = Logger()


@define(eq=False)
class Recording:
    """
    The transcript of one job while it is being written: a L{cardgw.apdu.record.Sink}.

    @ivar kind: see L{Job.record}.
    @ivar most: how many characters are kept, but for the last exchange.
    """

    kind: str
    most: int = MOST
    _lines: list[str] = field(factory=list, init=False)
    _length: int = field(default=0, init=False)
    _cut: bool = field(default=False, init=False)
    _sink: Any = field(default=None, init=False)

    def over(self, channel: ICardChannel, job: Job, clock: Any) -> ICardChannel:
        """
        The channel, recorded.

        @param clock: C{IReactorTime}.
        """
        redacted = self.kind != WHOLE
        notes = {FORMAT: str(NEWEST), MADE_BY: VERSION, OPERATION: job.operation, **notes_of(channel.info)}
        if job.card:
            notes[IDENTITY] = SOMEBODY if redacted else job.card
        if not redacted:
            notes |= _parameters(job)
        self._sink = TranscriptSink(self._write, channel.info, notes=notes, redacted=redacted)
        return Recorder(channel, self, clock)

    @property
    def text(self) -> str:
        """
        The transcript so far.
        """
        return "".join(self._lines) + (_CUT if self._cut else "")

    def command(self, command: Command) -> None:
        """
        See L{cardgw.apdu.record.Sink.command}.
        """
        self._cut = self._cut or self._length > self.most
        if not self._cut:
            self._sink.command(command)

    def answer(self, response: Response, seconds: float) -> None:
        """
        See L{cardgw.apdu.record.Sink.answer}.
        """
        if not self._cut:
            self._sink.answer(response, seconds)

    def lost(self, error: ChannelError) -> None:
        """
        See L{cardgw.apdu.record.Sink.lost}.
        """
        self._sink.lost(error)

    def _write(self, line: str) -> None:
        self._lines.append(line)
        self._length += len(line)

    def keep(self, store: Store, job: Job) -> None:
        """
        Write it down.  What is handed to the store after this is not written before it.

        @param job: as it has ended.
        """
        recorded = Recorded(self.kind, f"{self.text}# {OUTCOME}: {_outcome(job)}\n")
        store.transcripts.keep(job.id, recorded).addErrback(partial(_not_kept, job.id))


def _outcome(job: Job) -> str:
    """
    How it ended, in words that have nothing personal in them.
    """
    return job.state.value if job.error is None else f"{job.state.value} {job.error.code} {job.error.status}".rstrip()


def _parameters(job: Job) -> dict[str, str]:
    secret = sorted(job.hidden.intersection(job.parameters))
    found = {PARAMETERS: _in_one_line({name: each for name, each in job.parameters.items() if name not in secret})}
    return {**found, WITHHELD: " ".join(secret)} if secret else found


def _in_one_line(values: dict[str, Any]) -> str:
    """
    JSON whose spaces survive in a note, where several are as good as one.
    """
    return json.dumps(values, separators=(",", ":")).replace("  ", " \\u0020")


def _not_kept(job: str, failure: Failure) -> None:
    if not failure.check(CancelledError):
        reason = str(failure.value)
        _log.error("the transcript of job {job} was not kept: {reason}", event="transcript-not-kept", job=job, reason=reason)


async def transcript_of(store: Store, job: Deferred[Job], written: Callable[[str], Deferred[None]]) -> Recorded:
    """
    The transcript of a job.

    @param written: gives, by the id of a job, when its end is written down; it is seen before that.
    @raise NoTranscript: there is none.
    """
    found = await job
    await written(found.id)
    recorded: Recorded | None = await store.transcripts.get(found.id)
    if recorded is None:
        raise NoTranscript(_why_none(found))
    return recorded


def _why_none(job: Job) -> str:
    if not job.record:
        return "it was not asked for"
    if job.state in ENDED:
        return "the job did not come to a card, or the gateway was ended in the midst of it"
    return "the job has not come to a card and its end yet"
