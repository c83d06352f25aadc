"""
Tests of L{cardgw.lazy}.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from attrs import frozen
from twisted.application.service import IService, Service
from twisted.plugin import IPlugin
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from cardgw.interfaces import IGateway, IOperation, ITransport
from cardgw.lazy import LazyOperation, LazyTransport
from cardgw.testing import FakeGateway, FakeSession
from tests.dropins import NoOptions, OneOption

_LISTING = """
import sys
import cardgw.plugins.cardgw_profile, cardgw.plugins.cardgw_estk
print(sorted(name for name in sys.modules if name.startswith(("cardgw.operations", "cardgw.transports", "cardgw.lpa"))))
"""


@frozen
class _Service:
    settings: Any
    gateway: IGateway


@implementer(ITransport)
class PigeonTransport:
    """
    The implementation behind a lazy transport.
    """

    name = "pigeon"
    summary = "cards that pigeons carry"
    settings: Any = NoOptions
    requests: Mapping[str, str] = {"post": "card.audit"}

    def make_service(self, settings: Any, gateway: IGateway) -> IService:
        """
        See L{ITransport.make_service}.
        """
        service: Any = Service()
        service.given = _Service(settings, gateway)
        made: IService = service
        return made


class LazyTests(SynchronousTestCase):
    """
    L{LazyOperation} and L{LazyTransport}.
    """

    def setUp(self) -> None:
        """
        One of each.
        """
        self.operation = LazyOperation("test.nothing", "do nothing", "tests.dropins.Operation")
        self.transport = LazyTransport("pigeon", "cards that pigeons carry", "tests.test_lazy.PigeonTransport")

    def test_interfaces(self) -> None:
        """
        They are plugins, and keep the interface of what they stand for.
        """
        for plugin, interface in ((self.operation, IOperation), (self.transport, ITransport)):
            self.assertTrue(verifyObject(IPlugin, plugin))
            self.assertTrue(verifyObject(interface, plugin))

    def test_operation(self) -> None:
        """
        Everything but name and summary is the implementation's, which is made once.
        """
        real = self.operation.implementation
        self.assertIs(self.operation.implementation, real)
        self.assertEqual(self.operation.help, "It does nothing.")
        self.assertIs(self.operation.settings, OneOption)
        self.assertIs(self.operation.parameters, NoOptions)
        self.assertEqual(
            (self.operation.application, self.operation.requires, self.operation.destructive), (None, frozenset(), False)
        )
        running: Any = self.operation.run(FakeSession())
        self.assertRaises(StopIteration, running.send, None)

    def test_transport(self) -> None:
        """
        The implementation makes the service.
        """
        gateway, settings = FakeGateway(), NoOptions()
        service: Any = self.transport.make_service(settings, gateway)
        self.assertEqual(service.given, _Service(settings, gateway))
        self.assertIs(self.transport.settings, NoOptions)
        self.assertEqual(self.transport.requests, {"post": "card.audit"})

    def test_nothingImported(self) -> None:
        """
        Name, summary and C{repr} do not import the implementation, and neither do the drop-ins that cardgw comes with.
        """
        lazy = LazyOperation("a.b", "do nothing", "no.such.Thing")
        self.assertEqual(repr(lazy), "<LazyOperation a.b: no.such.Thing>")
        done = subprocess.run(
            [sys.executable, "-c", _LISTING], capture_output=True, check=True, text=True, env={"PYTHONPATH": ":".join(sys.path)}
        )
        self.assertEqual(done.stdout.strip(), "[]")

    def test_missing(self) -> None:
        """
        An implementation that is not there is C{ImportError}, never C{AttributeError}: that would look like a missing attribute.
        """
        for target in ("no.such.Thing", "tests.dropins.NoSuchThing"):
            lazy = LazyOperation("a.b", "do nothing", target)
            self.assertRaises(ImportError, lambda lazy=lazy: lazy.help)
