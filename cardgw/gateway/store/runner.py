# -*- test-case-name: tests.gateway.store.test_runner,tests.functional.test_store -*-
"""
Where the work of the store is done: in threads, or, for tests, at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic, sleep
from typing import Any, Protocol

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from cardgw.gateway.store.work import Task

MOST_AT_ONCE = 500
"""Tasks that share a transaction at most."""
PACE = 0.02
"""
Seconds from one transaction to the next at most: where many sessions write, what comes meanwhile shares one.  Each costs as much
as ten rows, and more in the thread of the reactor, which it interrupts.
"""
SHARE = 0.002
"""Seconds from one transaction to the next for each task of the first: a lone session hardly waits."""
SWITCH = 0.0005
"""
Seconds that a thread waits at most for another that computes.  The store's threads wait for the reactor's after each row: with
Python's own 5 ms each, sessions wait long for what they write while the reactor has much to do.
"""

Work = Callable[[Sequence[Task]], None]
"""Does tasks, and sets the outcome of each.  Never raises."""


class Lane(Protocol):
    """
    Does tasks in their order, as many at once as have come together.
    """

    def put(self, task: Task) -> None:
        """
        Its Deferred fires, in the reactor's thread, when it has been done.
        """

    def end(self, last: Callable[[], None]) -> Deferred[None]:
        """
        Do what was put before; then no more.

        @param last: called after that, where the work is done; must not raise.
        """


class Runner(Protocol):
    """
    Makes lanes.
    """

    def lane(self, name: str, work: Work, paced: bool = False) -> Lane:
        """
        @param name: of its thread.
        @param paced: rather do much at once than at once.
        """


def fire(tasks: Sequence[Task]) -> None:
    """
    Tell those who wait how their tasks ended.
    """
    for task in tasks:
        outcome = task.outcome
        if isinstance(outcome, Exception):
            task.done.errback(Failure(outcome))
        else:
            task.done.callback(outcome)


class Inline:
    """
    Does everything at once, in the calling thread.
    """

    def lane(self, name: str, work: Work, paced: bool = False) -> Lane:
        """
        See L{Runner.lane}.
        """
        return _InlineLane(work)


@define(eq=False)
class _InlineLane:
    _work: Work

    def put(self, task: Task) -> None:
        self._work([task])
        fire([task])

    def end(self, last: Callable[[], None]) -> Deferred[None]:
        last()
        return succeed(None)


class Threads:
    """
    One thread for each lane.
    """

    def __init__(self, reactor: Any, pace: float = PACE) -> None:
        """
        @param reactor: C{IReactorFromThreads}.
        @param pace: see L{PACE}.
        """
        self._reactor, self._pace = reactor, pace
        sys.setswitchinterval(min(SWITCH, sys.getswitchinterval()))

    def lane(self, name: str, work: Work, paced: bool = False) -> Lane:
        """
        See L{Runner.lane}.
        """
        lane = _ThreadLane(self._reactor, work, self._pace if paced else 0.0)
        # A daemon: what was not confirmed was not promised, and a store that nobody closed must not keep the process alive.
        Thread(target=lane.run, name=name, daemon=True).start()
        return lane


@define(eq=False)
class _ThreadLane:
    """
    C{None} in the queue is its end.
    """

    _reactor: Any
    _work: Work
    _pace: float
    _queue: SimpleQueue[Task | None] = field(factory=SimpleQueue)
    _ended: Deferred[None] = field(factory=Deferred)
    _last: Callable[[], None] = lambda: None
    _next: float = 0.0

    def put(self, task: Task) -> None:
        self._queue.put(task)

    def end(self, last: Callable[[], None]) -> Deferred[None]:
        self._last = last
        self._queue.put(None)
        return self._ended

    def run(self) -> None:
        """
        What the thread does.
        """
        more = True
        while more:
            tasks, more = self._gather()
            if tasks:
                self._work(tasks)
                self._next = monotonic() + min(self._pace, len(tasks) * SHARE)
                self._reactor.callFromThread(fire, tasks)
        self._last()
        self._reactor.callFromThread(self._ended.callback, None)

    def _gather(self) -> tuple[list[Task], bool]:
        """
        Wait for a task, and take those that came with it.

        @return: the tasks, and whether there may be more.
        """
        tasks: list[Task] = []
        try:
            task = self._queue.get()
            self._wait()
            while task is not None:
                tasks.append(task)
                if len(tasks) == MOST_AT_ONCE:
                    return tasks, True
                task = self._queue.get_nowait()
        except Empty:
            return tasks, True
        return tasks, False

    def _wait(self) -> None:
        """
        Until the next transaction may begin.
        """
        if self._pace:
            sleep(max(0.0, self._next - monotonic()))
