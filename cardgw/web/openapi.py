# -*- test-case-name: tests.web.test_openapi -*-
"""
The table of endpoints as an OpenAPI 3.1 document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from cardgw.fields import options
from cardgw.interfaces import IOperation
from cardgw.schema import json_schema, kind_schema
from cardgw.version import VERSION
from cardgw.web.answer import JSON, LPAC, PROBLEM
from cardgw.web.endpoint import NAMED, Endpoint, Nothing, Reply
from cardgw.web.endpoints_jobs import Submission
from cardgw.web.problems import listed
from cardgw.web.schemas import COMPONENTS, reference

DESCRIPTION = """\
Cards that are here, what can be done to them, and what is being done. Errors are problem details (RFC 9457); their code is for
programs. Times are RFC 3339 in UTC.
"""
_ALWAYS = (400, 406, 421, 500, 503)
_WITH_TOKEN = (401, 403)
_WITH_BODY = (413, 415, 422)


def openapi(endpoints: Iterable[Endpoint], operations: Sequence[IOperation]) -> dict[str, Any]:
    """
    @param operations: what jobs can be made of: their parameters are in the document.
    """
    paths: dict[str, dict[str, Any]] = {}
    for each in endpoints:
        if each.listed:
            paths.setdefault(each.path, {})[each.method.lower()] = _described(each, operations)
    schemas = {**COMPONENTS, **{_component(each): json_schema(each.parameters) for each in operations}}
    scheme = {"type": "http", "scheme": "bearer", "description": "made with `cardgw token` or POST /api/v1/tokens"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "cardgw", "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": scheme}},
        "x-problems": list(listed()),
    }


def _described(each: Endpoint, operations: Sequence[IOperation]) -> dict[str, Any]:
    role = f"Needs a token with the role {each.role.value}." if each.role is not None else ""
    found: dict[str, Any] = {
        "operationId": each.operation_id,
        "summary": each.summary,
        "description": "\n\n".join(filter(None, (each.description.strip(), role))),
        "tags": [each.path.removeprefix("/api/v1").split("/")[1]],
        "parameters": [*_in_path(each), *_in_query(each), *_in_headers(each)],
        "responses": _responses(each),
    }
    if each.role is None:
        found["security"] = []
    if each.body is not Nothing:
        schema = _submission(operations) if each.body is Submission else json_schema(each.body)
        found["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    return found


def _in_path(each: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "description": NAMED[name][1], "schema": kind_schema(NAMED[name][0])}
        for name in each.names
    ]


def _in_query(each: Endpoint) -> list[dict[str, Any]]:
    properties = json_schema(each.query)["properties"]
    return [
        {"name": one.name, "in": "query", "required": False, "description": one.help, "schema": _bare(properties[one.name])}
        for one in options(each.query)
    ]


def _in_headers(each: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "header", "required": False, "description": text, "schema": kind_schema(kind)}
        for name, (kind, text) in each.headers.items()
    ]


def _bare(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "description"}


def _responses(each: Endpoint) -> dict[str, Any]:
    problems = {*_ALWAYS, *each.faults}
    problems.update(_WITH_TOKEN if each.role is not None else ())
    problems.update((404,) if each.names else ())
    problems.update(_WITH_BODY if each.body is not Nothing else ())
    problems.update((422,) if options(each.query) else ())
    return {
        **{str(status): _problem(status) for status in sorted(problems)},
        **{str(status): _reply(reply, each.media) for status, reply in each.replies.items()},
    }


def _reply(reply: Reply, media: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"description": reply.meaning}
    if reply.headers:
        found["headers"] = {name: {"description": text, "schema": {"type": "string"}} for name, text in reply.headers.items()}
    if reply.schema is not None:
        lpac = reference("LpacEnvelope")
        found["content"] = {each: {"schema": lpac if each == LPAC else dict(reply.schema)} for each in media}
    return found


def _problem(status: int) -> dict[str, Any]:
    return {"description": HTTPStatus(status).phrase, "content": {PROBLEM: {"schema": reference("Problem")}}}


def _component(operation: IOperation) -> str:
    return f"parameters.{operation.name}"


def _submission(operations: Sequence[IOperation]) -> dict[str, Any]:
    """
    What a job is made of: for each operation, with its parameters.
    """
    plain = json_schema(Submission)
    return {"oneOf": [_one_submission(plain, each) for each in operations]} if operations else plain


def _one_submission(plain: Mapping[str, Any], operation: IOperation) -> dict[str, Any]:
    needs = "required" in json_schema(operation.parameters)
    about = {"type": "string", "const": operation.name, "description": operation.summary}
    properties = {**plain["properties"], "operation": about, "parameters": reference(_component(operation))}
    return {
        **plain,
        "title": operation.name,
        "properties": properties,
        "required": [*plain["required"], *(["parameters"] if needs else [])],
    }
