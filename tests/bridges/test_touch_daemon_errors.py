"""
Tests for L{cardgw.bridges.touch_daemon_errors}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_daemon_errors import NoCardInserted, NoReader, NotApproved, PageMistaken, ReaderBusy, SessionCancelled


class CodeTests(SynchronousTestCase):
    """
    What pages see of errors.
    """

    def test_codes(self) -> None:
        """
        Their codes are part of what pages rely on.
        """
        errors = (NotApproved, NoReader, NoCardInserted, PageMistaken, ReaderBusy, SessionCancelled)
        self.assertEqual(
            [each.code for each in errors],
            ["not-approved", "no-reader", "no-card-inserted", "page-mistaken", "reader-busy", "session-cancelled"],
        )
