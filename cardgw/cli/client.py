# -*- test-case-name: tests.cli.test_client -*-
"""
The gateway's HTTP API as a client sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from cardgw.cli.errors import GatewayUnreachable, NoToken, RequestRefused
from cardgw.cli.event_stream import EventReader, ServerEvent
from cardgw.cli.settings import SOCKET, Access, is_local
from cardgw.version import VERSION

PREFIX = "/api/v1/"
LAST = "last-event-id"
CONNECT, READ, PATIENT, SILENCE = 10.0, 60.0, 300.0, 45.0
"""Seconds: for a connection; for an answer; for one that takes work; between two signs of life in a stream of events."""
MOST_ON_A_PAGE = 500
_TRIES = 3


class Api:
    """
    Requests to one gateway.  All of them raise L{GatewayUnreachable} and L{RequestRefused}.

    @param transport: in place of the network.
    """

    def __init__(self, access: Access, transport: httpx.BaseTransport | None = None) -> None:
        self.access = access
        url = access.url
        if url.startswith(SOCKET):
            transport = transport or httpx.HTTPTransport(uds="/" + url.removeprefix(SOCKET).lstrip("/"))
            url = "http://localhost"
        headers = {"User-Agent": f"cardgw/{VERSION}"}
        if access.token:
            headers["Authorization"] = f"Bearer {access.token}"
        timeout = httpx.Timeout(CONNECT, read=READ)
        # a proxy from the environment has no business between a command and a gateway on the same machine
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=timeout, transport=transport, trust_env=not is_local(access.url)
        )

    def close(self) -> None:
        """
        Let the connections go.
        """
        self._http.close()

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """
        @param path: below C{/api/v1/}; use L{segment} for names.
        @return: the JSON object that is there.
        """
        return self._asked("GET", path, params=_given(query))

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, *, key: str = "", patient: bool = False, token: bool = True
    ) -> dict[str, Any]:
        """
        @param key: an idempotency key; with one, the request is sent again if the connection breaks.
        @param patient: whether the answer may take minutes.
        @param token: whether a token is needed.
        """
        timeout = httpx.Timeout(CONNECT, read=PATIENT) if patient else None
        headers = {"Idempotency-Key": key} if key else {}
        extra: dict[str, Any] = {"timeout": timeout} if timeout is not None else {}
        if body is not None:
            extra["json"] = body
        return self._asked("POST", path, headers=headers, tries=_TRIES if key else 1, token=token, **extra)

    def submit(self, body: Mapping[str, Any], key: str, path: str = "jobs") -> tuple[dict[str, Any], str]:
        """
        Queue a job, or make a link with one.

        @return: that, and the id of the event after which all that happens to it comes (see L{events}), if that is known.
        """
        seen: dict[str, str] = {}
        made = self._asked("POST", path, headers={"Idempotency-Key": key}, tries=_TRIES, seen=seen, json=body)
        return made, seen.get(LAST, "")

    def followable(self, path: str) -> tuple[dict[str, Any], str]:
        """
        What L{get} gives, and the id of the last event that is in it, where the gateway tells that: see L{events}.
        """
        seen: dict[str, str] = {}
        return self._asked("GET", path, seen=seen), seen.get(LAST, "")

    def delete(self, path: str) -> dict[str, Any]:
        """
        @return: what was said, which may be nothing.
        """
        return self._asked("DELETE", path)

    def listed(self, path: str, query: Mapping[str, Any] | None = None, limit: int = MOST_ON_A_PAGE) -> dict[str, Any]:
        """
        A list, from as many pages as are needed.

        @return: C{items} (at most C{limit}) and C{next}, as the API has it.
        """
        wanted: dict[str, Any] = {**(query or {})}
        items: list[Any] = []
        while True:
            found = self.get(path, wanted)
            items += found.get("items", [])
            following = found.get("next")
            if not following or len(items) >= limit:
                return {"items": items[:limit], "next": following}
            wanted = dict(parse_qsl(urlsplit(following).query))

    def text(self, path: str) -> str:
        """
        Like L{get}, for what is text.
        """
        return str(self._asked("GET", path, read=_text, headers={"Accept": "text/plain, application/json"})["text"])

    def _asked(
        self,
        method: str,
        path: str,
        *,
        tries: int = 1,
        token: bool = True,
        seen: dict[str, str] | None = None,
        read: Callable[[httpx.Response, str], dict[str, Any]] | None = None,
        **extra: Any,
    ) -> dict[str, Any]:
        if token and not self.access.token:
            raise self._no_token()
        while True:
            tries -= 1
            try:
                answer = self._http.request(method, PREFIX + path, **extra)
                if seen is not None:
                    seen.update(answer.headers)
                return (read or _answer)(answer, self.access.url)
            except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError) as problem:
                if tries <= 0:
                    raise _unreachable(self.access.url, problem) from problem
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as problem:
                raise _unreachable(self.access.url, problem) from problem

    def _no_token(self) -> NoToken:
        """
        Where there is no gateway either, that comes first: it is what makes tokens.
        """
        self.probe("/livez")
        return NoToken()

    def probe(self, path: str) -> tuple[int, str]:
        """
        @param path: of something outside the API: C{/readyz}.
        @return: the status, and the text.
        """
        try:
            answer = self._http.get(path)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            raise _unreachable(self.access.url, problem) from problem
        return answer.status_code, answer.text

    @contextmanager
    def events(self, query: Mapping[str, Any] | None = None, after: str = "") -> Iterator[Iterator[ServerEvent]]:
        """
        What happens from now on, while the context lasts.

        @param after: the id of the last event that is known.
        """
        if not self.access.token:
            raise self._no_token()
        headers = {"Accept": "text/event-stream", **({LAST: after} if after else {})}
        timeout = httpx.Timeout(CONNECT, read=SILENCE)
        try:
            with self._http.stream("GET", PREFIX + "events", params=_given(query), headers=headers, timeout=timeout) as answer:
                if answer.status_code != httpx.codes.OK:
                    answer.read()
                    _answer(answer, self.access.url)
                yield _events(answer)
        except httpx.HTTPError as problem:
            raise _unreachable(self.access.url, problem) from problem


def _events(answer: httpx.Response) -> Iterator[ServerEvent]:
    reader = EventReader()
    for chunk in answer.iter_bytes():
        try:
            found = reader.feed(chunk)
        except ValueError as problem:
            raise httpx.RemoteProtocolError(str(problem)) from None
        yield from found


def _given(query: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (query or {}).items() if value not in (None, "")}


def _answer(answer: httpx.Response, url: str) -> dict[str, Any]:
    if answer.status_code == httpx.codes.NO_CONTENT:
        return {}
    try:
        content = answer.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise GatewayUnreachable(f"what answers at {url} is no cardgw (HTTP status {answer.status_code}, no JSON object)")
    if answer.is_success:
        return content
    if "code" not in content:
        raise GatewayUnreachable(f"what answers at {url} is no cardgw (HTTP status {answer.status_code})")
    raise RequestRefused(answer.status_code, content)


def _text(answer: httpx.Response, url: str) -> dict[str, Any]:
    if not answer.is_success:
        return _answer(answer, url)
    if not answer.headers.get("Content-Type", "").startswith("text/plain"):
        raise GatewayUnreachable(f"what answers at {url} is no cardgw (no text)")
    return {"text": answer.text}


def _unreachable(url: str, problem: Exception) -> GatewayUnreachable:
    reason = str(problem) or type(problem).__name__
    if isinstance(problem, httpx.ConnectError) and "refused" in reason.lower():
        reason = "nothing listens there"
    if isinstance(problem, httpx.TimeoutException):
        reason = "no answer in time"
    return GatewayUnreachable(f"{url}: {reason}")
