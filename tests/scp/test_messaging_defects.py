# -*- test-case-name: tests.scp.test_messaging_defects -*-
"""
What other programs get wrong in secure messaging, and L{cardgw.scp} must not.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.errors import AnswerNotAuthentic
from cardgw.scp.kdf import session_keys
from cardgw.scp.level import LEVELS, Level
from cardgw.scp.messaging import SecureMessaging
from cardgw.scp.scp03 import scp03
from tests.scp.rig import AID, DONE, GET_STATUS, Card, both, fresh_keys, keys_of, run

R_LEVELS = (Level(0x11), Level(0x13), Level(0x33))


class HostTests(SynchronousTestCase):
    """
    Of hosts.
    """

    def test_bareSuccess(self) -> None:
        """
        A success or a warning without a MAC, or with too short a one, is not believed; nothing is read before its beginning.
        """
        for level in R_LEVELS:
            for size in (8, 16):
                for status in (0x9000, 0x6200, 0x6282, 0x6300, 0x6310, 0x63C1):
                    for length in (0, 1, size - 1):
                        session = SecureMessaging(fresh_keys(), level, mac_length=size)
                        session.wrap(GET_STATUS)
                        answer = Response(bytes(length), status)
                        self.assertRaises(AnswerNotAuthentic, session.unwrap, GET_STATUS, answer)
                        self.assertTrue(session.over)

    def test_longKeys(self) -> None:
        """
        Session keys are as long as the static ones.
        """
        for size in (16, 24, 32):
            found = session_keys(keys_of(size), bytes(16))
            self.assertEqual({len(found.s_enc), len(found.s_mac), len(found.s_rmac)}, {size})
        one, other = (session_keys(keys_of(size), bytes(16)) for size in (16, 32))
        self.assertNotEqual(one.s_enc, other.s_enc[:16])

    def test_errorStatus(self) -> None:
        """
        An error is told with its status, and the session goes on.
        """
        for level in LEVELS:
            session, card = both(level)
            for status in (0x6A88, 0x6985, 0x6700, 0x6D00):
                card.unwrap(session.wrap(GET_STATUS))
                self.assertEqual(session.unwrap(GET_STATUS, card.wrap(Response(b"", status))), Response(b"", status))
            card.unwrap(session.wrap(GET_STATUS))
            self.assertEqual(session.unwrap(GET_STATUS, card.wrap(DONE)), DONE)

    def test_errorWithData(self) -> None:
        """
        What comes with an error is not protected, so it is left out, even where it looks like a MAC.
        """
        session, card = both()
        card.unwrap(session.wrap(GET_STATUS))
        answer = session.unwrap(GET_STATUS, Response(bytes(8), 0x6A80))
        self.assertEqual((answer, session.over), (Response(b"", 0x6A80), ""))

    def test_nothingEncrypted(self) -> None:
        """
        At level 33 an answer without data is its MAC alone.
        """
        session, card = both()
        card.unwrap(session.wrap(GET_STATUS))
        self.assertEqual(session.unwrap(GET_STATUS, card.wrap(DONE)), DONE)

    def test_interindustry(self) -> None:
        """
        Commands of class 00 are protected as well.
        """
        session, card = both()
        command = Command(0x00, 0xCA, 0x00, 0x66, expected=256)
        wrapped = session.wrap(command)
        self.assertEqual((wrapped.cla, len(wrapped.data)), (0x04, 8))
        self.assertEqual(card.unwrap(wrapped), command)

    def test_channelKept(self) -> None:
        """
        The logical channel is sent.
        """
        session, _ = both()
        self.assertEqual(session.wrap(Command(0x82, 0xF2)).cla, 0x86)
        self.assertEqual(session.wrap(Command(0xCF, 0xF2)).cla, 0xEF)

    def test_channelSigned(self) -> None:
        """
        It is not in the MAC.
        """
        one, other = (both(Level.C_MAC)[0].wrap(Command(cla, 0xF2)).data for cla in (0x80, 0x83))
        self.assertEqual(one, other)

    def test_chainKept(self) -> None:
        """
        The MAC of an answer does not go into the chain; with MACs of 8 bytes, all 16 of a command's do.
        """
        first, card = both(Level(0x11))
        second, _ = both(Level(0x11))
        card.unwrap(first.wrap(GET_STATUS))
        first.unwrap(GET_STATUS, card.wrap(Response(b"abc", 0x9000)))
        second.wrap(GET_STATUS)
        self.assertEqual(first.wrap(GET_STATUS), second.wrap(GET_STATUS))


class CardTests(SynchronousTestCase):
    """
    Of cards that are programs.
    """

    def opened(self, level: int, i: int = 0x70) -> tuple[Card, SecureMessaging]:
        """
        A card and a session.
        """
        card = Card(i)
        session = run(scp03(keys_of(16), level, application=AID), card.answer)
        assert isinstance(session, SecureMessaging)
        return card, session

    def test_levels(self) -> None:
        """
        What was negotiated is what is done, at every level.
        """
        for level in LEVELS:
            card, session = self.opened(level)
            answer = card.answer(session.wrap(GET_STATUS))
            self.assertEqual(card.plain[-1], GET_STATUS)
            expected = 2 if not level & Level.R_MAC else 24 if level & Level.R_ENCRYPTION else 10
            self.assertEqual(len(answer.data), expected)
            self.assertEqual(session.unwrap(GET_STATUS, answer).data, GET_STATUS.data)

    def test_macWithoutData(self) -> None:
        """
        An answer without data has a MAC, without encryption, too.
        """
        for level in R_LEVELS:
            card, session = self.opened(level)
            card.reply = lambda _: DONE
            self.assertEqual(len(card.answer(session.wrap(GET_STATUS)).data), 8)

    def test_bareErrors(self) -> None:
        """
        An error has neither MAC nor data.
        """
        card, session = self.opened(0x33)
        card.reply = lambda _: Response(b"abc", 0x6A80)
        self.assertEqual(card.answer(session.wrap(GET_STATUS)), Response(b"", 0x6A80))

    def test_counter(self) -> None:
        """
        Where i says so, the answer to INITIALIZE UPDATE ends with the counter, which goes up.
        """
        card = Card(0x70)
        for expected in (1, 2, 3):
            answer = card.answer(Command(0x80, 0x50, 0x30, 0, bytes(8), 256))
            self.assertEqual((len(answer.data), answer.data[-3:]), (32, expected.to_bytes(3, "big")))

    def test_again(self) -> None:
        """
        A session with protected answers may be followed by another, at any level.
        """
        card = Card()
        for level in (0x33, 0x01, 0x11, 0x33, 0x00):
            session = run(scp03(keys_of(16), level, application=AID), card.answer)
            self.assertEqual(session.unwrap(GET_STATUS, card.answer(session.wrap(GET_STATUS))).data, GET_STATUS.data)
