# -*- test-case-name: tests.web.test_service -*-
"""
The HTTP API as a service: listening, and stopping.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger
from twisted.web.resource import Resource

from cardgw.gateway.control import Control
from cardgw.listening import Listeners, ListeningService
from cardgw.web.access import is_loopback
from cardgw.web.api import Api, Missing
from cardgw.web.endpoints import all_endpoints
from cardgw.web.feed import Feeds
from cardgw.web.settings import WebSettings
from cardgw.web.site import Limits, WebSite

_log = Logger()
_WHERE = "[web] listen"
ROOTS = (b"api", b"livez", b"readyz", b"metrics")
"""The first segments of the paths that the table of endpoints has."""


class Root(Resource):
    """
    The whole site.
    """

    def __init__(self, api: Api) -> None:
        Resource.__init__(self)
        for each in ROOTS:
            self.putChild(each, api)

    def getChild(self, path: bytes, request: Any) -> Any:  # noqa: N802
        """
        See L{Resource.getChild}.
        """
        missing: Any = Missing
        return missing()


def make_site(settings: WebSettings, control: Control, metrics: Callable[[], bytes], reactor: Any) -> tuple[WebSite, Feeds]:
    """
    The site without its listeners, and those who follow events on it.
    """
    feeds = Feeds(control.events, reactor)
    endpoints = all_endpoints(metrics, settings.metrics_token, reactor.seconds)
    limits = Limits(settings.hosts, settings.max_body, settings.max_connections, settings.timeout)
    return WebSite(Root(Api(control, endpoints, feeds)), limits, reactor), feeds


def make_web_service(settings: WebSettings, control: Control, metrics: Callable[[], bytes], reactor: Any) -> WebService:
    """
    @param metrics: gives the metrics in the text format of Prometheus.
    @param reactor: C{IReactorTime}, C{IReactorTCP} and what else its endpoints need.
    @raise SettingsError: an endpoint string is none.
    """
    listeners = Listeners(reactor, settings.listen, _WHERE, "there is no endpoint", "tcp:1889:interface=127.0.0.1", _opened)
    listeners.check()
    return WebService(listeners, *make_site(settings, control, metrics, reactor))


def _opened(port: IListeningPort, text: str, address: str) -> None:
    host: Any = port.getHost()
    number = getattr(host, "port", None)
    _log.info("the HTTP API is at {address}", event="api-listening", address=address, port=number)
    if number is not None and not is_loopback(host.host) and not text.startswith("ssl:"):
        fmt = "the HTTP API can be reached from other machines at {address}, without TLS: tokens can be read on the way"
        _log.warn(fmt, event="no-tls", address=address)


class WebService(ListeningService):
    """
    Listens.
    """

    name = "web"

    def __init__(self, listeners: Listeners, site: WebSite, feeds: Feeds) -> None:
        super().__init__(listeners, site)
        self.site = site
        self.feeds = feeds

    def stopService(self) -> Deferred[None]:
        """
        Listen no more; end the connections of those who follow events, quiet ones, and others when they have their answer.

        @return: C{Deferred[None]}, when all are gone.
        """
        closed = super().stopService()
        self.feeds.stop()
        return DeferredList([closed, self.site.close()]).addCallback(lambda _: None)
