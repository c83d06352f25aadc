# -*- test-case-name: tests.transports.ramhttp.test_asked -*-
"""
What a card's side asks for by its path, for all dialects: nothing, a request with a text, or what waits for it at a link.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cardgw.errors import CardGatewayError, LinkInUse, UnknownLink
from cardgw.transports.ramhttp.http import Reply, refusal
from cardgw.values import ARRIVAL, LINK, CardRequest

_STATUS: Mapping[type[CardGatewayError], int] = {UnknownLink: 404, LinkInUse: 409}


def link_in(path: tuple[str, ...]) -> str:
    """
    The token of a link in a path, or nothing.
    """
    return path[1] if len(path) > 1 and path[0] == LINK else ""


def request_of(path: tuple[str, ...], link: Callable[[str], str]) -> CardRequest:
    """
    What a path asks for.

    @param path: behind the prefix: see L{cardgw.transports.ramhttp.http.Post}.
    @param link: see L{cardgw.interfaces.IGateway.link}.
    @raise UnknownLink: there is no such link, or no token.
    @raise CardGatewayError: what C{link} raises.
    """
    if path[:1] != (LINK,):
        return CardRequest(path[0], "/".join(path[1:])) if path else CardRequest(ARRIVAL)
    if not link_in(path):
        raise UnknownLink
    return CardRequest(LINK, link(link_in(path)))


def refused(problem: CardGatewayError) -> Reply:
    """
    What is said to a card's side that cannot have what it asks for: 404 or 409 of a link, else 503.
    """
    return refusal(next((_STATUS[each] for each in _STATUS if isinstance(problem, each)), 503), str(problem))
