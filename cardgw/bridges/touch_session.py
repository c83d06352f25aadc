# -*- test-case-name: tests.bridges.test_touch_session -*-
"""
Where a RAMOverHTTP server is, as people type it, and the cookies that it gives.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import quote, unquote_to_bytes, urlsplit

from attrs import define, field

from cardgw.bridges.touch import Session
from cardgw.errors import ParameterError

OCF_COOKIE = "JSESSIONID"
"""What a session is called that comes without a name: so does the OpenCard Framework's client."""
_SCHEMES = ("http", "https")
_COOKIE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+=[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_KEPT = "/:@!$&'()*+,;=-._~%"
"""What stays as it is in a path."""
MOST_COOKIES, LONGEST_COOKIE = 16, 4096


def parse(url: str, session: str = "", token: bytes = b"") -> Session:
    """
    @param url: may have C{user:password@}.
    @param session: the id of a session of the server's, or a whole cookie: C{name=value}.
    @param token: goes as a Bearer token; empty for none.
    @raise ParameterError: one of them is none.  What may be secret is not in the text.
    """
    try:
        parts = urlsplit(url.strip())
        host, port, user = parts.hostname or "", parts.port, parts.username
        name = host if ":" in host else host.encode("idna").decode("ascii")
    except ValueError:
        raise ParameterError("URL: this is no address of a server") from None
    if parts.scheme not in _SCHEMES or not host:
        raise ParameterError("URL: expected http:// or https:// and a server")
    if user is not None and token:
        raise ParameterError("URL: user and password cannot be had together with a token")
    place = f"[{name}]" if ":" in name else name
    path = quote(parts.path or "/", safe=_KEPT) + (f"?{quote(parts.query, safe=_KEPT + '?')}" if parts.query else "")
    authorization = _bearer(token) if token else "" if user is None else _basic(user, parts.password or "")
    return Session(f"{parts.scheme}://{place}{'' if port is None else f':{port}'}{path}", _cookie(session), authorization)


def _cookie(session: str) -> str:
    cookie = session if not session or "=" in session else f"{OCF_COOKIE}={session}"
    if cookie and not _COOKIE.fullmatch(cookie):
        raise ParameterError("the session is neither an id nor a cookie")
    return cookie


def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(unquote_to_bytes(user) + b":" + unquote_to_bytes(password)).decode("ascii")


def _bearer(token: bytes) -> str:
    text = token.decode("ascii", "replace")
    if not _TOKEN.fullmatch(text):
        raise ParameterError("the token has characters that no token has")
    return f"Bearer {text}"


@define
class Cookies:
    """
    What goes back to the server.  The cookie that was typed is replaced by the first one of the server's.

    @ivar typed: it, or empty.
    """

    typed: str = field(default="", repr=False)
    _given: dict[str, str] = field(factory=dict, init=False, repr=False)

    @property
    def header(self) -> str:
        """
        The value of the header; empty for none.
        """
        return "; ".join(f"{name}={value}" for name, value in self._given.items()) if self._given else self.typed

    def take(self, headers: Iterable[str]) -> None:
        """
        @param headers: the values of C{Set-Cookie}; what is none is ignored.
        """
        for each in headers:
            cookie, *attributes = (part.strip() for part in each.split(";"))
            name, _, value = cookie.partition("=")
            if not _COOKIE.fullmatch(cookie) or len(cookie) > LONGEST_COOKIE:
                continue
            if any(each.lower() in {"max-age=0", "max-age=-1"} for each in attributes):
                self._given.pop(name, None)
            elif name in self._given or len(self._given) < MOST_COOKIES:
                self._given[name] = value
