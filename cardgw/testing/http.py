# -*- test-case-name: tests.testing.test_http -*-
"""
L{IHTTPClient}: what it does, and a fake without a network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from zope.interface import implementer

from cardgw.errors import CardGatewayError
from cardgw.interfaces import IHTTPClient
from cardgw.testing.contract import ContractMixin


@frozen
class Request:
    """
    One request to a L{FakeHTTP}.
    """

    url: str
    body: bytes
    headers: Mapping[str, str]
    trusted: frozenset[bytes] = frozenset()
    role: Any = None


Server: TypeAlias = Callable[[Request], Any]
"""Gives the status and the body, or a C{Deferred} of them; raises L{CardGatewayError} where there is no answer."""


class Unreachable(CardGatewayError):
    """
    The server does not answer.
    """


@implementer(IHTTPClient)
class FakeHTTP:
    """
    A client whose servers are a function.

    @ivar requests: what has been asked.
    """

    def __init__(self, server: Server | None = None) -> None:
        """
        @param server: answers; without it there is no server in the world.
        """
        self.requests: list[Request] = []
        self._server = server or _nobody

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], trusted: frozenset[bytes] = frozenset(), role: Any = None
    ) -> Deferred[tuple[int, bytes]]:
        """
        See L{IHTTPClient.post}.
        """
        request = Request(url, body, dict(headers), trusted, role)
        self.requests.append(request)
        return maybeDeferred(self._server, request)


def _nobody(request: Request) -> tuple[int, bytes]:
    raise Unreachable(request.url)


class HTTPClientTestsMixin(ContractMixin):
    """
    Tests of an L{IHTTPClient}.  Subclasses provide L{make_client}, L{respond}, L{received} and L{unreachable_url}.
    """

    url = "https://server.example.test/a/path"
    """A server that the client can reach."""
    unreachable_url = "https://nobody.example.test/"
    """A server that it cannot reach, or must not."""

    def make_client(self) -> Any:
        """
        A hook.

        @return: L{IHTTPClient}, or a C{Deferred} of it.
        """
        raise NotImplementedError("make_client")

    def respond(self, status: int, body: bytes) -> Any:
        """
        A hook: what the server at C{url} answers from now on.  Before the first call it does not answer.
        """
        raise NotImplementedError("respond")

    def received(self) -> list[tuple[bytes, Mapping[str, str]]]:
        """
        A hook: the bodies and headers that the server got; header names in lower case.
        """
        raise NotImplementedError("received")

    def test_interface(self) -> Any:
        """
        It provides L{IHTTPClient}.
        """
        return self.contract(self._interface())

    async def _interface(self) -> None:
        self.verify(IHTTPClient, await self.hook(self.make_client))

    def test_post(self) -> Any:
        """
        The server gets body and headers as they are; status and body come back, whatever the status.
        """
        return self.contract(self._post())

    async def _post(self) -> None:
        client = await self.hook(self.make_client)
        for status, body in ((200, b"\x00\xff"), (204, b""), (500, b"broken")):
            await self.hook(self.respond, status, body)
            self.assertEqual(await self.settled(client.post(self.url, b"\x01\xfe", {"X-Test": "a value"})), (status, body))
        self.assertEqual([each for each, _ in self.received()], [b"\x01\xfe"] * 3)
        self.assertEqual([headers.get("x-test") for _, headers in self.received()], ["a value"] * 3)

    def test_cancel(self) -> Any:
        """
        A request can be given up.
        """
        return self.contract(self._cancel())

    async def _cancel(self) -> None:
        client = await self.hook(self.make_client)
        asked = client.post(self.url, b"", {})
        await self.hook(self.flush)
        asked.cancel()
        await self.failed(asked, CancelledError, CardGatewayError)

    def test_unreachable(self) -> Any:
        """
        A server that cannot be asked is a L{CardGatewayError}.
        """
        return self.contract(self._unreachable())

    async def _unreachable(self) -> None:
        client = await self.hook(self.make_client)
        await self.failed(client.post(self.unreachable_url, b"", {}), CardGatewayError)
