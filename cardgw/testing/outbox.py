# -*- test-case-name: tests.testing.test_outbox -*-
"""
L{IOutbox}: what it does, and one in memory for the tests of an operation.
"""

from __future__ import annotations

from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from cardgw.errors import CardGatewayError, DeliveryRefused
from cardgw.interfaces import IOutbox
from cardgw.testing.contract import ContractMixin
from cardgw.values import OutboxEntry, Parcel, ParcelState

_CARD = "eid:89049032000000000000000000000163"


def _key(parcel: Parcel) -> tuple[str, str, int, bytes]:
    return parcel.kind, parcel.card, parcel.number, parcel.payload


@implementer(IOutbox)
@define(eq=False)
class FakeOutbox:
    """
    An outbox that keeps all in memory, and delivers nowhere.

    @ivar stored: the entries by their ids, in order.
    @ivar refusals: the errors with which the next deliveries fail, the first one first; those after them succeed.
    @ivar delivered: what was delivered, in order.
    """

    stored: dict[str, OutboxEntry] = field(factory=dict)
    refusals: list[CardGatewayError] = field(factory=list)
    delivered: list[Parcel] = field(factory=list)

    def keep(self, parcel: Parcel) -> Deferred[OutboxEntry]:
        """
        See L{IOutbox.keep}.
        """
        for entry in self.stored.values():
            if _key(entry.parcel) == _key(parcel):
                return succeed(entry)
        entry = OutboxEntry(f"entry-{len(self.stored) + 1}", parcel, on_card=bool(parcel.card))
        self.stored[entry.id] = entry
        return succeed(entry)

    def deliver(self, entry: OutboxEntry) -> Deferred[None]:
        """
        See L{IOutbox.deliver}.
        """
        now = self.stored[entry.id]
        if self.refusals:
            error = self.refusals.pop(0)
            state = ParcelState.REFUSED if isinstance(error, DeliveryRefused) else now.state
            self.stored[entry.id] = evolve(now, state=state, attempts=now.attempts + 1, reason=str(error))
            return fail(error)
        self.delivered.append(entry.parcel)
        self.stored[entry.id] = evolve(now, state=ParcelState.DELIVERED, attempts=now.attempts + 1, reason="")
        return succeed(None)

    def taken_off(self, entry: OutboxEntry) -> Deferred[None]:
        """
        See L{IOutbox.taken_off}.
        """
        self.stored[entry.id] = evolve(self.stored[entry.id], on_card=False)
        return succeed(None)

    def entries(self, card: str) -> Deferred[tuple[OutboxEntry, ...]]:
        """
        See L{IOutbox.entries}.
        """
        found = [entry for entry in self.stored.values() if entry.parcel.card == card]
        return succeed(tuple(entry for entry in found if entry.on_card or entry.state is ParcelState.WAITING))


class OutboxTestsMixin(ContractMixin):
    """
    Tests of an L{IOutbox}.  Subclasses provide L{make_outbox}.
    """

    def make_outbox(self, refusals: list[CardGatewayError]) -> Any:
        """
        A hook.

        @param refusals: with what the next deliveries fail; those after them succeed.
        @return: L{IOutbox}, or a C{Deferred} of it.
        """
        raise NotImplementedError("make_outbox")

    def parcel(self, number: int = 1, payload: bytes = b"payload") -> Parcel:
        """
        A parcel of the tests.
        """
        return Parcel("notification", _CARD, number, "smdp.example", payload, {"event": "install"}, frozenset({b"ci"}))

    def test_interface(self) -> Any:
        """
        It provides L{IOutbox}.
        """
        return self.contract(self._interface())

    async def _interface(self) -> None:
        self.verify(IOutbox, await self.hook(lambda: self.make_outbox([])))

    def test_keep(self) -> Any:
        """
        What is kept waits, and is found by its card.
        """
        return self.contract(self._keep())

    async def _keep(self) -> None:
        outbox = await self.hook(lambda: self.make_outbox([]))
        first = await self.settled(outbox.keep(self.parcel()))
        second = await self.settled(outbox.keep(self.parcel(2)))
        self.assertEqual((first.parcel, first.state, first.on_card), (self.parcel(), ParcelState.WAITING, True))
        found = await self.settled(outbox.entries(_CARD))
        self.assertEqual([entry.id for entry in found], [first.id, second.id])
        self.assertEqual(await self.settled(outbox.entries("eid:1")), ())

    def test_keepTwice(self) -> Any:
        """
        The same parcel is kept once; one with the same number and another payload is another one.
        """
        return self.contract(self._keep_twice())

    async def _keep_twice(self) -> None:
        outbox = await self.hook(lambda: self.make_outbox([]))
        first = await self.settled(outbox.keep(self.parcel()))
        await self.settled(outbox.deliver(first))
        again = await self.settled(outbox.keep(self.parcel()))
        self.assertEqual((again.id, again.state), (first.id, ParcelState.DELIVERED))
        other = await self.settled(outbox.keep(self.parcel(payload=b"another")))
        self.assertNotEqual(other.id, first.id)

    def test_noCard(self) -> Any:
        """
        What no card gave is on none: it is done with when it has been delivered.
        """
        return self.contract(self._no_card())

    async def _no_card(self) -> None:
        outbox = await self.hook(lambda: self.make_outbox([]))
        entry = await self.settled(outbox.keep(Parcel("notification", "", 1, "smdp.example", b"payload")))
        self.assertFalse(entry.on_card)
        await self.settled(outbox.deliver(entry))
        self.assertEqual(await self.settled(outbox.entries("")), ())

    def test_deliver(self) -> Any:
        """
        What is delivered does not wait any more, and matters as long as the card has it.
        """
        return self.contract(self._deliver())

    async def _deliver(self) -> None:
        outbox = await self.hook(lambda: self.make_outbox([]))
        entry = await self.settled(outbox.keep(self.parcel()))
        await self.settled(outbox.deliver(entry))
        (found,) = await self.settled(outbox.entries(_CARD))
        self.assertEqual((found.state, found.on_card), (ParcelState.DELIVERED, True))
        await self.settled(outbox.taken_off(entry))
        self.assertEqual(await self.settled(outbox.entries(_CARD)), ())

    def test_notNow(self) -> Any:
        """
        What could not be delivered goes on waiting, with the reason.
        """
        return self.contract(self._not_now())

    async def _not_now(self) -> None:
        outbox = await self.hook(lambda: self.make_outbox([CardGatewayError("no route")]))
        entry = await self.settled(outbox.keep(self.parcel()))
        await self.failed(outbox.deliver(entry), CardGatewayError)
        (found,) = await self.settled(outbox.entries(_CARD))
        self.assertEqual((found.state, found.attempts), (ParcelState.WAITING, 1))
        self.assertIn("no route", found.reason)

    def test_refused(self) -> Any:
        """
        What is refused for good does not wait any more; the card still has it.
        """
        return self.contract(self._refused())

    async def _refused(self) -> None:
        outbox = await self.hook(lambda: self.make_outbox([DeliveryRefused("unknown")]))
        entry = await self.settled(outbox.keep(self.parcel()))
        await self.failed(outbox.deliver(entry), DeliveryRefused)
        (found,) = await self.settled(outbox.entries(_CARD))
        self.assertEqual((found.state, found.on_card), (ParcelState.REFUSED, True))
