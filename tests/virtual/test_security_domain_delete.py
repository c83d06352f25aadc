# -*- test-case-name: tests.virtual.test_security_domain_delete -*-
"""
Tests for L{cardgw.virtual.security_domain_delete}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.gp.delete import Delete, delete
from cardgw.virtual.security_domain_values import DOMAIN_FILE
from tests.gp.cap_maker import PACKAGE
from tests.virtual.security_domain_rig import INSTANCE, Administrator, make_card


class DeleteTests(SynchronousTestCase):
    """
    DELETE.
    """

    def setUp(self) -> None:
        """
        A card with a package on it.
        """
        self.admin = Administrator(make_card())
        self.assertEqual(set(self.admin.load()), {0x9000})

    def test_one(self) -> None:
        """
        An application; then the load file, which nothing depends on any more.
        """
        self.assertEqual(self.admin.install(), 0x9000)
        for aid in (INSTANCE, PACKAGE):
            self.assertEqual(self.admin.status(delete(aid)), 0x9000)
            self.assertEqual(self.admin.status(delete(aid)), 0x6A88)

    def test_stays(self) -> None:
        """
        The issuer security domain, what came from the factory, and what is selected somewhere.
        """
        self.assertEqual(self.admin.status(delete(self.admin.card.aid, related=True)), 0x6985)
        self.assertEqual(self.admin.status(delete(DOMAIN_FILE, related=True)), 0x6985)
        self.assertEqual(self.admin.install(), 0x9000)
        self.admin.card(bytes.fromhex("00700001"))
        self.admin.card(bytes((0x01, 0xA4, 0x04, 0x00, len(INSTANCE))) + INSTANCE)
        self.assertEqual(self.admin.status(delete(PACKAGE, related=True)), 0x6985)
        self.admin.card(bytes.fromhex("00708001"))
        self.assertEqual(self.admin.status(delete(PACKAGE, related=True)), 0x9000)

    def test_refused(self) -> None:
        """
        More than one at a time, nothing, and parameters that there are not.
        """
        self.assertEqual(self.admin.status(Delete((INSTANCE, PACKAGE)).command()), 0x6A80)
        self.assertEqual(self.admin.status(Command(0x80, 0xE4, 0x00, 0x00, b"\x9e\x00")), 0x6A80)
        self.assertEqual(self.admin.status(Command(0x80, 0xE4, 0x00, 0x01, b"\x4f\x05abcde")), 0x6A86)

    def test_nobody(self) -> None:
        """
        Without a session nothing is deleted, installed, stored or told.
        """
        card = make_card()
        for head in ("80E40000", "80E60C00", "80E88000", "80D80081", "80E29000", "80F08007", "80F28002"):
            whole = bytes.fromhex(head) + b"\x02\x4f\x00"
            self.assertIn(card(whole).hex().upper(), ("6982", "6A80"), head)
        self.assertEqual(card(bytes.fromhex("80E6020008") + bytes.fromhex("05A0000000620000")), bytes.fromhex("6A80"))
