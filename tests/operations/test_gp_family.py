"""
Tests of L{cardgw.operations.gp_family}.
"""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.card_data import Cplc
from cardgw.operations.gp_family import Signs, historical_bytes, recognise
from tests.gp.card import CPLC, ISD, gp_atr

YUBIKEY = bytes.fromhex("3BFD1300008131FE158073C021C057597562694B657940")
YUBIKEY_NFC = bytes.fromhex("3B8D80018073C021C057597562694B6579F9")
JCOP = bytes.fromhex("3BF81300008131FE454A434F5076323431B7")
VISA = bytes.fromhex("A000000003000000")
ISD_R = bytes.fromhex("A0000005591010FFFFFFFF8900000100")
NXP = Cplc.decode(CPLC)


class FamilyTests(SynchronousTestCase):
    """
    L{recognise}.
    """

    def family(self, atr: bytes = gp_atr(3), cplc: Cplc | None = None, aid: bytes = ISD, *protocols: int) -> str:
        """
        The name of it.
        """
        return recognise(Signs(historical_bytes(atr), cplc, aid, frozenset(protocols))).name

    def test_atr(self) -> None:
        """
        By the answer to reset, with contacts and without.
        """
        found = [self.family(atr) for atr in (YUBIKEY, YUBIKEY_NFC, JCOP, gp_atr(3))]
        self.assertEqual(found, ["yubikey", "yubikey", "jcop", "strict"])

    def test_cplc(self) -> None:
        """
        By the maker of the chip, with one of some systems.
        """
        self.assertEqual(self.family(cplc=NXP), "jcop")
        for name in ("os_id", "ic_fabricator"):
            self.assertEqual(self.family(cplc=evolve(NXP, **{name: b"\0\0"})), "strict")

    def test_domain(self) -> None:
        """
        By the AID of the security domain: the ISD-R, and that of Visa where the card does not tell more.
        """
        self.assertEqual(self.family(gp_atr(3), None, ISD_R, 3), "euicc")
        self.assertEqual(self.family(gp_atr(3), None, VISA), "legacy")
        self.assertEqual(self.family(gp_atr(3), None, VISA, 3), "strict")

    def test_protocols(self) -> None:
        """
        A card that has nothing newer than SCP02 is an old one.
        """
        self.assertEqual(self.family(gp_atr(3), None, ISD, 2), "legacy")
        self.assertEqual(self.family(gp_atr(3), None, ISD, 1, 2), "legacy")
        self.assertEqual(self.family(gp_atr(3), None, ISD, 2, 3), "strict")
        self.assertEqual(self.family(gp_atr(3), NXP, ISD, 2), "jcop")

    def test_noAtr(self) -> None:
        """
        An answer to reset that is missing or is none says nothing.
        """
        self.assertEqual([historical_bytes(None), historical_bytes(b"\x00")], [b"", b""])
