# -*- test-case-name: tests.transports.pcsc.test_worker -*-
"""
The thread of a reader, and what the reactor gives it to do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol, TypeAlias, TypeVar

from attrs import define, frozen
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cardgw.errors import ChannelError

_T = TypeVar("_T")

PERIOD = 1.0
"""How often a thread that has something to do is looked after, in seconds."""


@frozen
class Wait:
    """
    What a job gives before each call that may block.

    @ivar what: C{"connect"}, C{"begin"}, C{"transmit"} and so on; for tests.
    @ivar limit: the seconds that the call may take.
    @ivar error: what has happened where it takes longer.
    """

    what: str
    limit: float
    error: ChannelError


Job: TypeAlias = Generator[Wait, None, _T]
"""What a thread does: it calls what blocks, each time after it has given a L{Wait}, and returns the result."""


class Hand(Protocol):
    """
    Does errands, one after the other, elsewhere.  An errand is an iterator that is to be exhausted; it never raises.
    """

    def give(self, errand: Iterator[Wait]) -> None:
        """
        One more.
        """

    def end(self) -> None:
        """
        There are no more after those that were given.
        """


class ThreadHand:
    """
    A thread.  The process does not wait for it when it ends.
    """

    def __init__(self, name: str) -> None:
        self._errands: SimpleQueue[Iterator[Wait] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=name, daemon=True)

    def give(self, errand: Iterator[Wait]) -> None:
        """
        See L{Hand.give}.
        """
        if self._thread.ident is None:
            self._thread.start()
        self._errands.put(errand)

    def end(self) -> None:
        """
        See L{Hand.end}.
        """
        self._errands.put(None)

    def _work(self) -> None:
        for errand in iter(self._errands.get, None):
            for _ in errand:
                pass


@define(eq=False)
class _Task:
    """
    @ivar doing: what the thread waits for, and since when.
    @ivar late: it waited too long, and nobody awaits the result any more.
    """

    job: Job[Any]
    done: Deferred[Any]
    doing: tuple[Wait, float] | None = None
    late: bool = False


class Worker:
    """
    Runs jobs in a thread of their own, one after the other.

    A job that waits too long in a call fails at once, as its L{Wait} says.  The thread cannot be taken out of that call: the jobs
    that were given after it wait until the call has returned.
    """

    def __init__(self, reactor: Any, name: str, hand: Callable[[str], Hand] = ThreadHand) -> None:
        """
        @param reactor: C{IReactorTime} and C{IReactorFromThreads}.
        @param name: the name of the reader.
        """
        self.name = name
        self._reactor = reactor
        self._hand = hand(name)
        self._tasks: deque[_Task] = deque()
        self._timer: Any = None
        self._ended = False

    @property
    def stuck(self) -> bool:
        """
        Whether the thread is in a call that takes longer than it may.
        """
        return bool(self._tasks) and self._tasks[0].late

    def run(self, job: Job[_T]) -> Deferred[_T]:
        """
        Run a job after those that were given before.

        @return: C{Deferred} of what it returns.  Cancelling it only means that nobody awaits the result.
        """
        task = _Task(job, Deferred())
        self._tasks.append(task)
        self._watch()
        self._hand.give(self._errand(task))
        return task.done

    def when_free(self) -> Deferred[None]:
        """
        Fires when all that has been given up to now is done.
        """
        return self.run(_nothing())

    def end(self) -> None:
        """
        The thread ends when all that has been given up to now is done; it is not looked after any more.  Nothing may be given
        after that.
        """
        self._ended = True
        self._rest()
        self._hand.end()

    def _errand(self, task: _Task) -> Iterator[Wait]:
        seconds = self._reactor.seconds
        job, result = task.job, None
        try:
            while True:
                wait = next(job)
                if task.late:
                    job.close()
                    break
                task.doing = (wait, seconds())
                yield wait
        except StopIteration as end:
            result = end.value
        except Exception:
            result = Failure()
        self._reactor.callFromThread(self._done, task, result)

    def _done(self, task: _Task, result: Any) -> None:
        self._tasks.popleft()
        if self._tasks:
            self._watch()
        else:
            self._rest()
        if not task.late:
            task.done.callback(result)

    def _watch(self) -> None:
        if self._timer is None and not self.stuck and not self._ended:
            self._timer = self._reactor.callLater(PERIOD, self._look)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        task, left = self._tasks[0], PERIOD
        if task.doing is not None:
            wait, since = task.doing
            left = since + wait.limit - self._reactor.seconds()
        if left > 0:
            self._timer = self._reactor.callLater(min(left, PERIOD), self._look)
            return
        self._timer, task.late = None, True
        task.done.errback(wait.error.during((), 0))


def _nothing() -> Job[None]:
    yield from ()
