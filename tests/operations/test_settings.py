# -*- test-case-name: tests.operations.test_settings -*-
"""
L{cardgw.operations.settings}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.fields import build
from cardgw.operations.settings import NoticeSettings, segment_size
from cardgw.quirks import Quirks
from cardgw.testing import FakeSession


class SettingsTests(SynchronousTestCase):
    """
    What operations on eUICCs share.
    """

    def test_segmentSize(self) -> None:
        """
        What is odd about a card counts more than the settings.
        """
        settings = build(NoticeSettings, {"segment-size": 120, "notifications": {"delete": "leave"}}, "[x]")
        self.assertEqual(segment_size(FakeSession(settings=settings)), 120)
        self.assertEqual(segment_size(FakeSession(settings=settings, quirks=Quirks(segment_size=63))), 63)
        self.assertEqual(settings.notifications.delete, "leave")
