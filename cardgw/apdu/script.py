# -*- test-case-name: tests.apdu.test_script -*-
"""
The unit of work of L{cardgw.interfaces.ICardChannel}: an ordered list of commands, each with the answers it may have.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from attrs import frozen

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response

OK = range(0x9000, 0x9001)
"""Success (ISO/IEC 7816-4, 5.6)."""
PROACTIVE = range(0x9100, 0x9200)
"""Success, and a proactive command is pending (ETSI TS 102 221, 10.2.1.1)."""
WARNINGS = range(0x6200, 0x6400)
"""Warnings (ISO/IEC 7816-4, 5.6)."""
NOT_FOUND = range(0x6A88, 0x6A89)
"""What was referred to is not there (ISO/IEC 7816-4, 5.6)."""
ANY = range(0x10000)
"""Whatever the card says."""


@frozen
class Step:
    """
    One command and what may come back.

    @ivar allowed: ranges of status words after which the script goes on.
    @ivar data: whether an answer may carry data.  Where it may not, an answer with data ends the script whatever its
        status (a segment of a bound profile package, SGP.22 2.5.5).
    @ivar slow: the card may take long (many seconds); channels with a time limit per command are patient then.
    """

    command: Command
    allowed: tuple[range, ...] = (OK,)
    data: bool = True
    slow: bool = False

    def allows(self, response: Response) -> bool:
        """
        Whether the script goes on after this answer.
        """
        if response.data and not self.data:
            return False
        return self.allows_status(response.status)

    def allows_status(self, status: int) -> bool:
        """
        Whether the script may go on after this status, data aside.
        """
        return any(status in statuses for statuses in self.allowed)


@frozen
class Script:
    """
    Steps to be run in order, up to the first whose answer is not allowed.

    @ivar pipelined: later steps may be sent before an earlier answer is known, because the card itself refuses whatever
        follows a failed step, or because what follows does no harm whatever the step ends in.  Only the author of the plain
        commands can know; no channel decorator sets it.
    """

    steps: tuple[Step, ...]
    pipelined: bool = False

    @classmethod
    def of(cls, *commands: Command) -> Self:
        """
        A script of plain commands, each of which must end in 9000.
        """
        return cls(tuple(Step(command) for command in commands))

    def rest(self, done: int) -> Self:
        """
        The same script without its first steps.
        """
        return type(self)(self.steps[done:], self.pipelined) if done else self

    def completed(self, responses: Iterable[Response]) -> bool:
        """
        Whether these answers are those of a script that ran to its end.
        """
        answers = tuple(responses)
        return len(answers) >= len(self.steps) and all(s.allows(r) for s, r in zip(self.steps, answers, strict=False))
