# -*- test-case-name: tests.connections.test_service -*-
"""
Listening for cards, and stopping without hurting anybody.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall, IProtocolFactory
from twisted.logger import Logger

from cardgw.connections.sessions import Sessions
from cardgw.listening import Listeners, ListeningService

_log = Logger()
WIND_UP = 10.0
"""Seconds that a job which was cancelled has to leave its card and its servers in order."""


class Drain:
    """
    Ends what a transport does: sessions in which nobody is served at once; the others get their grace, then their jobs are
    cancelled, and they are ended when these have wound up.
    """

    def __init__(self, reactor: Any, sessions: Sessions[Any], grace: float, cards: str) -> None:
        """
        @param grace: seconds that sessions may go on, before their jobs are cancelled.
        @param cards: what is here, for the log.
        """
        self._reactor = reactor
        self._sessions = sessions
        self._grace = grace
        self._cards = cards
        self._timer: IDelayedCall | None = None

    def begin(self) -> Deferred[None]:
        """
        @return: fires when all sessions are gone.
        """
        drained = self._sessions.drain()
        if self._sessions.here:
            fmt = "waiting at most {grace:g} s for {count} {cards}"
            _log.info(fmt, event="waiting-for-cards", grace=self._grace, count=len(self._sessions.here), cards=self._cards)
            self._later(self._grace, self._cancel)
        return drained.addCallback(self._drained)

    def _later(self, seconds: float, what: Any) -> None:
        self._timer = self._reactor.callLater(seconds, what)

    def _cancel(self) -> None:
        self._later(WIND_UP, self._end)
        self._sessions.wind_up()

    def _end(self) -> None:
        self._timer = None
        self._sessions.end()

    def _drained(self, _: object) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()


class DialInService(ListeningService):
    """
    Listens, and drains when it is stopped.

    @ivar cards: what comes, for the log.
    """

    cards = "cards"

    def __init__(
        self, reactor: Any, factory: IProtocolFactory, sessions: Sessions[Any], listeners: Listeners, grace: float
    ) -> None:
        """
        @param grace: seconds that sessions may go on when it is stopped, before their jobs are cancelled.
        """
        super().__init__(listeners, factory)
        self._drain = Drain(reactor, sessions, grace, self.cards)

    def stopService(self) -> Deferred[None]:
        """
        Listen no more; end the sessions (see L{Drain}).

        @return: C{Deferred[None]}, when all sessions are gone.
        """
        closed = super().stopService()
        return DeferredList([closed, self._drain.begin()]).addCallback(lambda _: None)
