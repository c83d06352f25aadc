# -*- test-case-name: tests.transports.vpcd.test_service -*-
"""
The transport plugin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.application.service import IService
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.connections.service import DialInService
from cardgw.interfaces import IGateway, ITransport
from cardgw.listening import Listeners
from cardgw.transports.vpcd.factory import VpcdFactory
from cardgw.transports.vpcd.settings import VpcdSettings
from cardgw.values import ARRIVALS

_log = Logger()
_WHERE = "[transports.vpcd] listen"
_EXAMPLE = "tcp:35963:interface=127.0.0.1"


@implementer(IPlugin, ITransport)
class VpcdTransport:
    """
    See L{ITransport}.
    """

    name = "vpcd"
    summary = "cards that dial in as virtual cards do (the vpcd protocol of vsmartcard)"
    settings: Any = VpcdSettings
    requests: Mapping[str, str] = ARRIVALS

    def make_service(self, settings: VpcdSettings, gateway: IGateway) -> IService:
        """
        See L{ITransport.make_service}.
        """
        listeners(gateway.reactor, settings).check()
        service: IService = VpcdService(VpcdFactory(settings, gateway))
        return service


def listeners(reactor: Any, settings: VpcdSettings) -> Listeners:
    """
    Where cards dial in.
    """
    return Listeners(reactor, settings.listen, _WHERE, "there is no endpoint, so no card could dial in", _EXAMPLE, _opened)


def _opened(port: IListeningPort, _: str, address: str) -> None:
    number = getattr(port.getHost(), "port", None)
    _log.info("virtual cards may dial in at {address}", event="vpcd-listening", address=address, port=number)


class VpcdService(DialInService):
    """
    Listens for these cards.
    """

    name = "vpcd"
    cards = "cards on vpcd"

    def __init__(self, factory: VpcdFactory) -> None:
        self.factory = factory
        reactor, settings = factory.gateway.reactor, factory.settings
        super().__init__(reactor, factory, factory.crowd, listeners(reactor, settings), settings.grace)
