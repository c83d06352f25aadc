# -*- test-case-name: tests.gateway.test_whole -*-
"""
Work that is not to be left half done.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

_T = TypeVar("_T")


def whole(work: Coroutine[Any, Any, _T]) -> Deferred[_T]:
    """
    Do something to its end, even if nobody waits for it any more.

    @return: C{Deferred}: what comes of it.  Cancelling it ends the waiting, and that is all.
    """
    outcome: Deferred[_T] = Deferred()
    Deferred.fromCoroutine(work).addCallbacks(outcome.callback, outcome.errback)
    return outcome
