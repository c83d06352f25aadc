# -*- test-case-name: tests.transports.estk.test_service -*-
"""
The transport plugin: listening, and stopping without hurting anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.application.service import IService, Service
from twisted.internet.defer import CancelledError, Deferred, DeferredList, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IListeningPort
from twisted.logger import Logger
from twisted.plugin import IPlugin
from twisted.python.failure import Failure
from zope.interface import implementer

from cardgw.errors import SettingsError
from cardgw.interfaces import IGateway, ITransport
from cardgw.transports.estk.endpoints import WHERE, check_endpoints, endpoint_from
from cardgw.transports.estk.factory import EstkFactory
from cardgw.transports.estk.request import ANSWERS
from cardgw.transports.estk.settings import EstkSettings

_log = Logger()
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
        check_endpoints(gateway.reactor, settings.listen)
        service: IService = EstkService(EstkFactory(settings, gateway))
        return service


class EstkService(Service):
    """
    Listens, and drains when it is stopped.

    @ivar ports: what listens now.
    """

    name = "estk"

    def __init__(self, factory: EstkFactory) -> None:
        self.factory = factory
        self.ports: list[IListeningPort] = []
        self._opening: list[Deferred[None]] = []
        self._problem: SettingsError | None = None
        self._timer: IDelayedCall | None = None

    def privilegedStartService(self) -> None:
        """
        Listen, while ports below 1024 are still allowed.

        @raise SettingsError: an address cannot be listened on; none is, then.
        """
        Service.privilegedStartService(self)
        reactor = self.factory.gateway.reactor
        endpoints = {text: endpoint_from(reactor, text) for text in self.factory.settings.listen}
        for text, endpoint in endpoints.items():
            self._opening.append(endpoint.listen(self.factory).addCallbacks(self._listening, self._failed, errbackArgs=(text,)))
        if self._problem is not None:
            self._stop_listening()
            raise self._problem

    def startService(self) -> None:
        """
        Listen, unless that has been done.

        @raise SettingsError: see L{privilegedStartService}.
        """
        Service.startService(self)
        if not self._opening:
            self.privilegedStartService()

    def _listening(self, port: IListeningPort) -> None:
        self.ports.append(port)
        host: Any = port.getHost()
        number = getattr(host, "port", None)
        address = f"{host.host}:{number}" if number is not None else str(getattr(host, "name", host))
        _log.info("eSTK.me cards may dial in at {address}", event="listening", address=address, port=number)

    def _failed(self, failure: Failure, text: str) -> None:
        if failure.check(CancelledError):
            return
        cause = getattr(failure.value, "socketError", failure.value)
        reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        self._problem = SettingsError(f"{WHERE}: {text}: {reason.lower()}")
        if self.running:
            _log.critical("{problem}", event="not-listening", problem=str(self._problem))

    def _stop_listening(self) -> Deferred[Any]:
        opening, self._opening = self._opening, []
        for each in opening:
            each.cancel()
        ports, self.ports = self.ports, []
        return DeferredList([maybeDeferred(port.stopListening) for port in ports], consumeErrors=True)

    def stopService(self) -> Deferred[None]:
        """
        Listen no more; end the sessions that wait for a request; give the others C{settings.grace} seconds, then cancel their
        jobs, and end them when these have wound up.

        @return: C{Deferred[None]}, when all sessions are gone.
        """
        Service.stopService(self)
        closed = self._stop_listening()
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
