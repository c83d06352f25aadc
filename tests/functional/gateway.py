"""
The gateway in this process, without a door: for functional tests that want to look inside.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from cardgw.errors import MissingPlugin, SecretError
from cardgw.gateway.book import Book
from cardgw.gateway.claims import Claims
from cardgw.gateway.events import EventHub
from cardgw.gateway.ids import Ids
from cardgw.gateway.inventory import Inventory
from cardgw.gateway.jobs import Jobs
from cardgw.gateway.outbox import Outbox
from cardgw.gateway.session import Tools
from cardgw.gateway.stack import stack
from cardgw.gateway.store.engine import Store
from cardgw.interfaces import ICardObserver, IHTTPClient, IOperation, ITrust
from cardgw.lpa.courier import NotificationCourier
from cardgw.recognition import recognise
from tests.gateway.stores import memory_store


def make_inventory(
    reactor: Any,
    *,
    http: IHTTPClient,
    trust: ITrust,
    observer: ICardObserver,
    routes: Mapping[tuple[str, str], str],
    operations: Mapping[str, tuple[IOperation, Any]],
    store: Store | None = None,
) -> Inventory:
    """
    @param operations: by name, each with its settings.
    @param store: open; by default one in memory.
    """

    def operation(name: str) -> tuple[IOperation, Any]:
        if name not in operations:
            raise MissingPlugin(name)
        return operations[name]

    store = memory_store(reactor) if store is None else store
    hub = EventHub(epoch="test")
    outbox = Outbox(store, http, {NotificationCourier.kind: NotificationCourier()}, reactor, hub, os.urandom)
    tools = Tools(reactor, http, trust, observer, _no_secret, outbox, store.memory)
    book = Book(routes, operation, tuple(operations))
    jobs = Jobs(store, tools, book, hub, Ids(reactor.seconds, os.urandom), stack=stack)
    return Inventory(reactor, jobs, Claims(reactor, os.urandom), recognise)


def _no_secret(name: str) -> bytes:
    raise SecretError(name)
