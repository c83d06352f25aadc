# -*- test-case-name: tests.transports.ramhttp.test_service -*-
"""
The transport plugin.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

from twisted.application.service import IService
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.connections.service import DialInService
from cardgw.connections.sessions import Sessions
from cardgw.interfaces import IGateway, ITransport
from cardgw.listening import Listeners
from cardgw.transports.ramhttp.amdb import AmendmentB
from cardgw.transports.ramhttp.auth import Gate
from cardgw.transports.ramhttp.contact import Contact
from cardgw.transports.ramhttp.fates import Fates
from cardgw.transports.ramhttp.front import Front
from cardgw.transports.ramhttp.http import Dialect, HttpSession
from cardgw.transports.ramhttp.settings import RamHttpSettings
from cardgw.transports.ramhttp.site import Limits, RamSite
from cardgw.transports.ramhttp.tls_endpoint import schemes
from cardgw.values import ANY, ARRIVALS, STAY

_log = Logger()
_WHERE = "[transports.ramhttp] listen"
_EXAMPLE = "tcp:8080:interface=127.0.0.1"
_FOR_CARDS = "psk:"
_ENCRYPTED = ("ssl:", "tls:", _FOR_CARDS)


@implementer(IPlugin, ITransport)
class RamHttpTransport:
    """
    See L{ITransport}.
    """

    name = "ramhttp"
    summary = "cards whose side polls over HTTP (RAMOverHTTP, GlobalPlatform Amendment B)"
    settings: Any = RamHttpSettings
    requests: Mapping[str, str] = {**ARRIVALS, ANY: STAY}

    def make_service(self, settings: RamHttpSettings, gateway: IGateway) -> IService:
        """
        See L{ITransport.make_service}.
        """
        service = RamHttpService(settings, gateway)
        service.check()
        made: IService = service
        return made


class RamHttpService(DialInService):
    """
    Listens for the sides of such cards.
    """

    name = "ramhttp"
    cards = "cards over HTTP"

    def __init__(self, settings: RamHttpSettings, gateway: IGateway) -> None:
        self.settings = settings
        self.crowd: Sessions[HttpSession] = Sessions(settings.max_sessions, settings.max_sessions_per_address)
        self.gate = Gate(settings, gateway.secret, gateway.reactor.seconds)
        fates = Fates()
        self.dialects: tuple[Dialect, ...] = (
            AmendmentB(
                settings, gateway, self.crowd, fates
            ),  # it knows its own; an answer of it may begin as one of the other does
            Contact(settings, gateway, self.crowd, fates),
        )
        self.front = Front(settings.prefix, settings.url, self.gate, self.dialects)
        idle = settings.slow_timeout + settings.idle
        limits = Limits(settings.max_body, settings.max_connections, settings.timeout, idle)
        self.site = RamSite(self.front.serve, limits, gateway.reactor, fates)
        listening = Listeners(
            gateway.reactor,
            settings.listen,
            _WHERE,
            "there is no endpoint, so no card could come",
            _EXAMPLE,
            self._opened,
            schemes(gateway),
        )
        self._listening = listening
        self._texts: dict[IListeningPort, str] = {}
        super().__init__(gateway.reactor, self.site, self.crowd, listening, settings.grace)

    def check(self) -> None:
        """
        @raise SettingsError: an endpoint is none.
        @raise SecretError: a secret is not set.
        """
        self._listening.check()
        self.gate.check()

    def _opened(self, port: IListeningPort, text: str, address: str) -> None:
        self._texts[port] = text
        number = getattr(port.getHost(), "port", None)
        _log.info(
            "card sides may POST to {address}{prefix}",
            event="ramhttp-listening",
            address=address,
            prefix=self.settings.prefix,
            port=number,
        )
        if self._is_risky(text, port):
            fmt = "anybody who reaches {address} may connect a card: no tokens, no users, and no TLS"
            _log.warn(fmt, event="ramhttp-open", address=address)
        if self.settings.amdb_plain and _is_reached(port) and not text.startswith(_FOR_CARDS):
            fmt = "whoever reaches {address} may say to be any card, without its key: amdb_plain is for loopback"
            _log.warn(fmt, event="amdb-plain-open", address=address)

    def _is_risky(self, text: str, port: IListeningPort) -> bool:
        return self.gate.is_open and not text.startswith(_ENCRYPTED) and _is_reached(port)

    def link_url(self, token: str) -> str:
        """
        The URL of a link.
        """
        return f"{self._base()}/link/{quote(token, safe='')}"

    def _base(self) -> str:
        settings = self.settings
        if settings.url:
            return settings.url
        for port in self.ports:
            host, text = port.getHost(), self._texts[port]
            if isinstance(host, (IPv4Address, IPv6Address)) and not text.startswith(_FOR_CARDS):
                scheme = "https" if text.startswith(_ENCRYPTED) else "http"
                return f"{scheme}://{_name(host.host)}:{host.port}{settings.prefix}"
        return f"http://localhost{settings.prefix}"

    def stopService(self) -> Deferred[None]:
        """
        Listen no more; end the sessions; then the connections.

        @return: C{Deferred[None]}, when all are gone.
        """
        return super().stopService().addCallback(lambda _: self.site.close())


def _is_reached(port: IListeningPort) -> bool:
    """
    Whether other machines can get at it.
    """
    host = str(getattr(port.getHost(), "host", "127.0.0.1"))
    return not (host.startswith("127.") or host == "::1")


def _name(address: str) -> str:
    """
    What this machine calls an address that it listens on.
    """
    if ip_address(address).is_unspecified:
        return "localhost"
    return f"[{address}]" if ":" in address else address
