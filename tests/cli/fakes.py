# -*- test-case-name: tests.cli -*-
"""
A gateway's API for tests of the C{cardgw} command: in memory, with jobs that go as a test wants them to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
from attrs import define, evolve, field, frozen

from cardgw.gateway.events import Event
from cardgw.gateway.records import AuditEntry, Card, Job, JobState, Problem, Role, Token
from cardgw.gateway.run import job_event
from cardgw.gateway.shown import audit_json, card_json, entry_json, job_json, token_json
from cardgw.values import OutboxEntry, Parcel, Question
from cardgw.web.feed import event_text

NOW = 1_795_255_200.0
"""The time in tests, in seconds since 1970."""
TOKEN = "operators-token"
REDACTED = "# TRANSPORT: estk\n80CA9F7F Le 256\n9000, 2 bytes\n"
WHOLE = "# TRANSPORT: estk\n80CA9F7F00\n01029000\n"
URL = "http://127.0.0.1:1889"
EID = "89049032123451234512345678901235"
OTHER_EID = "89049032123451234512345678909993"
ICCID = "8944476500001224158"
CARD = Card("a1b2c3d4", f"eid:{EID}", "estk", "192.0.2.7:4711", NOW - 200)
OTHER_CARD = Card("0badcafe", f"eid:{OTHER_EID}", "estk", "192.0.2.8:4712", NOW - 7000, managed=True)
PROFILE = {
    "iccid": ICCID,
    "isdpAid": "a0000005591010ffffffff8900001100",
    "profileState": "disabled",
    "profileNickname": "travel",
    "serviceProviderName": "Example Mobile",
    "profileName": "Demo",
    "profileClass": "operational",
}
ENTRY = OutboxEntry(
    "01OUT",
    Parcel("notification", f"eid:{EID}", 12, "smdp.example.com", b"", {"event": "install", "iccid": ICCID}),
    attempts=2,
    next_attempt=NOW + 90,
    reason="The server cannot be reached.",
    created=NOW - 4000,
)


@frozen
class Step:
    """
    Something that happens to a job.

    @ivar kind: of the event; empty where the stream of events breaks off here.
    @ivar changes: of the L{Job}.
    """

    kind: str
    changes: Mapping[str, Any] = field(factory=dict)


BEGUN = Step("job.started", {"state": JobState.RUNNING})
BROKEN = Step("")


def stage(name: str, **facts: Any) -> Step:
    """
    A stage begins.
    """
    return Step("job.stage", {"stage": name, "facts": facts, "percent": None})


def percent(done: int) -> Step:
    """
    The present stage has come so far.
    """
    return Step("job.percent", {"percent": done})


def question(
    kind: str = "confirmation-code", text: str = "Confirmation code for Example Mobile Demo?", secret: bool = True
) -> Step:
    """
    The job asks.
    """
    return Step("job.waiting", {"state": JobState.WAITING, "question": Question(kind, text, secret=secret)})


def done(**result: Any) -> Step:
    """
    The job has a result.
    """
    return Step("job.ended", {"state": JobState.DONE, "result": result})


def failed(code: str = "peer-lost", title: str = "The card's side closed the connection", **more: str) -> Step:
    """
    The job has failed.
    """
    return Step("job.ended", {"state": JobState.FAILED, "error": Problem(code, title, **more)})


def described(name: str, *, destructive: bool = False, required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    """
    An operation as the API describes it.
    """
    schema = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return {"name": name, "summary": f"do {name}", "destructive": destructive, "parameters": schema}


@define(eq=False)
class FakeApi:
    """
    See the module's docstring.

    @ivar scripts: what happens to a job of an operation, by its name.
    @ivar streams: whether there are events; otherwise a step happens whenever somebody looks.
    @ivar tells_events: whether a job comes with the id of the last event that is in it.
    @ivar before: called with each request, before it is answered.
    @ivar transcripts: by their kinds.
    """

    cards: list[Card] = field(factory=lambda: [CARD])
    scripts: dict[str, list[Step]] = field(factory=dict)
    operations: dict[str, dict[str, Any]] = field(factory=dict)
    jobs: dict[str, Job] = field(factory=dict)
    entries: list[OutboxEntry] = field(factory=lambda: [ENTRY])
    tokens: list[Token] = field(factory=lambda: [Token("admin", Role.ADMIN, NOW - 86400)])
    audit: list[AuditEntry] = field(factory=lambda: [AuditEntry(7, NOW, "token:admin", "job.submit", "01JOB1", "lpa.info")])
    events: list[tuple[str, dict[str, Any]]] = field(factory=list)
    streams: bool = True
    tells_events: bool = True
    requests: list[httpx.Request] = field(factory=list)
    answers: list[str] = field(factory=list)
    before: Callable[[httpx.Request], object] = lambda request: None
    transcripts: dict[str, str] = field(factory=lambda: {"redacted": REDACTED, "whole": WHOLE})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """
        Answer a request.
        """
        self.requests.append(request)
        self.before(request)
        path = request.url.path.removeprefix("/api/v1/").split("/")
        if request.url.path == "/readyz":
            return httpx.Response(200, text="[+] store: ok\nok\n")
        if path != ["claims"] and request.headers.get("Authorization") not in {f"Bearer {TOKEN}", "Bearer cards-token"}:
            return problem(401, "unauthenticated", "A valid token is needed")
        found = getattr(self, f"{request.method.lower()}_{path[0].replace('-', '_')}", None)
        return found(request, *path[1:]) if found is not None else problem(404, "no-such-path", "There is nothing at this path")

    def sent(self, method: str, path: str) -> list[Any]:
        """
        The bodies of the requests of one kind.
        """
        found = [each for each in self.requests if (each.method, each.url.path) == (method, f"/api/v1/{path}")]
        return [json.loads(each.content) if each.content else None for each in found]

    def get_cards(self, request: httpx.Request, name: str = "") -> httpx.Response:
        """
        All, or one.
        """
        if not name:
            return listed([card_json(each) for each in self.cards])
        found = [each for each in self.cards if name in (each.id, each.identity)]
        return answer(card_json(found[0])) if found else problem(404, "unknown-card", "No such card is here")

    def delete_cards(self, request: httpx.Request, name: str) -> httpx.Response:
        """
        Send one away.
        """
        found = self.get_cards(request, name)
        return httpx.Response(202, content=found.content) if found.is_success else found

    def get_operations(self, request: httpx.Request, name: str = "") -> httpx.Response:
        """
        All, or one.
        """
        if not name:
            return listed(list(self.operations.values()))
        if name not in self.operations:
            return problem(404, "missing-plugin", "No such plugin is installed", detail=name)
        return answer(self.operations[name])

    def post_jobs(self, request: httpx.Request, name: str = "", what: str = "") -> httpx.Response:
        """
        Queue, cancel or answer one.
        """
        if what == "cancel":
            return self.cancelled(name)
        if what == "answer":
            return self.answered(name, json.loads(request.content)["answer"])
        body = json.loads(request.content)
        card = next((each for each in self.cards if body["card"] in (each.id, each.identity)), None)
        if card is None and not body["card"].startswith("eid:"):
            return problem(404, "unknown-card", "No such card is here", detail=body["card"])
        job = Job(f"01JOB{len(self.jobs) + 1}", body["operation"], body["parameters"], requester="token:admin", created=NOW)
        job = evolve(job, record=body.get("record", ""))
        job = evolve(job, card=card.identity if card else body["card"], channel=card.id if card else "")
        self.jobs[job.id] = job
        return httpx.Response(202, json=job_json(job), headers=self.known_event)

    def cancelled(self, name: str) -> httpx.Response:
        """
        Cancel one.
        """
        job = self.jobs[name]
        if job.state in {JobState.DONE, JobState.FAILED}:
            return problem(409, "conflict", "That is not possible in the present state")
        error = Problem("operation-cancelled", "The operation was cancelled", "by token:admin")
        self.jobs[name] = evolve(job, state=JobState.CANCELLED, error=error, question=None)
        return answer(job_json(self.jobs[name]))

    def answered(self, name: str, text: str) -> httpx.Response:
        """
        Answer the question of one.
        """
        if self.jobs[name].state is not JobState.WAITING:
            return problem(409, "not-asking", "The job has no question")
        self.answers.append(text)
        self.jobs[name] = evolve(self.jobs[name], state=JobState.RUNNING, question=None)
        return answer(job_json(self.jobs[name]))

    def get_jobs(self, request: httpx.Request, name: str = "", what: str = "") -> httpx.Response:
        """
        All, in pages, or one, or its transcript.
        """
        if what == "transcript":
            text = self.transcripts.get(self.jobs[name].record)
            return httpx.Response(200, text=text) if text else problem(404, "no-transcript", "There is no transcript of this job")
        if not name:
            wanted = request.url.params
            limit, before = int(wanted.get("limit", "50")), wanted.get("before", "~")
            found = [job_json(each) for each in reversed(self.jobs.values()) if each.id < before]
            found = [each for each in found if wanted.get("state") in (None, each["state"])]
            following = f"/api/v1/jobs?limit={limit}&before={found[limit - 1]['id']}" if len(found) > limit else None
            return answer({"items": found[:limit], "next": following})
        if name not in self.jobs:
            return problem(404, "unknown-job", "There is no such job", detail=name)
        if not self.streams:
            self._step(name)
        return httpx.Response(200, json=job_json(self.jobs[name]), headers=self.known_event)

    @property
    def known_event(self) -> dict[str, str]:
        """
        The header that tells up to which event a job is told.
        """
        return {"Last-Event-ID": f"e-{len(self.events)}"} if self.tells_events else {}

    def _step(self, name: str) -> bytes | None:
        script = self.scripts.get(self.jobs[name].operation, [])
        if not script:
            return None
        step = script.pop(0)
        if not step.kind:
            return None
        job = self.jobs[name] = evolve(self.jobs[name], **step.changes)
        shown = job_json(job)
        more = {key: shown[key] for key in ("stage", "facts", "percent", "question", "result", "error") if key in step.changes}
        number = len(self.events) + 1
        self.events.append((step.kind, job_event(job, **more)))
        return event_text(Event(f"e-{number}", *self.events[-1]))

    def get_events(self, request: httpx.Request) -> httpx.Response:
        """
        What happens to a job, or what a test has put into C{events}.
        """
        if not self.streams:
            return problem(404, "no-such-path", "There is nothing at this path")
        after = request.headers.get("Last-Event-ID", "")
        return httpx.Response(200, content=self._stream(request.url.params.get("job", ""), after))

    def _stream(self, job: str, after: str) -> Iterator[bytes]:
        yield b"retry: 3000\n\n: still here\n\n"
        for number, (kind, data) in enumerate(self.events, 1):
            if (after and number > int(after[2:])) or not (job or after):
                yield event_text(Event(f"e-{number}", kind, data))
        while job and (octets := self._step(job)) is not None:
            yield octets

    def get_outbox(self, request: httpx.Request) -> httpx.Response:
        """
        All entries.
        """
        return listed([entry_json(each) for each in self.entries])

    def post_outbox(self, request: httpx.Request, name: str, what: str) -> httpx.Response:
        """
        Nothing comes of it.
        """
        found = [each for each in self.entries if each.id == name]
        return answer(entry_json(found[0])) if found else problem(404, "unknown-parcel", "There is no such entry in the outbox")

    def get_tokens(self, request: httpx.Request) -> httpx.Response:
        """
        All.
        """
        return listed([token_json(each) for each in self.tokens])

    def post_tokens(self, request: httpx.Request) -> httpx.Response:
        """
        Make one.
        """
        return httpx.Response(201, json={**json.loads(request.content), "expires": None, "token": "made-token"})

    def delete_tokens(self, request: httpx.Request, name: str) -> httpx.Response:
        """
        Remove one.
        """
        known = any(each.name == name for each in self.tokens)
        return httpx.Response(204) if known else problem(404, "unknown-token", "There is no such token")

    def post_claims(self, request: httpx.Request) -> httpx.Response:
        """
        A code.
        """
        if json.loads(request.content)["code"] != "ACDEFG":
            return problem(403, "wrong-code", "This code is not valid, or not any more")
        return httpx.Response(201, json={"token": "cards-token", "card": card_json(CARD)})

    def get_audit(self, request: httpx.Request) -> httpx.Response:
        """
        All changes.
        """
        return listed([audit_json(each) for each in self.audit])

    def get_whoami(self, request: httpx.Request) -> httpx.Response:
        """
        The administrator.
        """
        return answer({"name": "token:admin", "role": "admin", "card": None})


def answer(content: Mapping[str, Any]) -> httpx.Response:
    """
    JSON.
    """
    return httpx.Response(200, json=content)


def listed(items: list[Any]) -> httpx.Response:
    """
    A list that is on one page.
    """
    return answer({"items": items, "next": None})


def problem(status: int, code: str, title: str, *, detail: str = "", hint: str = "") -> httpx.Response:
    """
    An error.
    """
    content = {"type": f"/api/docs#{code}", "title": title, "status": status, "detail": detail, "hint": hint, "code": code}
    return httpx.Response(status, json=content, headers={"Content-Type": "application/problem+json"})
