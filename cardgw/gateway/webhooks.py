# -*- test-case-name: tests.gateway.test_webhooks,tests.functional.test_webhooks -*-
"""
Webhooks: what happens is owed to those who want to be told.  It goes into the outbox, and from there to them
(L{cardgw.gateway.webhook_courier}) until they have taken it.

What is sent is a JSON object: C{id} (the same for every attempt), C{webhook} (its name), C{kind}, C{time} (RFC 3339) and C{data}
(see L{cardgw.gateway.events}).  C{job.percent} is not sent, nor is what becomes of webhooks themselves.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.gateway.events import Event, among
from cardgw.gateway.faults import StoreError
from cardgw.gateway.outbox import Outbox
from cardgw.gateway.shown import time_text
from cardgw.gateway.webhook_courier import WEBHOOK, Webhook, WebhookCourier
from cardgw.values import Parcel

STORE_PAUSE = 5.0
"""Seconds until it is tried again to store an event, while the store cannot be used."""
MOST_UNSTORED = 10_000
"""Events that wait for that; further ones are lost."""

_log = Logger()


@define(eq=False)
class Webhooks:
    """
    See the module's docstring.
    """

    outbox: Outbox
    courier: WebhookCourier
    clock: Any
    _chosen: tuple[Webhook, ...] = field(default=(), init=False)
    _storing: set[Deferred[None]] = field(factory=set, init=False)
    _pauses: set[Deferred[None]] = field(factory=set, init=False)
    _stopped: bool = field(default=False, init=False)
    _failing: bool = field(default=False, init=False)

    def use(self, webhooks: tuple[Webhook, ...]) -> None:
        """
        From now on these are told what happens; no others.
        """
        self._chosen = webhooks
        self.courier.webhooks = {each.settings.name: each for each in webhooks}
        self.outbox.hub.witness = self._happened if webhooks else None
        for each in webhooks:
            if each.settings.in_clear:
                fmt = "webhook {webhook}: others can read what is sent there: it is not https"
                _log.warn(fmt, event="webhook-in-clear", webhook=each.settings.name)

    def stop(self) -> Deferred[None]:
        """
        Wait for nothing any more.

        @return: C{Deferred[None]}: what happened before is stored, as far as the store can be used; never a failure.
        """
        self._stopped = True
        for pause in tuple(self._pauses):
            pause.cancel()
        stopped: Deferred[None] = DeferredList(tuple(self._storing)).addCallback(lambda _: None)
        return stopped

    def _happened(self, event: Event) -> None:
        entry = event.data.get("entry")
        if isinstance(entry, dict) and entry.get("kind") == WEBHOOK:  # it would never end
            return
        wanted = [each.settings.name for each in self._chosen if among(event.kind, each.settings.events)]
        time = time_text(self.clock.seconds())
        for name in wanted:
            self._owe(_parcel(name, event, time))

    def _owe(self, parcel: Parcel) -> None:
        if len(self._storing) >= MOST_UNSTORED:
            self._lost(parcel)
            return
        storing = Deferred.fromCoroutine(self._store(parcel))
        storing.addErrback(_defect)
        self._storing.add(storing)
        storing.addCallback(lambda _: self._storing.discard(storing))

    async def _store(self, parcel: Parcel) -> None:
        while True:
            try:
                await self.outbox.post(parcel)
            except StoreError as problem:
                if not self._failing:
                    fmt = "events for webhooks cannot be stored: {reason}"
                    _log.error(fmt, event="webhooks-not-stored", reason=str(problem))
                self._failing = True
            else:
                self._failing = False
                return
            if not await self._paused():
                self._lost(parcel)
                return

    async def _paused(self) -> bool:
        """
        @return: whether there is a next time.
        """
        if self._stopped:
            return False
        pause: Deferred[None] = deferLater(self.clock, STORE_PAUSE)
        self._pauses.add(pause)
        try:
            await pause
        except CancelledError:
            return False
        finally:
            self._pauses.discard(pause)
        return True

    def _lost(self, parcel: Parcel) -> None:
        fmt = "{webhook} is not told of {kind} {number}: it could not be stored"
        _log.error(fmt, event="webhook-lost", webhook=parcel.address, kind=parcel.facts["event"], number=parcel.number)


def _defect(failure: Failure) -> None:
    _log.failure("webhooks have a defect", failure, event="webhook-defect")


def _parcel(webhook: str, event: Event, time: str | None) -> Parcel:
    content = {"id": event.id, "webhook": webhook, "kind": event.kind, "time": time, "data": event.data}
    facts = {"event": event.kind, "id": event.id}
    number = int(event.id.rpartition("-")[2])
    payload = json.dumps(content, default=str).encode("ascii")
    return Parcel(WEBHOOK, "", number, webhook, payload, facts, remove=False)
