# -*- test-case-name: tests.bridges.test_touch_daemon_request -*-
"""
What a web page asks the daemon for, taken out of its request, and where the page says that it is from.  No I/O.

Pages for the daemon of the OpenCard Framework write the address of the server as it is, after C{url=}; that daemon decodes
nothing.  Other pages encode it, as they should.  Which it is shows at once: an encoded address has no C{://}.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import SplitResult, unquote, urlsplit

from attrs import field, frozen

from cardgw.bridges.touch_daemon_errors import PageMistaken

PROGRAM = ""
"""Who asks names no page, and is no browser: a program of this machine."""
HIDDEN = "null"
"""A page that does not say where it is from (as browsers write it: RFC 6454, 7.1)."""
MOST_URL = 2048
"""Characters of an address."""
MOST_HOST = 253
"""Characters of a host's name (RFC 1035, 2.3.4)."""
MOST_SESSION = 256
"""Characters of a session's id."""
PORTS = {"http": 80, "https": 443}
"""What stands for no port, and which schemes there are."""
REFERENCES = range(1, 32)
"""Of PINs: what fits into P2 of VERIFY beside the bit that makes them the application's (ISO/IEC 7816-4, 11.5.6)."""
URL, SESSION, PIN = "url", "sessionId", "pinrequired"
_NEXT = re.compile(rf"&(?=(?:{URL}|{SESSION}|{PIN})=)")
_VISIBLE = re.compile(r"[!-~]*")
_HOST = re.compile(r"[0-9a-z_-]+(?:\.[0-9a-z_-]+)*\.?|[0-9a-f:.]*:[0-9a-f:.]*")
"""A name, an address of version 4, or one of version 6; all else could be taken for another host by whoever reads it."""
_SEGMENTS = re.compile(r"[/\\]")
_BROWSER = "Mozilla/"
"""So begin what browsers call themselves, and pages cannot change it."""
_SESSION_ID = re.compile(r"[!#-+\--:<-\[\]-~]*")
"""What a cookie may hold (RFC 6265, 4.1.1)."""


@frozen
class Wanted:
    """
    What is asked for.

    @ivar url: where the server is.
    @ivar session: the session that it is to belong to; empty for a new one.
    @ivar pin: the reference of the PIN that must be verified before; C{None} for none.
    @ivar page: where the page is from (C{https://shop.example}), or L{PROGRAM}, or L{HIDDEN}.
    """

    url: str
    session: str = field(default="", repr=False)
    pin: int | None = None
    page: str = PROGRAM


def split_url(url: str) -> SplitResult:
    """
    The parts of the address of a server.

    @raise ValueError: it is none, or one that cannot be compared reliably with others.
    """
    if len(url) > MOST_URL:
        raise ValueError(f"it has more than {MOST_URL} characters")
    if not _VISIBLE.fullmatch(url) or "\\" in url or "#" in url:
        raise ValueError("there is a character in it that may not be there")
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("it does not begin with http:// or https:// and a host")
    if "@" in parts.netloc:
        raise ValueError("it names a user")
    if parts.port == 0 or parts.netloc.endswith(":") or len(parts.hostname) > MOST_HOST or not _HOST.fullmatch(parts.hostname):
        raise ValueError("its host or its port is none")
    if _goes_back(parts.path):
        raise ValueError("its path goes back")
    return parts


def _goes_back(path: str) -> bool:
    """
    Whether some server might leave a directory by it; there are those that overlook a semicolon and what follows it.
    """
    return any(each.partition(";")[0] in {".", ".."} for each in _SEGMENTS.split(unquote(path)))


def origin_of(url: str) -> str:
    """
    Scheme, host and port of an address, in the one form that is compared: lower case, no port that is understood.

    @raise ValueError: it is no address.
    """
    parts = split_url(url)
    host = (parts.hostname or "").rstrip(".")
    shown = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{shown}{port}"


def parse_request(query: str, headers: Mapping[str, Sequence[str]]) -> Wanted:
    """
    @param query: what stands behind the question mark, as it was sent.
    @param headers: with names in lower case.
    @raise PageMistaken: it is not right.
    """
    raw: dict[str, str] = {}
    for part in _NEXT.split(query):
        name, _, value = part.partition("=")
        if name in raw and name in (URL, SESSION, PIN):
            raise PageMistaken(f"{name} is there twice")
        raw[name] = value
    return Wanted(_url(raw.get(URL, "")), _session(raw.get(SESSION, "")), _pin(raw.get(PIN, "")), page_of(headers))


def _url(raw: str) -> str:
    first = raw.partition("&")[0]
    url = raw if "://" in first else _decoded(first)
    if not url:
        raise PageMistaken("url is missing")
    try:
        split_url(url)
    except ValueError as problem:
        raise PageMistaken(f"url: {problem}") from None
    return url


def _session(raw: str) -> str:
    session = _decoded(raw.partition("&")[0])
    if len(session) > MOST_SESSION or not _SESSION_ID.fullmatch(session):
        raise PageMistaken("sessionId: it cannot be sent as a cookie")
    return session


def _pin(raw: str) -> int | None:
    text = _decoded(raw.partition("&")[0])
    if text in ("", "0"):
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and int(text) in REFERENCES):
        raise PageMistaken(f"pinrequired: it is a number from {REFERENCES[0]} to {REFERENCES[-1]}, or 0")
    return int(text)


def _decoded(raw: str) -> str:
    try:
        return unquote(raw, errors="strict")
    except UnicodeDecodeError:
        raise PageMistaken("what is encoded in the address is no UTF-8") from None


def page_of(headers: Mapping[str, Sequence[str]]) -> str:
    """
    Where the page is from that asks.  An image does not come with an origin, only with a referrer, which the page may leave out;
    it cannot leave out that it is a page (Fetch Metadata), nor which browser shows it, where that is older.

    @return: see L{Wanted.page}.
    """
    for name in ("origin", "referer"):
        values = headers.get(name, ())
        if values:
            return _origin(values)
    browser = any(each.startswith(_BROWSER) for each in headers.get("user-agent", ()))
    return HIDDEN if browser or headers.get("sec-fetch-site") else PROGRAM


def _origin(values: Sequence[str]) -> str:
    if len(values) != 1:
        return HIDDEN
    try:
        return origin_of(values[0].partition("#")[0][:MOST_URL])
    except ValueError:
        return HIDDEN
