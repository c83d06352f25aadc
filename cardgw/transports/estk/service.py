# -*- test-case-name: tests.transports.estk.test_service -*-
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
from cardgw.transports.estk.factory import EstkFactory
from cardgw.transports.estk.request import ANSWERS
from cardgw.transports.estk.settings import EstkSettings

_log = Logger()
_WHERE = "[transports.estk] listen"


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


class EstkService(DialInService):
    """
    Listens for these cards.
    """

    name = "estk"
    cards = "eSTK.me cards"

    def __init__(self, factory: EstkFactory) -> None:
        self.factory = factory
        reactor, settings = factory.gateway.reactor, factory.settings
        super().__init__(reactor, factory, factory.crowd, listeners(reactor, settings), settings.grace)
