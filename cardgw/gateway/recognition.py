# -*- test-case-name: tests.gateway.test_recognition -*-
"""
Who a card is that is here, and what settings say about cards of its kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from twisted.logger import Logger

from cardgw.errors import CardGatewayError, ChannelError
from cardgw.gateway.jobs import Jobs
from cardgw.gateway.visit import Visit
from cardgw.interfaces import ICardChannel
from cardgw.quirks import Quirks, quirks_of
from cardgw.values import ANY, ARRIVAL, ARRIVALS, CardRequest, Feature, Recognised

Identify = Callable[[ICardChannel, Quirks], Awaitable[Recognised]]
Routes = Mapping[tuple[str, str], str]
_log = Logger()


async def unidentified(channel: ICardChannel, quirks: Quirks) -> Recognised:
    """
    Finds out nothing about a card.
    """
    return Recognised()


async def recognise(visit: Visit, identify: Identify, jobs: Jobs) -> bool:
    """
    Find out who a card is, unless that is known, or it was asked already and did not tell.  Where it cannot be found out, that is
    logged.

    @param identify: asks it; the card is held meanwhile.
    @return: whether the card has held out; otherwise it is gone, or on its way.
    """
    if visit.identity or visit.asked_who or visit.leaving:
        return not visit.leaving
    visit.asked_who = True
    channel = visit.channel
    try:
        await channel.hold()
        try:
            found = await identify(jobs.stack(channel), quirks_of(channel.info, jobs.book.quirks))
        finally:
            channel.release()
    except CardGatewayError as problem:
        peer = f"{channel.info.transport} {channel.info.peer}"
        _log.info("{peer}: not identified: {reason}", event="not-identified", peer=peer, reason=str(problem))
        return not isinstance(problem, ChannelError)
    visit.kind = found.kind
    if found.identity:
        visit.identity = found.identity
        jobs.hub.publish("card.identified", {"card": visit.record_json()})
    return True


def route_of(visit: Visit, request: CardRequest, routes: Routes) -> str | None:
    """
    What answers the request of a card: for one that has just come, what is said of its kind, or else of all that come; for one
    of which nothing is said, what is said of any.

    @return: the name of an operation, C{STAY}, or C{None} for nothing.
    """
    transport = visit.channel.info.transport
    of_its_kind = routes.get((transport, visit.kind)) if request.name == ARRIVAL and visit.kind else None
    return of_its_kind or routes.get((transport, request.name), routes.get((transport, ANY))) or None


def concerns_arrivals(transport: str, routes: Routes) -> bool:
    """
    Whether anything is said of cards that just come over this transport; otherwise they are left alone.
    """
    return any(routes.get((transport, each)) for each in ARRIVALS)


def is_invited(visit: Visit, request: CardRequest, routes: Routes) -> bool:
    """
    Whether a card that stays has come to be managed by somebody who is told its code.  One that has just come, or for which
    nothing is said but what is said of any, is at home where it is.
    """
    info = visit.channel.info
    named = request.name != ARRIVAL and (info.transport, request.name) in routes
    return named and Feature.SHOW in info.offers
