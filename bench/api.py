# -*- test-case-name: tests.functional.test_crash -*-
"""
The HTTP API of a gateway that may be gone at any moment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import define
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectError
from twisted.web.client import Agent, PartialDownloadError, ResponseFailed, readBody
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer


@define
class Api:
    """
    A client; each request has a connection of its own.
    """

    reactor: Any
    port: int
    token: str

    async def get(self, path: str) -> Any:
        """
        @return: the JSON; C{None} if there is no answer, or another one than 200.
        """
        answer = await self._ask(b"GET", path, None, {})
        return answer[1] if answer is not None and answer[0] == 200 else None

    async def post(self, path: str, body: Mapping[str, Any], key: str = "") -> tuple[int, Any] | None:
        """
        @return: the status and the JSON; C{None} if there is no answer.
        """
        more = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        return await self._ask(b"POST", path, json.dumps(body).encode(), more)

    async def _ask(self, method: bytes, path: str, body: bytes | None, more: Mapping[str, str]) -> tuple[int, Any] | None:
        headers = Headers()
        for name, value in {"Authorization": f"Bearer {self.token}", **more}.items():
            headers.addRawHeader(name, value)
        producer = _Body(body) if body is not None else None
        try:
            response = await Agent(self.reactor).request(
                method, f"http://127.0.0.1:{self.port}{path}".encode(), headers, producer
            )
            return response.code, json.loads(await readBody(response))
        except (ConnectError, ResponseFailed, PartialDownloadError, PotentialDataLoss, ValueError):
            return None


@implementer(IBodyProducer)
@define
class _Body:
    """
    A body that is there as a whole.
    """

    _octets: bytes

    @property
    def length(self) -> int:
        return len(self._octets)

    def startProducing(self, consumer: Any) -> Deferred[None]:
        consumer.write(self._octets)
        return succeed(None)

    def pauseProducing(self) -> None:
        """
        There is nothing to pause.
        """

    def resumeProducing(self) -> None:
        """
        Nor to go on with.
        """

    def stopProducing(self) -> None:
        """
        Nor to stop.
        """
