# -*- test-case-name: tests.virtual.test_ram_verdicts -*-
"""
What a program makes of the reply to a POST, before it looks at the template in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from cardgw.virtual.http_lines import Framing, Message
from cardgw.virtual.ram_template import Stop

Verdict: TypeAlias = Callable[[Message, bool, str], bytes]
"""Gets a reply, whether it is the first one, and the URL; gives the template in it, or raises L{Stop}."""
OK, DONE, NOT_FOUND, NO_SCRIPT = 200, 204, 404, 504
BAD = 400
_NULL = "java.lang.NullPointerException"


def curl(reply: Message, first: bool, url: str) -> bytes:
    """
    As ram-client does it.
    """
    status = reply.status
    if status == OK:
        return reply.body
    if status == DONE:
        raise Stop("Completed", good=True)
    if status == NOT_FOUND:
        raise Stop("URL is invalid or not found on server")
    if status == NO_SCRIPT and first:
        raise Stop("Server did not initiate connection to card. See server log")
    if status == NO_SCRIPT:
        raise Stop("Server aborted connection to card")
    raise Stop(f"Server HTTP code {status}\nServer send unexpected HTTP code")


def opencard_13(reply: Message, first: bool, url: str) -> bytes:
    """
    As the OpenCard client of 1.3 does it: once it has begun, whatever comes without a body is a good end.
    """
    data = _read(reply, url)
    if data is None and first:
        raise Stop(f"No data received from server. HTTP code {reply.reason}")
    if reply.status != OK:
        raise Stop("Update complete", good=True)
    if data is None:
        raise Stop(_NULL)
    return data


def opencard_20(reply: Message, first: bool, url: str) -> bytes:
    """
    As later ones do it: 204 alone is a good end, and not the first thing that may come.
    """
    if reply.status == DONE and not first:
        raise Stop("Update completed", good=True)
    data = _read(reply, url)
    if data is None and first:
        raise Stop(f"No data received from server. HTTP code {reply.reason}")
    if reply.status != OK:
        raise Stop(f"Update failed with HTTP code {reply.status}")
    if data is None:
        raise Stop(_NULL)
    return data


def _read(reply: Message, url: str) -> bytes | None:
    """
    A body whose length was told; nothing else is read.
    """
    if reply.framing is not Framing.LENGTH or not reply.body:
        return None
    if reply.status == NOT_FOUND:
        raise Stop(f"URL {url} not found")
    if reply.status >= BAD:
        raise Stop(f"IO error: Server returned HTTP response code: {reply.status} for URL: {url}")
    return reply.body


def plain(reply: Message, first: bool, url: str) -> bytes:
    """
    As a program without quirks does it.
    """
    if reply.status == DONE:
        raise Stop("Completed", good=True)
    if reply.status != OK or not reply.body:
        raise Stop(f"{reply.reason}: {reply.body.decode(errors='replace').strip()}".rstrip(": "))
    return reply.body
