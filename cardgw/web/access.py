# -*- test-case-name: tests.web.test_access -*-
"""
Who is asking: bearer tokens (RFC 6750), and names by which this gateway may be called.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from ipaddress import ip_address

from cardgw.web.faults import MalformedRequest, TokenNeeded, UnknownHost

_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/=-]{1,512})")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]@/?#\s]+)(?::([0-9]{1,5}))?")


def bearer(values: Sequence[str]) -> str:
    """
    The token of a request.

    @param values: of its Authorization headers.
    @raise TokenNeeded: there is none, or not exactly one.
    """
    found = _BEARER.fullmatch(values[0].strip()) if len(values) == 1 else None
    if found is None:
        raise TokenNeeded
    return found[1]


def check_host(values: Sequence[str], known: Collection[str], *, needed: bool) -> None:
    """
    Refuse names that anybody could have pointed at this machine (DNS rebinding).  An address is no such name.

    @param values: of the Host headers.
    @param known: names that are ours, in lower case, besides C{localhost}.
    @param needed: whether the version of HTTP demands one.
    @raise MalformedRequest: there is none, or more than one, or it is none.
    @raise UnknownHost: it is not ours.
    """
    if not values and not needed:
        return
    found = _HOST.fullmatch(values[0]) if len(values) == 1 else None
    if found is None:
        raise MalformedRequest("it needs one Host header")
    name = found[1].lower().rstrip(".")
    if name != "localhost" and name not in known and not is_address(name):
        raise UnknownHost(name if name.isascii() and name.isprintable() else "")


def is_address(name: str) -> bool:
    """
    Whether this is an IP address, in brackets if it is one of IPv6.
    """
    try:
        ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def is_loopback(address: str) -> bool:
    """
    Whether this is an address of this machine alone.
    """
    return is_address(address) and ip_address(address).is_loopback
