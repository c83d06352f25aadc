# -*- test-case-name: tests.testing.test_outbox -*-
"""
The fake outbox passes what every outbox must.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardGatewayError
from cardgw.testing.outbox import FakeOutbox, OutboxTestsMixin


class FakeOutboxTests(OutboxTestsMixin, SynchronousTestCase):
    """
    L{FakeOutbox}.
    """

    def make_outbox(self, refusals: list[CardGatewayError]) -> FakeOutbox:
        return FakeOutbox(refusals=refusals)
