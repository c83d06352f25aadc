# -*- test-case-name: tests.virtual.test_security_domain_status -*-
"""
Tests for L{cardgw.virtual.security_domain_status}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.gp.get_status import FORMS, get_status
from cardgw.gp.life_cycle import CardState
from cardgw.gp.registry import Scope, parse_entries
from cardgw.gp.set_status import lock, set_card_state, set_state, unlock
from tests.gp.cap_maker import PACKAGE
from tests.virtual.security_domain_rig import INSTANCE, LEGACY, Administrator, make_card

STATES = CardState


class GetStatusTests(SynchronousTestCase):
    """
    GET STATUS.
    """

    def many(self, **changes: Any) -> Administrator:
        """
        A card with ten applications.
        """
        admin = Administrator(make_card(**changes))
        admin.load()
        for number in range(10):
            self.assertEqual(admin.install(INSTANCE + bytes((number,))), 0x9000)
        return admin

    def test_paging(self) -> None:
        """
        What does not fit follows, as often as needed, with any size of answers.
        """
        for entries in (1, 60, 223):
            admin = self.many(entries=entries)
            self.assertEqual(admin.status(get_status(Scope.APPLICATIONS)), 0x6310)
            self.assertEqual(len(admin.list()), 10)

    def test_following(self) -> None:
        """
        The next ones are there only after the ones before, of the same question.
        """
        admin = self.many(entries=60)
        following = get_status(Scope.APPLICATIONS, following=True)
        self.assertEqual(admin.status(following), 0x6985)
        admin.status(get_status(Scope.APPLICATIONS))
        self.assertEqual(admin.status(get_status(Scope.APPLICATIONS, aid=INSTANCE, following=True)), 0x6985)
        self.assertEqual(admin.status(following), 0x6985)

    def test_criteria(self) -> None:
        """
        By the beginning of an AID; those tags that are wanted; nothing found has a status of its own.
        """
        admin = self.many()
        self.assertEqual([each.aid for each in admin.list(aid=INSTANCE + b"\x03")], [INSTANCE + b"\x03"])
        self.assertEqual(admin.status(get_status(Scope.APPLICATIONS, aid=PACKAGE + b"\x09")), 0x6A88)
        answer = admin.send(Command(0x80, 0xF2, 0x40, 0x02, bytes.fromhex("4F005C034F9F70"), 256))
        self.assertEqual(parse_entries(answer.data, Scope.APPLICATIONS)[0].domain, b"")
        self.assertEqual(admin.status(get_status(Scope.LOAD_FILES, FORMS[0])), 0x9000)

    def test_refused(self) -> None:
        """
        Parameters that there are not, and data without an AID.
        """
        admin = Administrator(make_card())
        for head, data, status in (
            ((0x80, 0xF2, 0x81, 0x02), b"\x4f\x00", 0x6A86),
            ((0x80, 0xF2, 0x80, 0x04), b"\x4f\x00", 0x6A86),
            ((0x80, 0xF2, 0x80, 0x02), b"", 0x6A80),
            ((0x80, 0xF2, 0x80, 0x02), b"\x5c\x01\x4f", 0x6A80),
            ((0x80, 0xF2, 0x80, 0x02), b"\x4f\x05a", 0x6A80),
        ):
            self.assertEqual(admin.status(Command(*head, data, 256)), status)

    def test_records(self) -> None:
        """
        Older cards know records alone.
        """
        admin = Administrator(make_card(LEGACY), 0x03)
        self.assertEqual(admin.status(get_status(Scope.ISD)), 0x6A86)
        admin.load()
        for scope in (Scope.ISD, Scope.LOAD_FILES, Scope.LOAD_FILES_AND_MODULES):
            answer = admin.send(get_status(scope, FORMS[2]))
            self.assertEqual(answer.status, 0x9000)
            found = parse_entries(answer.data, scope)
        self.assertEqual((found[1].aid, len(found[1].modules)), (PACKAGE, 1))


class SetStatusTests(SynchronousTestCase):
    """
    SET STATUS.
    """

    def setUp(self) -> None:
        """
        A card with an application.
        """
        self.admin = Administrator(make_card())
        self.admin.load()
        self.admin.install()

    def test_card(self) -> None:
        """
        One step after another, never back; but a lock can be opened.
        """
        for state, status in (
            (STATES.SECURED, 0x6985),
            (STATES.INITIALIZED, 0x9000),
            (STATES.OP_READY, 0x6985),
            (STATES.CARD_LOCKED, 0x6985),
            (STATES.SECURED, 0x9000),
            (STATES.CARD_LOCKED, 0x9000),
            (STATES.INITIALIZED, 0x6985),
            (STATES.SECURED, 0x9000),
        ):
            self.assertEqual(self.admin.status(set_card_state(state)), status, state)
        self.assertEqual(self.admin.status(Command(0x80, 0xF0, 0x80, 0x02)), 0x6A80)
        self.assertEqual(self.admin.status(Command(0x80, 0xF0, 0x20, 0x07)), 0x6A86)

    def test_cardLocked(self) -> None:
        """
        Nothing but its issuer security domain is selected, which says so; nothing is loaded.
        """
        for state in (STATES.INITIALIZED, STATES.SECURED, STATES.CARD_LOCKED):
            self.admin.status(set_card_state(state))
        self.assertEqual(self.admin.card(bytes.fromhex("00A4040000"))[-2:], bytes.fromhex("6283"))
        select = bytes((0x00, 0xA4, 0x04, 0x00, len(INSTANCE))) + INSTANCE
        self.assertEqual(self.admin.card(select), bytes.fromhex("6A82"))
        admin = Administrator(self.admin.card)
        self.assertEqual(admin.load(), [0x6985])
        self.assertEqual(admin.put(0x31, bytes(16))[1].status, 0x6985)
        self.assertEqual(admin.status(set_card_state(STATES.SECURED)), 0x9000)

    def test_terminated(self) -> None:
        """
        For good: it tells its data, and nothing else.
        """
        self.assertEqual(self.admin.status(set_card_state(STATES.TERMINATED, for_good=True)), 0x9000)
        self.assertEqual(self.admin.status(set_card_state(STATES.SECURED)), 0x6985)
        self.admin.card.reset()
        self.assertEqual(self.admin.card(bytes.fromhex("00A4040000")), bytes.fromhex("6985"))
        self.assertEqual(self.admin.card(bytes.fromhex("8050000008") + bytes(8)), bytes.fromhex("6985"))
        self.assertEqual(self.admin.card(bytes.fromhex("80CA006600"))[-2:], bytes.fromhex("9000"))

    def test_lock(self) -> None:
        """
        What is locked cannot be selected, and gets its state back.
        """
        self.assertEqual(self.admin.status(unlock(INSTANCE)), 0x6985)
        self.assertEqual(self.admin.status(lock(INSTANCE)), 0x9000)
        self.assertEqual(self.admin.status(lock(INSTANCE)), 0x6985)
        self.assertEqual(self.admin.list()[0].state_name, "LOCKED")
        self.assertEqual(self.admin.status(unlock(INSTANCE)), 0x9000)
        self.assertEqual(self.admin.list()[0].state_name, "SELECTABLE")

    def test_others(self) -> None:
        """
        A load file has no states to set, and those of an application are its own.
        """
        self.assertEqual(self.admin.status(lock(PACKAGE)), 0x6985)
        self.assertEqual(self.admin.status(lock(INSTANCE + b"x")), 0x6A88)
        self.assertEqual(self.admin.status(set_state(INSTANCE, 0x0F)), 0x6985)
        self.assertEqual(self.admin.status(lock(INSTANCE, with_applications=True)), 0x6985)
