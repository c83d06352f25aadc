# -*- test-case-name: tests.gateway.test_outbox_entries -*-
"""
The entries of the outbox: in the store, and the latest of them at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from attrs import define, field

from cardgw.gateway.faults import UnknownParcel
from cardgw.values import OutboxEntry, Parcel, ParcelState

if TYPE_CHECKING:
    from cardgw.gateway.store.engine import Store

MOST = 1000
"""So many entries are at hand; each has the bytes of its parcel."""

Change: TypeAlias = Callable[[OutboxEntry], OutboxEntry | None]
"""Gives the entry as it is to be, or C{None} to leave it.  It may be called more than once, in any thread, and must not raise."""


@define(eq=False)
class Entries:
    """
    See the module's docstring.  What is at hand saves asking the store; what is written there decides.

    @ivar shared: whether other gateways use the same store.
    """

    store: Store
    shared: bool = False
    _at_hand: dict[str, OutboxEntry] = field(factory=dict, init=False)

    async def keep(self, parcel: Parcel, now: float, wait: float) -> OutboxEntry:
        """
        See L{cardgw.gateway.store.outbox.OutboxTable.keep}.
        """
        return self._have(await self.store.outbox.keep(parcel, now, wait))

    def is_latest(self, entry: OutboxEntry) -> bool:
        """
        Whether nobody can have changed an entry since it was given.
        """
        return not self.shared and self._at_hand.get(entry.id) is entry

    async def get(self, name: str) -> OutboxEntry:
        """
        An entry as it is in the store.

        @raise UnknownParcel: there is none of this id.
        """
        entry: OutboxEntry | None = await self.store.outbox.get(name)
        if entry is None:
            raise UnknownParcel(name)
        return entry

    async def change(self, name: str, change: Change) -> tuple[OutboxEntry, OutboxEntry | None]:
        """
        Change an entry as it is now: nobody else changes it meanwhile, in other gateways neither.

        @return: the entry as it was, and as it is now; C{None} if it was left.
        @raise UnknownParcel: there is none of this id.
        """
        at_hand = self._at_hand.get(name)
        wanted = change(at_hand) if at_hand is not None else None
        if at_hand is not None and wanted is not None and await self.store.outbox.swap(at_hand, wanted):
            return at_hand, self._have(wanted)
        before, after = await self.store.outbox.change(name, change)
        if before is None:
            self._at_hand.pop(name, None)
            raise UnknownParcel(name)
        self._have(before if after is None else after)
        return before, after

    def _have(self, entry: OutboxEntry) -> OutboxEntry:
        self._at_hand.pop(entry.id, None)
        if entry.on_card or entry.state is ParcelState.WAITING:
            self._at_hand[entry.id] = entry
            if len(self._at_hand) > MOST:
                del self._at_hand[next(iter(self._at_hand))]
        return entry
