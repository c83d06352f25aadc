# -*- test-case-name: tests.bridges.test_touch_waiting -*-
"""
Waiting for a card or a server, but no longer than until the session is to end.  What was waited for goes on: a command that a
card works on is not called back, and a request of a server stays open until it has been told of the end.
"""

from __future__ import annotations

from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as LateError
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from cardgw.errors import CardGatewayError, ChannelClosed, ChannelError

_T = TypeVar("_T")
GRACE = 5.0
"""Seconds for each of the things that are awaited at the end."""


class StoppedError(Exception):
    """
    The session is to end.
    """


class Waiting:
    """
    See the module's docstring.  One thing is waited for at a time.

    @ivar lost: the card is gone, and why.
    """

    def __init__(self, clock: Any) -> None:
        self.lost: ChannelError | None = None
        self._clock = clock
        self._bell: Deferred[Any] | None = None

    def gone(self, reason: ChannelError | None) -> None:
        """
        The card is gone.
        """
        self.lost = reason or ChannelClosed()
        bell, self._bell = self._bell, None
        if bell is not None and not bell.called:
            bell.errback(StoppedError())

    async def card(self, work: Deferred[_T]) -> _T:
        """
        Wait for the card; where it is gone, the work itself says so.

        @raise StoppedError: the session was cancelled; the work goes on, and is the caller's.
        """
        return await self._until(work, Deferred())

    async def others(self) -> None:
        """
        Let all else in this process have its turn.

        @raise StoppedError: the session was cancelled.
        """
        await self.card(deferLater(self._clock, 0))

    async def server(self, work: Deferred[_T]) -> _T:
        """
        Wait for the server, or a person.

        @raise StoppedError: the session was cancelled, or the card is gone; the work goes on, and is the caller's.
        """
        if self.lost is not None and not work.called:
            raise StoppedError
        bell = self._bell = Deferred()
        return await self._until(work, bell)

    async def _until(self, work: Deferred[_T], bell: Deferred[_T]) -> _T:
        work.addBoth(_ring, bell)
        try:
            return await bell
        except CancelledError:
            raise StoppedError from None
        finally:
            self._bell = None

    async def briefly(self, work: Deferred[_T]) -> _T | None:
        """
        Wait for something at the end, but not long.  After that it is cancelled.

        @return: C{None} where it failed, too.
        """
        try:
            return await work.addTimeout(GRACE, self._clock)
        except (CardGatewayError, LateError):
            return None


def _ring(result: Any, bell: Deferred[Any]) -> Any:
    """
    Nobody else waits for it, unless the bell has rung before.
    """
    if bell.called:
        return result
    if isinstance(result, Failure):
        bell.errback(result)
    else:
        bell.callback(result)
    return None
