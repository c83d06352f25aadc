# -*- test-case-name: tests.gp.test_set_status -*-
"""
L{cardgw.gp.set_status}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.gp.life_cycle import CardState, DomainState
from cardgw.gp.set_status import lock, set_card_state, set_state, unlock

AID = bytes.fromhex("D0D1D2D3D4D501")


class CardTests(SynchronousTestCase):
    """
    The card.
    """

    def test_states(self) -> None:
        """
        All states but one, without a word.
        """
        states = (CardState.INITIALIZED, CardState.SECURED, CardState.CARD_LOCKED)
        commands = [set_card_state(each).encode().hex() for each in states]
        self.assertEqual(commands, ["80f08007", "80f0800f", "80f0807f"])

    def test_terminated(self) -> None:
        """
        A card is terminated only if that is said twice.
        """
        error = self.assertRaises(ParameterError, set_card_state, CardState.TERMINATED)
        self.assertIn("for good", str(error))
        self.assertEqual(set_card_state(CardState.TERMINATED, for_good=True).encode().hex(), "80f080ff")


class ApplicationTests(SynchronousTestCase):
    """
    Applications and security domains.
    """

    def test_lock(self) -> None:
        """
        Locked and unlocked, alone or with what belongs to it.
        """
        self.assertEqual(lock(AID).encode().hex(), "80f0408007d0d1d2d3d4d501")
        self.assertEqual(unlock(AID).encode().hex(), "80f0400007d0d1d2d3d4d501")
        self.assertEqual(lock(AID, with_applications=True).encode().hex(), "80f0608007d0d1d2d3d4d501")
        self.assertEqual(unlock(AID, with_applications=True).encode().hex(), "80f0600007d0d1d2d3d4d501")

    def test_state(self) -> None:
        """
        States by number.
        """
        self.assertEqual(set_state(AID, DomainState.PERSONALIZED).encode().hex(), "80f0400f07d0d1d2d3d4d501")

    def test_wrong(self) -> None:
        """
        No AID, no state.
        """
        self.assertRaises(ParameterError, lock, b"")
        self.assertRaises(ParameterError, unlock, bytes(17))
        self.assertRaises(ParameterError, set_state, b"", 7)
        self.assertRaises(ParameterError, set_state, AID, 256)
