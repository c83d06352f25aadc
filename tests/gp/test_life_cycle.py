# -*- test-case-name: tests.gp.test_life_cycle -*-
"""
L{cardgw.gp.life_cycle}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.life_cycle import Kind, state_name


class StateNameTests(SynchronousTestCase):
    """
    L{state_name}.
    """

    def test_card(self) -> None:
        """
        States of the card.
        """
        names = [state_name(Kind.ISD, state) for state in (0x01, 0x07, 0x0F, 0x7F, 0xFF, 0x83)]
        self.assertEqual(names, ["OP_READY", "INITIALIZED", "SECURED", "CARD_LOCKED", "TERMINATED", "0x83"])

    def test_domain(self) -> None:
        """
        States of security domains.
        """
        names = [state_name(Kind.SSD, state) for state in (0x03, 0x07, 0x0F, 0x83, 0x87, 0x8F, 0x3F)]
        self.assertEqual(names, ["INSTALLED", "SELECTABLE", "PERSONALIZED", "LOCKED", "LOCKED", "LOCKED", "0x3F"])

    def test_application(self) -> None:
        """
        States of applications; four bits of them are their own.
        """
        names = [state_name(Kind.APP, state) for state in (0x03, 0x07, 0x0F, 0x7F, 0x83, 0xFF, 0x01)]
        self.assertEqual(names, ["INSTALLED", "SELECTABLE", "SELECTABLE", "SELECTABLE", "LOCKED", "LOCKED", "0x01"])

    def test_loadFile(self) -> None:
        """
        States of load files.
        """
        self.assertEqual([state_name(Kind.PKG, state) for state in (0, 1, 0x83)], ["LOGICALLY_DELETED", "LOADED", "0x83"])

    def test_any(self) -> None:
        """
        Any byte has some name.
        """
        self.assertTrue(all(state_name(kind, state) for kind in Kind for state in range(256)))
