# -*- test-case-name: tests.scp.test_scp02 -*-
"""
L{cardgw.scp.scp02}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.errors import MalformedAnswer, ParameterError, UnexpectedStatus
from cardgw.scp.card_scp02 import CardScp02
from cardgw.scp.errors import ChallengeDiffers, HostRefused, KeysDiffer, LevelNotPossible, SecureSessionOver, WrongProtocol
from cardgw.scp.families import STRICT, LePolicy
from cardgw.scp.keys import KeySet
from cardgw.scp.scp02 import Scp02Offer, scp02
from tests.scp.rig import GET_STATUS
from tests.scp.scp02_rig import AID, DONE, KEYS, Card, exchange, open_session
from tests.scp.vectors import fixed, frozen

LEVELS = (0x00, 0x01, 0x03, 0x11, 0x13)


class VectorTests(SynchronousTestCase):
    """
    Exchanges that are frozen, byte by byte.
    """

    def setUp(self) -> None:
        """
        Levels 01, 03, 11 and 13, in the forms that differ.
        """
        self.vectors = frozen("scp02")

    def keys(self, vector: dict[str, Any]) -> KeySet:
        """
        Those of a vector.
        """
        known = {name: bytes.fromhex(vector[f"key_{name}"]) for name in ("enc", "mac", "dek")}
        return KeySet.of_des(int(vector["kvn"], 16), **known)

    def exchanges(self, vector: dict[str, Any]) -> list[list[str]]:
        """
        Plain command, protected command, protected answer and plain answer of each.
        """
        names = ("plain_commands", "wrapped_commands", "wrapped_responses", "plain_responses")
        return [list(each) for each in zip(*(vector[name] for name in names), strict=True)]

    def test_host(self) -> None:
        """
        What the host sends, and how it understands the card: commands of all cases, answers with data, warnings and errors.
        """
        for vector in self.vectors:
            handshake = scp02(
                self.keys(vector),
                int(vector["security_level"], 16),
                implementation=int(vector["implementation"], 16),
                application=bytes.fromhex(vector["aid"]),
                entropy=fixed(bytes.fromhex(vector["host_challenge"])),
                family=evolve(STRICT, le=LePolicy.AS_GIVEN),
            )
            self.assertEqual(next(handshake).encode().hex(), f"8050{vector['kvn']}0008{vector['host_challenge']}00")
            command = handshake.send(Response.decode(bytes.fromhex(vector["initialize_update"])))
            self.assertEqual(command.encode().hex(), vector["external_authenticate"])
            session = self.assertRaises(StopIteration, handshake.send, DONE).value
            for plain, wrapped, answer, found in self.exchanges(vector):
                sent = Command.decode(bytes.fromhex(plain))
                self.assertEqual(session.wrap(sent).encode().hex(), wrapped)
                self.assertEqual(session.unwrap(sent, Response.decode(bytes.fromhex(answer))).encode().hex(), found)

    def test_card(self) -> None:
        """
        What the card makes of it, and answers.
        """
        for vector in self.vectors:
            card = CardScp02(
                {int(vector["kvn"], 16): self.keys(vector)},
                application=bytes.fromhex(vector["aid"]),
                entropy=fixed(bytes.fromhex(vector["card_challenge"])),
                implementation=int(vector["implementation"], 16),
                counters={int(vector["kvn"], 16): int(vector["sequence_counter"], 16)},
            )
            offer = card.take(Command.decode(bytes.fromhex(f"8050{vector['kvn']}0008{vector['host_challenge']}00")))
            self.assertEqual(offer.encode().hex(), vector["initialize_update"])
            self.assertEqual(card.take(Command.decode(bytes.fromhex(vector["external_authenticate"]))), DONE)
            for plain, wrapped, answer, found in self.exchanges(vector):
                taken = card.take(Command.decode(bytes.fromhex(wrapped)))
                assert isinstance(taken, Command)
                self.assertEqual((taken.encode()[:4].hex(), taken.data), (plain[:8], Command.decode(bytes.fromhex(plain)).data))
                self.assertEqual(card.answer(Response.decode(bytes.fromhex(found))).encode().hex(), answer)


class HandshakeTests(SynchronousTestCase):
    """
    Against the card's side.
    """

    def test_levels(self) -> None:
        """
        All levels, in all forms that have them, on any logical channel.
        """
        for implementation in (0x05, 0x15, 0x17, 0x35, 0x55, 0x75):
            for level in LEVELS if implementation & 0x20 else LEVELS[:3]:
                for number in (0, 3, 4, 19):
                    card = Card(implementation)
                    session = open_session(card, level, implementation, number=number)
                    self.assertEqual(session.level, level)
                    cla = 0x80 | number if number < 4 else 0xC0 | (number - 4)
                    self.assertEqual(exchange(session, card, evolve(GET_STATUS, cla=cla)).data, GET_STATUS.data)

    def test_impossible(self) -> None:
        """
        Levels that SCP02 does not have, or the card, are refused before anything is sent.
        """
        for level, implementation in ((0x33, 0x75), (0x10, 0x75), (0x11, 0x55), (0x01, 0x1A)):
            self.assertRaises(LevelNotPossible, next, scp02(KEYS, level, implementation=implementation))

    def test_otherKeys(self) -> None:
        """
        A card with other keys cannot show that it has ours, and gets nothing from the host.
        """
        card = Card(keys={0x20: KeySet.of_des(0x20, bytes(range(16)))})
        problem = self.assertRaises(KeysDiffer, open_session, card, 3, verify_challenge=False)
        self.assertIn("Do not try again", str(problem))
        self.assertEqual(len(card.sent), 1)

    def test_tampered(self) -> None:
        """
        Any bit that is changed in what the card says counts, but in the key diversification data, which nothing protects.
        """
        offer = Card(0x15).answer(next(scp02(KEYS, entropy=fixed(bytes(8))))).data
        for at in range(11, 28):
            wrong = offer[:at] + bytes((offer[at] ^ 1,)) + offer[at + 1 :]
            handshake = scp02(KEYS, entropy=fixed(bytes(8)))
            next(handshake)
            self.assertRaises((KeysDiffer, WrongProtocol)[at == 11], handshake.send, Response(wrong, 0x9000))

    def test_pseudoRandom(self) -> None:
        """
        A challenge that does not follow from keys, counter and AID is fatal; without an AID it cannot be verified, unless that
        is not wanted.
        """
        self.assertRaises(ChallengeDiffers, open_session, Card(0x15), 3, 0x55)
        self.assertRaises(ChallengeDiffers, open_session, Card(), 3, application=AID[:-1])
        self.assertRaises(ParameterError, open_session, Card(), 3, application=None)
        open_session(Card(), 3, application=None, verify_challenge=False)
        open_session(Card(0x15), 3, 0x15, application=None)

    def test_aesKeys(self) -> None:
        """
        Keys of another kind are refused.
        """
        self.assertRaises(ParameterError, open_session, Card(), 3, keys=KeySet.of_aes(0x20, bytes(16)))

    def test_otherVersion(self) -> None:
        """
        A card that takes other keys than were asked for is not gone on with.
        """
        card = Card()
        handshake = scp02(KeySet(0x21, KEYS.enc, KEYS.mac, KEYS.dek))
        offer = card.answer(evolve(next(handshake), p1=0x20))
        self.assertRaises(KeysDiffer, handshake.send, offer)

    def test_anyVersion(self) -> None:
        """
        Version 0 asks for whichever comes first.
        """
        open_session(Card(), 3, keys=KeySet(0, KEYS.enc, KEYS.mac, KEYS.dek))

    def test_refused(self) -> None:
        """
        The card's refusal is an error with a warning, and leaves no session; so is every other status than 9000.
        """
        for status in (0x6300, 0x6982, 0x6A88):
            card = Card()
            handshake = scp02(KEYS, implementation=0x55, application=AID)
            handshake.send(card.answer(next(handshake)))
            problem = self.assertRaises(HostRefused, handshake.send, Response(b"", status))
            self.assertIn("Do not try again", str(problem))

    def test_noKeys(self) -> None:
        """
        A card that does not know this version.
        """
        self.assertRaises(UnexpectedStatus, open_session, Card(keys={}), 3)

    def test_dek(self) -> None:
        """
        What wraps keys is the session's, and each session has another.
        """
        card = Card()
        first, second = open_session(card, 3).dek.encrypt(bytes(16)), open_session(card, 3).dek.encrypt(bytes(16))
        self.assertNotEqual(first, second)

    def test_ended(self) -> None:
        """
        A session that is over refuses everything.
        """
        session = open_session(Card(), 3)
        session.end("enough")
        session.end("again")
        self.assertEqual(session.over, "enough")
        self.assertRaises(SecureSessionOver, session.wrap, GET_STATUS)
        self.assertRaises(SecureSessionOver, session.unwrap, GET_STATUS, DONE)
        self.assertRaises(SecureSessionOver, lambda: session.dek)


class OfferTests(SynchronousTestCase):
    """
    The answer to INITIALIZE UPDATE.
    """

    def test_read(self) -> None:
        """
        Its parts.
        """
        octets = bytes(range(10)) + b"\x20\x02\x00\x07" + b"chllng" + b"crypto!!"
        found = Scp02Offer.decode(octets)
        self.assertEqual(
            (found.version, found.counter, found.challenge, found.cryptogram), (0x20, b"\0\7", b"chllng", b"crypto!!")
        )

    def test_wrong(self) -> None:
        """
        Another protocol is named; another length is told.
        """
        problem = self.assertRaises(WrongProtocol, Scp02Offer.decode, bytes(10) + b"\x30\x03\x70" + bytes(16))
        self.assertIn("SCP03", str(problem))
        for size in (0, 11, 27, 29):
            self.assertRaises(MalformedAnswer, Scp02Offer.decode, (bytes(10) + b"\x20\x02" + bytes(30))[:size])
