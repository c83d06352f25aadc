# -*- test-case-name: tests.gateway.test_outbox -*-
"""
What must reach somebody, kept in the store until it has.

A parcel that waits is due at its C{next_attempt}.  Whoever begins to deliver it first moves that on by L{RESERVED} seconds: until
then nobody else does, and if the gateway is killed meanwhile, it is due again.  Failures move it on by pauses that grow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, DeferredList, fail
from twisted.logger import Logger
from zope.interface import implementer

from cardgw.errors import CardGatewayError, DeliveryRefused, OperationCancelled
from cardgw.gateway.events import EventHub
from cardgw.gateway.faults import Conflict, StoreError, UnknownParcel
from cardgw.gateway.outbox_delivery import Delivery
from cardgw.gateway.outbox_entries import Change, Entries
from cardgw.gateway.outbox_worker import Worker, pause
from cardgw.gateway.shown import entry_json
from cardgw.gateway.whole import whole
from cardgw.interfaces import ICourier, IHTTPClient, IOutbox
from cardgw.values import OutboxEntry, Parcel, ParcelState

if TYPE_CHECKING:
    from cardgw.gateway.store.engine import Store

RESERVED = 300.0
"""Seconds for which a parcel is left to who has stored it, or has begun to deliver it."""
_SOON = 60.0

_log = Logger()


def _ignore(entry: OutboxEntry) -> None:
    """
    Nobody wants to know.
    """


@implementer(IOutbox)
@define(eq=False)
class Outbox:
    """
    See L{IOutbox}.

    @ivar couriers: by the kind of parcel that they carry.
    @ivar entropy: gives so many random bytes.
    @ivar shared: whether other gateways use the same store.
    @ivar on_change: called with each entry that has changed; must not raise.
    """

    store: Store
    http: IHTTPClient
    couriers: Mapping[str, ICourier]
    clock: Any
    hub: EventHub
    entropy: Callable[[int], bytes]
    shared: bool = False
    on_change: Callable[[OutboxEntry], object] = field(default=_ignore, init=False)
    _entries: Entries = field(init=False)
    _worker: Worker = field(init=False)
    _stopped: bool = field(default=False, init=False)
    _deliveries: dict[str, Delivery] = field(factory=dict, init=False)
    _accepted: set[str] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        self._entries = Entries(self.store, self.shared)
        self._worker = Worker(self, self.store, self.clock)

    def start(self) -> None:
        """
        From now on deliver what is due.
        """
        self._stopped = False
        self._worker.start()

    def stop(self) -> Deferred[None]:
        """
        Deliver no more.  What is on its way is broken off, and goes on waiting; what has arrived is written down.

        @return: C{Deferred[None]}: the store is not needed any more; never a failure.
        """
        self._stopped = True
        quiet = [self._worker.stop(), *(delivery.outcome() for delivery in self._deliveries.values())]
        for delivery in tuple(self._deliveries.values()):
            delivery.stop(OperationCancelled("the outbox is being closed"))
        ended: Deferred[None] = DeferredList(quiet, consumeErrors=True).addCallback(lambda _: None)
        return ended

    def keep(self, parcel: Parcel) -> Deferred[OutboxEntry]:
        """
        See L{IOutbox.keep}.  It is left to who has stored it for L{RESERVED} seconds.
        """
        return whole(self._keep(parcel, RESERVED))

    def post(self, parcel: Parcel) -> Deferred[OutboxEntry]:
        """
        Store a parcel that nobody waits for: it is delivered from here, at once where that is possible.  Fires when it is safe.
        """
        return whole(self._keep(parcel, 0.0))

    async def _keep(self, parcel: Parcel, wait: float) -> OutboxEntry:
        now = self.clock.seconds()
        entry = await self._entries.keep(parcel, now, wait)
        if entry.created == now:
            self._publish(entry)
        if entry.state is ParcelState.WAITING:
            self._worker.expect(entry.next_attempt) if wait else self._worker.hurry(parcel.address)
        return entry

    def deliver(self, entry: OutboxEntry) -> Deferred[None]:
        """
        See L{IOutbox.deliver}.  A parcel that is on its way already is not sent a second time: the outcome is shared.  Cancelling
        what this returns ends the waiting for it, not the delivery.  An entry that was read before it was delivered is not sent
        again.
        """
        if self._stopped:
            return fail(OperationCancelled("the outbox is being closed"))
        delivery = self._deliveries.get(entry.id)
        if delivery is not None:
            return delivery.outcome()
        delivery = self._deliveries[entry.id] = Delivery(entry)
        outcome = delivery.outcome()
        Deferred.fromCoroutine(self._run(delivery))
        return outcome

    def on_its_way(self, entry: OutboxEntry) -> bool:
        """
        Whether a parcel is being delivered now.
        """
        return entry.id in self._deliveries

    async def _run(self, delivery: Delivery) -> None:
        error: CardGatewayError | None = None
        try:
            await self._attempt(delivery)
        except CardGatewayError as problem:
            error = problem
        except Exception as defect:
            _log.failure("the outbox has a defect", event="outbox-defect")
            error = CardGatewayError(type(defect).__name__)
        del self._deliveries[delivery.entry.id]
        delivery.end(error)

    async def _attempt(self, delivery: Delivery) -> None:
        entry = delivery.entry
        if not await self._still_to_send(entry):
            return
        error = None if entry.id in self._accepted else await self._send(delivery)
        if error is None:
            self._accepted.add(entry.id)  # should the store fail now, it is not sent again
        now = await self._change(entry.id, self._tried(error))
        self._accepted.discard(entry.id)
        self._note(now, error)
        if error is not None:
            raise error

    async def _still_to_send(self, entry: OutboxEntry) -> bool:
        """
        What waited when somebody looked may have been delivered since; what had been delivered by then is wanted again.
        """
        if entry.state is not ParcelState.WAITING:
            return True
        if entry.next_attempt < self.clock.seconds() + _SOON:
            now = await self._change(entry.id, self._reserved(entry.next_attempt))
        else:
            now = entry if self._entries.is_latest(entry) else await self._entries.get(entry.id)
        return now.state is not ParcelState.DELIVERED

    async def _send(self, delivery: Delivery) -> CardGatewayError | None:
        try:
            await delivery.carry(self.couriers, self.http, self.clock)
        except CardGatewayError as error:
            if error is delivery.stopped:
                raise
            return error
        return None

    def _reserved(self, due: float) -> Change:
        """
        Keep others from a parcel that waits and is due at this time, or earlier.
        """
        until = self.clock.seconds() + RESERVED

        def change(entry: OutboxEntry) -> OutboxEntry | None:
            ours = entry.state is ParcelState.WAITING and entry.next_attempt <= due
            return evolve(entry, next_attempt=until) if ours else None

        return change

    def _tried(self, error: CardGatewayError | None) -> Change:
        """
        What comes of an attempt.  What was delivered once stays so; what was given up does not begin to wait again.
        """
        now, chance = self.clock.seconds(), int.from_bytes(self.entropy(2), "big") / 0xFFFF

        def change(entry: OutboxEntry) -> OutboxEntry:
            tried = evolve(entry, attempts=entry.attempts + 1, reason="" if error is None else str(error))
            if error is None:
                return evolve(tried, state=ParcelState.DELIVERED)
            if isinstance(error, DeliveryRefused) and entry.state is not ParcelState.DELIVERED:
                return evolve(tried, state=ParcelState.REFUSED)
            return evolve(tried, next_attempt=now + pause(tried.attempts, chance))

        return change

    def _note(self, entry: OutboxEntry, error: CardGatewayError | None) -> None:
        self._publish(entry)
        if error is None:
            _log.info("{kind} {number} for {host}: delivered", event="parcel-delivered", **_named(entry))
            return
        more = {"code": error.code, "reason": entry.reason, "attempts": entry.attempts}
        _log.warn("{kind} {number} for {host}: not delivered: {reason}", event="parcel-not-delivered", **_named(entry), **more)
        if entry.state is ParcelState.WAITING:
            self._worker.expect(entry.next_attempt)

    def taken_off(self, entry: OutboxEntry) -> Deferred[None]:
        """
        See L{IOutbox.taken_off}.
        """
        return whole(self._taken_off(entry))

    async def _taken_off(self, entry: OutboxEntry) -> None:
        self._publish(await self._change(entry.id, _off_card))

    def entries(self, card: str) -> Deferred[tuple[OutboxEntry, ...]]:
        """
        See L{IOutbox.entries}.
        """
        return self.store.outbox.entries(card)

    def deliver_now(self, id: str) -> Deferred[OutboxEntry]:
        """
        Try to deliver a parcel, also one that was delivered before.

        @return: the entry as it is then; why it could not be delivered is in its C{reason}.
        @raise UnknownParcel: (as failure) there is none.
        """
        return Deferred.fromCoroutine(self._deliver_now(id))

    async def _deliver_now(self, name: str) -> OutboxEntry:
        try:
            await self.deliver(await self._entries.get(name))
        except (StoreError, UnknownParcel):
            raise
        except CardGatewayError:  # the entry says so
            pass
        return await self._entries.get(name)

    def give_up(self, id: str) -> Deferred[OutboxEntry]:
        """
        Try no more to deliver a parcel; should it be on its way, that is broken off.

        @raise UnknownParcel: (as failure) there is none.
        @raise Conflict: (as failure) it does not wait.
        """
        return whole(self._give_up(id))

    async def _give_up(self, name: str) -> OutboxEntry:
        entry = await self._entries.get(name)
        delivery = self._deliveries.get(name)
        if delivery is not None and entry.state is ParcelState.WAITING:
            ended = delivery.outcome().addErrback(lambda _: None)
            delivery.stop(OperationCancelled("somebody gave the parcel up"))
            await ended
        before, after = await self._entries.change(name, _given_up)
        if after is None:
            raise Conflict(f"it is {before.state.value}")
        self._publish(after)
        _log.info("{kind} {number} for {host}: given up", event="parcel-given-up", **_named(after))
        return after

    def claim(self, entry: OutboxEntry) -> Deferred[OutboxEntry | None]:
        """
        For the worker: see L{Deliveries}.
        """
        claimed = self._entries.change(entry.id, self._reserved(self.clock.seconds()))
        return Deferred.fromCoroutine(claimed).addCallback(lambda found: found[1])

    def postpone(self, entry: OutboxEntry, until: float) -> Deferred[None]:
        """
        For the worker: see L{Deliveries}.
        """

        def change(entry: OutboxEntry) -> OutboxEntry | None:
            return evolve(entry, next_attempt=until) if entry.next_attempt < until else None

        return Deferred.fromCoroutine(self._entries.change(entry.id, change)).addCallback(lambda _: None)

    def _publish(self, entry: OutboxEntry) -> None:
        self.hub.publish("outbox.changed", {"entry": entry_json(entry)})
        self.on_change(entry)

    async def _change(self, name: str, change: Change) -> OutboxEntry:
        before, after = await self._entries.change(name, change)
        return before if after is None else after


def _off_card(entry: OutboxEntry) -> OutboxEntry | None:
    return evolve(entry, on_card=False) if entry.on_card else None


def _given_up(entry: OutboxEntry) -> OutboxEntry | None:
    return evolve(entry, state=ParcelState.GIVEN_UP) if entry.state is ParcelState.WAITING else None


def _named(entry: OutboxEntry) -> dict[str, Any]:
    """
    What the log says of a parcel; identifiers are under the keys that it shortens.
    """
    parcel = entry.parcel
    named = {"parcel": entry.id, "kind": parcel.kind, "number": parcel.number, "host": parcel.address}
    more = {"eid": parcel.card.removeprefix("eid:"), "iccid": parcel.facts.get("iccid")}
    return {**named, **{key: value for key, value in more.items() if value}}
