"""
Tests of L{cardgw.operations.gp_status}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import OperationRefused, ParameterError, UnexpectedStatus
from cardgw.operations.gp_status import SetGpStatus
from tests.gp.card import CUID, ISD
from tests.operations.gp_card import HEAD, GpOperationTests, GpTestCase

AID = "A000000062"


class SetGpStatusTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.status.set} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = {**HEAD, "state": "lock"}

    def make_operation(self) -> SetGpStatus:
        """
        See L{OperationTestsMixin}.
        """
        return SetGpStatus()


class StatusTests(GpTestCase):
    """
    What C{gp.status.set} sends.
    """

    operation = SetGpStatus

    def sent(self, **parameters: Any) -> str:
        """
        P1, P2 and data of SET STATUS.
        """
        self.done(**parameters)
        (command,) = self.commands(0xF0)
        self.card.plain.clear()
        return bytes((command.p1, command.p2)).hex() + command.data.hex().upper()

    def test_states(self) -> None:
        """
        Of the card, of applications, and of domains with all that is theirs.
        """
        self.assertEqual(self.sent(state="secured"), "800f")
        self.assertEqual(self.sent(state="lock"), "807f")
        self.assertEqual(self.sent(state="unlock"), "800f")
        self.assertEqual(self.sent(state="lock", aid=AID), "4080" + AID)
        self.assertEqual(self.sent(state="unlock", aid=AID, related=True), "6000" + AID)
        self.assertEqual(self.sent(state="selectable", aid=AID), "4007" + AID)
        self.assertEqual(self.sent(state="personalized", aid=AID), "400f" + AID)

    def test_terminate(self) -> None:
        """
        A card is terminated only if that is said twice, and of this card.
        """
        for consent in ({}, {"for_good": True}, {"terminate": CUID}, {"for_good": True, "terminate": "yes"}):
            self.assertRaises(ParameterError, self.start, state="terminate", **consent)
        other = CUID.replace("4790", "4791")
        self.failed(OperationRefused, state="terminate", for_good=True, terminate=other)
        self.assertEqual(self.commands(0xF0), [])
        self.assertEqual(self.sent(state="terminate", for_good=True, terminate=CUID.lower()), "80ff")

    def test_terminateNameless(self) -> None:
        """
        Of a card that does not tell who it is, the AID of its issuer security domain says which is meant; of others it does not.
        """
        consent = {"state": "terminate", "for_good": True, "terminate": ISD.hex()}
        self.failed(OperationRefused, **consent)
        self.card.objects = {}
        self.failed(OperationRefused, **{**consent, "terminate": AID})
        self.assertEqual(self.commands(0xF0), [])
        self.assertEqual(self.sent(**consent), "80ff")

    def test_refused(self) -> None:
        """
        Why a card may refuse.
        """
        self.card.refusing = {0xF080: 0x6985, 0xF040: 0x6A88}
        self.assertIn("only one that is secured can be locked", self.failed(UnexpectedStatus, state="lock"))
        self.assertIn("nothing of this AID", self.failed(UnexpectedStatus, state="lock", aid=AID))

    def test_nonsense(self) -> None:
        """
        Applications are not terminated, and the card has nothing that belongs to it.
        """
        self.assertRaises(ParameterError, self.start, state="secured", aid=AID)
        self.assertRaises(ParameterError, self.start, state="lock", related=True)
        self.assertRaises(ParameterError, self.start, state="personalized")
        self.assertRaises(ParameterError, self.start, state="selectable", aid=AID, related=True)
