# -*- test-case-name: tests.testing.test_transport -*-
"""
What every L{ITransport} does.
"""

from __future__ import annotations

import re
from typing import Any

from twisted.application.service import IService
from twisted.internet.defer import maybeDeferred

from cardgw.fields import build
from cardgw.interfaces import ITransport
from cardgw.testing.contract import ContractMixin
from cardgw.testing.declaration import DeclarationMixin
from cardgw.testing.gateway import FakeGateway
from cardgw.testing.operation import NAME as OPERATION
from cardgw.values import ANY, LINK, STAY

NAME = re.compile(r"[a-z][a-z0-9-]*")
"""One word, which is a table of the settings."""


class TransportTestsMixin(DeclarationMixin, ContractMixin):
    """
    Tests of an L{ITransport}.  Subclasses provide L{make_transport} and may override L{make_gateway} and L{make_settings}.
    """

    def make_transport(self) -> Any:
        """
        A hook.

        @return: L{ITransport}.
        """
        raise NotImplementedError("make_transport")

    def make_gateway(self) -> Any:
        """
        A hook: the gateway, whose reactor is a C{MemoryReactorClock} unless this says otherwise.
        """
        return FakeGateway()

    def make_settings(self) -> dict[str, Any]:
        """
        A hook: the settings with which it is started, as TOML has them.
        """
        return {}

    def test_interface(self) -> None:
        """
        It provides L{ITransport}, and is named and described as lists and settings need it.
        """
        transport = self.make_transport()
        self.verify(ITransport, transport)
        self.assertIsNotNone(NAME.fullmatch(transport.name), transport.name)
        self.check_summary(transport.summary)

    def test_settings(self) -> None:
        """
        Its settings are declared, and each has a default.
        """
        self.check_declared(self.make_transport().settings, defaults=True)

    def test_requests(self) -> None:
        """
        Each request that its cards may come with is a key of the settings, and is answered by an operation, by staying, or not
        at all.
        """
        for request, answer in self.make_transport().requests.items():
            self.assertNotEqual(request, LINK, "requests: with this come cards that have a link, whatever the settings say")
            if request != ANY:
                self.assertIsNotNone(NAME.fullmatch(request), f"requests: expected a word, got {request!r}")
            if answer not in ("", STAY):
                self.assertIsNotNone(OPERATION.fullmatch(answer), f"requests: {request}: expected area.verb, got {answer!r}")

    def test_service(self) -> Any:
        """
        It makes a service which can be started and stopped without a trace.
        """
        return self.contract(self._service())

    async def _service(self) -> None:
        transport, gateway = self.make_transport(), self.make_gateway()
        service = transport.make_service(
            build(transport.settings, self.make_settings(), f"[transports.{transport.name}]"), gateway
        )
        self.verify(IService, service)
        service.privilegedStartService()
        service.startService()
        await self.hook(self.flush)
        self.assertEqual(gateway.channels, [])
        stopping = maybeDeferred(service.stopService)
        await self.hook(self.flush)
        await stopping
        if hasattr(gateway.reactor, "getDelayedCalls"):
            self.assertEqual([each for each in gateway.reactor.getDelayedCalls() if each.active()], [])
