# -*- test-case-name: tests.functional.test_estk,tests.functional.test_ramhttp -*-
"""
A transport that listens on loopback, without the service around it.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import TestCase

from cardgw.interfaces import IGateway, ITransport

LISTEN = ("tcp:0:interface=127.0.0.1",)
"""For the setting of that name: any free port."""


class ListeningTestCase(TestCase):
    """
    One transport.

    @ivar service: its service.
    @ivar port: where it listens.
    """

    timeout = 60
    service: Any
    port: int

    def listen_by(self, transport: ITransport, settings: object, gateway: IGateway) -> None:
        """
        Start it, until the test has ended.
        """
        self.service = transport.make_service(settings, gateway)
        self.service.privilegedStartService()
        self.service.startService()
        self.port = self.service.ports[0].getHost().port
        self.addCleanup(self.stop)

    def stop(self) -> Deferred[None]:
        """
        Stop it, where that was not done.
        """
        stopping: Deferred[None] = self.service.stopService() if self.service.running else succeed(None)
        return stopping
