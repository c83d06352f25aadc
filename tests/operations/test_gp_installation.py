"""
Tests of L{cardgw.operations.gp_installation}, with the whole software card.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import ChannelError, ParameterError
from cardgw.gp.errors import TooManyBlocks
from cardgw.gp.life_cycle import Kind
from cardgw.gp.privileges import Privilege
from cardgw.operations.gp_install import GpInstall
from cardgw.operations.gp_install_errors import AlreadyOnCard, InstallRefused, NotOnCard
from cardgw.operations.gp_installation import NAMELESS
from cardgw.operations.gp_journal import Begun
from cardgw.virtual.security_domain_options import JCOP
from cardgw.virtual.security_domain_values import DOMAIN_FILE, DOMAIN_MODULE
from tests.gp.cap_maker import APPLET, PACKAGE, make_components, zipped
from tests.operations.gp_card import INFO
from tests.operations.gp_virtual import EXTENDED, Cut, VirtualTestCase
from tests.virtual.security_domain_rig import make_card

SECOND = bytes.fromhex("A000000062030102")
CAP = zipped(make_components((APPLET, SECOND), code=900)).hex()
SMALL = zipped(make_components()).hex()
INSTANCE = "A00000006203010199"
ALL = [each.hex().upper() for each in (PACKAGE, APPLET, SECOND)]
LEAVING = evolve(JCOP, leaves_partial=True, version=0x30)


class SequenceTests(VirtualTestCase):
    """
    What is done, in which order.
    """

    operation = GpInstall

    def entry(self, aid: str) -> Privilege:
        """
        The privileges of what has this AID.
        """
        return next(each.privileges for each in self.virtual.entries if each.aid.hex().upper() == aid)

    def test_whole(self) -> None:
        """
        All of it; the result tells how much was sent.
        """
        found = self.done(cap=CAP, load_code=1000, volatile=100)
        self.assertEqual((self.there(), found["installed"], found["left"], found["receipts"]), (ALL, ALL[1:], "", []))
        self.assertEqual((found["blocks"], found["warnings"]), (5, []))

    def test_pieces(self) -> None:
        """
        Loaded, installed and made selectable in three runs, as the default.
        """
        self.done(cap=SMALL, load_only=True)
        self.assertEqual(self.there(), ALL[:1])
        found = self.done(package=ALL[0], applet=ALL[1], instance=INSTANCE, selectable=False)
        self.assertEqual((found["installed"], found["blocks"]), ([INSTANCE], 0))
        self.assertEqual(self.virtual.entries[-1].state, 0x03)
        self.assertEqual(self.done(make_selectable=True, instance=INSTANCE, default=True)["installed"], [INSTANCE])
        self.assertEqual((self.virtual.entries[-1].state, self.entry(INSTANCE)), (0x07, Privilege.CardReset))
        self.assertEqual(self.memory, {})

    def test_notThere(self) -> None:
        """
        What is not there is not installed from, nor made selectable.
        """
        self.failed(NotOnCard, package=ALL[0], applet=ALL[1])
        self.failed(NotOnCard, make_selectable=True, instance=INSTANCE)

    def test_forDomain(self) -> None:
        """
        The load file can belong to another security domain.
        """
        domain = "A0000001510001"
        self.done(package=DOMAIN_FILE.hex(), applet=DOMAIN_MODULE.hex(), instance=domain, privileges=["SecurityDomain"])
        self.done(cap=SMALL, load_only=True, for_domain=domain)
        self.assertEqual(self.virtual.entries[-1].domain.hex().upper(), domain)

    def test_already(self) -> None:
        """
        What is there already is not loaded; also if only an instance is there, which would be found out too late.
        """
        self.done(cap=SMALL, instance=INSTANCE)
        self.assertIn(f"{ALL[0]}, {INSTANCE}. Give replace", self.failed(AlreadyOnCard, cap=SMALL, instance=INSTANCE))
        self.done(cap=SMALL, replace=True, load_only=True)
        self.done(package=ALL[0], applet=ALL[1])
        self.failed(AlreadyOnCard, package=ALL[0], applet=ALL[1])
        self.assertEqual(self.memory, {})

    def test_replaced(self) -> None:
        """
        The old load file goes with its applications, and so does an instance of another one.
        """
        self.done(cap=SMALL, instance=INSTANCE)
        self.assertEqual(self.done(cap=CAP, replace=True)["deleted"], ALL[:1])
        self.assertEqual(self.there(), ALL)
        domain = "A0000001510001"
        self.done(package=DOMAIN_FILE.hex(), applet=DOMAIN_MODULE.hex(), instance=domain, privileges=["SecurityDomain"])
        found = self.done(cap=SMALL, replace=True, instance=domain)
        self.assertEqual(found["deleted"], [ALL[0], domain])
        self.assertEqual([each.kind for each in self.virtual.entries[2:]], [Kind.PKG, Kind.APP])

    def test_combined(self) -> None:
        """
        Loaded, installed and made selectable as one: of one applet, and without tokens.
        """
        told = self.done(cap=SMALL, combined=True, dry_run=True)["commands"]
        self.assertEqual((told[0][:8], told[-1][:8]), ("80E60E01", "80E60E03"))
        self.assertEqual(self.done(cap=SMALL, combined=True, default=True)["installed"], [ALL[1]])
        self.assertEqual((self.there(), self.entry(ALL[1]), self.memory), (ALL[:2], Privilege.CardReset, {}))
        library = zipped(make_components(())).hex()
        for cap in (CAP, library):
            self.failed(ParameterError, cap=cap, combined=True, replace=True)
        self.assertEqual(self.there(), ALL[:2])
        for more in ({"load_only": True}, {"selectable": False}, {"tokens": ["01"]}):
            self.assertRaises(ParameterError, self.start, cap=SMALL, combined=True, **more)

    def test_lacking(self) -> None:
        """
        What can never be loaded replaces nothing: it needs a package that the card does not have.
        """
        self.done(cap=SMALL)
        wanting = zipped(make_components(imports=(bytes.fromhex("A00000009901"),))).hex()
        self.assertIn("A00000009901 1.3 that the card does not list", self.failed(NotOnCard, cap=wanting, replace=True))
        self.assertEqual(self.there(), ALL[:2])

    def test_refusedInstall(self) -> None:
        """
        When the applet is not installed, the file is there, and remembered; the next run begins anew.
        """
        self.failed(InstallRefused, cap=SMALL, privileges=["SecurityDomain"])
        (result,) = self.session.results
        self.assertEqual((self.there(), result["left"], result["installed"]), (ALL[:1], ALL[0], []))
        self.assertEqual(self.done(cap=SMALL)["cleaned_up"], ALL[0])
        self.assertEqual(self.there(), ALL[:2])

    def test_cleanedBeforeInstall(self) -> None:
        """
        What was half loaded is not installed from.
        """
        self.virtual = make_card(LEAVING)
        self.failureResultOf(self.start(Cut(self.virtual, 16, done=True), cap=CAP), ChannelError)
        self.assertIn("It was half loaded", self.failed(NotOnCard, package=ALL[0], applet=ALL[1]))

    def test_nameless(self) -> None:
        """
        A card that does not tell who it is: whoever loads it is warned.
        """
        self.virtual = make_card(cplc=b"", iin=b"", cin=b"")
        found = self.done(cap=SMALL)
        self.assertEqual((found["journalled"], found["warnings"]), (False, [NAMELESS]))


class BreakTests(VirtualTestCase):
    """
    The card is lost in between.
    """

    operation = GpInstall

    def cut(self, *, done: bool, leaving: bool) -> None:
        """
        With each command of a whole run the card is lost once; the run after that sets it right.
        """
        for after in range(100):
            self.virtual = make_card(LEAVING) if leaving else make_card()
            self.memory.clear()
            running = self.start(Cut(self.virtual, after, done=done), cap=CAP)
            if self.is_done(running):
                self.assertGreater(after, 10)
                return
            done_by_then = self.there() == ALL and not self.memory
            self.done(cap=CAP, replace=done_by_then)
            self.assertEqual((self.there(), self.memory), (ALL, {}), after)
        self.fail("it has no end")

    def is_done(self, running: Deferred[dict[str, Any]]) -> bool:
        """
        Whether a run was not disturbed any more before its end.
        """
        outcome: list[object] = []
        running.addBoth(outcome.append)
        if isinstance(outcome[0], Failure):
            self.assertIsNotNone(outcome[0].check(ChannelError))
            return False
        self.assertEqual((self.there(), self.memory), (ALL, {}))
        return True

    def test_commandLost(self) -> None:
        """
        The card has not got the command.
        """
        self.cut(done=False, leaving=False)

    def test_answerLost(self) -> None:
        """
        The card has carried it out.
        """
        self.cut(done=True, leaving=False)

    def test_partLeft(self) -> None:
        """
        The same with cards that keep what was loaded in part.
        """
        self.cut(done=True, leaving=True)

    def test_cutAgain(self) -> None:
        """
        The card is lost again while it is set right.
        """
        for after in range(100):
            self.virtual = make_card(LEAVING)
            self.memory.clear()
            self.failureResultOf(self.start(Cut(self.virtual, 16, done=True), cap=CAP), ChannelError)
            if self.is_done(self.start(Cut(self.virtual, after, done=True), cap=CAP)):
                self.assertGreater(after, 10)
                return
            self.done(cap=CAP, replace=self.there() == ALL and not self.memory)
            self.assertEqual((self.there(), self.memory), (ALL, {}), after)

    def test_cancelled(self) -> None:
        """
        Whoever cancels in the midst of loading is told what is left; it is remembered.
        """
        clock = Clock()
        operation = self.operation()
        self.virtual = make_card(LEAVING)
        running = self.start(cap=SMALL)
        self.successResultOf(running)
        self.virtual = make_card(LEAVING)
        self.memory.clear()
        self.make_channel = lambda card: MemoryChannel(INFO, card, clock=clock, delay=1.0)  # type: ignore[method-assign]
        running = self.start(cap=CAP)
        while not self.session.percents or self.session.percents[-1] < 40:
            clock.advance(1.0)
        running.cancel()
        clock.pump([1.0] * 20)
        self.failureResultOf(running, CancelledError, ChannelError)
        (result,) = self.session.results
        self.assertEqual((result["left"], result["installed"], result["blocks"]), (ALL[0], [], 2))
        self.assertEqual([Begun.decode(each).file.aid for each in self.memory.values()], [PACKAGE])
        self.assertEqual(operation.name, "gp.install")


class BlockTests(VirtualTestCase):
    """
    How much of the file goes into one LOAD.
    """

    operation = GpInstall

    def blocks(self, **parameters: object) -> int:
        """
        In how many blocks a file is loaded.
        """
        found: int = self.done(cap=CAP, replace=True, **parameters)["blocks"]
        return found

    def test_level(self) -> None:
        """
        As much as the level lets through.
        """
        self.assertEqual((self.blocks(), self.blocks(level="01", block_size=100), self.blocks(level="01")), (5, 11, 5))

    def test_card(self) -> None:
        """
        No more than the card says that it takes.
        """
        self.virtual = make_card(block=128)
        self.assertEqual(self.blocks(), 10)

    def test_extended(self) -> None:
        """
        Extended length where the connection has it and the card takes more than short commands have, unless it is not wanted.
        """
        self.info = EXTENDED
        self.virtual = make_card(block=2048, extended=True)
        self.assertEqual((self.blocks(), self.blocks(extended="no"), self.blocks(extended="yes")), (1, 5, 1))
        self.virtual = make_card(extended=True)
        self.assertEqual((self.blocks(), self.blocks(extended="yes")), (5, 5))
        self.assertEqual(self.blocks(block_size=200), 6)

    def test_tooLarge(self) -> None:
        """
        Blocks are never cut; a connection without extended length has none of that, whoever wants it.
        """
        for wrong in ({"block_size": 240}, {"extended": "yes"}):
            self.assertIn(next(iter(wrong)), self.failed(ParameterError, cap=CAP, **wrong))
        self.info = EXTENDED
        self.failed(ParameterError, cap=CAP, block_size=240, extended="no")
        self.done(cap=SMALL)
        self.failed(TooManyBlocks, cap=CAP, block_size=1, replace=True)
        self.assertEqual(self.there(), ALL[:2])
        self.assertEqual(self.done(cap=CAP, replace=True)["cleaned_up"], "")
