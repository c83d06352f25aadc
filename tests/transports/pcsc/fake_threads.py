"""
Threads that are none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from twisted.internet.task import Clock


class Blocking(Protocol):
    """
    Knows which calls would block.
    """

    def blocks(self, name: str, what: str) -> bool:
        """
        See L{tests.transports.pcsc.fake_machine.FakeMachine.blocks}.
        """


class FakeHand:
    """
    Does the errands of a worker, in the thread of the test: see L{cardgw.transports.pcsc.worker.Hand}.  An errand that comes to
    a call that would block stays there until L{go} finds that it would not any more.
    """

    def __init__(self, machine: Blocking, name: str) -> None:
        self.machine = machine
        self.name = name
        self.errands: list[Iterator[Any]] = []
        self.ended = False
        self._at: Any = None
        self._going = False

    def give(self, errand: Iterator[Any]) -> None:
        """
        One more.
        """
        self.errands.append(errand)
        self.go()

    def end(self) -> None:
        """
        There are no more.
        """
        self.ended = True

    @property
    def stuck(self) -> bool:
        """
        Whether it stands before a call that would block.
        """
        return self._at is not None and self.machine.blocks(self.name, self._at.what)

    def go(self) -> None:
        """
        Go on as far as possible.
        """
        if self._going:
            return
        self._going = True
        try:
            while self.errands and not self.stuck:
                self._at = next(self.errands[0], None)
                if self._at is None:
                    self.errands.pop(0)
        finally:
            self._going = False


class ThreadlessReactor(Clock):
    """
    A C{Clock} for code that calls from a thread that is none.
    """

    def callFromThread(self, f: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """
        Call it at once.
        """
        f(*args, **kwargs)
