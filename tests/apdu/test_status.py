# -*- test-case-name: tests.apdu.test_status -*-
"""
Tests for L{cardgw.apdu.status}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.status import describe, name


class StatusTests(SynchronousTestCase):
    """
    L{name} and L{describe}.
    """

    def test_names(self) -> None:
        """
        Known words have their name, others that of their family.
        """
        for status, expected in (
            (0x9000, "success"),
            (0x6A82, "file or application not found"),
            (0x6A8F, "wrong parameters"),
            (0x63C2, "verification failed, 2 tries left"),
            (0x63C0, "verification failed, 0 tries left"),
            (0x612C, "44 more bytes available"),
            (0x6100, "256 more bytes available"),
            (0x6C00, "wrong Le, 256 bytes available"),
            (0x910B, "success, a proactive command of 11 bytes is pending"),
            (0x1234, "unknown status"),
        ):
            self.assertEqual(name(status), expected)

    def test_describe(self) -> None:
        """
        The number is always there, four digits long.
        """
        self.assertEqual(describe(0x6985), "6985 (conditions of use not satisfied)")
        self.assertEqual(describe(0x0001), "0001 (unknown status)")

    @given(st.integers(0, 0xFFFF))
    def test_all(self, status: int) -> None:
        """
        Every status word has some name in one line.
        """
        text = name(status)
        self.assertTrue(text)
        self.assertEqual(len(text.splitlines()), 1)
        self.assertNotIn("{", text)
