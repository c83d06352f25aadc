# -*- test-case-name: tests.gateway.store.test_runner -*-
"""
L{cardgw.gateway.store.runner}.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Event, get_ident
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.faults import StoreError
from cardgw.gateway.store.runner import MOST_AT_ONCE, Inline, Threads
from cardgw.gateway.store.work import Task


class Calls:
    """
    The part of a reactor that takes calls from threads.
    """

    def __init__(self) -> None:
        self.calls: SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]]] = SimpleQueue()

    def callFromThread(self, function: Callable[..., Any], *arguments: Any) -> None:
        """
        See C{IReactorFromThreads}.
        """
        self.calls.put((function, arguments))

    def next(self) -> None:
        """
        Wait for a call, and do it.
        """
        function, arguments = self.calls.get(timeout=60)
        function(*arguments)


class InlineTests(SynchronousTestCase):
    """
    L{Inline}.
    """

    def test_inline(self) -> None:
        """
        A task has been done when it was put, well or not.
        """

        def work(tasks: Sequence[Task]) -> None:
            for task in tasks:
                task.outcome = StoreError("x") if task.room == "bad" else task.room

        lane = Inline().lane("name", work)
        good, bad = Task("good"), Task("bad")
        lane.put(good)
        lane.put(bad)
        self.assertEqual(self.successResultOf(good.done), "good")
        self.failureResultOf(bad.done, StoreError)
        last: list[str] = []
        self.successResultOf(lane.end(lambda: last.append("last")))
        self.assertEqual(last, ["last"])


class ThreadsTests(SynchronousTestCase):
    """
    L{Threads}.
    """

    def setUp(self) -> None:
        """
        A lane whose work waits for a sign.
        """
        self.calls = Calls()
        self.go = Event()
        self.begun = Event()
        self.batches: list[list[str]] = []
        self.threads: set[int] = set()
        self.lane = Threads(self.calls, pace=0.001).lane("test", self.work, paced=True)

    def work(self, tasks: Sequence[Task]) -> None:
        """
        Note what came together.
        """
        self.begun.set()
        self.go.wait(60)
        self.threads.add(get_ident())
        self.batches.append([task.room for task in tasks])

    def test_together(self) -> None:
        """
        What comes while a transaction is being written goes into the next one, in its order, up to a limit.
        """
        self.lane.put(Task("first"))
        self.begun.wait(60)
        tasks = [Task(str(number)) for number in range(MOST_AT_ONCE + 1)]
        for task in tasks:
            self.lane.put(task)
        ended = self.lane.end(lambda: self.batches.append(["last"]))
        self.go.set()
        for _ in range(3):
            self.calls.next()
        names = [task.room for task in tasks]
        self.assertTrue(all(task.done.called for task in tasks))
        self.assertNoResult(ended)
        self.calls.next()
        self.successResultOf(ended)
        self.assertEqual(self.batches, [["first"], names[:MOST_AT_ONCE], names[MOST_AT_ONCE:], ["last"]])
        self.assertEqual(len(self.threads - {get_ident()}), 1)

    def test_ended(self) -> None:
        """
        A lane without work ends.
        """
        ended = self.lane.end(lambda: None)
        self.calls.next()
        self.successResultOf(ended)
