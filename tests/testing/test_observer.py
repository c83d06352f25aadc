# -*- test-case-name: tests.testing.test_observer -*-
"""
Tests for L{cardgw.testing.observer}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.testing.observer import FakeObserver, ObserverTestsMixin, tell_success


class FakeObserverTests(ObserverTestsMixin, SynchronousTestCase):
    """
    L{FakeObserver} keeps the contract.
    """

    def make_observer(self) -> FakeObserver:
        """
        See L{ObserverTestsMixin}.
        """
        return FakeObserver()

    def test_events(self) -> None:
        """
        It keeps everything in order.
        """
        observer = FakeObserver()
        tell_success(observer)
        names = [event[0] for event in observer.events]
        self.assertEqual(names, ["card_arrived", "job_started", "job_stage", *["job_percent"] * 3, "job_ended", "card_gone"])
        self.assertEqual(observer.events[3], ("job_percent", "1", 0))
