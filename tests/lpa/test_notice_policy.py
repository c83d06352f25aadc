# -*- test-case-name: tests.lpa.test_notice_policy -*-
"""
L{cardgw.lpa.notice_policy}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.fields import build
from cardgw.lpa.notice_policy import KEEP, LEAVE, REMOVE, NoticePolicy


class NoticePolicyTests(SynchronousTestCase):
    """
    What becomes of notifications.
    """

    def test_defaults(self) -> None:
        """
        All are sent and removed; those of deletions stay on the card, too.
        """
        policy = NoticePolicy()
        found = [policy.of(frozenset({event})) for event in ("install", "enable", "disable", "delete")]
        self.assertEqual(found, [REMOVE, REMOVE, REMOVE, KEEP])

    def test_unknown(self) -> None:
        """
        What nobody knows is left alone.
        """
        self.assertEqual(NoticePolicy().of(frozenset()), LEAVE)
        self.assertEqual(NoticePolicy().of(frozenset({"rpmEnable"})), LEAVE)

    def test_setting(self) -> None:
        """
        Each kind can be set; a word that is none is told.
        """
        policy = build(NoticePolicy, {"install": "leave"}, "[x]")
        self.assertEqual(policy.of(frozenset({"install"})), LEAVE)
        self.assertRaises(SettingsError, build, NoticePolicy, {"install": "burn"}, "[x]")
