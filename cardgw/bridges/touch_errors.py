# -*- test-case-name: tests.bridges.test_touch_errors -*-
"""
What can go wrong with the server that a card here is lent to.
"""

from __future__ import annotations

from collections.abc import Mapping

from cardgw.errors import CardGatewayError, Unreachable

MAX_FOREIGN_TEXT = 200
"""Most characters of a server's text in an error."""


class TouchServerError(CardGatewayError):
    """
    The server that wants the card cannot be used.
    """


class TouchServerUnreachable(TouchServerError, Unreachable):
    """
    The server that wants the card cannot be reached.
    """


class TouchServerNotTrusted(TouchServerError):
    """
    No secure connection to the server could be made.
    """

    hint = "--ca FILE names another authority than those that this machine trusts."


class TouchServerSilent(TouchServerError):
    """
    The server that wants the card did not answer in time.
    """


class TouchServerLost(TouchServerError):
    """
    The server closed the connection in the midst of the session.
    """


class TouchServerMisbehaved(TouchServerError):
    """
    The server does not speak RAMOverHTTP.
    """


class TouchAddressUnknown(TouchServerError):
    """
    The server knows no such address.
    """

    hint = "Is it whole? Some can be used only once, or for a while."


class TouchAddressInUse(TouchServerError):
    """
    The address is in use already.
    """


class TouchDenied(TouchServerError):
    """
    The server does not let this client in.
    """

    hint = "--token, --cert, or user:password@ in the address may be what it wants."


class TouchMoved(TouchServerError):
    """
    The server wants another address to be used.
    """

    hint = "Nothing is sent there unless it is given as the address."


class TouchNoScript(TouchServerError):
    """
    The server has nothing to do with the card, or has given up.
    """

    hint = "Its log says why."


class TouchReported(TouchServerError):
    """
    The server reports an error.
    """


class AnswersTooLong(CardGatewayError):
    """
    The card's answers are longer than a message may be.
    """


NAMED: Mapping[int, type[TouchServerError]] = {
    400: TouchServerMisbehaved,
    401: TouchDenied,
    403: TouchDenied,
    404: TouchAddressUnknown,
    405: TouchServerMisbehaved,
    409: TouchAddressInUse,
    410: TouchAddressUnknown,
    415: TouchServerMisbehaved,
    504: TouchNoScript,
}
"""What statuses of HTTP mean; others are L{TouchServerError}, redirections L{TouchMoved}."""


def of_status(status: int, text: str) -> TouchServerError:
    """
    What a status of HTTP means that is neither 200 nor 204.

    @param text: what the server says of it, or where it leads to.
    """
    kind = TouchMoved if 300 <= status < 400 else NAMED.get(status, TouchServerError)
    told = shown(text)
    return kind(f"HTTP status {status}: {told}" if told else f"HTTP status {status}")


def shown(text: str) -> str:
    """
    A server's text as errors may carry it: one line, not too long, without control characters.
    """
    line = " ".join("".join(each if each.isprintable() else " " for each in text[: 4 * MAX_FOREIGN_TEXT]).split())
    return line if len(line) <= MAX_FOREIGN_TEXT else line[: MAX_FOREIGN_TEXT - 1] + "\u2026"
