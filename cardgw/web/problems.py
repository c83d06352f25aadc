# -*- test-case-name: tests.web.test_problems -*-
"""
Errors as problem details (RFC 9457): which status each has, and what is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cardgw import errors
from cardgw.errors import CardGatewayError
from cardgw.gateway import faults as gateway
from cardgw.web import faults
from cardgw.web.answer import PROBLEM, Answer

STATUSES: Mapping[type[CardGatewayError], int] = {
    faults.MalformedRequest: 400,
    faults.MalformedBody: 400,
    gateway.Unauthenticated: 401,
    gateway.Forbidden: 403,
    gateway.WrongCode: 403,
    faults.NoSuchPath: 404,
    gateway.UnknownCard: 404,
    gateway.NoTranscript: 404,
    gateway.UnknownJob: 404,
    gateway.UnknownParcel: 404,
    gateway.UnknownToken: 404,
    errors.UnknownLink: 404,
    errors.MissingPlugin: 404,
    faults.MethodNotAllowed: 405,
    faults.NotAcceptable: 406,
    gateway.Conflict: 409,
    errors.OperationRefused: 409,
    errors.OperationCancelled: 409,
    errors.NotSupported: 409,
    errors.LinkInUse: 409,
    faults.BodyTooLarge: 413,
    faults.UnsupportedMediaType: 415,
    faults.UnknownHost: 421,
    errors.ParameterError: 422,
    gateway.TooOften: 429,
    faults.Defect: 500,
    errors.CardError: 502,
    errors.ChannelError: 502,
    gateway.StoreError: 503,
    errors.GatewayStopping: 503,
}
"""The status of an error is that of the nearest of its classes that is here; of others, it is L{OTHERS}."""
OTHERS = 500
RETRY_AFTER = 5
"""Seconds, where the error itself does not say it (C{seconds})."""
PROBLEMS_PATH = "/api/docs#problem-"


def status_of(error: CardGatewayError) -> int:
    """
    The HTTP status of an error.
    """
    return next((STATUSES[each] for each in type(error).__mro__ if each in STATUSES), OTHERS)


def problem_document(error: CardGatewayError, job: str = "") -> dict[str, Any]:
    """
    @param job: the id of the job that it is about, or empty.
    """
    found = {
        "type": PROBLEMS_PATH + error.code,
        "title": error.sentence,
        "status": status_of(error),
        "detail": error.detail,
        "hint": error.hint,
        "code": error.code,
    }
    return {**found, "job": job} if job else found


def problem_answer(error: CardGatewayError, job: str = "") -> Answer:
    """
    What is answered instead of what was wanted.
    """
    return Answer(status_of(error), problem_document(error, job), _headers(error), PROBLEM)


def _headers(error: CardGatewayError) -> dict[str, str]:
    status = status_of(error)
    if status == 401:
        wrong = "" if isinstance(error, faults.TokenNeeded) else ', error="invalid_token"'
        return {"WWW-Authenticate": f'Bearer realm="cardgw"{wrong}'}
    if isinstance(error, faults.MethodNotAllowed):
        return {"Allow": error.allowed}
    if status in {429, 503}:
        return {"Retry-After": str(max(1, round(getattr(error, "seconds", RETRY_AFTER))))}
    return {}


def listed() -> Iterator[dict[str, Any]]:
    """
    The kinds of errors with a status of their own, for the documentation.
    """
    for each, status in STATUSES.items():
        instance = each.__new__(each)
        yield {"code": each.code, "status": status, "title": instance.sentence, "hint": each.hint}
