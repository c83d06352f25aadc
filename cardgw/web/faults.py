# -*- test-case-name: tests.web.test_problems -*-
"""
What is wrong with a request before anybody looks at what it wants.
"""

from __future__ import annotations

from collections.abc import Iterable

from cardgw.errors import CardGatewayError, LocalError
from cardgw.gateway.faults import Conflict, Unauthenticated


class NoSuchPath(LocalError):
    """
    There is nothing at this path.
    """

    hint = "GET /api/v1/openapi.json lists what there is; /api/docs shows it."


class MethodNotAllowed(LocalError):
    """
    This path does not know this method.

    @ivar allowed: those that it knows.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = ", ".join(allowed)
        super().__init__(hint=f"It knows {self.allowed}.")


class NotAcceptable(LocalError):
    """
    The answer does not come in a form that the request accepts.
    """


class UnsupportedMediaType(LocalError):
    """
    A body must be application/json, in UTF-8 and not compressed.
    """


class BodyTooLarge(LocalError):
    """
    The body is too large.
    """

    hint = "The limit is max_body in the table [web] of cardgw.toml."


class MalformedBody(LocalError):
    """
    The body is not JSON.
    """


class MalformedRequest(LocalError):
    """
    The request is not right.
    """


class UnknownHost(LocalError):
    """
    This gateway is not known by that name.
    """

    hint = "Use its address, or add the name to hosts in the table [web] of cardgw.toml."


class TokenNeeded(Unauthenticated):
    """
    A token is needed.
    """

    hint = "Send the header Authorization: Bearer and a token. `cardgw token` makes one."


class ConfirmationNeeded(Conflict):
    """
    This operation destroys something for good, so it must be confirmed.
    """

    hint = 'Send the request again with "confirm": true.'


class Defect(CardGatewayError):
    """
    The gateway has a defect.
    """

    hint = "Its log has the details."
