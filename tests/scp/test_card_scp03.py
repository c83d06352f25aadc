# -*- test-case-name: tests.scp.test_card_scp03 -*-
"""
L{cardgw.scp.card_scp03}, mostly by what it refuses.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.errors import HostRefused
from cardgw.scp.level import Level
from cardgw.scp.messaging import SecureMessaging, begin_r_mac, end_r_mac
from cardgw.scp.scp03 import scp03
from tests.scp.rig import AID, DONE, GET_STATUS, Card, keys_of, run

INITIALIZE = Command(0x80, 0x50, 0x30, 0x00, bytes(8), 256)


class HandshakeTests(SynchronousTestCase):
    """
    INITIALIZE UPDATE and EXTERNAL AUTHENTICATE.
    """

    def refused(self, card: Card, command: Command, status: int) -> None:
        """
        The status of an answer.
        """
        self.assertEqual(card.answer(command), Response(b"", status))

    def authenticate(self, card: Card) -> Command:
        """
        The right EXTERNAL AUTHENTICATE, which has not been sent.
        """
        handshake = scp03(keys_of(16), application=AID)
        return handshake.send(card.answer(next(handshake)))

    def test_initialize(self) -> None:
        """
        Keys that are not there, another P2, another length.
        """
        self.refused(Card(), evolve(INITIALIZE, p1=0x31), 0x6A88)
        self.refused(Card(), evolve(INITIALIZE, p2=0x01), 0x6A86)
        for data in (b"", bytes(7), bytes(16)):
            self.refused(Card(), evolve(INITIALIZE, data=data), 0x6700)

    def test_counter(self) -> None:
        """
        At its end the counter stays there; a random challenge has none.
        """
        counters = {0x30: 0xFFFFFE}
        card = Card(counters=counters)
        self.assertEqual(card.answer(INITIALIZE).status, 0x9000)
        self.refused(card, INITIALIZE, 0x6985)
        self.assertEqual(counters, {0x30: 0xFFFFFF})
        self.assertEqual(len(Card(0x60).answer(INITIALIZE).data), 29)

    def test_authenticate(self) -> None:
        """
        It comes directly after INITIALIZE UPDATE, once, with a right MAC, cryptogram and level.
        """
        for change, status in (
            ({"p1": 0x02}, 0x6A86),
            ({"p1": 0x30}, 0x6A86),
            ({"p2": 0x01}, 0x6A86),
            ({"cla": 0x80}, 0x6982),
            ({"data": bytes(16)}, 0x6988),
            ({"cla": 0x85}, 0x6300),
        ):
            card = Card()
            right = self.authenticate(card)
            self.refused(card, evolve(right, **change), status)
            self.assertIsNone(card.scp.messaging)
            self.refused(card, right, 0x6985)
        card = Card()
        right = self.authenticate(card)
        card.answer(GET_STATUS)
        self.refused(card, right, 0x6985)

    def test_tampered(self) -> None:
        """
        A level that was changed on the way is found by the MAC.
        """
        card = Card()
        self.assertRaises(HostRefused, run, scp03(keys_of(16), application=AID), self.tampering(card))
        self.assertIsNone(card.scp.messaging)

    def tampering(self, card: Card) -> Callable[[Command], Response]:
        """
        Somebody between host and card.
        """

        def answer(command: Command) -> Response:
            return card.answer(evolve(command, p1=0x00) if command.ins == 0x82 else command)

        return answer

    def test_plain(self) -> None:
        """
        Without a session commands go as they are, and protected ones are refused.
        """
        card = Card()
        self.assertEqual(card.answer(GET_STATUS), Response(GET_STATUS.data, 0x9000))
        self.refused(card, Command(0x84, 0xF2, data=bytes(8)), 0x6985)


class SessionTests(SynchronousTestCase):
    """
    A session, and its end.
    """

    def opened(self, card: Card, level: int = 0x33, number: int = 0) -> SecureMessaging:
        """
        Authenticate.
        """
        session = run(scp03(keys_of(16), level, application=AID, number=number), card.answer)
        assert isinstance(session, SecureMessaging)
        return session

    def test_aborted(self) -> None:
        """
        A plain command aborts it; SELECT, or INITIALIZE UPDATE, makes that good.
        """
        card = Card()
        session = self.opened(card)
        self.assertEqual(card.answer(GET_STATUS).status, 0x6982)
        self.assertEqual(card.answer(session.wrap(GET_STATUS)).status, 0x6982)
        card.answer(Command(0x00, 0xA4, 0x04, 0x00, AID))
        self.assertEqual(card.answer(GET_STATUS).status, 0x9000)
        session = self.opened(card)
        card.answer(GET_STATUS)
        session = self.opened(card)
        self.assertEqual(len(card.answer(session.wrap(GET_STATUS)).data), 24)

    def test_initialized(self) -> None:
        """
        INITIALIZE UPDATE ends it, also where it fails.
        """
        card = Card()
        session = self.opened(card)
        card.answer(evolve(INITIALIZE, p1=0x31))
        self.assertEqual(card.answer(session.wrap(GET_STATUS)).status, 0x6985)

    def test_channels(self) -> None:
        """
        It is on one logical channel: commands on others are not protected, and do not disturb it.
        """
        card = Card()
        session = self.opened(card, number=5)
        self.assertEqual(card.answer(GET_STATUS).data, GET_STATUS.data)
        wrapped = session.wrap(evolve(GET_STATUS, cla=0xC1))
        self.assertEqual(card.answer(evolve(wrapped, cla=0xE0)).status, 0x6985)
        self.assertEqual(len(card.answer(wrapped).data), 24)

    def test_rMacSession(self) -> None:
        """
        BEGIN and END are the card's own business; what it cannot do it refuses, and goes on.
        """
        for i, level, kind, status in (
            (0x70, 0x03, 0x30, 0x9000),
            (0x70, 0x01, 0x10, 0x9000),
            (0x70, 0x01, 0x30, 0x6985),
            (0x30, 0x03, 0x30, 0x6985),
            (0x30, 0x03, 0x10, 0x9000),
            (0x10, 0x03, 0x10, 0x6985),
            (0x70, 0x33, 0x30, 0x6985),
        ):
            card = Card(i)
            session = self.opened(card, level)
            for command, expected in (
                (begin_r_mac(Level(kind)), status),
                (GET_STATUS, 0x9000),
                (end_r_mac(), status),
                (GET_STATUS, 0x9000),
            ):
                answer = session.unwrap(command, card.answer(session.wrap(command)))
                self.assertEqual(answer.status, expected)
            self.assertEqual((card.plain, session.level), ([GET_STATUS, GET_STATUS], level))

    def test_refusals(self) -> None:
        """
        The card's own refusals are not protected.
        """
        card = Card()
        card.reply = lambda _: DONE
        session = self.opened(card)
        wrapped = session.wrap(GET_STATUS)
        self.assertEqual(card.answer(evolve(wrapped, p1=0)), Response(b"", 0x6988))
