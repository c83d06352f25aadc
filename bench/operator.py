# -*- test-case-name: tests.functional.test_crash -*-
"""
Somebody who queues jobs for cards over the HTTP API, asks again where there was no answer, and changes their mind now and then.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from attrs import define, field
from twisted.internet.task import deferLater

from bench.api import Api
from bench.phones import Phone

PAUSE = 0.12
"""Seconds between requests, on average."""
_CHANGED_MIND = 0.1
_HERE = 0.3
_GONE = 404
"""The card has left, and the gateway never heard of the request."""
_BUSY = (503,)
"""What a gateway answers that is not ready yet."""


@define(eq=False)
class Operator:
    """
    See the module's docstring.

    @ivar buy: gives a new activation code.
    @ivar accepted: the ids of all jobs that the gateway has accepted.
    @ivar resting: whether nothing more is to be queued.
    """

    api: Api
    phones: Sequence[Phone]
    buy: Callable[[], str]
    dice: random.Random
    accepted: list[str] = field(factory=list)
    resting: bool = False
    _asked: int = 0

    async def live(self) -> None:
        """
        Queue jobs, until L{resting}.
        """
        while not self.resting:
            await self._sleep(self.dice.expovariate(1 / PAUSE))
            wish = self._wish()
            await self._submit({**wish, "card": await self._here() or wish["card"]})
            if self.accepted and self.dice.random() < _CHANGED_MIND:
                await self.api.post(f"/api/v1/jobs/{self.dice.choice(self.accepted[-10:])}/cancel", {})

    async def _sleep(self, seconds: float) -> None:
        await deferLater(self.api.reactor, seconds)

    async def _here(self) -> str:
        """
        A card that stays, as it is called while it is here; or empty.
        """
        page = await self.api.get("/api/v1/cards") if self.dice.random() < _HERE else None
        stay = [card["id"] for card in page["items"] if card["managed"]] if page is not None else []
        return self.dice.choice(stay) if stay else ""

    async def _submit(self, wish: dict[str, Any]) -> None:
        """
        Ask until there is an answer: whether the gateway had heard it when it was killed, nobody knows.
        """
        self._asked += 1
        while True:
            answer = await self.api.post("/api/v1/jobs", wish, f"wish-{self._asked}")
            if answer is not None and answer[0] in (200, 202):
                self.accepted.append(answer[1]["id"])
                return
            if answer is not None and answer[0] == _GONE:
                return
            if answer is not None and answer[0] not in _BUSY:
                raise RuntimeError(f"the gateway refused {wish}: {answer}")
            await self._sleep(PAUSE / 2)

    def _wish(self) -> dict[str, Any]:
        phone = self.dice.choice(self.phones)
        names = ["profile.download", "profile.download", "notifications.send-all", "lpa.profiles"]
        names += ["lpa.nickname", "lpa.enable", "lpa.disable", "lpa.delete"] if phone.installed else []
        name = self.dice.choice(names)
        parameters: dict[str, Any] = {"profile": self.dice.choice(sorted(phone.installed))} if len(names) > 4 else {}
        if name == "profile.download":
            parameters = {"activation_code": self.buy()}
        elif name in ("lpa.profiles", "notifications.send-all"):
            parameters = {}
        elif name == "lpa.nickname":
            parameters["nickname"] = f"n{self._asked}"
        elif name == "lpa.disable":
            parameters["accept_offline"] = True
        wish = {"operation": name, "card": phone.identity, "parameters": parameters}
        return {**wish, "confirm": True} if name == "lpa.delete" else wish

    async def strays(self, since: float) -> list[str]:
        """
        Jobs that are said to run, and nobody runs them.

        @param since: when the process was started, in seconds since 1970.
        @return: sentences.
        """
        found = []
        for state in ("running", "waiting"):
            page = await self.api.get(f"/api/v1/jobs?state={state}&limit=200")
            for job in [] if page is None else page["items"]:
                if datetime.fromisoformat(job["started"]).timestamp() < since:
                    found.append(f"job {job['id']} is {state}, and its process was killed")
        return found

    async def queued(self) -> bool:
        """
        Whether any job waits.
        """
        page = await self.api.get("/api/v1/jobs?state=queued&limit=1")
        return page is None or bool(page["items"])
