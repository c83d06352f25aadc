# -*- test-case-name: tests.cli.test_wait -*-
"""
Waiting for the end of a job.  It is followed by events; wherever one could have been missed, the job itself is looked at.  Where
events cannot be had, it is looked at again and again.  A gateway that is being restarted is waited for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field

from cardgw.cli.app import App
from cardgw.cli.errors import AnswerNeeded, CardLeft, GatewayUnreachable, RequestRefused
from cardgw.cli.event_stream import ServerEvent
from cardgw.cli.progress import Reporter
from cardgw.cli.text import clean, segment
from cardgw.errors import CardGatewayError

BUSY = frozenset({429, 503})
"""Statuses of HTTP that pass."""
NO_STREAM = frozenset({404, 406, *BUSY})
"""Statuses with which a stream of events is refused where the rest may work."""
ENDED = frozenset({"done", "failed", "cancelled"})
PAUSES = (0.2, 0.5, 1.0, 2.0, 3.0)
"""Seconds between two attempts; the last one for all further ones."""
YES_NO = {"yes": "yes", "y": "yes", "no": "no", "n": "no"}
PATIENCE = 300.0
"""Seconds that a gateway may be away."""

Job = Mapping[str, Any]


@define(eq=False)
class Waiting:
    """
    See the module's docstring.

    @ivar job: as it was seen last.
    @ivar stays: go on waiting where the card was lost and the job waits for its next visit.
    @param last: the id of an event, if all that happens to the job comes after it.
    """

    app: App
    job: Job
    reporter: Reporter
    stays: bool = False
    _last: str = ""
    _stage: tuple[Any, Any] = ("", {})
    _percent: int | None = None
    _asked: Any = None
    _begun: bool = False
    _away: float = 0.0
    _failures: int = field(default=0)

    @property
    def _path(self) -> str:
        return f"jobs/{segment(self.job['id'])}"

    def wait(self) -> Job:
        """
        @return: the job, ended.
        @raise GatewayUnreachable: the gateway is away for too long.
        @raise CardLeft: the job waits for the next visit of its card.
        """
        try:
            while True:
                try:
                    if self._turn():
                        return self.job
                except GatewayUnreachable as away:
                    self._still_away(away)
                except RequestRefused as refusal:
                    if refusal.status not in BUSY:
                        raise
                    self._still_away(refusal)
                self._rest()
        finally:
            self.reporter.close()

    def _listen(self) -> bool:
        """
        @return: whether the job has ended; otherwise the stream has.
        """
        if not self._last and self._look():
            return True
        with self.app.api.events({"kind": "job", "job": self.job["id"]}, self._last) as events:
            if not self._last and self._look():
                return True
            heard = False
            for event in events:
                heard, self._failures = True, 0
                if self._heard(event):
                    return self._look()
        if not heard:
            self._last = ""  # whatever is wrong there: look at the job itself next time
        return False

    def _turn(self) -> bool:
        try:
            return self._listen()
        except GatewayUnreachable:
            return self._look()
        except RequestRefused as refusal:
            if refusal.status not in NO_STREAM:
                raise
            return self._look()

    def _still_away(self, problem: CardGatewayError) -> None:
        if self._away >= PATIENCE:
            hint = f"The job goes on without this: `cardgw jobs watch {self.job['id']}`."
            raise GatewayUnreachable(problem.detail, hint=hint)
        if not self._away:
            self.app.say("The gateway does not answer; waiting for it to come back.")
        self._last = ""
        self._away += PAUSES[min(self._failures, len(PAUSES) - 1)]

    def _rest(self) -> None:
        self.app.pause(PAUSES[min(self._failures, len(PAUSES) - 1)])
        self._failures += 1

    def _look(self) -> bool:
        """
        @return: whether the job has ended.
        """
        self.job, known = self.app.api.followable(self._path)
        self._last = known or self._last
        if self._away:
            self.app.say("The gateway is back.")
            self._away, self._failures = 0.0, 0
        if self.job["state"] in ENDED:
            self._told_stage()
            self.reporter.ended(self.job)
            return True
        self._seen(self.job["state"])
        return False

    def _told_stage(self) -> None:
        if self.job.get("stage"):
            self._at_stage(self.job["stage"], self.job.get("facts") or {})
            if self.job.get("percent") is not None and self.job["percent"] != self._percent:
                self._at_percent(self.job["percent"])

    def _at_stage(self, name: str, facts: Mapping[str, Any]) -> None:
        if (name, facts) != self._stage:
            self._stage, self._percent = (name, facts), None
            self.reporter.stage(self.job, name, facts)

    def _at_percent(self, done: int) -> None:
        self._percent = done
        self.reporter.percent(self.job, done)

    def _seen(self, state: str) -> None:
        if state == "queued":
            self._queued(self.job.get("error"))
        else:
            self._begun = True
            self._told_stage()
        if state == "waiting" and self.job.get("question"):
            self._question(self.job["question"])
        elif state != "waiting":
            self._asked = None

    def _heard(self, event: ServerEvent) -> bool:
        """
        @return: whether the job is to be looked at.
        """
        self._last = event.id or self._last
        kind, data = event.kind, event.data
        if kind == "gap":
            return self._look()
        if data.get("job") != self.job["id"]:
            return False
        self.job = {**self.job, "state": data.get("state", self.job["state"])}
        if kind == "job.stage":
            self._at_stage(str(data.get("stage")), data.get("facts") or {})
        elif kind == "job.percent" and isinstance(data.get("percent"), int):
            self._at_percent(data["percent"])
        elif kind == "job.waiting":
            self._question(data.get("question") or {})
        elif kind == "job.queued":
            self._queued(data.get("error"))
        elif kind == "job.started":
            self._begun, self._asked = True, None
        return kind == "job.ended"

    def _queued(self, error: Mapping[str, Any] | None) -> None:
        if not self._begun and not error:
            return
        self._begun = False
        self._stage = ("", {})
        self.reporter.other("job.queued", self.job, error=error)
        if not self.stays:
            reason = str((error or {}).get("title") or "").rstrip(".")
            raise CardLeft(reason, hint=f"`cardgw jobs watch {self.job['id']}` waits for it.")
        self.app.say("The card was lost; the job waits for its next visit.")

    def _question(self, question: Mapping[str, Any]) -> None:
        if question == self._asked:
            return
        self._asked = question
        self.reporter.other("job.waiting", self.job, question=question)
        if self.app.may_ask:
            self._answer(question)
        elif self.app.flags.no_input:
            self.app.api.post(f"{self._path}/cancel", patient=True)
            raise AnswerNeeded(str(question.get("text")), hint="Give the answer as a parameter, or leave out --no-input.")
        else:
            self.app.say(f"The job asks: {question.get('text')} Answer it: cardgw jobs answer {self.job['id']}")

    def _answer(self, question: Mapping[str, Any]) -> None:
        with self.reporter.aside():
            text = ask(self.app, question)
        try:
            self.app.api.post(f"{self._path}/answer", {"answer": text})
        except RequestRefused as problem:
            if problem.problem.get("code") != "not-asking":
                raise
            self.app.say("The question has been answered, or withdrawn, in the meantime.")


def ask(app: App, question: Mapping[str, Any]) -> str:
    """
    Ask whoever sits there what a job wants to know.
    """
    text = clean(question.get("text") or "?")
    if question.get("kind") != "consent":
        return app.ask(text, secret=bool(question.get("secret")))
    while True:
        answer = app.ask(f"{text} [yes/no]").strip().lower()
        if answer in YES_NO:
            return YES_NO[answer]
