"""
Tests of L{cardgw.gateway.registry}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import MissingPlugin
from cardgw.gateway.discovery import Broken, Found
from cardgw.gateway.registry import Registry, load_registry
from cardgw.interfaces import IOperation, ITransport
from tests.dropins import Operation, drop_in, shipped_registry
from tests.logs import captured


def found(plugin: Any, source: str = "dropin:/a.py", interface: Any = IOperation) -> Found:
    """
    A plugin as discovery gives it.
    """
    return Found(interface, plugin, source, "x")


class RegistryTests(SynchronousTestCase):
    """
    L{Registry}.
    """

    def test_utilities(self) -> None:
        """
        A plugin is a named utility of a C{zope.interface} registry; its source is kept.
        """
        plugin = Operation("a.b")
        registry = load_registry([found(plugin)])
        self.assertIs(registry.components.getUtility(IOperation, "a.b"), plugin)
        self.assertIs(registry.operation("a.b"), plugin)
        self.assertEqual(registry.source(IOperation, "a.b"), "dropin:/a.py")
        self.assertEqual(registry.source(IOperation, "a.c"), "")

    def test_sorted(self) -> None:
        """
        Lists are in the order of the names.
        """
        registry = load_registry([found(Operation("b.b")), found(Operation("a.a"))])
        self.assertEqual([each.plugin.name for each in registry.operations()], ["a.a", "b.b"])
        self.assertEqual(registry.transports(), ())

    def test_missing(self) -> None:
        """
        A plugin that is not there is an error, which suggests the nearest name, or else says what is there.
        """
        registry = load_registry([found(Operation("card.audit"))])
        error = self.assertRaises(MissingPlugin, registry.operation, "card.adit")
        self.assertIn('Did you mean "card.audit"?', str(error))
        error = self.assertRaises(MissingPlugin, registry.operation, "zzz")
        self.assertIn("Installed: card.audit.", str(error))
        self.assertIn("Installed: none.", str(self.assertRaises(MissingPlugin, registry.transport, "estk")))

    def test_missingAndSkipped(self) -> None:
        """
        Where plugins were skipped, under whatever name, the error says so: one of them may be the one that is missed.
        """
        registry = load_registry([Broken("audit", "dropin:/x/audit.py", "SyntaxError: invalid syntax")])
        error = self.assertRaises(MissingPlugin, registry.operation, "card.audit")
        self.assertIn("Installed: none. Some plugins were skipped: see `cardgw operations --broken`.", str(error))

    def test_clash(self) -> None:
        """
        Of two with one name the first is used; the other is reported, and both sources are named.
        """
        first = Operation("a.b")
        registry = load_registry([found(first), found(Operation("a.b"), "dist:acme 1.0")])
        self.assertIs(registry.operation("a.b"), first)
        (broken,) = registry.broken
        self.assertEqual(broken.source, "dist:acme 1.0")
        self.assertIn("operation a.b: dropin:/a.py is used, dist:acme 1.0 is not", broken.reason)

    def test_sameNameOtherKind(self) -> None:
        """
        An operation and a transport do not clash.
        """

        class Both(Operation):
            """
            Enough for a look at first sight.
            """

        registry = load_registry([found(Both("a.b")), found(Both("a.b"), interface=ITransport)])
        self.assertEqual(registry.broken, [])

    def test_firstSight(self) -> None:
        """
        A plugin with an impossible name is skipped.
        """
        registry = load_registry([found(Operation("download"))])
        self.assertEqual(registry.operations(), ())
        self.assertIn("name: expected", registry.broken[0].reason)

    def test_verify(self) -> None:
        """
        Verification drops what breaks its interface, and from then on says why it is missing.
        """
        registry = load_registry([found(Operation("a.b", requires="SELECT")), found(Operation("c.d"))])
        registry.verify()
        self.assertEqual([each.plugin.name for each in registry.operations()], ["c.d"])
        error = self.assertRaises(MissingPlugin, registry.operation, "a.b")
        self.assertIn("It was skipped (dropin:/a.py): requires: expected a frozenset", str(error))

    def test_reported(self) -> None:
        """
        What is skipped is one warning, with name, source and reason.
        """
        events = captured(self)
        Registry().reject(Broken("x", "dropin:/x.py", "ValueError: no"))
        (event,) = events
        self.assertEqual(event["log_level"].name, "warn")
        self.assertEqual((event["plugin"], event["source"], event["reason"]), ("x", "dropin:/x.py", "ValueError: no"))

    def test_everything(self) -> None:
        """
        Without anything given, it is found where it is installed.
        """
        drop_in(self, {"g_reg.py": "from tests.dropins import Operation\nx = Operation('g.reg')\n"})
        self.assertIsNotNone(load_registry().operation("g.reg"))


class ShippedTests(SynchronousTestCase):
    """
    What cardgw comes with.
    """

    def test_sound(self) -> None:
        """
        Every shipped plugin keeps its interface, and its drop-in says of it what the implementation says.
        """
        registry = shipped_registry()
        self.assertEqual(registry.broken, [])
        entries = (*registry.operations(), *registry.transports())
        self.assertTrue({"profile.download", "estk"} <= {each.plugin.name for each in entries})
        for each in entries:
            real = each.plugin.implementation
            self.assertEqual((each.plugin.name, each.plugin.summary), (real.name, real.summary))
