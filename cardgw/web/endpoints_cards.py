# -*- test-case-name: tests.web.test_endpoints_cards -*-
"""
Cards that are here, how they are reached, and codes that give one of them to whoever has its code.
"""

from __future__ import annotations

from attrs import frozen
from twisted.logger import Logger

from cardgw.fields import matching, option
from cardgw.gateway.records import Role
from cardgw.gateway.shown import card_json
from cardgw.web.answer import Answer
from cardgw.web.endpoint import Call, Endpoint, Reply
from cardgw.web.paging import whole
from cardgw.web.schemas import page as page_of
from cardgw.web.schemas import reference

_log = Logger()


@frozen
class Code:
    """
    A code that a card holder has read out.
    """

    code: str = option(matching("a code", "[0-9A-Za-z -]{1,40}"), "what the card's display shows", secret=True)


async def list_cards(call: Call) -> Answer:
    """
    All cards.
    """
    return whole([card_json(each) for each in call.control.cards(call.who)])


async def get_card(call: Call) -> Answer:
    """
    One card.
    """
    return Answer(content=card_json(call.control.card(call.who, call.names["card"])))


async def disconnect(call: Call) -> Answer:
    """
    Send a card away.  What runs on it may take a while to wind up, so that is not waited for.
    """
    card = call.control.card(call.who, call.names["card"])
    leaving = call.control.disconnect(call.who, card.id)
    leaving.addErrback(lambda failure: _log.failure("a card could not be sent away", failure))
    return Answer(202, card_json(card))


async def list_transports(call: Call) -> Answer:
    """
    All transports that are on.
    """
    found = call.control.transports(call.who)
    return whole([{"name": each.name, "summary": each.summary, "cards": count} for each, count in found])


async def claim(call: Call) -> Answer:
    """
    Take over a card.
    """
    claimed = await call.control.claim(call.body.code, call.address)
    return Answer(201, {"token": claimed.token, "card": card_json(claimed.card)})


ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/v1/cards",
        Role.VIEWER,
        list_cards,
        "List the cards that are here",
        {200: Reply("in the order of their arrival", page_of("Card"))},
    ),
    Endpoint(
        "GET",
        "/api/v1/cards/{card}",
        Role.VIEWER,
        get_card,
        "Show a card that is here",
        {200: Reply("the card", reference("Card"))},
    ),
    Endpoint(
        "DELETE",
        "/api/v1/cards/{card}",
        Role.OPERATOR,
        disconnect,
        "Send a card away",
        {202: Reply("it is leaving; what runs on it is cancelled first", reference("Card"))},
    ),
    Endpoint(
        "GET",
        "/api/v1/transports",
        Role.VIEWER,
        list_transports,
        "List the ways in which cards are reached",
        {200: Reply("those that are on", page_of("Transport"))},
    ),
    Endpoint(
        "POST",
        "/api/v1/claims",
        None,
        claim,
        "Take over a card whose holder has seen a code",
        {201: Reply("a token that is good for this card alone, as long as it is here", reference("Claim"))},
        "No token is needed; guesses are counted.",
        body=Code,
        faults=(403, 429),
    ),
)
