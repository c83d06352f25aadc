"""
Tests of L{cardgw.cli.template}.
"""

from __future__ import annotations

from twisted.internet.defer import ensureDeferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.cli.template import operation_template
from cardgw.errors import ParameterError
from cardgw.gateway.registry import load_registry
from cardgw.testing import KnowingCard, session_for
from cardgw.values import ChannelInfo
from tests.dropins import drop_in


class TemplateTests(SynchronousTestCase):
    """
    L{operation_template}.
    """

    def test_runs(self) -> None:
        """
        The template is a whole operation: as a drop-in it is found, keeps the interface, and runs.
        """
        drop_in(self, {"g_template.py": operation_template("card.deep-audit")})
        registry = load_registry()
        registry.verify()
        self.assertEqual(registry.broken, [])
        operation = registry.operation("card.deep-audit")
        card = KnowingCard({}, otherwise=b"\x90\x00")
        session = session_for(operation, MemoryChannel(ChannelInfo("memory"), card), {"greeting": "Hi."})
        self.assertEqual(self.successResultOf(ensureDeferred(operation.run(session))), {"status": "9000"})  # type: ignore[arg-type]
        self.assertEqual(session.farewells, ["Hi."])

    def test_name(self) -> None:
        """
        A name that no operation can have is refused.
        """
        for name in ("audit", "Card.Audit", "card.", "a b.c", 'x"; import os'):
            error = self.assertRaises(ParameterError, operation_template, name)
            self.assertIn("card.audit", str(error))
