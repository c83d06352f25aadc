# -*- test-case-name: tests.apdu.test_unbroken -*-
"""
What is not to be broken off: a command that changes a card may be done although nobody waits for its answer any more, and then
nobody would know.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

_T = TypeVar("_T")


async def unbroken(work: Coroutine[Any, Any, _T]) -> _T:
    """
    Do something to its end.  Cancelling this changes nothing; what comes of the work counts.
    """
    found, _ = await to_its_end(work)
    return found


async def to_its_end(work: Coroutine[Any, Any, _T]) -> tuple[_T, bool]:
    """
    The same, for those who clean up and then let themselves be cancelled.

    @return: what comes of the work, and whether this was cancelled meanwhile.
    """
    outcome: list[_T | Failure] = []
    waiting: list[Deferred[None]] = []
    cancelled = False

    def tell(found: _T | Failure) -> None:
        outcome.append(found)
        for each in waiting:
            each.callback(None)

    Deferred.fromCoroutine(work).addBoth(tell)
    while not outcome:
        waiting[:] = [Deferred()]
        try:
            await waiting[0]
        except CancelledError:
            cancelled = True
    (found,) = outcome
    if isinstance(found, Failure):
        found.raiseException()
    return found, cancelled
