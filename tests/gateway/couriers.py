"""
A courier that a test directs, and an outbox around it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from cardgw.errors import CardGatewayError
from cardgw.gateway.events import Event, EventHub
from cardgw.gateway.outbox import Outbox
from cardgw.interfaces import ICourier, IHTTPClient
from cardgw.testing import FakeHTTP
from cardgw.values import OutboxEntry, Parcel
from tests.gateway.stores import memory_store
from tests.gateway.watched import Watched

START = 1_700_000_000.0
EID = "89049032000000000000000000000163"
CARD = f"eid:{EID}"
ICCID = "8944500000000000001"


def parcel(number: int = 1, host: str = "smdp.example", kind: str = "notification") -> Parcel:
    """
    A parcel of the tests.
    """
    return Parcel(kind, CARD, number, host, b"payload", {"event": "install", "iccid": ICCID})


@implementer(ICourier)
class Courier:
    """
    Carries notifications.

    @ivar outcomes: how the next deliveries end: C{None} for well, or an error; after them, all end well.
    @ivar holding: whether deliveries wait until the test ends them: see L{on_the_way}.
    @ivar on_the_way: parcels that wait so.
    @ivar carried: those that were begun to be carried, in order.
    @ivar cancelled: those that were broken off.
    """

    kind = "notification"

    def __init__(self) -> None:
        self.outcomes: list[Exception | None] = []
        self.holding = False
        self.on_the_way: list[tuple[Parcel, Deferred[None]]] = []
        self.carried: list[Parcel] = []
        self.cancelled: list[Parcel] = []

    @property
    def numbers(self) -> list[int]:
        """
        Of what was carried.
        """
        return [each.number for each in self.carried]

    async def deliver(self, parcel: Parcel, http: IHTTPClient) -> None:
        """
        See L{ICourier.deliver}.
        """
        self.carried.append(parcel)
        try:
            await self._way(parcel)
        except CancelledError:
            self.cancelled.append(parcel)
            raise

    def _way(self, parcel: Parcel) -> Deferred[None]:
        if self.holding:
            waiting: Deferred[None] = Deferred()
            self.on_the_way.append((parcel, waiting))
            return waiting
        outcome = self.outcomes.pop(0) if self.outcomes else None
        return succeed(None) if outcome is None else fail(outcome)

    def arrive(self, error: Exception | None = None) -> None:
        """
        The one that has been on its way longest comes to its end.
        """
        _, waiting = self.on_the_way.pop(0)
        if error is None:
            waiting.callback(None)
        else:
            waiting.errback(error)


class OutboxTestCase(SynchronousTestCase):
    """
    An outbox in memory.

    @ivar chance: the random bytes; C{FF} makes pauses as long as they can be.
    """

    chance: Callable[[int], bytes] = staticmethod(lambda size: b"\xff" * size)

    def setUp(self) -> None:
        """
        Build it.
        """
        self.clock = Clock()
        self.clock.advance(START)
        self.store = memory_store(self.clock)
        self.addCleanup(self.store.close)
        self.table: Any = Watched(self.store.outbox, {"swap": "change"})
        self.patch(self.store, "outbox", self.table)
        self.courier = Courier()
        self.events: list[Event] = []
        self.hub = EventHub(epoch="e")
        self.hub.subscribe(self.events.append)
        self.outbox = self.make_outbox()

    def make_outbox(self) -> Outbox:
        """
        An outbox on this store, as the next process would have it.
        """
        couriers = {self.courier.kind: self.courier}
        return Outbox(self.store, FakeHTTP(), couriers, self.clock, self.hub, self.chance)

    def kept(self, number: int = 1, host: str = "smdp.example", kind: str = "notification") -> OutboxEntry:
        """
        A parcel that was stored.
        """
        return self.successResultOf(self.outbox.keep(parcel(number, host, kind)))

    def entry(self, entry: OutboxEntry) -> OutboxEntry:
        """
        The same entry as it is now.
        """
        found: OutboxEntry | None = self.successResultOf(self.store.outbox.get(entry.id))
        assert found is not None
        return found

    def fails(self, entry: OutboxEntry, error: CardGatewayError) -> OutboxEntry:
        """
        Deliver it in vain.
        """
        self.courier.outcomes.append(error)
        self.failureResultOf(self.outbox.deliver(entry), type(error))
        return self.entry(entry)
