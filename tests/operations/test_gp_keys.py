"""
Tests of L{cardgw.operations.gp_keys}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.response import Response
from cardgw.errors import NotSupported, ParameterError
from cardgw.gp.errors import KeyCheckFailed
from cardgw.operations.gp_keys import PutGpKeys
from cardgw.scp.diversification import MasterKeys, diversification
from cardgw.scp.keys import KeySet
from tests.operations.gp_card import HEAD, KEYS, NEXT, GpOperationTests, GpTestCase


class PutGpKeysTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.keys.put} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = {**HEAD, "new": "next"}

    def make_operation(self) -> PutGpKeys:
        """
        See L{OperationTestsMixin}.
        """
        return PutGpKeys()


class Token:
    """
    A key that stays where it is.
    """

    length = block = 16


class PutKeysTests(GpTestCase):
    """
    What C{gp.keys.put} sends.
    """

    operation = PutGpKeys

    def test_put(self) -> None:
        """
        Three keys, which the card decrypts, and whose check values it confirms.
        """
        values = [each.hex().upper() for each in NEXT.check_values()]
        self.assertEqual(self.done(new="next", replaces=48), {"version": 49, "check_values": values})
        (command,) = self.commands(0xD8)
        self.assertEqual((command.p1, command.p2, command.data[0]), (48, 0x81, 49))

    def test_version(self) -> None:
        """
        Another version than that of the settings; one that no card has is refused.
        """
        self.assertEqual(self.done(new="next", version=50)["version"], 50)
        self.key_sets["any"] = KeySet.of_aes(0, bytes(16))
        self.failed(ParameterError, new="any")

    def test_diversified(self) -> None:
        """
        The keys of this card, if each has its own.
        """
        self.key_sets["next"] = MasterKeys(49, KEYS.enc, KEYS.mac, KEYS.dek, diversification("kdf3"))
        expected = self.key_sets["next"].for_card(bytes(10)).check_values()
        self.assertEqual(self.done(new="next")["check_values"], [each.hex().upper() for each in expected])

    def test_other(self) -> None:
        """
        A card that has stored other keys is told from one that has not.
        """
        self.card._put_key = lambda command: Response(b"\x31" + bytes(9), 0x9000)  # type: ignore[method-assign]
        self.failed(KeyCheckFailed, new="next")

    def test_token(self) -> None:
        """
        Keys that do not leave their token are not put anywhere.
        """
        self.key_sets["next"] = KeySet(49, Token(), Token(), Token())  # type: ignore[arg-type]
        self.failed(NotSupported, new="next")

    def test_dryRun(self) -> None:
        """
        Both key sets are shown, by their check values.
        """
        self.assertEqual([each["name"] for each in self.done(new="next", dry_run=True)["keys"]], ["issuer", "next"])
