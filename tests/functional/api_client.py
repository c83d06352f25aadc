# -*- test-case-name: tests.functional.test_operators -*-
"""
A client of the HTTP API, and of its events, for functional tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any, TypeAlias
from urllib.parse import urlencode

from attrs import define, field, frozen
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import Agent, FileBodyProducer, HTTPConnectionPool, readBody
from twisted.web.http_headers import Headers

Json: TypeAlias = dict[str, Any]
ROOT = "/api/v1/"


@frozen
class Reply:
    """
    An answer.
    """

    status: int
    body: Any
    headers: Headers

    def only(self, status: int) -> Any:
        """
        The body, where the status is this one.
        """
        assert self.status == status, (self.status, self.body)
        return self.body

    @property
    def refusal(self) -> tuple[int, str]:
        """
        The status, and the code of a problem.
        """
        return self.status, self.body["code"]


@frozen
class Api:
    """
    One who uses the API.
    """

    reactor: Any
    url: str
    token: str = field(default="", repr=False)

    async def _request(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        pool = HTTPConnectionPool(self.reactor, persistent=False)
        sent = Headers({"Authorization": [f"Bearer {self.token}"]} if self.token else {})
        for name, value in headers.items():
            sent.addRawHeader(name.replace("_", "-"), value)
        producer = None
        if body is not None:
            sent.addRawHeader("Content-Type", "application/json")
            producer = FileBodyProducer(BytesIO(json.dumps(body).encode()))
        where = f"{self.url}{path if path.startswith('/') else ROOT + path}".encode()
        return await Agent(self.reactor, pool=pool).request(method.encode(), where, sent, producer)

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """
        One request.

        @param path: below C{/api/v1}, unless it begins with a slash.
        """
        response = await self._request(method, path, body, **headers)
        content = await readBody(response)
        kind = (response.headers.getRawHeaders("Content-Type") or [""])[0]
        return Reply(response.code, json.loads(content) if "json" in kind else content, response.headers)

    async def get(self, path: str, **query: Any) -> Reply:
        """
        Look at something.
        """
        return await self("GET", f"{path}?{urlencode(query)}" if query else path)

    async def items(self, path: str, **query: Any) -> list[Json]:
        """
        Look at a list.
        """
        found: list[Json] = (await self.get(path, **query)).only(200)["items"]
        return found

    async def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        """
        Do something.
        """
        return await self("POST", path, body, **headers)

    async def delete(self, path: str) -> Reply:
        """
        Take something away.
        """
        return await self("DELETE", path)

    async def follow(self, after: str = "", **query: str) -> Feed:
        """
        Follow events.

        @param after: the id of the last event that is known.
        """
        headers = {"Last_Event_ID": after} if after else {}
        path = f"events?{urlencode(query)}" if query else "events"
        response = await self._request("GET", path, Accept="text/event-stream", **headers)
        assert response.code == 200, response.code
        feed = Feed()
        response.deliverBody(feed)
        return feed


@define(eq=False)
class Told:
    """
    An event.
    """

    id: str = ""
    kind: str = ""
    data: Json = field(factory=dict)


class Feed(Protocol):
    """
    Events, as they come (the event stream format of the HTML standard).

    @ivar events: those that have come.
    @ivar ended: whether no more will.
    """

    def __init__(self) -> None:
        self.events: list[Told] = []
        self.ended = False
        self._rest = b""

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol.dataReceived}.
        """
        *blocks, self._rest = (self._rest + data).split(b"\n\n")
        for block in blocks:
            fields = dict(line.split(": ", 1) for line in block.decode().splitlines() if ": " in line and line[0] != ":")
            if "data" in fields:
                self.events.append(Told(fields.get("id", ""), fields.get("event", ""), json.loads(fields["data"])))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol.connectionLost}.
        """
        self.ended = True

    def find(self, kind: str, wanted: Callable[[Json], bool] = lambda data: True) -> Told | None:
        """
        The first event of a kind that is wanted.
        """
        return next((each for each in self.events if each.kind == kind and wanted(each.data)), None)

    @property
    def kinds(self) -> list[str]:
        """
        The kinds of all events.
        """
        return [each.kind for each in self.events]

    def stop(self) -> None:
        """
        Follow no longer.
        """
        transport: Any = self.transport
        transport.loseConnection()
