# -*- test-case-name: tests.test_assembly -*-
"""
The gateway, put together from its settings and plugins: the one place that knows all parts.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from attrs import define
from twisted.application.service import IService, MultiService, Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger

from cardgw.config import Config
from cardgw.errors import CardGatewayError, SettingsError
from cardgw.gateway.discovery import reason_of
from cardgw.gateway.inventory import Book, Inventory
from cardgw.gateway.journal import Journal, Observers
from cardgw.gateway.registry import Registry
from cardgw.gateway.session import Tools
from cardgw.gateway.stack import stack
from cardgw.interfaces import ICardChannel, IOperation
from cardgw.log import rules
from cardgw.lpa.https import HttpsClient
from cardgw.lpa.trust import Trust
from cardgw.notify import Notifier
from cardgw.secrets import Secrets, read_secrets
from cardgw.traffic import record
from cardgw.version import VERSION


class GatewayService(Service):
    """
    Everything that runs.

    @ivar inventory: the gateway proper.
    @ivar vault: the secrets.
    """

    name = "cardgw"
    _log = Logger()

    def __init__(
        self, inventory: Inventory, vault: Vault, transports: MultiService, http: HttpsClient, notifier: Notifier
    ) -> None:
        self.inventory = inventory
        self.vault = vault
        self.notifier = notifier
        self._transports = transports
        self._http = http
        self._bound = False

    def bind(self) -> None:
        """
        Open the listeners now, before the process goes into the background: only so can a port that is in use be told to
        whoever typed the command.

        @raise SettingsError: one cannot be opened.
        """
        try:
            self._transports.privilegedStartService()
        except CardGatewayError:
            raise
        except Exception as problem:  # a transport of somebody else may fail in its own way
            reason = getattr(getattr(problem, "socketError", None), "strerror", None) or str(problem) or type(problem).__name__
            raise SettingsError(f"a transport cannot start: {reason}") from problem
        self._bound = True

    def privilegedStartService(self) -> None:
        """
        Open the listeners, unless L{bind} has.
        """
        if not self._bound:
            self.bind()

    def startService(self) -> None:
        """
        Start the transports, then say ready.
        """
        Service.startService(self)
        self._transports.startService()
        self._log.info("cardgw {version} is ready", event="ready", version=VERSION)
        self.notifier.startService()

    def stopService(self) -> Deferred[None]:
        """
        Let the cards go first, and with them whoever needs the servers; then the connections to these.
        """
        self._log.info("cardgw is stopping", event="stopping")
        self.notifier.stopping()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        await maybeDeferred(self._transports.stopService)
        await self._http.stop()
        await maybeDeferred(self.notifier.stopService)
        await maybeDeferred(Service.stopService, self)
        self._log.info("cardgw has stopped", event="stopped")


@define
class Vault:
    """
    The secrets as they were read last.
    """

    secrets: Secrets

    def __call__(self, name: str) -> bytes:
        """
        See L{cardgw.interfaces.ISession.secret}.
        """
        return self.secrets(name)


@define
class Operations:
    """
    Gives the operation of a name, and its settings, to L{Book}.
    """

    registry: Registry
    config: Config

    def __call__(self, name: str) -> tuple[IOperation, Any]:
        """
        @raise MissingPlugin: there is none.
        """
        return self.registry.operation(name), self.config.operations.get(name)


def book_of(config: Config, registry: Registry) -> Book:
    """
    What the settings decide about requests.
    """
    return Book(routes=config.routes, operation=Operations(registry, config), quirks=config.quirks)


def assemble(config: Config, registry: Registry, reactor: Any, observers: Observers | None = None) -> GatewayService:
    """
    @param observers: who is told what happens, besides the log.
    @raise CardGatewayError: the settings cannot be used.
    """
    if not config.transports:
        raise SettingsError("no transport is enabled, so no card could be reached")
    rules.log, rules.privacy = config.log, config.privacy
    trust = Trust(config.https)
    http = HttpsClient(reactor, config.https, trust)
    told = Observers([Journal(_details_wanted), *(observers.observers if observers is not None else ())])
    vault = Vault(read_secrets(config.secrets))
    tools = Tools(reactor, http, trust, told, vault)
    inventory = Inventory(reactor, tools, book_of(config, registry), partial(_stacked, reactor))
    transports = MultiService()
    for name, settings in config.transports.items():
        _service_of(registry, name, settings, inventory).setServiceParent(transports)
    return GatewayService(inventory, vault, transports, http, Notifier(reactor))


def _service_of(registry: Registry, name: str, settings: Any, inventory: Inventory) -> IService:
    try:
        service: IService = registry.transport(name).make_service(settings, inventory)
    except CardGatewayError:
        raise
    except Exception as problem:  # a transport of somebody else may fail in its own way
        raise SettingsError(f"[transports.{name}]: it cannot be set up ({reason_of(problem)})") from problem
    return service


def _details_wanted() -> bool:
    return rules.log.level == "debug"


def _stacked(reactor: Any, channel: ICardChannel) -> ICardChannel:
    return stack(channel, partial(record, clock=reactor) if rules.traffic else None)
