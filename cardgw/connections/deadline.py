# -*- test-case-name: tests.connections.test_deadline -*-
"""
A time limit that is renewed thousands of times and hardly ever reached.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall


class Deadline:
    """
    A moment by which something must have happened.  Moving it later touches no timer: the one that is set fires early and is set
    again.

    @param clock: C{IReactorTime}.
    @param late: called with what was awaited and the seconds that were allowed for it, once per L{expect}.
    """

    __slots__ = ("_call", "_clock", "_due", "_late", "_seconds", "_what")

    def __init__(self, clock: Any, late: Callable[[str, float], object]) -> None:
        self._clock = clock
        self._late: Callable[[str, float], object] | None = late
        self._call: IDelayedCall | None = None
        self._due: float | None = None
        self._what = ""
        self._seconds = 0.0

    def expect(self, seconds: float, what: str) -> None:
        """
        From now on, wait for something else.

        @param seconds: how long.
        @param what: what is awaited, for people.
        """
        due = self._due = self._clock.seconds() + seconds
        self._what, self._seconds = what, seconds
        call = self._call
        if call is not None and due < call.getTime():
            call.cancel()  # a reactor looks through all of its timers for one that is moved to be sooner
            call = None
        if call is None:
            self._call = self._clock.callLater(seconds, self._fired)

    def rest(self) -> None:
        """
        Wait for nothing.
        """
        self._due = None

    def end(self) -> None:
        """
        Wait for nothing, for good: no timer is left, nor a reference to who is called.
        """
        self._due = self._late = None
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def _fired(self) -> None:
        self._call = None
        if self._due is None or self._late is None:
            return
        left = self._due - self._clock.seconds()
        if left > 0:
            self._call = self._clock.callLater(left, self._fired)
            return
        self._due = None
        self._late(self._what, self._seconds)
