# -*- test-case-name: tests.operations.test_apdu_script -*-
"""
C{apdu.script}: commands as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu import status
from cardgw.apdu.mini_language import HEADER_BYTES, ScriptLine, parse_script
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, Script, Step
from cardgw.apdu.wrong_length import WrongLength
from cardgw.errors import CardGatewayError, ParameterError, UnexpectedStatus
from cardgw.fields import Kind, boolean, each_of, option, text
from cardgw.interfaces import ICardChannel, IOperation, ISession
from cardgw.values import Feature

_FINAL = (range(0x6100), range(0x6200, 0x6C00), range(0x6D00, 0x10000))
"""Statuses that are the last word: all but 61xx and 6Cxx."""


def _lines(value: Any) -> tuple[ScriptLine, ...]:
    lines = parse_script("\n".join(each_of(text).parse(value)))
    if not lines:
        raise ParameterError("script: there is no command in it")
    return lines


script_lines = Kind("a command on each line", _lines, schema={"anyOf": [text.schema, each_of(text).schema]})
"""A script: a text of several lines, or a list of lines."""


@frozen
class ScriptParameters:
    """
    What the caller gives.
    """

    script: tuple[ScriptLine, ...] = option(
        script_lines,
        "the commands: a text of several lines, or a list of lines; in hexadecimal, or in ykman's mini-language",
        secret=True,
    )
    stop: bool = option(boolean, "stop at the first status that is not expected, and fail", default=True)
    raw: bool = option(
        boolean, "leave 61xx and 6Cxx as they are, instead of fetching the answer or asking with the right length", default=False
    )


@frozen
class ScriptSettings:
    """
    Nothing to set.
    """


@implementer(IPlugin, IOperation)
class RunScript:
    """
    See L{IOperation}.
    """

    name = "apdu.script"
    summary = "send a card commands, and check how it answers"
    help = """\
Each line of the script is a command, and after an equals sign the statuses that it may end in, with | between them:

  00A4040008A000000527210101 = 9000 | 61xx     in hexadecimal
  A1=                                          in ykman's mini-language: [CLA]INS[P1P2][:DATA][/LE][=EXPECTED_SW]

A line is in the mini-language if it has a colon or a slash, or less than four bytes.  What it leaves out of CLA, P1 and P2 is 00;
/00 asks for up to 256 bytes, /0000 for up to 65536 in the extended form; "=" alone is "=9000".  An x stands for any digit.
Without an equals sign any status will do.  A # begins a comment.

After 61xx the rest of the answer is fetched, and after 6Cxx the command is sent again, once, with the length that the card wants:
the answer and the status are those at the end.  Where a line expects 61xx or 6Cxx itself, and with raw everywhere, they are left
as they are; then the rest of the answer is lost unless the next line fetches it (C0/00).

The result has the answer to each command.  Of the commands themselves it has the first four bytes: the rest may be secret.
Nobody but you knows what the commands do: they may destroy the card.
"""
    parameters: Any = ScriptParameters
    settings: Any = ScriptSettings
    application: bytes | None = None
    requires: frozenset[Feature] = frozenset()
    destructive = True
    repeatable = False

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: C{ok}, whether all was as expected, and C{answers}: of each command C{line}, C{command} (CLA, INS, P1, P2),
            C{response} (the data), C{status}, C{name} (what that means), C{expected} (the patterns) and C{ok}.
        @raise UnexpectedStatus: a status was not expected, and C{stop} is set; what was answered so far is written down.
        """
        parameters = session.parameters
        session.stage("apdu_script", commands=len(parameters.script))
        return await ScriptRun(session, session.channel, parameters.script, stop=parameters.stop, raw=parameters.raw).run()


@define(eq=False)
class ScriptRun:
    """
    One run of a script.

    @ivar channel: what the commands go through: one that repairs 61xx.
    @ivar answers: those that have come.
    """

    session: ISession
    channel: ICardChannel
    lines: Sequence[ScriptLine]
    stop: bool = field(kw_only=True)
    raw: bool = field(kw_only=True)
    answers: list[Response] = field(factory=list)

    async def run(self) -> dict[str, Any]:
        """
        See L{RunScript.run}.
        """
        try:
            await self._exchange()
        except (CardGatewayError, CancelledError):
            await self.session.achieved(self._result())
            raise
        line, answer = self.lines[len(self.answers) - 1], self.answers[-1]
        if self.stop and not line.allows(answer.status):
            await self.session.achieved(self._result())
            raise UnexpectedStatus(answer, f"line {line.number}, {_head(line)}, expected {' or '.join(line.expected)}")
        return self._result()

    async def _exchange(self) -> None:
        channel: ICardChannel = self.channel if self.raw else WrongLength(self.channel)
        while (done := len(self.answers)) < len(self.lines):
            steps = [self._step(line) for line in self.lines[done : done + 1 if self.raw else None]]
            answers = await channel.exchange(Script(tuple(steps)), self._watch)
            self.answers[done:] = answers
            if not answers or (self.stop and not self.lines[len(self.answers) - 1].allows(answers[-1].status)):
                return

    def _step(self, line: ScriptLine) -> Step:
        """
        A status that a step allows is not followed up, and one that it does not allow ends the script.
        """
        if self.raw:
            return Step(line.command, (ANY,), slow=True)
        expected = line.statuses if line.expected else ()
        return Step(line.command, expected if expected and self.stop else (*_FINAL, *expected), slow=True)

    def _watch(self, response: Response) -> None:
        self.answers.append(response)
        self.session.percent(len(self.answers) * 100 // len(self.lines))

    def _result(self) -> dict[str, Any]:
        found = [_answer(line, answer) for line, answer in zip(self.lines, self.answers, strict=False)]
        return {"ok": all(each["ok"] for each in found) and len(found) == len(self.lines), "answers": found}


def _head(line: ScriptLine) -> str:
    return line.command.encode()[:HEADER_BYTES].hex().upper()


def _answer(line: ScriptLine, answer: Response) -> dict[str, Any]:
    return {
        "line": line.number,
        "command": _head(line),
        "response": answer.data.hex().upper(),
        "status": f"{answer.status:04X}",
        "name": status.name(answer.status),
        "expected": list(line.expected),
        "ok": line.allows(answer.status),
    }
