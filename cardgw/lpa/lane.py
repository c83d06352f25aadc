# -*- test-case-name: tests.lpa.test_lane -*-
"""
The connections to one host: a limited number, kept warm, handed to requests in the order in which these came.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from attrs import Factory, define, field
from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore
from twisted.python.failure import Failure

from cardgw.lpa.connection import Connection, Post, StaleConnectionError
from cardgw.lpa.server_errors import ServerBusy, ServerError, ServerSilent
from cardgw.lpa.settings import HttpsSettings


@define(eq=False, repr=False)
class Lane:
    """
    The connections to one host.

    @ivar connect: makes a connection, given what the card trusts.
    @ivar forget: called when there is no connection and no request left.
    @ivar repeated: how many requests were sent again because a kept connection had died.
    """

    host: str
    settings: HttpsSettings
    clock: Any
    connect: Callable[[Lane, frozenset[bytes]], Awaitable[Connection]]
    forget: Callable[[Lane], None]
    repeated: int = 0
    _users: int = 0
    _idle: list[Connection] = Factory(list)
    _places: DeferredSemaphore = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._places = DeferredSemaphore(self.settings.connections_per_host)

    async def ask(self, request: Post, trusted: frozenset[bytes]) -> tuple[int, bytes]:
        """
        Send a request on a connection that may serve this card, a kept one if possible.

        @return: see L{Connection.ask}.
        """
        self._users += 1
        try:
            await self._place()
            try:
                return await self._ask(request, trusted)
            finally:
                self._places.release()
        finally:
            self._users -= 1
            self._tidy()

    async def _place(self) -> None:
        place = self._places.acquire()
        if not place.called:
            busy = partial(late, ServerBusy, f"{self.host}; all {self.settings.connections_per_host} connections are in use")
            place.addTimeout(self.settings.wait_timeout, self.clock, busy)
        await place

    async def _ask(self, request: Post, trusted: frozenset[bytes]) -> tuple[int, bytes]:
        kept = self._warm(trusted)
        if kept is not None:
            try:
                return await self._timed(kept, request)
            except StaleConnectionError:
                self.repeated += 1
        connection = await self._open(trusted)
        return await self._timed(connection, request)

    async def _timed(self, connection: Connection, request: Post) -> tuple[int, bytes]:
        answer = Deferred.fromCoroutine(connection.ask(request))
        try:
            return await answer.addTimeout(self.settings.request_timeout, self.clock, partial(late, ServerSilent, self.host))
        finally:
            if connection not in self._idle:
                connection.close(self.clock)

    async def _open(self, trusted: frozenset[bytes]) -> Connection:
        in_use = self.settings.connections_per_host - self._places.tokens
        if self._idle and in_use + len(self._idle) > self.settings.connections_per_host:
            self._idle.pop(0).close(self.clock)
        connection = await self.connect(self, trusted)
        connection.owner = trusted if connection.card_only else None
        return connection

    def _warm(self, trusted: frozenset[bytes]) -> Connection | None:
        """
        The kept connection that was used last.  One that only a card vouched for serves that card's session alone, hence C{is}.
        """
        for at in range(len(self._idle) - 1, -1, -1):
            if self._idle[at].owner is None or self._idle[at].owner is trusted:
                connection = self._idle.pop(at)
                connection.stop_timer()
                return connection
        return None

    def idle(self, connection: Connection) -> None:
        """
        A connection is free again.
        """
        connection.timer = self.clock.callLater(self.settings.idle_timeout, self._expired, connection)
        self._idle.append(connection)

    def _expired(self, connection: Connection) -> None:
        self._idle.remove(connection)
        connection.close(self.clock)
        self._tidy()

    def lost(self, connection: Connection) -> None:
        """
        A connection is gone.
        """
        if connection in self._idle:
            self._idle.remove(connection)
            self._tidy()

    def close(self) -> None:
        """
        Close the kept connections.
        """
        while self._idle:
            self._idle.pop().close(self.clock)
        self._tidy()

    def _tidy(self) -> None:
        if not self._users and not self._idle:
            self.forget(self)


def late(error: type[ServerError], detail: str, result: Any, seconds: float) -> Any:
    """
    Say by a better error than C{TimeoutError} what took too long.
    """
    if isinstance(result, Failure) and result.check(CancelledError):
        raise error(f"{detail} ({seconds:g} s)")
    return result
