# -*- test-case-name: tests.test_gateway_service -*-
"""
Everything that runs, started and stopped in its order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from attrs import Factory, define
from twisted.application.service import IService, MultiService, Service
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.errors import CardGatewayError, SettingsError
from cardgw.gateway.housekeeping import Housekeeping
from cardgw.gateway.inventory import Inventory
from cardgw.gateway.outbox import Outbox
from cardgw.gateway.recovery import recover
from cardgw.gateway.webhooks import Webhooks
from cardgw.key_store import KeyStore
from cardgw.lpa.https import HttpsClient
from cardgw.notify import Notifier
from cardgw.secrets import Secrets
from cardgw.values import Psk
from cardgw.version import VERSION

_SHOWN_ONCE = """\
The first token of the HTTP API, shown this once (its name is admin):
  {secret}
Keep it with: cardgw login
"""


@define
class Vault:
    """
    The secrets and the key sets as they were read last.
    """

    secrets: Secrets
    key_store: KeyStore = Factory(KeyStore)

    def __call__(self, name: str) -> bytes:
        """
        See L{cardgw.interfaces.ISession.secret}.
        """
        return self.secrets(name)

    def keys(self, name: str) -> Any:
        """
        See L{cardgw.interfaces.ISession.keys}.
        """
        return self.key_store(name)

    def psk(self, identity: bytes) -> Psk | None:
        """
        See L{cardgw.interfaces.IGateway}.
        """
        return self.key_store.psk(identity)


@define(eq=False)
class Parts:
    """
    What a gateway is made of.

    @ivar prepare: opens the store once before the process goes into the background; gives the first token, where one was made.
    @ivar web: the HTTP API, or C{None}.
    """

    inventory: Inventory
    outbox: Outbox
    webhooks: Webhooks
    vault: Vault
    transports: MultiService
    http: HttpsClient
    notifier: Notifier
    housekeeping: Housekeeping
    prepare: Callable[[], str | None]
    web: IService | None = None


class GatewayService(Service):
    """
    See the module's docstring.

    @ivar parts: what it runs.
    """

    name = "cardgw"
    _log = Logger()

    def __init__(self, parts: Parts, print_token: Callable[[str], object] | None = None) -> None:
        self.parts = parts
        self._print = print_token or _print
        self._bound = False
        self._starting: Deferred[None] | None = None

    @property
    def inventory(self) -> Inventory:
        """
        The gateway proper.
        """
        return self.parts.inventory

    @property
    def vault(self) -> Vault:
        """
        The secrets.
        """
        return self.parts.vault

    @property
    def notifier(self) -> Notifier:
        """
        Who tells systemd.
        """
        return self.parts.notifier

    def bind(self) -> None:
        """
        Open the listeners and look at the store now, before the process goes into the background: only so can what is wrong
        be told to whoever typed the command.

        @raise CardGatewayError: the store cannot be used, or a listener cannot be opened.
        """
        self.parts.inventory.shut()
        try:
            self.parts.transports.privilegedStartService()
            if self.parts.web is not None:
                self.parts.web.privilegedStartService()
        except CardGatewayError:
            raise
        except Exception as problem:  # a transport of somebody else may fail in its own way
            reason = getattr(getattr(problem, "socketError", None), "strerror", None) or str(problem) or type(problem).__name__
            raise SettingsError(f"a transport cannot start: {reason}") from problem
        secret = self.parts.prepare()
        self._bound = True
        if secret is not None:
            self._print(secret)

    def privilegedStartService(self) -> None:
        """
        Open the listeners, unless L{bind} has.
        """
        if not self._bound:
            self.bind()

    def startService(self) -> None:
        """
        Open the store, bring what was interrupted to an end, start the transports, then say ready.
        """
        Service.startService(self)
        self._starting = Deferred.fromCoroutine(self._start())
        self._starting.addErrback(self._not_started)

    async def _start(self) -> None:
        parts = self.parts
        store = parts.inventory.jobs.store
        if not store.is_open:  # one in memory stays open since it was looked at
            await store.open()
        await parts.inventory.links.load()
        await recover(parts.inventory.jobs, parts.inventory.reactor.seconds())
        parts.outbox.start()
        parts.housekeeping.startService()
        parts.transports.startService()
        parts.inventory.open()
        if parts.web is not None:
            parts.web.startService()
        self._log.info("cardgw {version} is ready", event="ready", version=VERSION)
        parts.notifier.startService()

    def _not_started(self, failure: Failure) -> None:
        if failure.check(CancelledError):
            return
        reason = str(failure.value) if failure.check(CardGatewayError) else repr(failure.value)
        self._log.critical("cardgw cannot start: {reason}", event="not-started", reason=reason)
        self.parts.inventory.reactor.stop()

    def stopService(self) -> Deferred[None]:
        """
        Let the cards go first, and with them whoever needs the servers; then the connections to these; the store is the last.
        """
        self._log.info("cardgw is stopping", event="stopping")
        self.parts.notifier.stopping()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        parts = self.parts
        if self._starting is not None:
            self._starting.cancel()
        parts.inventory.wind_up()
        steps: list[Callable[[], Any]] = [parts.transports.stopService, parts.outbox.stop]
        if parts.web is not None:
            steps.append(parts.web.stopService)
        steps += [parts.housekeeping.stopService, parts.http.stop, parts.webhooks.stop, parts.inventory.jobs.store.close]
        steps.append(parts.notifier.stopService)
        for step in steps:
            try:
                await maybeDeferred(step)
            except CardGatewayError as problem:
                self._log.error("while stopping: {reason}", event="stop-failed", reason=str(problem))
        await maybeDeferred(Service.stopService, self)
        self._log.info("cardgw has stopped", event="stopped")


def _print(secret: str) -> None:
    sys.stderr.write(_SHOWN_ONCE.format(secret=secret))
    sys.stderr.flush()
