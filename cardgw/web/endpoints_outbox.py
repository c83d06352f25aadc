# -*- test-case-name: tests.web.test_endpoints_outbox -*-
"""
What must reach somebody: notifications above all.
"""

from __future__ import annotations

from attrs import asdict, evolve, frozen

from cardgw.fields import choice, option
from cardgw.gateway.records import Role
from cardgw.gateway.shown import entry_json
from cardgw.values import ParcelState
from cardgw.web.answer import Answer
from cardgw.web.endpoint import NAMED, Call, Endpoint, Reply
from cardgw.web.paging import LIMIT, PAGE, page
from cardgw.web.schemas import page as page_of
from cardgw.web.schemas import reference

PATH = "/api/v1/outbox"
NOTIFICATIONS = "/api/v1/notifications"


@frozen
class EntryFilter:
    """
    Which entries.
    """

    state: str = option(choice(*(each.value for each in ParcelState)), "only those in this state", default="")
    card: str = option(NAMED["card"][0], "only those of this card, by its id or identity", default="")
    before: str = option(NAMED["entry"][0], "only those before this one", default="")
    limit: int = option(LIMIT, "how many at most", default=PAGE)


async def _listed(call: Call, path: str, kind: str) -> Answer:
    wanted: EntryFilter = call.query
    state = ParcelState(wanted.state) if wanted.state else None
    found = await call.control.outbox(call.who, state=state, card=wanted.card, before=wanted.before, limit=wanted.limit)
    answer = page(found, entry_json, path, asdict(wanted))
    shown = [each for each in answer.content["items"] if not kind or each["kind"] == kind]
    return evolve(answer, content={**answer.content, "items": shown})


async def list_entries(call: Call) -> Answer:
    """
    The outbox, the latest first.
    """
    return await _listed(call, PATH, "")


async def list_notifications(call: Call) -> Answer:
    """
    What of it are notifications.
    """
    return await _listed(call, NOTIFICATIONS, "notification")


async def deliver(call: Call) -> Answer:
    """
    Try to deliver an entry now.
    """
    return Answer(content=entry_json(await call.control.deliver(call.who, call.names["entry"])))


async def give_up(call: Call) -> Answer:
    """
    Try no more.
    """
    return Answer(content=entry_json(await call.control.give_up(call.who, call.names["entry"])))


_LIST = Endpoint(
    "GET",
    PATH,
    Role.VIEWER,
    list_entries,
    "List the outbox",
    {200: Reply("the latest first", page_of("Entry"))},
    query=EntryFilter,
    faults=(404,),
)
_DELIVER = Endpoint(
    "POST",
    PATH + "/{entry}/deliver",
    Role.OPERATOR,
    deliver,
    "Deliver an entry now",
    {200: Reply("the entry as it is then; why it failed, if it did, is its reason", reference("Entry"))},
    "Also one that was delivered before.",
    faults=(409,),
)
ENDPOINTS = (
    _LIST,
    evolve(
        _LIST,
        path=NOTIFICATIONS,
        run=list_notifications,
        summary="List the notifications that cards have given",
        description="A page may have fewer than it could: what is no notification is left out.",
    ),
    _DELIVER,
    evolve(
        _DELIVER,
        path=PATH + "/{entry}/give-up",
        run=give_up,
        summary="Try no more to deliver an entry",
        description="",
        replies={200: Reply("the entry", reference("Entry"))},
    ),
)
