# -*- test-case-name: tests.scp.test_blocking -*-
"""
L{cardgw.scp.blocking}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.errors import MalformedAnswer, ParameterError, PeerMisbehaved
from cardgw.scp.blocking import SecureConnection, ask, open_scp03
from cardgw.scp.errors import AnswerNotAuthentic, CommandNotProtectable, KeysDiffer, SecureSessionOver
from cardgw.scp.families import YUBIKEY
from cardgw.scp.keys import KeySet
from cardgw.scp.level import LEVELS
from tests.scp.rig import AID, DONE, GET_STATUS, Card, keys_of
from tests.scp.vectors import exchanges, fixed, key_set, vectors

SELECT = Command(0x00, 0xA4, 0x04, 0x00, AID)


class Reader:
    """
    A device, as users of OpenSCP know it.
    """

    def __init__(self, card: Any, *, extended: bool = False) -> None:
        self.card = card
        self.extended = extended
        self.closed = False

    def send_and_receive(self, command: bytes, /) -> bytes:
        """
        See L{cardgw.scp.blocking.Device}.
        """
        answer: bytes = self.card(command)
        return answer

    def is_extended_length_apdu_supported(self) -> bool:
        """
        Likewise.
        """
        return self.extended

    def close_connection(self) -> None:
        """
        Likewise.
        """
        self.closed = True


class BlockingTests(SynchronousTestCase):
    """
    L{open_scp03} and L{SecureConnection}.
    """

    def open(self, card: Card, *, extended: bool = False, **options: Any) -> SecureConnection:
        """
        Open one.
        """
        self.reader = Reader(card, extended=extended)
        return open_scp03(self.reader, keys_of(16), application=AID, **options)

    def test_vectors(self) -> None:
        """
        The published exchanges; this family asks for answers, which the vectors do not.
        """
        for vector in vectors("scp03-openscp"):
            given = list(exchanges(vector))

            def card(octets: bytes, given: Any = given) -> bytes:
                expected, answer = given.pop(0)
                self.assertEqual(Command.decode(octets).data, Command.decode(expected).data)
                return bytes(answer)

            entropy = fixed(bytes.fromhex(vector["host_challenge"]))
            keys, mac_length = key_set(vector), int(vector["mode"][1:])
            connection = open_scp03(Reader(card), keys, entropy=entropy, mac_length=mac_length, verify_challenge=False)
            for command, response in zip(vector["plain_commands"], vector["plain_responses"], strict=True):
                self.assertEqual(connection.send_and_receive(bytes.fromhex(command)).hex(), response + "9000")

    def test_levels(self) -> None:
        """
        All levels, in bytes and in values.
        """
        for level in LEVELS:
            connection = self.open(Card(), level=level)
            self.assertEqual((connection.level, connection.over), (level, ""))
            self.assertEqual(connection.exchange(GET_STATUS), Response(GET_STATUS.data, 0x9000))
            self.assertEqual(connection.send_and_receive(GET_STATUS.encode()), GET_STATUS.data + b"\x90\x00")
        self.assertEqual((connection.most_data, connection.dek.kcv()), (239, keys_of(16).dek.kcv()))
        self.assertRaises(ParameterError, connection.send_and_receive, b"abc")
        self.assertEqual(connection.over, "")

    def test_errors(self) -> None:
        """
        An error status is an answer, not an exception.
        """
        card = Card()
        card.reply = lambda _: Response(b"", 0x6A88)
        self.assertEqual(self.open(card).send_and_receive(GET_STATUS.encode()), b"\x6a\x88")

    def test_long(self) -> None:
        """
        Extended where the device says so, cut where not and the family knows how.
        """
        command = Command(0x80, 0xE2, 0x80, 0x00, bytes(600))
        card = Card()
        self.open(card, extended=True).exchange(command)
        self.assertEqual((card.plain[0].data, len(card.sent)), (command.data, 3))
        card = Card(family=YUBIKEY, chained=True)
        self.open(card, family=YUBIKEY).exchange(command)
        self.assertEqual((card.plain[0].data, len(card.sent)), (command.data, 5))
        connection = self.open(Card())
        self.assertRaises(CommandNotProtectable, connection.exchange, command)
        self.assertEqual(connection.over, "")

    def test_cutRefused(self) -> None:
        """
        A segment that the card does not take ends the session.
        """
        connection = self.open(Card(family=YUBIKEY), family=YUBIKEY)
        answer = connection.exchange(Command(0x80, 0xE2, 0x80, 0x00, bytes(600)))
        self.assertEqual((answer.status, connection.over), (0x6982, "the card did not take a command that was cut"))

    def test_cutAnswered(self) -> None:
        """
        Data in the answer to a segment do not make it the answer to a command that the card does not have.
        """
        for level in (0x01, 0x33):
            card = Card(family=YUBIKEY)
            connection = self.open(card, level=level, family=YUBIKEY)
            self.reader.card = lambda _: b"\xaa\x90\x00"
            command = Command(0x80, 0xE2, 0x80, 0x00, bytes(600))
            self.assertRaises(AnswerNotAuthentic, connection.exchange, command)
            self.assertNotEqual(connection.over, "")

    def test_more(self) -> None:
        """
        GET RESPONSE is sent as needed, and its own wrong length made good.
        """
        given = [b"ab\x61\x02", b"\x6c\x03", b"cde\x90\x00"]
        sent = []

        def card(octets: bytes) -> bytes:
            sent.append(octets.hex())
            return given.pop(0)

        self.assertEqual(ask(Reader(card), evolve(GET_STATUS, cla=0x84)), Response(b"abcde", 0x9000))
        self.assertEqual(sent[1:], ["80c0000002", "80c0000003"])
        self.assertRaises(PeerMisbehaved, ask, Reader(lambda _: b"a\x61\x01"), GET_STATUS)
        self.assertRaises(MalformedAnswer, ask, Reader(lambda _: b"\x90"), GET_STATUS)

    def test_otherKeys(self) -> None:
        """
        With other keys there is no connection.
        """
        self.assertRaises(KeysDiffer, open_scp03, Reader(Card(0x60)), KeySet.of_aes(0x30, bytes(16)))

    def test_changed(self) -> None:
        """
        A changed answer ends it.
        """
        card = Card()
        connection = self.open(card)
        self.reader.card = lambda octets: b"\x00" + card(octets)[1:]
        self.assertRaises(AnswerNotAuthentic, connection.exchange, GET_STATUS)
        self.assertRaises(SecureSessionOver, connection.exchange, GET_STATUS)

    def test_lost(self) -> None:
        """
        So does a lost one; nothing is sent again.
        """
        connection = self.open(Card())
        sent = []

        def lose(octets: bytes) -> bytes:
            sent.append(octets)
            raise OSError("gone")

        self.reader.card = lose
        self.assertRaises(OSError, connection.exchange, GET_STATUS)
        self.assertRaises(SecureSessionOver, connection.exchange, GET_STATUS)
        self.assertEqual((len(sent), connection.over), (1, "an answer was lost"))

    def test_select(self) -> None:
        """
        SELECT goes as it is, and ends it.
        """
        card = Card()
        connection = self.open(card)
        self.assertEqual((connection.exchange(SELECT), card.sent[-1]), (DONE, SELECT))
        self.assertRaises(SecureSessionOver, connection.exchange, GET_STATUS)

    def test_close(self) -> None:
        """
        It is a device itself.
        """
        connection = self.open(Card(), extended=True)
        self.assertTrue(connection.is_extended_length_apdu_supported())
        connection.close_connection()
        self.assertTrue(self.reader.closed)
        self.assertRaises(SecureSessionOver, connection.exchange, GET_STATUS)
