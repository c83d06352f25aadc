"""
Tests of L{cardgw.operations.gp_leftover}, with the whole software card.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve

from cardgw.errors import ChannelError, ParameterError
from cardgw.gp.life_cycle import Kind
from cardgw.gp.registry import Entry
from cardgw.gp.registry_tree import Registry
from cardgw.operations.gp_install import GpInstall
from cardgw.operations.gp_install_errors import AlreadyOnCard, InstallRefused, LeftBehind
from cardgw.operations.gp_journal import Begun
from cardgw.operations.gp_leftover import Leftover
from cardgw.operations.gp_present import Present
from cardgw.virtual.security_domain_options import JCOP
from tests.gp.cap_maker import APPLET, PACKAGE, make_components, zipped
from tests.operations.gp_virtual import Cut, VirtualTestCase
from tests.operations.test_gp_signing import P256, pair
from tests.virtual.security_domain_rig import make_card

SECOND = bytes.fromhex("A000000062030102")
ANOTHER, ITS_APPLET = bytes.fromhex("A0000000620302"), bytes.fromhex("A000000062030201")
CAP = zipped(make_components(code=900)).hex()
OF_TWO = zipped(make_components((APPLET, SECOND))).hex()
NEWER = zipped(make_components(major=2)).hex()
OTHER = zipped(make_components((ITS_APPLET,), aid=ANOTHER)).hex()
NAME, APPLET_NAME, OTHER_NAME, INSTANCE = PACKAGE.hex().upper(), APPLET.hex().upper(), ANOTHER.hex().upper(), "A00000006203010199"
OTHERS = [OTHER_NAME, ITS_APPLET.hex().upper()]
LEAVING = evolve(JCOP, leaves_partial=True, version=0x30)


class LeftoverTests(VirtualTestCase):
    """
    A load that broke off, and what happened to the card before the next one.
    """

    operation = GpInstall

    def half(self) -> None:
        """
        A load breaks off in its midst.
        """
        self.virtual = make_card(LEAVING)
        self.failureResultOf(self.start(Cut(self.virtual, 16, done=True), cap=CAP), ChannelError)
        self.virtual.reset()
        self.assertEqual(self.there(), [NAME])

    def whole(self) -> None:
        """
        A file is loaded, and its applet not installed.
        """
        self.failed(InstallRefused, cap=CAP, privileges=["SecurityDomain"])
        self.assertEqual(self.there(), [NAME])

    def meanwhile(self, **parameters: Any) -> None:
        """
        Somebody else installs something, of which this gateway does not know.
        """
        kept, self.memory = self.memory, {}
        self.done(**parameters)
        self.memory = kept

    def refused(self, why: str, **parameters: Any) -> None:
        """
        The next run deletes nothing, and says why; what is remembered stays so.
        """
        before = self.there()
        told = self.failed(LeftBehind, **parameters)
        self.assertIn(f"{NAME} is of a run that did not come to its end", told)
        self.assertIn(why, told)
        self.assertEqual((self.there(), len(self.memory)), (before, 1))

    def test_halfForAnother(self) -> None:
        """
        What is there in part is deleted before another package is loaded; the result warns.
        """
        self.half()
        found = self.done(cap=OTHER)
        self.assertEqual((found["cleaned_up"], self.there(), self.memory), (NAME, OTHERS, {}))
        self.assertEqual(found["warnings"], [f"{NAME}, which a run before had left, was deleted."])

    def test_wholeForAnother(self) -> None:
        """
        What is there whole is not: whoever wants another package says what becomes of it.
        """
        self.whole()
        self.refused("it is there whole", cap=OTHER)
        self.assertEqual((self.done(cap=OTHER, left="keep")["cleaned_up"], self.there(), self.memory), ("", [NAME, *OTHERS], {}))

    def test_wholeKept(self) -> None:
        """
        What is kept can be installed from.
        """
        self.whole()
        self.refused("it is there whole", package=NAME, applet=APPLET_NAME)
        self.done(package=NAME, applet=APPLET_NAME, left="keep")
        self.assertEqual((self.there(), self.memory), ([NAME, APPLET_NAME], {}))
        self.failed(AlreadyOnCard, cap=CAP, left="keep")

    def test_deleted(self) -> None:
        """
        Or it is deleted, whatever it is; also if it is not there any more.
        """
        self.whole()
        self.assertEqual((self.done(cap=OTHER, left="delete")["cleaned_up"], self.there()), (NAME, OTHERS))
        self.half()
        self.virtual = make_card(LEAVING)
        self.assertEqual((self.done(cap=CAP, left="delete")["cleaned_up"], self.memory), ("", {}))

    def test_othersFile(self) -> None:
        """
        What somebody else has loaded under that AID in the meantime is not deleted: of another version, or with other applets.
        """
        for cap, why in ((NEWER, "another version"), (OF_TWO, "other applets in it")):
            self.memory.clear()
            self.half()
            self.meanwhile(cap=cap, replace=True, load_only=True)
            self.refused(why, cap=CAP)
            self.refused(why, cap=CAP, replace=True)
            self.assertEqual(self.done(cap=CAP, left="delete")["cleaned_up"], NAME)

    def test_othersInstance(self) -> None:
        """
        Nor is the same file, if something was installed from it that the run before had not come to.
        """
        self.half()
        self.meanwhile(cap=CAP, replace=True)
        self.refused(f"{APPLET_NAME} was installed from it", cap=CAP)
        self.memory.clear()
        self.virtual = make_card(LEAVING)
        self.whole()
        self.meanwhile(package=NAME, applet=APPLET_NAME, instance=INSTANCE)
        self.refused(f"{INSTANCE} was installed from it", cap=CAP)

    def test_token(self) -> None:
        """
        Where each DELETE takes a token, this one has its own; ready tokens were not made for it.
        """
        self.half()
        self.key_sets["signer"] = pair(P256)
        self.failed(ParameterError, cap=CAP, tokens=["00" * 64] * 2)
        self.assertEqual(self.there(), [NAME])


class RegistryTests(VirtualTestCase):
    """
    Cards that tell less.
    """

    BEGUN = Begun(Entry(Kind.PKG, PACKAGE, 1, version=b"\1\0", modules=(APPLET,)))

    def check(self, *entries: Entry, loading: bytes = ANOTHER, library: bool = False) -> bool:
        """
        What is said of a registry.
        """
        begun = Begun(evolve(self.BEGUN.file, modules=())) if library else self.BEGUN
        return Leftover(begun, Present(Registry(entries))).check(loading)

    def test_nothing(self) -> None:
        """
        A card that tells nothing may have something of use.
        """
        with self.assertRaises(LeftBehind):
            Leftover(self.BEGUN, Present(None)).check(PACKAGE)

    def test_modules(self) -> None:
        """
        A card that does not tell of applets in load files has a whole one where it tells a version; so is a library.
        """
        found, other = Entry(Kind.PKG, PACKAGE, 1, version=b"\1\0"), Entry(Kind.PKG, ANOTHER, 1, modules=(ITS_APPLET,))
        self.assertRaises(LeftBehind, self.check, found)
        self.assertTrue(self.check(found, other))
        self.assertTrue(self.check(found, loading=PACKAGE))
        self.assertRaises(LeftBehind, self.check, found, other, library=True)

    def test_part(self) -> None:
        """
        What is there in part may have no version, or zeros.
        """
        for version in (b"", b"\0\0"):
            self.assertTrue(self.check(Entry(Kind.PKG, PACKAGE, 1, version=version)))
        self.assertFalse(self.check())
