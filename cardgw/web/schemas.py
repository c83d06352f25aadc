# -*- test-case-name: tests.web.test_schemas -*-
"""
JSON Schemas of what the API answers: the counterpart of L{cardgw.gateway.shown}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from cardgw.gateway.records import REDACTED, WHOLE, JobState, Role
from cardgw.identities import WORDS
from cardgw.values import CONTACTLESS, EUICC, GLOBALPLATFORM, Feature, ParcelState, Reset

Schema: TypeAlias = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
TIME: Schema = {"type": "string", "format": "date-time"}
MAYBE_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
OBJECT: Schema = {"type": "object"}


def words(*allowed: str) -> Schema:
    """
    One of some words.
    """
    return {"type": "string", "enum": list(allowed)}


def listing(of: Schema) -> Schema:
    """
    Any number of something.
    """
    return {"type": "array", "items": of}


def record(**properties: Schema) -> Schema:
    """
    An object that has all of these.
    """
    return {"type": "object", "properties": properties, "required": list(properties)}


def maybe(schema: Schema) -> Schema:
    """
    Something, or null.
    """
    return {"anyOf": [schema, {"type": "null"}]}


def reference(name: str) -> Schema:
    """
    One of L{COMPONENTS}.
    """
    return {"$ref": f"#/components/schemas/{name}"}


def page(name: str) -> Schema:
    """
    A list of one of L{COMPONENTS}, and where it goes on.
    """
    following = {**MAYBE_TEXT, "description": "where the list goes on: a URL to GET, or null"}
    return record(items=listing(reference(name)), next=following)


CARD = record(
    id=TEXT,
    identity={**MAYBE_TEXT, "description": f"{WORDS}; null while nobody has identified the card"},
    kind={"type": ["string", "null"], "enum": [EUICC, GLOBALPLATFORM, CONTACTLESS, None], "description": "null if not known"},
    transport=TEXT,
    peer=TEXT,
    since=TIME,
    request={**MAYBE_TEXT, "description": "what it asked for"},
    job={**MAYBE_TEXT, "description": "the id of the job that runs on it"},
    queued={**NUMBER, "description": "how many jobs wait for it"},
    managed={**FLAG, "description": "it stays for operators"},
    atr=MAYBE_TEXT,
    uid={**MAYBE_TEXT, "description": "of a contactless card, where its reader tells it"},
    application=MAYBE_TEXT,
    offers=listing(words(*(each.value for each in Feature))),
    resets=listing(words(*(each.name.lower() for each in Reset))),
)
PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {**TEXT, "description": "what is wrong, in a sentence"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {**TEXT, "description": "what exactly"},
        "hint": {**TEXT, "description": "what can be done about it"},
        "code": {**TEXT, "description": "for programs: see docs/messages.md"},
        "job": {**TEXT, "description": "the id of the job that it is about"},
    },
    "required": ["type", "title", "status", "detail", "hint", "code"],
}
FAILURE: Schema = {
    "type": "object",
    "description": "why a job failed",
    "properties": {
        "code": TEXT,
        "title": TEXT,
        "detail": TEXT,
        "hint": TEXT,
        "status_word": {**TEXT, "description": "with which the card refused"},
    },
    "required": ["code", "title", "detail", "hint"],
}
QUESTION = record(kind=TEXT, text=TEXT, facts=OBJECT, secret=FLAG)
JOB = record(
    id=TEXT,
    operation=TEXT,
    parameters={**OBJECT, "description": "as they were given; *** for what is secret"},
    card={**MAYBE_TEXT, "description": "the identity of the card that it is for"},
    channel={**MAYBE_TEXT, "description": "the id of the card that was here when it was asked for"},
    requester=TEXT,
    state=words(*(each.value for each in JobState)),
    created=TIME,
    started=MAYBE_TIME,
    ended=MAYBE_TIME,
    stage=MAYBE_TEXT,
    facts=OBJECT,
    percent={"type": ["integer", "null"], "minimum": 0, "maximum": 100},
    result={"type": ["object", "null"], "description": "what the operation gave, or has achieved by now"},
    error=maybe(reference("Failure")),
    question=maybe(reference("Question")),
    runs={**NUMBER, "description": "how often it was begun"},
    record={**MAYBE_TEXT, "enum": [REDACTED, WHOLE, None], "description": "how what is said to the card is recorded"},
)
ENTRY = record(
    id=TEXT,
    kind=TEXT,
    card=TEXT,
    number={**NUMBER, "description": "a notification's sequence number on the card, or the number of an event"},
    address={**TEXT, "description": "the host it is for, or the webhook"},
    facts=OBJECT,
    state=words(*(each.value for each in ParcelState)),
    on_card=FLAG,
    attempts=NUMBER,
    next_attempt=MAYBE_TIME,
    reason={**TEXT, "description": "why the last attempt failed"},
    created=TIME,
)
TOKEN = record(name=TEXT, role=words(*(each.value for each in Role)), created=TIME, expires=MAYBE_TIME, used=MAYBE_TIME)
NEW_TOKEN = record(
    name=TEXT,
    role=words(*(each.value for each in Role)),
    expires=MAYBE_TIME,
    token={**TEXT, "description": "the secret; it is shown only now"},
)
AUDIT = record(id={"type": "integer"}, time=TIME, who=TEXT, action=TEXT, target=TEXT, detail=TEXT)
OPERATION = record(
    name=TEXT,
    summary=TEXT,
    application={**MAYBE_TEXT, "description": "the AID of the application it talks to"},
    requires={**listing(words(*(each.value for each in Feature))), "description": "what the way to the card must offer"},
    destructive={**FLAG, "description": "something is lost for good if it is run by mistake"},
    repeatable={**FLAG, "description": "it may start anew at the card's next visit if the card was lost in its midst"},
)
DESCRIBED_OPERATION: Schema = {
    "allOf": [
        reference("Operation"),
        record(
            help=TEXT,
            parameters={**OBJECT, "description": "JSON Schema of what a job gives"},
            settings={**OBJECT, "description": "JSON Schema of what the operator of the gateway sets"},
            source={**MAYBE_TEXT, "description": "what implements it"},
        ),
    ]
}
TRANSPORT = record(name=TEXT, summary=TEXT, cards={**NUMBER, "description": "how many are here by it"})
WHOAMI = record(
    name=TEXT,
    role=words(*(each.value for each in Role)),
    card={**MAYBE_TEXT, "description": "the id of the one card that may be seen and managed; null for all"},
)
CLAIM = record(token={**TEXT, "description": "a bearer token for this card alone"}, card=reference("Card"))
_LINK: Mapping[str, Schema] = {
    "id": TEXT,
    "card": {**TEXT, "description": "the id that the card has when it is here; jobs may be queued for it before"},
    "requester": TEXT,
    "created": TIME,
    "expires": {**TIME, "description": "until when a card may come"},
    "role": {**words(*(each.value for each in Role)), "description": "what the token of the page may do"},
    "here": {**FLAG, "description": "a card is here by it"},
}
LINK = record(**_LINK, job={**MAYBE_TEXT, "description": "the id of the job that it was made for"})
NEW_LINK = record(
    **_LINK,
    job=maybe(reference("Job")),
    url={**TEXT, "description": "whoever has it can bring a card"},
    page={**TEXT, "description": "HTML: an image by which the daemon of a visitor brings the card"},
    command={**TEXT, "description": "what is typed in a terminal instead"},
    token={**TEXT, "description": "a bearer token for this card and its jobs alone; it is shown only now"},
)
LPAC: Schema = {
    "type": "object",
    "properties": {
        "type": words("lpa", "progress"),
        "payload": record(code={"type": "integer"}, message=TEXT, data={}),
    },
    "required": ["type", "payload"],
}

COMPONENTS: Mapping[str, Schema] = {
    "Card": CARD,
    "Problem": PROBLEM,
    "Failure": FAILURE,
    "Question": QUESTION,
    "Job": JOB,
    "Entry": ENTRY,
    "Token": TOKEN,
    "NewToken": NEW_TOKEN,
    "AuditEntry": AUDIT,
    "Operation": OPERATION,
    "DescribedOperation": DESCRIBED_OPERATION,
    "Transport": TRANSPORT,
    "WhoAmI": WHOAMI,
    "Claim": CLAIM,
    "Link": LINK,
    "NewLink": NEW_LINK,
    "LpacEnvelope": LPAC,
}
