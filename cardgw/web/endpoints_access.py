# -*- test-case-name: tests.web.test_endpoints_access -*-
"""
Who may do what, and who did.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from cardgw.fields import choice, integer, option
from cardgw.gateway.records import Principal, Role
from cardgw.gateway.shown import audit_json, time_text, token_json
from cardgw.web.answer import Answer
from cardgw.web.endpoint import NAMED, Call, Endpoint, Reply
from cardgw.web.paging import LIMIT, PAGE, page, whole
from cardgw.web.schemas import page as page_of
from cardgw.web.schemas import reference

TOKENS = "/api/v1/tokens"
AUDIT = "/api/v1/audit"
MOST_LIFETIME = 10 * 365 * 86400
"""Seconds."""


@frozen
class NewToken:
    """
    A token to make.
    """

    name: str = option(NAMED["token"][0], "what it is called")
    role: str = option(choice(*(each.value for each in Role)), "what it may do", default=Role.VIEWER.value)
    lifetime: int | None = option(
        integer(1, MOST_LIFETIME, "seconds"), "for how many seconds from now it is valid; without it, for ever", default=None
    )


@frozen
class AuditFilter:
    """
    Which changes.
    """

    before: int | None = option(integer(1, 2**53), "only those before this one", default=None)
    limit: int = option(LIMIT, "how many at most", default=PAGE)


def access_endpoints(now: Any) -> tuple[Endpoint, ...]:
    """
    @param now: gives the time in seconds since 1970.
    """

    async def add_token(call: Call) -> Answer:
        wanted: NewToken = call.body
        expires = now() + wanted.lifetime if wanted.lifetime is not None else None
        role = Role(wanted.role)
        secret = await call.control.add_token(call.who, wanted.name, role, expires)
        shown = {"name": wanted.name, "role": role.value, "expires": time_text(expires), "token": secret}
        return Answer(201, shown, {"Location": f"{TOKENS}/{wanted.name}"})

    add = Endpoint(
        "POST",
        TOKENS,
        Role.ADMIN,
        add_token,
        "Make a token",
        {201: Reply("its secret, which is kept nowhere", reference("NewToken"), {"Location": "where it can be revoked"})},
        body=NewToken,
        faults=(409,),
    )
    return (_WHOAMI, _LIST_TOKENS, add, _REVOKE, _AUDIT)


async def whoami(call: Call) -> Answer:
    """
    Whose token this is.
    """
    who: Principal = call.who
    return Answer(content={"name": who.name, "role": who.role.value, "card": who.card or None})


async def list_tokens(call: Call) -> Answer:
    """
    All tokens.
    """
    return whole([token_json(each) for each in await call.control.tokens()])


async def revoke_token(call: Call) -> Answer:
    """
    Take a token away.
    """
    await call.control.revoke_token(call.who, call.names["token"])
    return Answer(204)


async def list_audit(call: Call) -> Answer:
    """
    Changes, the latest first.
    """
    wanted: AuditFilter = call.query
    found = await call.control.audit(wanted.before, wanted.limit)
    return page(found, audit_json, AUDIT, {"limit": wanted.limit})


_WHOAMI = Endpoint(
    "GET",
    "/api/v1/whoami",
    Role.VIEWER,
    whoami,
    "Tell whose token this is",
    {200: Reply("who it is, and what may be done with it", reference("WhoAmI"))},
)
_LIST_TOKENS = Endpoint(
    "GET",
    TOKENS,
    Role.ADMIN,
    list_tokens,
    "List the tokens",
    {200: Reply("without their secrets", page_of("Token"))},
)
_REVOKE = Endpoint(
    "DELETE",
    TOKENS + "/{token}",
    Role.ADMIN,
    revoke_token,
    "Revoke a token",
    {204: Reply("it is not valid any more")},
    faults=(409,),
)
_AUDIT = Endpoint(
    "GET",
    AUDIT,
    Role.ADMIN,
    list_audit,
    "List who changed what",
    {200: Reply("the latest first", page_of("AuditEntry"))},
    query=AuditFilter,
)
