"""
Tests of L{cardgw.listing}.
"""

from __future__ import annotations

from attrs import frozen
from twisted.trial.unittest import SynchronousTestCase

from cardgw import listing
from cardgw.errors import MissingPlugin, PeerLost, PluginError, SettingsError
from cardgw.fields import option, seconds, text
from cardgw.gateway.discovery import Broken, Found
from cardgw.gateway.registry import load_registry
from cardgw.interfaces import IOperation, ITransport
from cardgw.lazy import LazyOperation
from cardgw.values import Feature
from tests.dropins import Operation, shipped_registry
from tests.test_lazy import PigeonTransport


@frozen
class Parameters:
    """
    One of each kind.
    """

    code: str = option(text, "the code", from_request=True, secret=True)
    patience: float = option(seconds, "how long to wait", default=5.0)


class ListingTests(SynchronousTestCase):
    """
    What people see of plugins.
    """

    def setUp(self) -> None:
        """
        One good plugin of each kind.
        """
        different = {"application": b"\xa0\x00\x01\x02\x03", "requires": frozenset({Feature.SHOW}), "destructive": True}
        operation = Operation("card.wipe", "wipe it", parameters=Parameters, **different)
        self.registry = load_registry(
            [Found(IOperation, operation, "dropin:/x.py", "x"), Found(ITransport, PigeonTransport(), "dist:acme 1", "x")]
        )

    def test_lists(self) -> None:
        """
        Lists have a name and a summary on each line.
        """
        self.assertEqual(listing.operations(self.registry), "card.wipe  wipe it\n")
        self.assertEqual(listing.transports(self.registry), "pigeon  cards that pigeons carry\n")
        self.assertEqual(listing.operations(load_registry([])), "No operation is installed.\n")

    def test_lazy(self) -> None:
        """
        Lists import no implementation.
        """
        registry = load_registry([Found(IOperation, LazyOperation("a.b", "x", "no.such.Thing"), "dropin:/x.py", "x")])
        self.assertEqual(listing.operations(registry), "a.b  x\n")
        error = self.assertRaises(PluginError, listing.operation, registry, "a.b")
        self.assertIn("a.b: ModuleNotFoundError", str(error))

    def test_operation(self) -> None:
        """
        All about an operation: help, what it destroys, parameters, settings, needs, source.
        """
        told = listing.operation(self.registry, "card.wipe")
        for part in (
            "card.wipe: wipe it\n\nIt does nothing.\n",
            "It is destructive",
            "  code\n      the code; expected: text; must be given; filled with what the card's holder typed\n",
            "  patience\n      how long to wait; expected: seconds; default: 5.0\n",
            'settings, [operations."card.wipe"]:\n  loud\n',
            "needs:   messages to the card holder, the application A000010203\n",
            "source:  dropin:/x.py\n",
        ):
            self.assertIn(part, told)

    def test_transport(self) -> None:
        """
        All about a transport.
        """
        told = listing.transport(self.registry, "pigeon")
        self.assertIn("settings, [transports.pigeon]:\n  none\n", told)
        self.assertIn("requests and what answers them, [transports.pigeon.requests]:\n  post: card.audit\n", told)
        self.assertIn("source:  dist:acme 1\n", told)

    def test_missing(self) -> None:
        """
        There is nothing to say of what is not there.
        """
        self.assertRaises(MissingPlugin, listing.operation, self.registry, "no.such")
        self.assertRaises(MissingPlugin, listing.transport, self.registry, "none")

    def test_broken(self) -> None:
        """
        What is broken is told with name, source and reason, and lists remark on it.
        """
        self.assertEqual(listing.broken(self.registry), "No plugin is broken.\n")
        self.registry.reject(Broken("x", "dropin:/x.py", "ValueError: no"))
        self.assertEqual(listing.broken(self.registry), "x\n    dropin:/x.py\n    ValueError: no\n")
        self.assertIn("1 broken plugin was skipped: see `cardgw operations --broken`.", listing.transports(self.registry))
        self.assertIn("the defaults: no mistake found\n", listing.checked(None, self.registry))

    def test_oneLine(self) -> None:
        """
        A mistake in the settings begins with its place; other errors keep their sentence.
        """
        self.assertEqual(listing.one_line(SettingsError("a.toml: [log]: no", hint="Try.")), "a.toml: [log]: no. Try.")
        self.assertEqual(listing.one_line(MissingPlugin("no operation is called x")), "no operation is called x")
        self.assertEqual(listing.one_line(PeerLost("reset")), "The card's side closed the connection: reset")

    def test_shipped(self) -> None:
        """
        What cardgw comes with can be told.
        """
        registry = shipped_registry()
        self.assertIn("activation_code", listing.operation(registry, "profile.download"))
        self.assertIn("idle_timeout", listing.transport(registry, "estk"))
