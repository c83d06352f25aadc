# -*- test-case-name: tests.gateway.store.test_rows -*-
"""
Records as rows, and back.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from cardgw.gateway.faults import StoreError
from cardgw.gateway.records import Job, JobState, Problem
from cardgw.gateway.store.seal import Sealing
from cardgw.values import OutboxEntry, Parcel, ParcelState, Question

_SEALED = "sealed:"
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_encode = json.JSONEncoder(separators=(",", ":")).encode


def plain(text: str) -> str:
    """
    Text that any database takes: what is no character becomes U+FFFD.
    """
    return _NO_CHARACTER.sub("\ufffd", text)


def json_text(value: Any) -> str:
    """
    @raise StoreError: JSON has no such value.
    """
    try:
        return _encode(value)
    except (TypeError, ValueError, RecursionError) as problem:
        raise StoreError(f"what it was given is no JSON: {problem}") from problem


def _maybe(encode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else encode(value)


def _mapping(value: Mapping[str, Any]) -> str:
    return json_text(dict(value)) if value else "{}"


def _problem(value: Problem) -> str:
    return json_text(attrs.asdict(value))


def _question(value: Question) -> str:
    return json_text({"kind": value.kind, "text": value.text, "facts": dict(value.facts), "secret": value.secret})


_ENCODERS: Mapping[str, Callable[[Any], Any]] = {
    "operation": plain,
    "card": plain,
    "channel": plain,
    "requester": plain,
    "node": plain,
    "hidden": lambda value: json_text(sorted(value)) if value else "[]",
    "state": lambda value: value.value,
    "stage": plain,
    "facts": _mapping,
    "result": _maybe(_mapping),
    "error": _maybe(_problem),
    "question": _maybe(_question),
}
"""How the fields of L{Job} are written that are not as they are."""

FIXED = frozenset({"id", "operation", "parameters", "hidden", "requester", "created", "record"})
"""What does not change in the life of a L{Job}."""
CHANGING = tuple(each.name for each in attrs.fields(Job) if each.name not in FIXED)
"""What does."""
_ALL = tuple(each.name for each in attrs.fields(Job) if each.name != "parameters")


def _fields(job: Job, names: Iterable[str], seal: Sealing) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in names:
        value = getattr(job, name)
        encode = _ENCODERS.get(name)
        row[name] = value if encode is None else encode(value)
    row["result"] = _result(job, seal)
    return row


def _result(job: Job, seal: Sealing) -> str | None:
    """
    JSON; sealed, and in Base64, where secret parameters are in it, too.
    """
    if job.result is None:
        return None
    text = _mapping(job.result)
    return _SEALED + b64encode(seal.seal(text.encode())).decode() if job.repeats_secrets else text


def _result_of(text: str, seal: Sealing) -> Any:
    return json.loads(seal.open(b64decode(text[len(_SEALED) :])) if text.startswith(_SEALED) else text)


def job_row(job: Job, key: str, seal: Sealing) -> dict[str, Any]:
    """
    A new row of L{cardgw.gateway.store.tables.JOBS}.
    """
    row = _fields(job, _ALL, seal)
    row["parameters"] = seal.seal(json_text(dict(job.parameters)).encode())
    row["key"] = plain(key) or None
    return row


def job_changes(job: Job, seal: Sealing) -> dict[str, Any]:
    """
    What may have changed, with the id as C{which}.
    """
    row = _fields(job, CHANGING, seal)
    row["which"] = job.id
    return row


def changed_columns(changes: Mapping[str, Any], seal: Sealing) -> dict[str, Any]:
    """
    Some fields of a L{Job}, by their names.
    """
    row = {name: _ENCODERS[name](value) if name in _ENCODERS else value for name, value in changes.items()}
    if "parameters" in row:
        row["parameters"] = seal.seal(json_text(dict(row["parameters"])).encode())
    return row


def job_of(row: Any, seal: Sealing) -> Job:
    """
    The job in a row.

    @raise StoreError: it was sealed with another key.
    """
    return Job(
        id=row.id,
        operation=row.operation,
        parameters=json.loads(seal.open(bytes(row.parameters))),
        hidden=frozenset(json.loads(row.hidden)),
        card=row.card,
        channel=row.channel,
        requester=row.requester,
        state=JobState(row.state),
        created=row.created,
        started=row.started,
        ended=row.ended,
        stage=row.stage,
        facts=json.loads(row.facts),
        percent=row.percent,
        result=_result_of(row.result, seal) if row.result is not None else None,
        error=Problem(**json.loads(row.error)) if row.error is not None else None,
        question=Question(**json.loads(row.question)) if row.question is not None else None,
        runs=row.runs,
        node=row.node,
        record=row.record,
    )


def digest(payload: bytes) -> bytes:
    """
    What tells one payload from another.
    """
    return hashlib.sha256(payload).digest()


def entry_row(entry: OutboxEntry, changed: float, seal: Sealing) -> dict[str, Any]:
    """
    A new row of L{cardgw.gateway.store.tables.OUTBOX}.

    @param changed: the time.
    """
    parcel = entry.parcel
    return {
        "id": entry.id,
        "kind": parcel.kind,
        "card": plain(parcel.card),
        "number": parcel.number,
        "address": plain(parcel.address),
        "payload": seal.seal(parcel.payload),
        "digest": digest(parcel.payload),
        "facts": _mapping(parcel.facts),
        "trusted": json_text(sorted(each.hex() for each in parcel.trusted)),
        "remove": parcel.remove,
        "state": entry.state.value,
        "on_card": entry.on_card,
        "attempts": entry.attempts,
        "next_attempt": entry.next_attempt,
        "reason": plain(entry.reason),
        "created": entry.created,
        "changed": changed,
    }


def entry_changes(entry: OutboxEntry, changed: float) -> dict[str, Any]:
    """
    What may have changed, with the id as C{which}.
    """
    return {
        "which": entry.id,
        "state": entry.state.value,
        "on_card": entry.on_card,
        "attempts": entry.attempts,
        "next_attempt": entry.next_attempt,
        "reason": plain(entry.reason),
        "changed": changed,
    }


def entry_of(row: Any, seal: Sealing) -> OutboxEntry:
    """
    The entry in a row.

    @raise StoreError: it was sealed with another key.
    """
    parcel = Parcel(
        kind=row.kind,
        card=row.card,
        number=row.number,
        address=row.address,
        payload=seal.open(bytes(row.payload)),
        facts=json.loads(row.facts),
        trusted=frozenset(bytes.fromhex(each) for each in json.loads(row.trusted)),
        remove=row.remove,
    )
    return OutboxEntry(
        id=row.id,
        parcel=parcel,
        state=ParcelState(row.state),
        on_card=row.on_card,
        attempts=row.attempts,
        next_attempt=row.next_attempt,
        reason=row.reason,
        created=row.created,
    )
