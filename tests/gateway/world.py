"""
A gateway without transports, servers and threads, for the tests of its parts.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import MissingPlugin
from cardgw.gateway.book import Book
from cardgw.gateway.claims import Claims
from cardgw.gateway.events import Event, EventHub
from cardgw.gateway.ids import Ids
from cardgw.gateway.inventory import Inventory
from cardgw.gateway.jobs import Jobs
from cardgw.gateway.records import Job, JobState, Principal, Role
from cardgw.gateway.session import Tools
from cardgw.gateway.settings import JobSettings, ManagementSettings
from cardgw.interfaces import ICardChannel, IOperation, ISession
from cardgw.quirks import Quirks
from cardgw.testing import FakeHTTP, FakeOutbox, FakeTrust
from cardgw.values import EUICC, STAY, CardRequest, Recognised
from tests.gateway.fakes import Memory, NoSettings, QuietChannel, Scripted, secret
from tests.gateway.stores import memory_store

EID = "89049032000000000000000000000163"
CARD = f"eid:{EID}"
ANOTHER = "eid:89049032000000000000000000000171"
OPERATOR = Principal("token:anna", Role.OPERATOR)


def numbers() -> Callable[[int], bytes]:
    """
    Entropy that is different each time, and the same in each test.
    """
    each = count(1)
    return lambda size: next(each).to_bytes(8, "big")[-size:].rjust(size, b"\x5a")


class GatewayTestCase(SynchronousTestCase):
    """
    The parts, put together.

    @ivar sessions: what operations were given, in order.
    @ivar gates: by the order of the sessions: what the operation waits for, and returns.
    @ivar events: what the hub was told.
    """

    routes = {("test", "download"): "test.run", ("test", "gone"): "test.gone", ("test", "manage"): STAY}

    def setUp(self) -> None:
        """
        Build it.
        """
        self.clock = Clock()
        self.clock.advance(1_800_000_000)
        self.observer = Memory()
        self.sessions: list[ISession] = []
        self.gates: list[Deferred[dict[str, Any]]] = []
        self.events: list[Event] = []
        self.store = memory_store(self.clock)
        self.outbox = FakeOutbox()
        self.hub = EventHub(epoch="e")
        self.hub.subscribe(self.events.append)
        self.names = ("test.again", "test.run", "notifications.send-all")
        self.jobs = self.make_jobs()
        self.inventory = Inventory(
            self.clock, self.jobs, Claims(self.clock, numbers()), self.identify, ManagementSettings(idle_timeout=900.0)
        )
        self.found, self.kind = CARD, EUICC

    def make_jobs(self) -> Jobs:
        """
        The jobs of a gateway on this store.
        """
        tools = Tools(self.clock, FakeHTTP(), FakeTrust(), self.observer, secret, self.outbox, self.store.memory)
        quirks = (Quirks(transport="test", segment_size=63),)
        book = Book(self.routes, self.operation, self.names, quirks)
        ids = Ids(self.clock.seconds, numbers())
        return Jobs(self.store, tools, book, self.hub, ids, JobSettings(), "here", stack=same)

    def operation(self, name: str) -> tuple[IOperation, Any]:
        """
        What settings have.
        """
        if name not in self.names:
            raise MissingPlugin(name)
        return Scripted(self.body, name, repeatable=name != "test.run"), NoSettings()

    async def body(self, session: ISession) -> dict[str, Any]:
        """
        Waits for its gate.
        """
        gate: Deferred[dict[str, Any]] = Deferred()
        self.sessions.append(session)
        self.gates.append(gate)
        session.farewell(f"done {len(self.sessions)}")
        return await gate

    async def identify(self, channel: ICardChannel, quirks: Quirks) -> Recognised:
        """
        Who a card is.
        """
        return Recognised(self.found, self.kind)

    def arrive(self, request: str | None = None, text: str = "abc") -> tuple[QuietChannel, Deferred[Any]]:
        """
        A card comes.
        """
        channel = QuietChannel(CardRequest(request, text) if request is not None else None)
        return channel, self.inventory.arrived(channel)

    def queue(self, **different: Any) -> Job:
        """
        A job in the store.
        """
        job = Job(self.jobs.ids.job(), "test.again", card=CARD, requester="token:anna", created=self.clock.seconds())
        stored, _ = self.successResultOf(Deferred.fromCoroutine(self.jobs.add(evolve(job, **different))))
        assert isinstance(stored, Job)
        return stored

    def stored(self, job: str) -> Job:
        """
        A job as it is in the store.
        """
        found = self.successResultOf(self.store.jobs.get(job))
        assert isinstance(found, Job)
        return found

    def state(self, job: str) -> JobState:
        """
        Its state.
        """
        return self.stored(job).state

    def kinds(self) -> list[str]:
        """
        What happened, without details.
        """
        return [event.kind for event in self.events]


def same(channel: ICardChannel) -> ICardChannel:
    """
    No decorators.
    """
    return channel
