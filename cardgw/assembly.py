# -*- test-case-name: tests.test_assembly -*-
"""
The gateway, put together from its settings and plugins: the one place that knows all parts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from attrs import define
from twisted.application.service import IService, MultiService
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

from cardgw.config import Config
from cardgw.errors import CardGatewayError, SettingsError
from cardgw.gateway.book import Book
from cardgw.gateway.claims import Claims
from cardgw.gateway.controller import Controller
from cardgw.gateway.discovery import reason_of
from cardgw.gateway.events import EventHub
from cardgw.gateway.housekeeping import Housekeeping
from cardgw.gateway.ids import Ids
from cardgw.gateway.inventory import Inventory
from cardgw.gateway.jobs import Jobs
from cardgw.gateway.journal import Journal, Observers
from cardgw.gateway.outbox import Outbox
from cardgw.gateway.records import Health
from cardgw.gateway.registry import Registry
from cardgw.gateway.session import Tools
from cardgw.gateway.stack import stack
from cardgw.gateway.store.engine import Store
from cardgw.gateway.tokens import Tokens
from cardgw.gateway.webhook_courier import WebhookCourier, open_webhooks
from cardgw.gateway.webhooks import Webhooks
from cardgw.gateway_service import GatewayService, Parts, Vault
from cardgw.hsm.token import TokenPool
from cardgw.interfaces import ICardChannel, IOperation, ITransport
from cardgw.key_store import read_keys
from cardgw.log import rules
from cardgw.lpa.courier import NotificationCourier
from cardgw.lpa.https import HttpsClient
from cardgw.lpa.trust import Trust
from cardgw.metrics import Metrics
from cardgw.notify import Notifier
from cardgw.recognition import recognise
from cardgw.secrets import read_secrets
from cardgw.state import StoreMaker, node_name
from cardgw.texts.catalogue import Words, catalogue
from cardgw.traffic import record
from cardgw.web.service import make_web_service

_EPOCH_BYTES = 4
_T = TypeVar("_T")


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
    return Book(config.routes, Operations(registry, config), tuple(config.operations), config.quirks)


def assemble(config: Config, registry: Registry, reactor: Any, observers: Observers | None = None) -> GatewayService:
    """
    @param observers: who is told what happens, besides the log.
    @raise CardGatewayError: the settings cannot be used.
    """
    if not config.transports:
        raise SettingsError("no transport is enabled, so no card could be reached")
    rules.log, rules.privacy = config.log, config.privacy
    keys = read_keys(config.keys, tokens=TokenPool(partial(_aside, reactor)))
    vault, hub = Vault(read_secrets(config.secrets), keys), EventHub(epoch=os.urandom(_EPOCH_BYTES).hex())
    metrics = Metrics(reactor.seconds, lambda: hub.listeners)
    told = Observers([Journal(_details_wanted), metrics, *(observers.observers if observers is not None else ())])
    maker = StoreMaker(config.store, vault, reactor)
    store, trust = maker.running(), Trust(config.https)
    http = HttpsClient(reactor, config.https, trust)
    courier = WebhookCourier(reactor, vault, maker.several)
    couriers = {each.kind: each for each in (NotificationCourier(), courier)}
    outbox = Outbox(store, http, couriers, reactor, hub, os.urandom, maker.several)
    webhooks = Webhooks(outbox, courier, reactor)
    webhooks.use(open_webhooks(config.webhooks))
    words = Words(catalogue(config.texts.language))
    tools = Tools(reactor, http, trust, told, vault, outbox, store.memory, words, keys=vault.keys, psk=vault.psk)
    book, ids = book_of(config, registry), Ids(reactor.seconds, os.urandom)
    stacked, node = partial(_stacked, reactor, metrics), node_name(config.store)
    jobs = Jobs(store, tools, book, hub, ids, config.jobs, node, maker.several, stack=stacked)
    claims = Claims(reactor, os.urandom, config.management.code_lifetime)
    inventory = Inventory(reactor, jobs, claims, recognise, config.management)
    transports = MultiService()
    for name, settings in config.transports.items():
        service = _service_of(registry, name, settings, inventory)
        service.setServiceParent(transports)
        inventory.links.address = inventory.links.address or getattr(service, "link_url", None)
    notifier, housekeeping = Notifier(reactor), Housekeeping(inventory, outbox)
    parts = Parts(inventory, outbox, webhooks, vault, transports, http, notifier, housekeeping, maker.prepare)
    if config.web.enabled:
        health, tokens = partial(_health, store, transports), Tokens(store, reactor, os.urandom)
        control = Controller(inventory, outbox, tokens, claims, partial(_transports, config, registry), health)
        parts.web = make_web_service(config.web, control, metrics.render, reactor)
    return GatewayService(parts)


def _service_of(registry: Registry, name: str, settings: Any, inventory: Inventory) -> IService:
    try:
        service: IService = registry.transport(name).make_service(settings, inventory)
    except CardGatewayError:
        raise
    except Exception as problem:  # a transport of somebody else may fail in its own way
        raise SettingsError(f"[transports.{name}]: it cannot be set up ({reason_of(problem)})") from problem
    return service


def _aside(reactor: Any, work: Callable[[], _T]) -> Deferred[_T]:
    """
    Tokens take their time, so they are asked in a thread.
    """
    return deferToThreadPool(reactor, reactor.getThreadPool(), work)


def _details_wanted() -> bool:
    return rules.log.level == "debug"


def _stacked(reactor: Any, metrics: Metrics, channel: ICardChannel) -> ICardChannel:
    return stack(metrics.measured(channel), partial(record, clock=reactor) if rules.traffic else None)


def _transports(config: Config, registry: Registry) -> list[ITransport]:
    return [registry.transport(name) for name in config.transports]


def _health(store: Store, transports: MultiService) -> list[Health]:
    return [store.health(), *map(health_of, transports)]


def health_of(service: IService) -> Health:
    """
    The state of a transport: see L{ITransport.make_service}.
    """
    problem = str(getattr(service, "problem", "")) if service.running else "not started"
    return Health(f"transport:{service.name}", not problem, problem)
