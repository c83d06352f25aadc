# -*- test-case-name: tests.web.test_endpoints_links -*-
"""
Links: ways by which one card each may come, for web pages and for whoever sits at a reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import Factory, frozen

from cardgw.fields import boolean, choice, integer, option
from cardgw.gateway.control import LinkRequest, MadeLink
from cardgw.gateway.records import Role
from cardgw.gateway.shown import job_json, link_json
from cardgw.web.answer import Answer
from cardgw.web.endpoint import NAMED, Call, Endpoint, Reply
from cardgw.web.endpoints_jobs import (
    CONFIRM_HELP,
    KEY,
    KEY_KIND,
    LAST,
    PARAMETERS,
    PARAMETERS_HELP,
    RECORD,
    RECORD_HELP,
    check_order,
)
from cardgw.web.paging import whole
from cardgw.web.schemas import page as page_of
from cardgw.web.schemas import reference

PATH = "/api/v1/links"
MOST_SECONDS = 366 * 86400


@frozen
class NewLink:
    """
    A link to make.
    """

    operation: str = option(
        NAMED["operation"][0],
        "what is to be done; without it, the card stays for jobs that are queued for it",
        default="",
    )
    parameters: Mapping[str, Any] = option(PARAMETERS, PARAMETERS_HELP, default=Factory(dict))
    confirm: bool = option(boolean, CONFIRM_HELP, default=False)
    record: str = option(RECORD, RECORD_HELP, default="")
    expires: int | None = option(
        integer(1, MOST_SECONDS, "seconds"), "for how many seconds from now a card may come; by default 600", default=None
    )
    role: str = option(
        choice(Role.VIEWER.value, Role.OPERATOR.value),
        "what the token of the page may do: look at the card and its jobs, or also answer, cancel and ask for further ones",
        default=Role.VIEWER.value,
    )


async def make(call: Call) -> Answer:
    """
    Make a link.
    """
    wanted: NewLink = call.body
    if wanted.operation:
        check_order(call, wanted)
    request = LinkRequest(
        wanted.operation,
        wanted.parameters,
        None if wanted.expires is None else float(wanted.expires),
        Role(wanted.role),
        call.header(KEY),
        wanted.record,
    )
    before = call.control.events.last
    made = await call.control.make_link(call.who, request)
    headers = {"Location": f"{PATH}/{made.link.id}"}
    if not made.new:
        return Answer(200, _shown(call, made), {**headers, "Idempotent-Replayed": "true"})
    return Answer(201, _shown(call, made), {**headers, LAST: before})


def _shown(call: Call, made: MadeLink) -> dict[str, Any]:
    here = any(link.id == made.link.id and here for link, here in call.control.links(call.who))
    job = job_json(made.job, call.who) if made.job is not None else None
    shown = {**link_json(made.link, here=here), "url": made.url, "page": made.page, "command": made.command}
    return {**shown, "token": made.token, "job": job}


async def list_links(call: Call) -> Answer:
    """
    All links.
    """
    return whole([link_json(link, here=here) for link, here in call.control.links(call.who)])


async def withdraw(call: Call) -> Answer:
    """
    End a link.
    """
    await call.control.withdraw_link(call.who, call.names["link"])
    return Answer(204)


_KEY_HELP = "a text of your own: the same request with the same key is the same link, with new tokens, however often it is sent"
ENDPOINTS = (
    Endpoint(
        "GET",
        PATH,
        Role.VIEWER,
        list_links,
        "List the links by which cards may come",
        {200: Reply("in the order of their making, without their tokens", page_of("Link"))},
    ),
    Endpoint(
        "POST",
        PATH,
        Role.OPERATOR,
        make,
        "Make a link by which one card may come",
        {
            200: Reply(
                "the link that this key has made before, with new tokens",
                reference("NewLink"),
                {"Location": "where it can be withdrawn", "Idempotent-Replayed": "true"},
            ),
            201: Reply(
                "a new link, and the job that waits for the card",
                reference("NewLink"),
                {"Location": "where it can be withdrawn", LAST: "the events after this one tell all that happens to the job"},
            ),
        },
        "Whichever card comes by it has the operation done to it. A link whose job has ended well is used up.",
        body=NewLink,
        faults=(404, 409),
        headers={KEY: (KEY_KIND, _KEY_HELP)},
    ),
    Endpoint(
        "DELETE",
        PATH + "/{link}",
        Role.OPERATOR,
        withdraw,
        "Withdraw a link",
        {204: Reply("no card can come by it any more; what waited for one has failed, and one that was here is sent away")},
    ),
)
