# -*- test-case-name: tests.web.test_endpoints_jobs -*-
"""
Jobs: operations on cards that are here, or will come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from attrs import Factory, asdict, evolve, frozen

from cardgw.errors import ParameterError
from cardgw.fields import Kind, anything, boolean, choice, mapping, matching, option, text
from cardgw.gateway.control import JobRequest
from cardgw.gateway.faults import Forbidden
from cardgw.gateway.records import REDACTED, WHOLE, JobState, Role
from cardgw.gateway.shown import job_json
from cardgw.identities import WORDS
from cardgw.schema import build_strictly
from cardgw.web.answer import JSON, LPAC, PLAIN, Answer
from cardgw.web.endpoint import NAME, NAMED, Call, Endpoint, Reply
from cardgw.web.faults import ConfirmationNeeded
from cardgw.web.lpac import lpac_envelope
from cardgw.web.paging import LIMIT, PAGE, page
from cardgw.web.schemas import TEXT, reference
from cardgw.web.schemas import page as page_of

PATH = "/api/v1/jobs"
KEY = "Idempotency-Key"
LAST = "Last-Event-ID"
KEY_KIND: Kind = matching("1 to 200 printable ASCII characters", "[!-~](?:[ -~]{0,198}[!-~])?")
KEY_HELP = "a text of your own: the same request with the same key is the same job, however often it is sent"
BEFORE: Kind = matching("the id of a job", NAME)
PARAMETERS: Kind = mapping(anything)
PARAMETERS_HELP = "what the operation needs, by name"
CONFIRM_HELP = "yes, destroy something: needed for destructive operations"
RECORD: Kind = choice(REDACTED, WHOLE)
RECORD_HELP = (
    "keep a transcript of what is said to the card: headers, lengths and status words, or the whole, which has secrets in it"
    " and takes the role admin"
)


@frozen
class Submission:
    """
    What is to be done.
    """

    operation: str = option(NAMED["operation"][0], NAMED["operation"][1])
    card: str = option(
        NAMED["card"][0], f"the id of a card that is here, or an identity ({WORDS}) of one that is here or may come"
    )
    parameters: Mapping[str, Any] = option(PARAMETERS, PARAMETERS_HELP, default=Factory(dict))
    confirm: bool = option(boolean, CONFIRM_HELP, default=False)
    record: str = option(RECORD, RECORD_HELP, default="")


class Order(Protocol):
    """
    What bodies that order a job have: see L{Submission}.
    """

    @property
    def operation(self) -> str:
        """
        Its name.
        """

    @property
    def parameters(self) -> Mapping[str, Any]:
        """
        What it needs.
        """

    @property
    def confirm(self) -> bool:
        """
        Whether something may be destroyed.
        """

    @property
    def record(self) -> str:
        """
        What is kept of what is said to the card.
        """


@frozen
class AnswerText:
    """
    The answer to a job's question.
    """

    answer: str = option(text, "the answer; yes or no to a question for consent", secret=True)


@frozen
class JobFilter:
    """
    Which jobs.
    """

    state: str = option(choice(*(each.value for each in JobState)), "only those in this state", default="")
    card: str = option(NAMED["card"][0], "only those of this card, by its id or identity", default="")
    operation: str = option(NAMED["operation"][0], "only those of this operation", default="")
    before: str = option(BEFORE, "only those before this one", default="")
    limit: int = option(LIMIT, "how many at most", default=PAGE)


async def submit(call: Call) -> Answer:
    """
    Queue a job.

    @raise ConfirmationNeeded: the operation is destructive.
    @raise Forbidden: it is to be recorded with its secrets.
    """
    wanted: Submission = call.body
    check_order(call, wanted)
    request = JobRequest(wanted.operation, wanted.card, wanted.parameters, call.header(KEY), wanted.record)
    before = call.control.events.last
    job, new = await call.control.submit(call.who, request)
    headers = {"Location": f"{PATH}/{job.id}"}
    if not new:
        return Answer(200, job_json(job, call.who), {**headers, "Idempotent-Replayed": "true"})
    return Answer(202, job_json(job), {**headers, LAST: before})


def check_order(call: Call, wanted: Order) -> None:
    """
    @raise ConfirmationNeeded: the operation is destructive.
    @raise Forbidden: it is to be recorded with its secrets.
    """
    operation = call.control.operation(wanted.operation)
    build_strictly(operation.parameters, wanted.parameters, "in the parameters:", ParameterError)
    if operation.destructive and not wanted.confirm:
        raise ConfirmationNeeded(wanted.operation)
    _check_record(call, wanted.record)


async def list_jobs(call: Call) -> Answer:
    """
    Jobs, the latest first.
    """
    wanted: JobFilter = call.query
    found = await call.control.jobs(
        call.who,
        state=JobState(wanted.state) if wanted.state else None,
        card=wanted.card,
        operation=wanted.operation,
        before=wanted.before,
        limit=wanted.limit,
    )
    return page(found, job_json, PATH, asdict(wanted))


async def get_job(call: Call) -> Answer:
    """
    One job; as lpac would print it, for those who want that.
    """
    headers = {LAST: call.control.events.last}
    job = await call.control.job(call.who, call.names["job"])
    if call.media == LPAC:
        return Answer(content=lpac_envelope(job), headers=headers, media=LPAC)
    return Answer(content=job_json(job, call.who), headers=headers)


async def get_transcript(call: Call) -> Answer:
    """
    What was said to the card.

    @raise Forbidden: secrets are in it.
    """
    found = await call.control.transcript(call.who, call.names["job"])
    _check_record(call, found.kind)
    return Answer(content=found.text.encode(), media=PLAIN)


def _check_record(call: Call, kind: str) -> None:
    if kind == WHOLE and not call.who.may(Role.ADMIN):
        raise Forbidden(f"what has secrets in it takes the role {Role.ADMIN.value}")


async def cancel(call: Call) -> Answer:
    """
    Cancel a job, and wait until it has wound up.
    """
    return Answer(content=job_json(await call.control.cancel(call.who, call.names["job"]), call.who))


async def answer(call: Call) -> Answer:
    """
    Answer the question of a job.
    """
    return Answer(content=job_json(await call.control.answer(call.who, call.names["job"], call.body.answer)))


_LOCATION = {"Location": "where the job is"}
_JOB = reference("Job")
_SUBMIT = Endpoint(
    "POST",
    PATH,
    Role.OPERATOR,
    submit,
    "Queue a job",
    {
        200: Reply("the job that this key has made before", _JOB, {**_LOCATION, "Idempotent-Replayed": "true"}),
        202: Reply("a new job", _JOB, {**_LOCATION, LAST: "the events after this one tell all that happens to it"}),
    },
    "For a card that is here, or for one that may come: then it waits for it. Parameters are what the operation declares.",
    body=Submission,
    faults=(404, 409),
    headers={KEY: (KEY_KIND, KEY_HELP)},
)
_LIST = Endpoint(
    "GET",
    PATH,
    Role.VIEWER,
    list_jobs,
    "List jobs",
    {200: Reply("the latest first", page_of("Job"))},
    query=JobFilter,
)
_GET = Endpoint(
    "GET",
    PATH + "/{job}",
    Role.VIEWER,
    get_job,
    "Show a job",
    {200: Reply("the job", _JOB, {LAST: "the events after this one tell how it goes on"})},
    media=(JSON, LPAC),
)
_CANCEL = Endpoint(
    "POST",
    PATH + "/{job}/cancel",
    Role.OPERATOR,
    cancel,
    "Cancel a job",
    {200: Reply("the job, when it has wound up", _JOB)},
    "At whatever stage it is; a session of the eUICC with its server is cancelled too.",
    faults=(409,),
)
_ANSWER = evolve(
    _CANCEL,
    path=PATH + "/{job}/answer",
    run=answer,
    summary="Answer the question of a job",
    replies={200: Reply("the job", _JOB)},
    description="A job in the state waiting has a question.",
    body=AnswerText,
)
_TRANSCRIPT = Endpoint(
    "GET",
    PATH + "/{job}/transcript",
    Role.OPERATOR,
    get_transcript,
    "Show what was said to the card",
    {200: Reply("the transcript", TEXT)},
    "Of a job that was to be recorded, when it was done last. One that is whole takes the role admin.",
    media=(PLAIN,),
)
ENDPOINTS = (_LIST, _SUBMIT, _GET, _TRANSCRIPT, _CANCEL, _ANSWER)
