# -*- test-case-name: tests.gateway.store.test_outbox -*-
"""
L{cardgw.gateway.store.outbox}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve

from cardgw.values import OutboxEntry, Parcel, ParcelState
from tests.gateway.store.contract import CARD, OTHER, MemoryCase, StoreMixin, everywhere

DELIVERED = ParcelState.DELIVERED


def parcel(number: int = 1, payload: bytes = b"\0payload", card: str = CARD) -> Parcel:
    """
    A parcel.
    """
    facts = {"event": "install", "iccid": "8944"}
    return Parcel("notification", card, number, "smdp.example", payload, facts, frozenset({b"ci", b"\xff"}), remove=False)


class OutboxMixin(StoreMixin):
    """
    What every store does with the outbox.
    """

    async def kept(self, number: int = 1, card: str = CARD, **more: Any) -> OutboxEntry:
        """
        Keep a parcel, and save its entry with other values.
        """
        entry = await self.store.outbox.keep(parcel(number, card=card), 100.0)
        if more:
            entry = evolve(entry, **more)
            await self.store.outbox.save(entry)
        return entry

    @everywhere
    async def test_parcel(self) -> None:
        """
        What is kept waits, is on the card, and due at once; it is given with everything in it.
        """
        entry = await self.store.outbox.keep(parcel(), 100.0)
        self.assertEqual(entry, OutboxEntry(entry.id, parcel(), next_attempt=100.0, created=100.0))
        self.assertEqual(await self.store.outbox.get(entry.id), entry)
        self.assertIsNone(await self.store.outbox.get("00"))

    @everywhere
    async def test_parcelTwice(self) -> None:
        """
        The same parcel is given as it is; another payload, number or card make another one.
        """
        entry = await self.kept(state=DELIVERED, attempts=2, on_card=False)
        self.assertEqual(await self.store.outbox.keep(parcel(), 200.0), entry)
        others = [parcel(2), parcel(payload=b"another"), parcel(card=OTHER), evolve(parcel(), kind="other")]
        ids = {entry.id, *[(await self.store.outbox.keep(each, 200.0)).id for each in others]}
        self.assertEqual(len(ids), 5)

    @everywhere
    async def test_parcelSave(self) -> None:
        """
        Saving stores how far its delivery has come, of this parcel alone; the reason may have any character.
        """
        first, second = await self.kept(1), await self.kept(2)
        changed = evolve(first, state=ParcelState.REFUSED, on_card=False, attempts=3, next_attempt=7.5, reason="no\0t \ud800é")
        await self.store.outbox.save(changed)
        self.assertEqual(await self.store.outbox.get(first.id), evolve(changed, reason="no\ufffdt \ufffdé"))
        self.assertEqual(await self.store.outbox.get(second.id), second)

    @everywhere
    async def test_parcelWait(self) -> None:
        """
        A new parcel may be due later; one that is here already stays as it is.
        """
        entry = await self.store.outbox.keep(parcel(), 100.0, 20.0)
        self.assertEqual((entry.created, entry.next_attempt), (100.0, 120.0))
        self.assertEqual(await self.store.outbox.keep(parcel(), 110.0, 20.0), entry)

    @everywhere
    async def test_parcelChange(self) -> None:
        """
        An entry is changed as it is now, or left.
        """
        first, second = await self.kept(1), await self.kept(2)
        changed = evolve(first, attempts=5, on_card=False)
        found = await self.store.outbox.change(first.id, lambda each: evolve(each, attempts=each.attempts + 5, on_card=False))
        self.assertEqual(found, (first, changed))
        self.assertEqual(await self.store.outbox.change(first.id, lambda _: None), (changed, None))
        self.assertEqual(await self.store.outbox.change("00", lambda each: each), (None, None))
        self.assertEqual([await self.store.outbox.get(each.id) for each in (first, second)], [changed, second])

    @everywhere
    async def test_parcelSwap(self) -> None:
        """
        An entry is changed if it is as it was; also where several are changed together, of which some are not.
        """
        outbox = self.store.outbox
        first, second = await self.kept(1), await self.kept(2)
        changed = evolve(first, attempts=1, state=DELIVERED, next_attempt=150.25, reason="later")
        self.assertTrue(await outbox.swap(first, changed))
        self.assertFalse(await outbox.swap(first, evolve(first, on_card=False)))
        lost = evolve(first, id="00")
        pairs = [(first, evolve(first, attempts=9)), (second, evolve(second, on_card=False)), (lost, evolve(lost, attempts=1))]
        together = [outbox.swap(before, after) for before, after in pairs]
        self.assertEqual([await each for each in together], [False, True, False])
        self.assertEqual([await outbox.get(each.id) for each in (first, second)], [changed, evolve(second, on_card=False)])
        self.assertTrue(await outbox.swap(changed, evolve(changed, on_card=False, reason="")))

    @everywhere
    async def test_parcelsOfCard(self) -> None:
        """
        Of a card, what waits or is on it, the oldest first.
        """
        entries = [
            await self.kept(1),
            await self.kept(2, state=DELIVERED),
            await self.kept(3, on_card=False),
            await self.kept(4, state=DELIVERED, on_card=False),
            await self.kept(5, OTHER),
        ]
        self.assertEqual(await self.store.outbox.entries(CARD), tuple(entries[:3]))

    @everywhere
    async def test_parcelsDue(self) -> None:
        """
        What waits is due when its time has come, the longest due first.
        """
        self.assertIsNone(await self.store.outbox.next_due())
        late = await self.kept(1, next_attempt=30.0)
        early = await self.kept(2, next_attempt=10.0)
        await self.kept(3, next_attempt=5.0, state=ParcelState.GIVEN_UP)
        self.assertEqual(await self.store.outbox.next_due(), 10.0)
        self.assertEqual(await self.store.outbox.due(9.0, 10), ())
        self.assertEqual(await self.store.outbox.due(10.0, 10), (early,))
        self.assertEqual(await self.store.outbox.due(30.0, 10), (early, late))
        self.assertEqual(await self.store.outbox.due(30.0, 1), (early,))

    @everywhere
    async def test_parcelFind(self) -> None:
        """
        Entries are found by what they are, the latest first, page by page.
        """
        one, two, three = await self.kept(1), await self.kept(2, OTHER), await self.kept(3, state=DELIVERED)
        outbox = self.store.outbox
        self.assertEqual(await outbox.find(), (three, two, one))
        self.assertEqual(await outbox.find(ParcelState.WAITING), (two, one))
        self.assertEqual(await outbox.find(card=CARD), (three, one))
        self.assertEqual(await outbox.find(limit=1), (three,))
        self.assertEqual(await outbox.find(before=three.id, limit=1), (two,))

    @everywhere
    async def test_parcelForget(self) -> None:
        """
        What is done, on no card, and was saved before a time is forgotten; nothing else is.
        """
        kinds: list[dict[str, Any]] = [{}, {"on_card": False}, {"state": DELIVERED}, {"state": DELIVERED, "on_card": False}]
        for number, more in enumerate(kinds):
            await self.kept(number, **more)
        now = self.clock.seconds()
        self.clock.advance(10)
        await self.kept(9, state=DELIVERED, on_card=False)
        self.assertEqual(await self.store.outbox.forget(now), 0)
        self.assertEqual(await self.store.outbox.forget(now + 1), 1)
        found = await self.store.outbox.find()
        self.assertEqual([entry.parcel.number for entry in found], [9, 2, 1, 0])


class OutboxTests(OutboxMixin, MemoryCase):
    """
    On SQLite.
    """

    def test_sealed(self) -> None:
        """
        The payload is not legible in the database.
        """
        self.store.outbox.keep(parcel(payload=b"Persian"), 100.0)
        rows = self.store.read("outbox", lambda connection: str(connection.exec_driver_sql("SELECT * FROM outbox").all()))
        self.assertNotIn("Persian", self.successResultOf(rows))
