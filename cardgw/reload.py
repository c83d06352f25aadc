# -*- test-case-name: tests.test_reload -*-
"""
SIGHUP: the settings and drop-ins are read again, without a card noticing.

What takes effect at once: C{[log]}, C{[privacy]}, C{[secrets]}, C{[keys]}, C{[[webhooks]]}, C{[[quirks]]}, C{[jobs]},
C{[management]}, C{[texts]}, the routes, the operations and their settings, new and changed drop-ins.  What listens, what speaks
to servers, and the store (C{[transports]}, C{[web]}, C{[https]}, C{[store]}) need a restart; the log says so.
A mistake changes nothing.
"""

from __future__ import annotations

import importlib
import signal
from collections.abc import Callable
from typing import Any

from attrs import evolve
from twisted.application.service import Service
from twisted.logger import Logger

from cardgw.assembly import book_of
from cardgw.config import Config
from cardgw.errors import CardGatewayError
from cardgw.gateway.discovery import forget_modules
from cardgw.gateway.registry import Registry, load_registry
from cardgw.gateway.webhook_courier import open_webhooks
from cardgw.gateway_service import GatewayService
from cardgw.key_store import read_keys
from cardgw.log import rules
from cardgw.secrets import read_secrets
from cardgw.texts.catalogue import catalogue

_LATE = ("transports", "web", "https", "store")
Load = Callable[[Registry], Config]
"""Reads the settings for these plugins."""


class Reloader(Service):
    """
    Listens to SIGHUP while it runs.

    @param load: see L{Load}.
    @param config: what the gateway was started with.
    @param scan: finds the plugins anew.
    """

    name = "reloader"
    _log = Logger()

    def __init__(
        self, reactor: Any, gateway: GatewayService, load: Load, config: Config, scan: Callable[[], Registry] | None = None
    ) -> None:
        self._config = config
        self._reactor = reactor
        self._gateway = gateway
        self._load = load
        self._scan = scan or rescan
        self._before: Any = None

    def startService(self) -> None:
        """
        Take the signal.
        """
        Service.startService(self)
        self._before = signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self.reload))

    def stopService(self) -> None:
        """
        Give the signal back.
        """
        Service.stopService(self)
        signal.signal(signal.SIGHUP, self._before or signal.SIG_DFL)

    def reload(self) -> None:
        """
        Read all again.
        """
        notifier = self._gateway.notifier
        notifier.reloading()
        try:
            registry = self._scan()
            config = self._load(registry)
            keys = read_keys(config.keys, tokens=self._gateway.vault.key_store.tokens)
            secrets, webhooks = read_secrets(config.secrets), open_webhooks(config.webhooks)
        except CardGatewayError as mistake:
            self._log.error("the settings stay as they were: {reason}", event="reload-failed", reason=str(mistake))
        else:
            self._gateway.vault.secrets, self._gateway.vault.key_store = secrets, keys
            self._gateway.parts.webhooks.use(webhooks)
            self._gateway.inventory.jobs.book = book_of(config, registry)
            self._gateway.inventory.jobs.settings = config.jobs
            self._gateway.inventory.management = self._gateway.inventory.links.settings = config.management
            self._gateway.inventory.claims.lifetime = config.management.code_lifetime
            self._gateway.inventory.words.catalogue = catalogue(config.texts.language)
            rules.log, rules.privacy = config.log, config.privacy
            self._tell(config)
        finally:
            notifier.ready()

    def _tell(self, config: Config) -> None:
        self._log.info("the settings were read again", event="reloaded")
        late = [name for name in _LATE if _fixed(getattr(config, name)) != _fixed(getattr(self._config, name))]
        if late:
            tables = " and ".join(f"[{name}]" for name in late)
            self._log.warn("what is new in {tables} takes effect at the next start", event="restart-needed", tables=tables)


def rescan() -> Registry:
    """
    The plugins as they are now, drop-ins imported anew.
    """
    importlib.invalidate_caches()
    forget_modules()
    registry = load_registry()
    registry.verify()
    return registry


def _fixed(settings: Any) -> Any:
    """
    Settings without what takes effect at once.  The classes are made anew each time, so only their values are compared.
    """
    if isinstance(settings, dict):
        return {name: repr(evolve(each, requests={})) for name, each in settings.items()}
    return settings
