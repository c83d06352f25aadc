"""
Tests of L{cardgw.operations.gp_journal}; what it is for is tested with L{cardgw.operations.gp_install}.
"""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import Deferred

from cardgw.apdu.memory import MemoryChannel
from cardgw.gp.cap import CapFile
from cardgw.gp.life_cycle import Kind
from cardgw.gp.registry import Entry
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_install import GpInstall
from cardgw.operations.gp_journal import Begun, LoadJournal
from cardgw.testing import FakeSession
from tests.gp.cap_maker import APPLET, make_components, zipped
from tests.gp.card import CUID, ISD
from tests.operations.gp_card import INFO, GpTestCard, GpTestCase
from tests.operations.test_gp_install import LOADING

PACKAGE, OTHER = bytes.fromhex("A000000062"), bytes.fromhex("A000000063")
BEGUN = Begun(Entry(Kind.PKG, PACKAGE, 0x01, version=b"\1\0", modules=(APPLET,)))


class JournalTests(GpTestCase):
    """
    L{LoadJournal}.
    """

    operation = GpInstall

    def journal(self, identity: str = CUID) -> LoadJournal:
        """
        That of a card.
        """
        channel = MemoryChannel(INFO, GpTestCard())
        return LoadJournal(FakeSession(channel, identity=identity, memory=self.memory), Domain(ISD, channel, 0))

    def test_remembered(self) -> None:
        """
        What has begun is remembered until it is done, or gone.
        """
        journal = self.journal()
        self.assertTrue(self.successResultOf(Deferred.fromCoroutine(journal.begun(BEGUN))))
        self.successResultOf(Deferred.fromCoroutine(journal.gone(OTHER)))
        self.assertEqual(self.remembered(LOADING), BEGUN.encode())
        self.successResultOf(Deferred.fromCoroutine(journal.gone(PACKAGE)))
        self.assertEqual(self.memory, {})
        self.successResultOf(Deferred.fromCoroutine(journal.begun(BEGUN)))
        self.successResultOf(Deferred.fromCoroutine(journal.done()))
        self.assertEqual(self.memory, {})

    def test_instances(self) -> None:
        """
        So is what the card was told to install, unless nothing has begun.
        """
        journal = self.journal()
        self.successResultOf(Deferred.fromCoroutine(journal.installing(APPLET)))
        self.assertEqual(self.memory, {})
        self.successResultOf(Deferred.fromCoroutine(journal.begun(BEGUN)))
        for each in (APPLET, OTHER):
            self.successResultOf(Deferred.fromCoroutine(journal.installing(each)))
        self.assertEqual(
            self.successResultOf(Deferred.fromCoroutine(journal.recalled())), evolve(BEGUN, instances=(APPLET, OTHER))
        )

    def test_file(self) -> None:
        """
        Of a CAP file: what the registry will tell of it.
        """
        self.assertEqual(Begun.of(CapFile.decode(zipped(make_components()))).file.modules, (APPLET,))

    def test_nobody(self) -> None:
        """
        Nothing is remembered of nobody.
        """
        journal = self.journal("")
        self.assertFalse(self.successResultOf(Deferred.fromCoroutine(journal.begun(BEGUN))))
        self.assertIsNone(self.successResultOf(Deferred.fromCoroutine(journal.recalled())))
