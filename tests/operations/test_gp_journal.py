"""
Tests of L{cardgw.operations.gp_journal}; what it is for is tested with L{cardgw.operations.gp_install}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from cardgw.apdu.memory import MemoryChannel
from cardgw.gp.life_cycle import Kind
from cardgw.gp.registry import Entry
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_install import GpInstall
from cardgw.operations.gp_journal import LoadJournal
from cardgw.testing import FakeSession
from tests.gp.card import CUID, ISD
from tests.operations.gp_card import INFO, GpTestCard, GpTestCase
from tests.operations.test_gp_install import LOADING, ONE

PACKAGE, OTHER = bytes.fromhex("A000000062"), bytes.fromhex("A000000063")


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
        self.assertTrue(self.successResultOf(Deferred.fromCoroutine(journal.begun(PACKAGE))))
        self.successResultOf(Deferred.fromCoroutine(journal.gone(OTHER)))
        self.assertEqual(self.remembered(LOADING), PACKAGE)
        self.successResultOf(Deferred.fromCoroutine(journal.gone(PACKAGE)))
        self.assertEqual(self.memory, {})
        self.successResultOf(Deferred.fromCoroutine(journal.begun(PACKAGE)))
        self.successResultOf(Deferred.fromCoroutine(journal.done()))
        self.assertEqual(self.memory, {})

    def test_nobody(self) -> None:
        """
        Nothing is remembered of nobody, and there is nothing to clean up.
        """
        journal = self.journal("")
        self.assertFalse(self.successResultOf(Deferred.fromCoroutine(journal.begun(PACKAGE))))
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(journal.clean_up())), b"")

    def test_others(self) -> None:
        """
        Nothing but the file that is remembered is deleted.
        """
        self.card.entries += [Entry(Kind.PKG, each, 0x01) for each in (PACKAGE, OTHER)]
        self.memory[CUID, LOADING] = PACKAGE
        self.assertEqual(self.done(cap=ONE)["cleaned_up"], PACKAGE.hex().upper())
        self.assertIn(OTHER, [each.aid for each in self.card.entries])
