# -*- test-case-name: tests.gateway.test_given -*-
"""
The outbox, as jobs on one card use it.
"""

from __future__ import annotations

from attrs import frozen
from twisted.internet.defer import Deferred
from zope.interface import implementer

from cardgw.interfaces import IOutbox
from cardgw.values import OutboxEntry, Parcel


@implementer(IOutbox)
@frozen
class Given:
    """
    Notes what a card has given while it is here.  A card may claim to be any other; who manages it must not get hold of what
    that one has given.

    @ivar outbox: the whole one.
    @ivar given: the ids of the entries.
    """

    outbox: IOutbox
    given: set[str]

    def keep(self, parcel: Parcel) -> Deferred[OutboxEntry]:
        """
        See L{IOutbox.keep}.
        """
        return self.outbox.keep(parcel).addCallback(self._note)

    def _note(self, entry: OutboxEntry) -> OutboxEntry:
        self.given.add(entry.id)
        return entry

    def deliver(self, entry: OutboxEntry) -> Deferred[None]:
        """
        See L{IOutbox.deliver}.
        """
        return self.outbox.deliver(entry)

    def taken_off(self, entry: OutboxEntry) -> Deferred[None]:
        """
        See L{IOutbox.taken_off}.
        """
        return self.outbox.taken_off(entry)

    def entries(self, card: str) -> Deferred[tuple[OutboxEntry, ...]]:
        """
        See L{IOutbox.entries}.
        """
        return self.outbox.entries(card)
