# -*- test-case-name: tests.virtual.test_euicc_isdr -*-
"""
Tests for L{cardgw.virtual.euicc_isdr}.
"""

from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.euicc_options import Faults, Options
from tests.virtual.bpp import cut, flip
from tests.virtual.rig import Rig


class IsdrTests(SynchronousTestCase):
    """
    What is not about one function.
    """

    def test_unknown(self) -> None:
        """
        A function that the eUICC does not have: 6A88.
        """
        self.assertEqual("6A88", Rig.make().ask("BF4200"))

    def test_malformed(self) -> None:
        """
        What is not one whole data object: 6A80.
        """
        rig = Rig.make()
        for request in ("BF", "BF2E", "BF2E01", "BF2E0000", "BF2E01FF", "1F"):
            self.assertEqual("6A80", rig.ask(request))

    def test_status(self) -> None:
        """
        A broken card answers one function with any status word.
        """
        rig = Rig.make(Options(faults=Faults(status={0xBF20: 0x6F00, 0xBF36: 0x6581})))
        self.assertEqual("6F00", rig.ask("BF2000"))
        self.assertEqual("BF2802A000", rig.ask("BF2800"))
        rig.prepare()
        rig.send(cut(rig.package().build())[0])
        self.assertEqual(0x6581, rig.sw)

    def test_flip(self) -> None:
        """
        A broken card gives an answer with one wrong bit.
        """
        rig, bad = Rig.make(), Rig.make(Options(faults=Faults(flip={0xBF20: 7})))
        self.assertEqual(flip(rig.send(bytes.fromhex("BF2000")), 0), bad.send(bytes.fromhex("BF2000")))

    def test_functionLookalike(self) -> None:
        """
        Where a package may be cut anywhere, a segment that begins like a request for a function is still a segment.
        """
        rig = Rig.make(Options(strict_segments=False))
        rig.prepare()
        whole = rig.package().build()
        rig.load([whole[:200]])
        self.assertEqual((b"", 0x9000), (rig.send(whole[200:220]), rig.sw))
        answer = rig.send(bytes.fromhex("BF2E55"))
        self.assertEqual(0x9000, rig.sw)
        self.assertNotEqual(b"\xbf\x2e", answer[:2])
