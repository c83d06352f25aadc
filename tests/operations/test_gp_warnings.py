"""
Tests of L{cardgw.operations.gp_warnings}.
"""

from __future__ import annotations

from attrs import frozen
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SecretError
from cardgw.operations.gp_info import GpRegistry
from cardgw.operations.gp_warnings import warnings_of
from cardgw.scp.diversification import MasterKeys, diversification
from cardgw.scp.errors import KeysDiffer
from cardgw.scp.keys import AesKey, KeySet
from tests.gp.card import CUID
from tests.operations.gp_card import GpTestCase

TRIAL, OTHER = bytes(range(0x40, 0x50)), bytes(16)


@frozen
class Unwilling:
    """
    A key that tells nothing.
    """

    def kcv(self) -> bytes:
        """
        See L{cardgw.scp.keys.StaticKey}.
        """
        raise SecretError("no")


@frozen
class UnwillingSet:
    """
    With such a key.
    """

    enc: Unwilling = Unwilling()


class WarningsTests(SynchronousTestCase):
    """
    L{warnings_of}.
    """

    def told(self, keys: object = None, failed: int = 0, identity: str = CUID) -> list[str]:
        """
        What is warned of.
        """
        return warnings_of(keys, "mine", identity, failed)

    def test_nothing(self) -> None:
        """
        Keys of one's own, for a card that is known: nothing to warn of.
        """
        for keys in (KeySet.of_aes(1, OTHER), KeySet.of_des(1, OTHER), object(), UnwillingSet()):
            self.assertEqual(self.told(keys), [])

    def test_trial(self) -> None:
        """
        The keys that everybody knows are recognised, for AES and triple DES, also as master keys.
        """
        way = diversification("emv")
        assert way is not None
        for keys in (KeySet.of_aes(1, TRIAL), KeySet.of_des(1, TRIAL), MasterKeys.of(1, AesKey(TRIAL), way)):
            (told,) = self.told(keys)
            self.assertTrue(told.startswith("the keys mine are those that cards for trial"), told)

    def test_failed(self) -> None:
        """
        How often it has failed is told.
        """
        self.assertTrue(self.told(failed=1)[0].startswith("authentication with mine has failed once before"))
        self.assertTrue(self.told(failed=2)[0].startswith("authentication with mine has failed twice before"))

    def test_unknown(self) -> None:
        """
        A card may not tell who it is.
        """
        self.assertTrue(self.told(identity="")[0].startswith("the card does not tell who it is"))


class StageTests(GpTestCase):
    """
    Warnings come before the card is authenticated to.
    """

    operation = GpRegistry

    def test_stage(self) -> None:
        """
        They are a fact of the stage, where there are any.
        """
        self.failed(KeysDiffer, keys="wrong")
        self.failed(KeysDiffer, keys="wrong")
        before = self.session.stages
        self.done()
        (wrong,) = [facts for name, facts in before if name == "gp_authenticate"]
        self.assertTrue(wrong["warnings"][0].startswith("authentication with wrong has failed once before"))
        self.assertEqual(next(facts for name, facts in self.session.stages if name == "gp_authenticate")["keys"], "issuer")
