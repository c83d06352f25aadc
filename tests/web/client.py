"""
HTTP in memory: real bytes to the real site, without a socket.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPResponse
from io import BytesIO
from typing import Any

from attrs import frozen
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.web.service import make_site
from cardgw.web.settings import WebSettings
from tests.web.fakes import FakeControl
from tests.web.samples import SECRETS

HOST = "127.0.0.1:1889"


@frozen
class Response:
    """
    What came back.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """
        The body as JSON.
        """
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """
        The code of a problem.
        """
        return str(self.json["code"])


class Transport(StringTransportWithDisconnection):
    """
    A connection in memory that can be aborted.
    """

    producer: Any

    def abortConnection(self) -> None:
        """
        See L{ITCPTransport}.
        """
        self.loseConnection()

    def loseConnection(self) -> None:
        """
        See L{ITransport}.
        """
        if self.connected:
            self.connected = False
            self.protocol.connectionLost(Failure(ConnectionDone()))


class Connection:
    """
    One connection to a site.
    """

    def __init__(self, site: Any, peer: str = "127.0.0.1") -> None:
        self.channel = site.buildProtocol(IPv4Address("TCP", peer, 4711))
        self.transport = Transport(IPv4Address("TCP", "127.0.0.1", 1889), IPv4Address("TCP", peer, 4711))
        self.transport.protocol = self.channel
        self.channel.makeConnection(self.transport)

    def send(self, *octets: bytes) -> bytes:
        """
        Send bytes, one part after the other.

        @return: what has come since the last time.
        """
        for each in octets:
            self.channel.dataReceived(each)
        return self.read()

    def read(self) -> bytes:
        """
        What has come since the last time.
        """
        got: bytes = self.transport.value()
        self.transport.clear()
        return got


class _Socket:
    def __init__(self, octets: bytes) -> None:
        self._file = BytesIO(octets)

    def makefile(self, mode: str) -> BytesIO:
        return self._file


def parsed(octets: bytes, method: str = "GET") -> Response:
    """
    The first answer in some bytes.
    """
    socket: Any = _Socket(octets)
    response = HTTPResponse(socket, method=method)
    response.begin()
    return Response(response.status, dict(response.getheaders()), response.read())


def encoded(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """
    A request as bytes.
    """
    length = {"Content-Length": str(len(body))} if body is not None else {}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**headers, **length}.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + (body or b"")


LIVE_REQUEST = encoded("GET", "/livez", {"Host": HOST}, None)
"""The simplest request."""


class WebTestCase(SynchronousTestCase):
    """
    Tests with a site.

    @cvar settings: its settings.
    """

    settings = WebSettings()

    def setUp(self) -> None:
        self.control = FakeControl()
        self.site, self.feeds = make_site(self.settings, self.control, lambda: b"cards 1\n", self.control.clock)

    def connect(self, peer: str = "127.0.0.1") -> Connection:
        """
        A new connection.
        """
        return Connection(self.site, peer)

    def request(
        self,
        method: str,
        path: str,
        content: Any = None,
        *,
        role: str = "admin",
        peer: str = "127.0.0.1",
        body: bytes | None = None,
        **headers: str,
    ) -> Response:
        """
        Ask for something.

        @param content: sent as JSON.
        @param role: whose token is sent; empty for none.
        @param headers: with underscores for hyphens.
        """
        given = {"Host": HOST}
        if role:
            given["Authorization"] = f"Bearer {SECRETS.get(role, role)}"
        if content is not None:
            body, given["Content-Type"] = json.dumps(content).encode(), "application/json"
        given.update({name.replace("_", "-"): value for name, value in headers.items()})
        return parsed(self.connect(peer).send(encoded(method, path, given, body)), method)

    def get(self, path: str, **more: Any) -> Response:
        """
        GET.
        """
        return self.request("GET", path, **more)

    def post(self, path: str, content: Any = None, **more: Any) -> Response:
        """
        POST.
        """
        return self.request("POST", path, content, **more)

    def assert_problem(self, response: Response, status: int, code: str) -> None:
        """
        It is a problem of this kind.
        """
        self.assertEqual((response.status, response.headers.get("Content-Type")), (status, "application/problem+json"))
        self.assertEqual((response.json["status"], response.code), (status, code))
        self.assertEqual(response.json["type"], f"/api/docs#problem-{code}")
