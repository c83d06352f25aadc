"""
A gateway in memory, as the faces see it, for tests of these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from cardgw.errors import MissingPlugin, NobodyToAsk, ParameterError
from cardgw.fields import build
from cardgw.gateway.control import Claim, JobRequest
from cardgw.gateway.events import EventHub
from cardgw.gateway.faults import (
    Conflict,
    NotAsking,
    NoTranscript,
    TooOften,
    Unauthenticated,
    UnknownCard,
    UnknownJob,
    UnknownParcel,
    UnknownToken,
    WrongCode,
)
from cardgw.gateway.records import (
    ENDED,
    AuditEntry,
    Card,
    Health,
    Job,
    JobState,
    Link,
    Principal,
    Recorded,
    Role,
    Token,
    problem_of,
)
from cardgw.interfaces import IOperation, ITransport
from cardgw.lazy import LazyTransport
from cardgw.values import OutboxEntry, ParcelState, Question
from tests.web.fake_links import FakeLinks
from tests.web.samples import CODE, GUEST, NOW, SECRETS, Greet, Wipe, cards, entry

TRANSCRIPT = "# TRANSPORT: estk\n80CA9F7F Le 256\n9000, 34 bytes\n"


def _clock() -> Clock:
    clock = Clock()
    clock.advance(NOW)
    return clock


def _principals() -> dict[str, Principal]:
    found = {secret: Principal(f"token:{name}", Role(name)) for name, secret in SECRETS.items()}
    return {**found, GUEST: Principal("code:00000001", Role.OPERATOR, "00000001")}


@define(eq=False, slots=False)
class FakeControl(FakeLinks):
    """
    See L{cardgw.gateway.control.Control}.

    @ivar fail_with: what every call with a C{Deferred} fails with, or C{None}.
    @ivar done: what was changed, in order.
    """

    clock: Clock = field(factory=_clock)
    here: list[Card] = field(factory=cards)
    plugins: list[IOperation] = field(factory=lambda: [Greet(), Wipe()])
    stored: dict[str, Job] = field(factory=dict)
    keys: dict[tuple[str, str], str] = field(factory=dict)
    parcels: list[OutboxEntry] = field(factory=lambda: [entry(1), entry(2), entry(3, "callback")])
    names: dict[str, Token] = field(factory=lambda: {"admin": Token("admin", Role.ADMIN, NOW)})
    parts: list[Health] = field(factory=lambda: [Health("store", True)])
    secrets: dict[str, Principal] = field(factory=_principals)
    journal: list[AuditEntry] = field(factory=list)
    done: list[tuple[str, str]] = field(factory=list)
    kept: dict[str, tuple[Link, str]] = field(factory=dict)
    reachable: bool = True
    fail_with: Exception | None = None
    events: EventHub = field(factory=lambda: EventHub(epoch="epoch"))

    def _give(self, make: Callable[[], Any]) -> Deferred[Any]:
        if self.fail_with is not None:
            return fail(self.fail_with)
        try:
            return succeed(make())
        except Exception as problem:
            return fail(problem)

    def _note(self, who: Principal, action: str, target: str) -> None:
        self.done.append((action, target))
        self.journal.insert(0, AuditEntry(len(self.journal) + 1, self.clock.seconds(), who.name, action, target))

    def cards(self, who: Principal) -> Sequence[Card]:
        """
        See L{Control.cards}.
        """
        return [each for each in self.here if who.card in ("", each.id)]

    def card(self, who: Principal, card: str) -> Card:
        """
        See L{Control.card}.
        """
        for each in self.cards(who):
            if card in (each.id, each.identity):
                return each
        raise UnknownCard(card)

    def disconnect(self, who: Principal, card: str) -> Deferred[None]:
        """
        See L{Control.disconnect}.
        """
        return self._give(lambda: self._disconnect(who, self.card(who, card)))

    def _disconnect(self, who: Principal, card: Card) -> None:
        self._note(who, "card.disconnect", card.id)
        self.here.remove(card)
        self.here.append(evolve(card, id=f"{len(self.done) + 16:08x}", identity=""))

    def operations(self) -> Sequence[IOperation]:
        """
        See L{Control.operations}.
        """
        return self.plugins

    def operation(self, name: str) -> IOperation:
        """
        See L{Control.operation}.
        """
        for each in self.plugins:
            if each.name == name:
                return each
        raise MissingPlugin(name)

    def transports(self, who: Principal) -> Sequence[tuple[ITransport, int]]:
        """
        See L{Control.transports}.
        """
        return [(LazyTransport("estk", "cards that dial in", "x.y"), 1)]

    def submit(self, who: Principal, request: JobRequest) -> Deferred[tuple[Job, bool]]:
        """
        See L{Control.submit}.
        """
        return self._give(lambda: self._submit(who, request))

    def _submit(self, who: Principal, request: JobRequest) -> tuple[Job, bool]:
        operation = self.operation(request.operation)
        build(operation.parameters, request.parameters, "parameters", ParameterError)
        if not request.card.startswith("eid:"):
            self.card(who, request.card)
        job = Job(
            f"j{len(self.stored) + 1:04}",
            request.operation,
            request.parameters,
            frozenset({"pin"}),
            request.card,
            requester=who.name,
            created=self.clock.seconds(),
            record=request.record,
        )
        known = self.stored.get(self.keys.get((who.name, request.key), ""))
        if known is not None and request.key:
            if (known.operation, known.parameters, known.card) != (job.operation, job.parameters, job.card):
                raise Conflict("this key was used for another request")
            return known, False
        self.keys[who.name, request.key] = job.id
        self.stored[job.id] = job
        self._note(who, "job.submit", job.id)
        return job, True

    def jobs(
        self,
        who: Principal,
        *,
        state: JobState | None = None,
        card: str = "",
        operation: str = "",
        before: str = "",
        limit: int = 50,
    ) -> Deferred[Sequence[Job]]:
        """
        See L{Control.jobs}.
        """
        found = [
            each
            for each in sorted(self.stored.values(), key=lambda job: job.id, reverse=True)
            if state in (None, each.state) and card in ("", each.card) and operation in ("", each.operation)
            if not before or each.id < before
        ]
        return self._give(lambda: found[:limit])

    def job(self, who: Principal, job: str) -> Deferred[Job]:
        """
        See L{Control.job}.
        """
        return self._give(lambda: self._job(job))

    def _job(self, job: str) -> Job:
        if job not in self.stored:
            raise UnknownJob(job)
        return self.stored[job]

    def change(self, job: str, **changes: Any) -> Job:
        """
        Make a job be in another state.
        """
        self.stored[job] = evolve(self.stored[job], **changes)
        return self.stored[job]

    def ask(self, job: str) -> Job:
        """
        Have a job wait for an answer.
        """
        question = Question("confirmation-code", "The confirmation code?", {"provider": "X"}, secret=True)
        return self.change(job, state=JobState.WAITING, started=NOW, stage="es9p_authenticate_client", question=question)

    def fail(self, job: str) -> Job:
        """
        Have a job fail.
        """
        return self.change(job, state=JobState.FAILED, started=NOW, ended=NOW, error=problem_of(NobodyToAsk("no answer")))

    def transcript(self, who: Principal, job: str) -> Deferred[Recorded]:
        """
        See L{Control.transcript}.
        """
        return self._give(lambda: self._transcript(job))

    def _transcript(self, job: str) -> Recorded:
        if not self._job(job).record:
            raise NoTranscript
        return Recorded(self._job(job).record, TRANSCRIPT)

    def cancel(self, who: Principal, job: str) -> Deferred[Job]:
        """
        See L{Control.cancel}.
        """
        return self._give(lambda: self._cancel(who, job))

    def _cancel(self, who: Principal, job: str) -> Job:
        if self._job(job).state in ENDED:
            raise Conflict("it has ended")
        self._note(who, "job.cancel", job)
        return self.change(job, state=JobState.CANCELLED, question=None)

    def answer(self, who: Principal, job: str, text: str) -> Deferred[Job]:
        """
        See L{Control.answer}.
        """
        return self._give(lambda: self._answer(who, job, text))

    def _answer(self, who: Principal, job: str, text: str) -> Job:
        if self._job(job).question is None:
            raise NotAsking
        self._note(who, "job.answer", text)
        return self.change(job, state=JobState.RUNNING, question=None)

    def outbox(
        self, who: Principal, *, state: ParcelState | None = None, card: str = "", before: str = "", limit: int = 50
    ) -> Deferred[Sequence[OutboxEntry]]:
        """
        See L{Control.outbox}.
        """
        found = [each for each in reversed(self.parcels) if state in (None, each.state) and card in ("", each.parcel.card)]
        return self._give(lambda: [each for each in found if not before or each.id < before][:limit])

    def deliver(self, who: Principal, entry: str) -> Deferred[OutboxEntry]:
        """
        See L{Control.deliver}.
        """
        return self._give(lambda: self._moved(who, entry, "outbox.deliver", ParcelState.DELIVERED))

    def give_up(self, who: Principal, entry: str) -> Deferred[OutboxEntry]:
        """
        See L{Control.give_up}.
        """
        return self._give(lambda: self._moved(who, entry, "outbox.give-up", ParcelState.GIVEN_UP))

    def _moved(self, who: Principal, entry: str, action: str, state: ParcelState) -> OutboxEntry:
        for at, each in enumerate(self.parcels):
            if each.id == entry:
                if state is ParcelState.GIVEN_UP and each.state is not ParcelState.WAITING:
                    raise Conflict("it does not wait")
                self._note(who, action, entry)
                self.parcels[at] = evolve(each, state=state)
                return self.parcels[at]
        raise UnknownParcel(entry)

    def claim(self, code: str, address: str) -> Deferred[Claim]:
        """
        See L{Control.claim}.
        """
        return self._give(lambda: self._claim(code, address))

    def _claim(self, code: str, address: str) -> Claim:
        self.done.append(("claim", address))
        if code == "TOO OFTEN":
            raise TooOften
        if code != CODE:
            raise WrongCode
        return Claim(GUEST, self.here[0])

    def authenticate(self, token: str) -> Deferred[Principal]:
        """
        See L{Control.authenticate}.
        """
        return self._give(lambda: self._authenticate(token))

    def _authenticate(self, token: str) -> Principal:
        if token not in self.secrets:
            raise Unauthenticated
        return self.secrets[token]

    def tokens(self) -> Deferred[Sequence[Token]]:
        """
        See L{Control.tokens}.
        """
        return self._give(lambda: list(self.names.values()))

    def add_token(self, who: Principal, name: str, role: Role, expires: float | None = None) -> Deferred[str]:
        """
        See L{Control.add_token}.
        """
        return self._give(lambda: self._add_token(who, name, role, expires))

    def _add_token(self, who: Principal, name: str, role: Role, expires: float | None) -> str:
        if name in self.names:
            raise Conflict(f"there is a token {name} already")
        self.names[name] = Token(name, role, self.clock.seconds(), expires)
        self._note(who, "token.add", name)
        return f"secret-of-{name}"

    def revoke_token(self, who: Principal, name: str) -> Deferred[None]:
        """
        See L{Control.revoke_token}.
        """
        return self._give(lambda: self._revoke_token(who, name))

    def _revoke_token(self, who: Principal, name: str) -> None:
        if self.names.pop(name, None) is None:
            raise UnknownToken(name)
        self._note(who, "token.revoke", name)

    def audit(self, before: int | None = None, limit: int = 50) -> Deferred[Sequence[AuditEntry]]:
        """
        See L{Control.audit}.
        """
        return self._give(lambda: [each for each in self.journal if before is None or each.id < before][:limit])

    def health(self) -> Sequence[Health]:
        """
        See L{Control.health}.
        """
        return self.parts
