# -*- test-case-name: tests.lpa.test_together -*-
"""
Waiting for several things at once.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, DeferredList


async def together(*waiting: Deferred[Any]) -> list[Any]:
    """
    Wait until all have ended.  Cancelling it cancels them all.

    @return: their results, in order.
    @raise Exception: what the first of them in this order failed with.
    """
    ended = await DeferredList(waiting, consumeErrors=True)
    for good, value in ended:
        if not good:
            value.raiseException()
    return [value for _, value in ended]
