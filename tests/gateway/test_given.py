# -*- test-case-name: tests.gateway.test_given -*-
"""
L{cardgw.gateway.given}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.given import Given
from cardgw.testing import FakeOutbox, OutboxTestsMixin
from cardgw.values import Parcel


class GivenTests(OutboxTestsMixin, SynchronousTestCase):
    """
    L{Given}.
    """

    def make_outbox(self, refusals: Any = ()) -> Given:
        """
        See L{OutboxTestsMixin.make_outbox}.
        """
        return Given(FakeOutbox(refusals=list(refusals)), set())

    def test_given(self) -> None:
        """
        What this card gives is noted, not what is there of others.
        """
        whole, given = FakeOutbox(), set[str]()
        self.successResultOf(whole.keep(Parcel("notification", "eid:1", 1, "h", b"a")))
        own = self.successResultOf(Given(whole, given).keep(Parcel("notification", "eid:1", 2, "h", b"b")))
        self.assertEqual(given, {own.id})
