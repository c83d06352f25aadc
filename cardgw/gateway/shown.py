# -*- test-case-name: tests.gateway.test_shown -*-
"""
Records as JSON: what the API answers, what events carry and what the command prints are the same.  No secret is in it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cardgw.gateway.records import AuditEntry, Card, Health, Job, Link, Principal, Problem, Role, Token
from cardgw.values import OutboxEntry, Question


def time_text(seconds: float | None) -> str | None:
    """
    A time as RFC 3339 has it, in UTC, to the millisecond.
    """
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def card_json(card: Card) -> dict[str, Any]:
    """
    A card that is here.
    """
    return {
        "id": card.id,
        "identity": card.identity or None,
        "kind": card.kind or None,
        "transport": card.transport,
        "peer": card.peer,
        "since": time_text(card.since),
        "request": card.request or None,
        "job": card.job or None,
        "queued": card.queued,
        "managed": card.managed,
        "atr": card.atr or None,
        "uid": card.uid or None,
        "application": card.application or None,
        "offers": sorted(each.value for each in card.offers),
        "resets": sorted(each.name.lower() for each in card.resets),
    }


def problem_json(problem: Problem) -> dict[str, Any]:
    """
    What went wrong.
    """
    found = {"code": problem.code, "title": problem.title, "detail": problem.detail, "hint": problem.hint}
    return {**found, "status_word": problem.status} if problem.status else found


def question_json(question: Question) -> dict[str, Any]:
    """
    What a job waits for.
    """
    return {"kind": question.kind, "text": question.text, "facts": dict(question.facts), "secret": question.secret}


def job_json(job: Job, who: Principal | None = None) -> dict[str, Any]:
    """
    A job.

    @param who: is shown this.  Whoever asked for it, and administrators, see all of a dry run; its parameters nobody.
    """
    whole = who is not None and (who.name == job.requester or who.may(Role.ADMIN))
    result = job.result if whole else job.shown_result
    return {
        "id": job.id,
        "operation": job.operation,
        "parameters": job.shown_parameters,
        "card": job.card or None,
        "channel": job.channel or None,
        "requester": job.requester,
        "state": job.state.value,
        "created": time_text(job.created),
        "started": time_text(job.started),
        "ended": time_text(job.ended),
        "stage": job.stage or None,
        "facts": dict(job.facts),
        "percent": job.percent,
        "result": dict(result) if result is not None else None,
        "error": problem_json(job.error) if job.error is not None else None,
        "question": question_json(job.question) if job.question is not None else None,
        "runs": job.runs,
        "record": job.record or None,
    }


def entry_json(entry: OutboxEntry) -> dict[str, Any]:
    """
    An entry of the outbox.
    """
    parcel = entry.parcel
    return {
        "id": entry.id,
        "kind": parcel.kind,
        "card": parcel.card,
        "number": parcel.number,
        "address": parcel.address,
        "facts": dict(parcel.facts),
        "state": entry.state.value,
        "on_card": entry.on_card,
        "remove": parcel.remove,
        "attempts": entry.attempts,
        "next_attempt": time_text(entry.next_attempt) if entry.state.value == "waiting" else None,
        "reason": entry.reason,
        "created": time_text(entry.created),
    }


def link_json(link: Link, *, here: bool) -> dict[str, Any]:
    """
    A link, without its tokens.

    @param here: whether a card is here by it.
    """
    return {
        "id": link.id,
        "card": link.id,
        "requester": link.requester,
        "created": time_text(link.created),
        "expires": time_text(link.expires),
        "job": link.job or None,
        "role": link.role.value,
        "here": here,
    }


def token_json(token: Token) -> dict[str, Any]:
    """
    A token, without its secret.
    """
    return {
        "name": token.name,
        "role": token.role.value,
        "created": time_text(token.created),
        "expires": time_text(token.expires),
        "used": time_text(token.used),
    }


def audit_json(entry: AuditEntry) -> dict[str, Any]:
    """
    A change that somebody made.
    """
    found = {"id": entry.id, "time": time_text(entry.time), "who": entry.who, "action": entry.action}
    return {**found, "target": entry.target, "detail": entry.detail}


def health_json(health: Health) -> dict[str, Any]:
    """
    The state of one part.
    """
    return {"part": health.part, "ready": health.ready, "reason": health.reason}
