# -*- test-case-name: tests.transports.ramhttp.test_replies -*-
"""
What is answered in the dialect of CardContact.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cardgw.transports.ramhttp.http import Reply, refusal
from cardgw.transports.ramhttp.repeats import TURN
from cardgw.transports.ramhttp.wire import encode_request

COOKIE = "cardgw"
"""The name of our cookie."""
_TYPE: Mapping[str, str] = MappingProxyType({"Content-Type": "application/org.openscdp-content-mgt;version=1.0"})
KEEP_ALIVE = encode_request(())
"""There is nothing to do: an empty body would be fatal for all clients."""
NOTHING_MORE = Reply(204)
"""The end; never the first reply of all: Java's client takes that for a failure."""
SUPERSEDED = refusal(409, "Another request has taken the place of this one.")
NO_SESSION = refusal(400, "This belongs to no session: send back the cookie that came with the first answer.")

NOT_YOURS = refusal(403, "This session is somebody else's.")


def session_cookie(name: str) -> str:
    """
    The cookie that names a session.
    """
    return _cookie(COOKIE, name)


def turn(number: int) -> str:
    """
    The cookie that numbers a reply.
    """
    return _cookie(TURN, str(number))


def _cookie(name: str, value: str) -> str:
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Strict"


def template(octets: bytes, cookie: str = "") -> Reply:
    """
    @param octets: what the card's side is to do.
    @param cookie: what it is to send back from now on; one at most, and only the first one to clients that take the last one.
    """
    if not cookie:
        return Reply(200, octets, _TYPE)
    return Reply(200, octets, {**_TYPE, "Set-Cookie": cookie})
