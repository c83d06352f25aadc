# -*- test-case-name: tests.transports.pcsc.test_codes -*-
"""
Tests for L{cardgw.transports.pcsc.codes}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.pcsc.codes import GET_FEATURES, Code, State, describe


class CodeTests(SynchronousTestCase):
    """
    Numbers, and their names.
    """

    def test_describe(self) -> None:
        """
        A code has its name, where it has one, and its number.
        """
        self.assertEqual(describe(0x80100069), "SCARD_W_REMOVED_CARD (80100069)")
        self.assertEqual(describe(Code.SCARD_E_TIMEOUT), "SCARD_E_TIMEOUT (8010000A)")
        self.assertEqual(describe(0x8010FFFF), "code of PC/SC (8010FFFF)")

    def test_distinct(self) -> None:
        """
        No two names stand for one number, and all failures are of PC/SC's facility.
        """
        self.assertEqual(len({each.value for each in Code}), len(list(Code)))
        self.assertEqual({each.value >> 16 for each in Code}, {0x0000, 0x8010})

    def test_features(self) -> None:
        """
        The control code as pcsc-lite makes it.
        """
        self.assertEqual(GET_FEATURES, 0x42000D48)

    def test_state(self) -> None:
        """
        The low half of a reader's state is flags; the high one counts.
        """
        self.assertEqual(State(0x00010022 & 0xFFFF), State.PRESENT | State.CHANGED)
