# -*- test-case-name: tests.transports.estk.test_service -*-
"""
The transport plugin: listening, and stopping without hurting anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.application.service import IService
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall, IListeningPort
from twisted.logger import Logger
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.interfaces import IGateway, ITransport
from cardgw.listening import Listeners, ListeningService
from cardgw.transports.estk.factory import EstkFactory
from cardgw.transports.estk.request import ANSWERS
from cardgw.transports.estk.settings import EstkSettings

_log = Logger()
_WHERE = "[transports.estk] listen"
WIND_UP = 10.0
"""Seconds that a job which was cancelled has to leave its card and its servers in order."""


@implementer(IPlugin, ITransport)
class EstkTransport:
    """
    See L{ITransport}.
    """

    name = "estk"
    summary = "eSTK.me cards that dial in over TCP (Cloud Enhance)"
    settings: Any = EstkSettings
    requests: Mapping[str, str] = ANSWERS

    def make_service(self, settings: EstkSettings, gateway: IGateway) -> IService:
        """
        See L{ITransport.make_service}.
        """
        listeners(gateway.reactor, settings).check()
        service: IService = EstkService(EstkFactory(settings, gateway))
        return service


def listeners(reactor: Any, settings: EstkSettings) -> Listeners:
    """
    Where cards dial in.
    """
    return Listeners(reactor, settings.listen, _WHERE, "there is no endpoint, so no card could dial in", "tcp:1888", _opened)


def _opened(port: IListeningPort, _: str, address: str) -> None:
    number = getattr(port.getHost(), "port", None)
    _log.info("eSTK.me cards may dial in at {address}", event="listening", address=address, port=number)


class EstkService(ListeningService):
    """
    Listens, and drains when it is stopped.
    """

    name = "estk"

    def __init__(self, factory: EstkFactory) -> None:
        super().__init__(listeners(factory.gateway.reactor, factory.settings), factory)
        self.factory = factory
        self._timer: IDelayedCall | None = None

    def stopService(self) -> Deferred[None]:
        """
        Listen no more; end the sessions that wait for a request; give the others C{settings.grace} seconds, then cancel their
        jobs, and end them when these have wound up.

        @return: C{Deferred[None]}, when all sessions are gone.
        """
        closed = super().stopService()
        drained = self.factory.drain()
        if self.factory.sessions:
            fmt = "waiting at most {grace:g} s for {count} eSTK.me cards"
            _log.info(fmt, event="waiting-for-cards", grace=self._grace, count=len(self.factory.sessions))
            self._later(self._grace, self._cancel)
        return DeferredList([closed, drained.addBoth(self._drained)]).addCallback(lambda _: None)

    @property
    def _grace(self) -> float:
        return self.factory.settings.grace

    def _later(self, seconds: float, what: Any) -> None:
        self._timer = self.factory.gateway.reactor.callLater(seconds, what)

    def _cancel(self) -> None:
        self._later(WIND_UP, self._end)
        self.factory.wind_up()

    def _end(self) -> None:
        self._timer = None
        self.factory.end()

    def _drained(self, _: object) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
