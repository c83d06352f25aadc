"""
Tests of L{cardgw.operations.gp_delete}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.response import Response
from cardgw.errors import ParameterError, SecretError, UnexpectedStatus
from cardgw.gp.delegated import deleted, token_input
from cardgw.gp.delete import Delete
from cardgw.gp.life_cycle import Kind
from cardgw.gp.registry import Entry
from cardgw.operations.gp_delete import DeleteGpKeys, GpDelete
from cardgw.operations.gp_journal import Begun
from tests.operations.gp_card import HEAD, NEXT, GpOperationTests, GpTestCase
from tests.operations.test_gp_delegated import receipt

AID = "A000000062"


class DeleteGpKeysTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.keys.delete} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = {**HEAD, "version": 49}

    def make_operation(self) -> DeleteGpKeys:
        """
        See L{OperationTestsMixin}.
        """
        return DeleteGpKeys()


class DeleteTests(GpTestCase):
    """
    C{gp.delete}.
    """

    operation = GpDelete

    def test_deleted(self) -> None:
        """
        What is deleted is gone, and what it says is told; what is remembered of a load that broke off is forgotten with it.
        """
        self.card.entries.append(Entry(Kind.PKG, bytes.fromhex(AID), 0x01))
        place = ("cuid:4790503278900612AB34", "gp.loading:A000000151000000")
        self.memory[place] = Begun(self.card.entries[-1]).encode()
        expected = {"deleted": AID, "confirmation": "00", "receipts": [], "warnings": []}
        self.assertEqual(self.done(aid=AID, related=True), expected)
        ((command,), left) = self.commands(0xE4), len(self.card.entries)
        self.assertEqual((command.p2, left, self.memory), (0x80, 1, {}))

    def test_delegated(self) -> None:
        """
        The command has its token, and the answer a receipt, which is checked.
        """
        answer = receipt(deleted(bytes.fromhex(AID)), NEXT)
        self.card._delete = lambda command: Response(answer, 0x9000)  # type: ignore[method-assign]
        found = self.done(aid=AID, token="next", receipts="next")
        self.assertEqual((found["receipts"][0]["verified"], found["confirmation"]), (True, answer.hex().upper()))
        token = NEXT.mac.cmac(token_input(Delete((bytes.fromhex(AID),))))
        self.assertTrue(self.commands(0xE4)[0].data.endswith(b"\x9e\x10" + token))
        self.assertFalse(self.done(aid=AID, receipts="issuer")["receipts"][0]["verified"])
        self.failed(ParameterError, aid=AID, tokens=["01", "02"])
        self.assertEqual(len(self.done(aid=AID, token="next", dry_run=True)["keys"]), 2)

    def test_refused(self) -> None:
        """
        What is not there cannot be deleted.
        """
        self.assertIn(f"DELETE of {AID}: 6A88", told := self.failed(UnexpectedStatus, aid=AID))
        self.assertIn("The card has nothing of this AID", told)
        self.assertIn("expected an AID", self.assertRaises(ParameterError, self.start, aid="").detail)

    def test_keySets(self) -> None:
        """
        What is not among the settings is found out before the card is asked anything.
        """
        for name in ("token", "receipts"):
            self.failed(SecretError, aid=AID, **{name: "nobody"})
        self.assertEqual(self.card.sent, 0)


class DeleteKeysTests(GpTestCase):
    """
    What C{gp.keys.delete} sends.
    """

    operation = DeleteGpKeys

    def test_keys(self) -> None:
        """
        Version, identifier, or both; not neither.
        """
        self.assertEqual(self.done(version=49, identifier=1), {"version": 49, "identifier": 1})
        self.assertEqual(self.commands(0xE4)[0].data.hex(), "d00101d20131")
        self.assertRaises(ParameterError, self.start)
