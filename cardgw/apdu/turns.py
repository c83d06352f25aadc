# -*- test-case-name: tests.apdu.test_turns -*-
"""
Taking turns, however many wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, Self, TypeVar

from twisted.internet.defer import Deferred, DeferredLock, maybeDeferred

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Turns(DeferredLock):
    """
    A C{DeferredLock} whose stack does not grow with the number of those who wait.  When a card is lost, everything that waits
    for it ends at once, and each end lets the next one begin.
    """

    def __init__(self) -> None:
        super().__init__()
        self._passing = False
        self._free = False

    def run(self, f: Callable[_P, Deferred[_T]], /, *args: _P.args, **kwargs: _P.kwargs) -> Deferred[_T]:  # type: ignore[override]
        """
        Run a function in its turn.

        @param f: must return a C{Deferred} or raise; its turn ends when that fires.
        """
        if self.locked:
            return super().run(f, *args, **kwargs)
        self.locked = True
        return maybeDeferred(f, *args, **kwargs).addBoth(self._ended)

    def _ended(self, result: _T) -> _T:
        self.release()
        return result

    def release(self) -> None:
        """
        End a turn.  The next one begins now, or when the turn that is being begun further up the stack has returned.
        """
        self._free = True
        if not self._passing:
            self._passing = True
            try:
                self._pass_on()
            finally:
                self._passing = False

    def _pass_on(self: Self) -> None:
        while self._free:
            if not self.waiting:
                self.locked = False
                return
            self._free = False
            self.waiting.pop(0).callback(self)
