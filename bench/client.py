# -*- test-case-name: tests.bench.test_pcsc -*-
"""
What a benchmark says to a gateway: its HTTP API.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

from attrs import define

from bench.kept import KeptGateway

_PATIENCE = 60.0
_PAUSE = 0.25
"""Seconds between two looks; each is work for the gateway, which is being measured."""


@define
class Client:
    """
    Somebody with a token.
    """

    gateway: KeptGateway

    def ask(self, path: str, body: Any = None) -> Any:
        """
        The HTTP API.
        """
        headers = {"Authorization": f"Bearer {self.gateway.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"http://127.0.0.1:{self.gateway.web}/api/v1/{path}", data, headers)) as answer:
            return json.load(answer)

    def card(self, transport: str) -> str:
        """
        Wait for the card of a transport.

        @return: its id.
        """

        def find() -> str | None:
            cards = self.ask("cards")["items"]
            return next((each["id"] for each in cards if each["transport"] == transport and each["managed"]), None)

        return str(until(find))

    def run(self, card: str, operation: str, **parameters: Any) -> Any:
        """
        Have a job done.

        @return: its result.
        """
        job = self.submit(card, operation, **parameters)
        return until(lambda: self.look(job)["result"])

    def submit(self, card: str, operation: str, **parameters: Any) -> str:
        """
        Queue a job.

        @return: its id.
        """
        return str(self.ask("jobs", {"operation": operation, "card": card, "parameters": parameters, "confirm": True})["id"])

    def look(self, job: str) -> Any:
        """
        A job as it is.

        @raise RuntimeError: it has failed.
        """
        found = self.ask(f"jobs/{job}")
        if found["error"] is not None:
            raise RuntimeError(f"{found['operation']}: {found['error']}")
        return found


def until(find: Callable[[], Any]) -> Any:
    """
    Look again and again until there is something else than C{None}.

    @raise RuntimeError: it does not come.
    """
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        found = find()
        if found is not None:
            return found
        time.sleep(_PAUSE)
    raise RuntimeError(f"not within {_PATIENCE:g} s")


@contextmanager
def environment(more: Mapping[str, str]) -> Iterator[None]:
    """
    Have processes that are started now told this.
    """
    before = {name: os.environ.pop(name, None) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
