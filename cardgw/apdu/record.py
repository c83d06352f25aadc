# -*- test-case-name: tests.apdu.test_record -*-
"""
Telling somebody what is said to a card and what it says: for transcripts (with all data) and for the log (without).
"""

from __future__ import annotations

import re
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from cardgw.apdu.base import Answers, ChannelDecorator, Watch
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.apdu.turns import Turns
from cardgw.errors import ChannelError
from cardgw.interfaces import ICardChannel

_COMMAND = re.compile(r"([0-9A-F]{8})(?: Lc ([0-9]{1,5}))?(?: Le ([0-9]{1,5}))?")
_RESPONSE = re.compile(r"([0-9A-F]{4}), ([0-9]{1,5}) bytes")


class Sink(Protocol):
    """
    What a L{Recorder} tells.  It must not raise.
    """

    def command(self, command: Command) -> None:
        """
        A command that reached the card, or may have.
        """

    def answer(self, response: Response, seconds: float) -> None:
        """
        The answer to the command before, and how long it took.
        """

    def lost(self, error: ChannelError) -> None:
        """
        The connection was lost; the commands since the last answer have none.
        """


class Recorder(ChannelDecorator):
    """
    Tells a sink of every command and answer, in their order.  A command is told together with its answer, or when the
    connection was lost after it.
    """

    def __init__(self, channel: ICardChannel, sink: Sink, clock: IReactorTime) -> None:
        super().__init__(channel)
        self._sink = sink
        self._clock = clock
        self._turn = Turns()

    def exchange(self, script: Script, watch: Watch = None) -> Deferred[Answers]:
        """
        See L{cardgw.interfaces.ICardChannel.exchange}.
        """
        return self._turn.run(self._in_turn, script, watch)

    def _in_turn(self, script: Script, watch: Watch) -> Deferred[Answers]:
        running = _Running(script.steps, watch, self._sink, self._clock)
        return self.channel.exchange(script, running.answered).addErrback(running.failed)


class _Running:
    """
    One script that is being recorded.
    """

    def __init__(self, steps: tuple[Step, ...], watch: Watch, sink: Sink, clock: IReactorTime) -> None:
        self._steps = steps
        self._watch = watch
        self._sink = sink
        self._clock = clock
        self._answered = 0
        self._since = clock.seconds()

    def answered(self, response: Response) -> None:
        now = self._clock.seconds()
        self._sink.command(self._steps[self._answered].command)
        self._sink.answer(response, now - self._since)
        self._answered += 1
        self._since = now
        if self._watch is not None:
            self._watch(response)

    def failed(self, failure: Failure) -> Failure:
        error = failure.value
        if isinstance(error, ChannelError):
            for step in self._steps[self._answered : self._answered + error.unanswered]:
                self._sink.command(step.command)
            self._sink.lost(error)
        return failure


def redact(command: Command) -> str:
    """
    A command for the log, without its data: C{"80E29100 Lc 18 Le 256"}.
    """
    header = bytes((command.cla, command.ins, command.p1, command.p2)).hex().upper()
    given = f" Lc {len(command.data)}" if command.data else ""
    return header + given + ("" if command.expected is None else f" Le {command.expected}")


def redact_response(response: Response) -> str:
    """
    An answer for the log, without its data: C{"9000, 34 bytes"}.
    """
    return f"{response.status:04X}" + (f", {len(response.data)} bytes" if response.data else "")


def unredact(text: str) -> Command | None:
    """
    What L{redact} was given, with zeros for its data; C{None} where this is no command of which something was left out.

    @raise ValueError: a length is too long.
    """
    found = _COMMAND.fullmatch(text)
    if found is None or (found[2] is None and found[3] is None):
        return None
    cla, ins, p1, p2 = bytes.fromhex(found[1])
    return Command(cla, ins, p1, p2, bytes(int(found[2] or 0)), int(found[3]) if found[3] else None)


def unredact_response(text: str) -> Response | None:
    """
    What L{redact_response} was given, with zeros for its data; C{None} where this is no answer whose data were left out.
    """
    found = _RESPONSE.fullmatch(text)
    return Response(bytes(int(found[2])), int(found[1], 16)) if found is not None else None
