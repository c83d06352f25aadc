"""
Tests that hold for every database: at once on SQLite in memory, and over the reactor on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.records import Job, JobState, Problem
from cardgw.gateway.store.engine import Store
from cardgw.testing.contract import ContractMixin
from cardgw.values import Question
from tests.gateway.stores import memory_store

Test = TypeVar("Test", bound="StoreMixin")

CARD = "eid:89049032000000000000000000000163"
OTHER = "eid:89049032000000000000000000000164"


def everywhere(test: Callable[[Test], Coroutine[Any, Any, None]]) -> Callable[[Test], Deferred[None] | None]:
    """
    Make a test of a coroutine, in both kinds of C{TestCase}.
    """

    @wraps(test)
    def run(self: Test) -> Deferred[None] | None:
        return self.contract(test(self))

    return run


class StoreMixin(ContractMixin):
    """
    Subclasses provide C{store}, which is open, and C{clock}.
    """

    store: Store
    clock: Clock


class MemoryCase(SynchronousTestCase):
    """
    A store in memory.
    """

    def setUp(self) -> None:
        """
        Open it.
        """
        self.clock = Clock()
        self.clock.advance(1_000_000_000)
        self.store = memory_store(self.clock)
        self.addCleanup(self.store.close)


def a_job(id: str = "01", **more: Any) -> Job:
    """
    A job that is queued for a card.
    """
    job = Job(id, "lpa.enable", {"profile": "8944", "code": "s3cret"}, frozenset({"code"}), card=CARD, requester="token:ann")
    return evolve(job, created=1e9, **more)


FULL = a_job(
    "0f",
    channel="0badcafe",
    state=JobState.WAITING,
    started=1e9 + 0.125,
    ended=1e9 + 1,
    stage="es8p_metadata_parse",
    facts={"provider": "P", "list": [1, None, {"x": True}]},
    percent=40,
    result={"iccid": "8944", "text": "\0\ud800é"},
    error=Problem("card", "The card answered with an error", "detail", "hint", "brief", "6A82"),
    question=Question("text", "What?", {"name": "N"}, secret=True),
    runs=2,
    node="here",
)
"""A job in which nothing is missing."""
