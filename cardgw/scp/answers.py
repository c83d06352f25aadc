# -*- test-case-name: tests.scp.test_answers -*-
"""
The answers to a script that was wrapped, as they come.
"""

from __future__ import annotations

from collections.abc import Sequence

from cardgw.apdu.base import Answers, Watch
from cardgw.apdu.response import Response
from cardgw.apdu.script import Step
from cardgw.scp.outgoing import is_taken
from cardgw.scp.session import Session


class ScriptAnswers:
    """
    Unwraps answers in their order, and shows them to whoever watches.

    @ivar plain: those that there are.
    """

    def __init__(self, session: Session, steps: Sequence[Step], segments: int, watch: Watch) -> None:
        """
        @param segments: into how many the first command was cut; the others, where there are any, are whole.
        """
        self.plain: Answers = ()
        self._session = session
        self._steps = steps
        self._segments = segments
        self._watch = watch
        self._taken = 0
        self._raised: BaseException | None = None

    def unanswered(self, below: int) -> int:
        """
        How many commands may have reached the card without an answer.

        @param below: how many of those that they were made into.
        """
        if self._segments == 1:
            return below
        return int(not self.plain and bool(below or self._taken))

    def take(self, response: Response) -> None:
        """
        The next answer.

        @raise AnswerNotAuthentic: it is not protected as it must be.
        """
        self._taken += 1
        early, command = self._taken < self._segments, self._steps[len(self.plain)].command
        if early and is_taken(self._session, command, response):
            return
        plain = self._session.unwrap(command, response)
        self.plain += (plain,)
        if early:
            self._session.end("the card did not take a command that was cut")
        self._tell(plain)

    def _tell(self, plain: Response) -> None:
        """
        Whoever watches may raise; the answers that follow are unwrapped nevertheless, so that session and card stay together.
        """
        if self._watch is None or self._raised is not None:
            return
        try:
            self._watch(plain)
        except Exception as problem:
            self._raised = problem

    def rest(self, answers: Answers) -> None:
        """
        All answers, of which some have been taken.
        """
        for response in answers[self._taken :]:
            self.take(response)

    def reraise(self) -> None:
        """
        Raise what the watcher raised, if it did.
        """
        if self._raised is not None:
            raise self._raised
