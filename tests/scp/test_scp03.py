# -*- test-case-name: tests.scp.test_scp03 -*-
"""
L{cardgw.scp.scp03}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.errors import CardGatewayError, MalformedAnswer, ParameterError, UnexpectedStatus
from cardgw.scp.errors import ChallengeDiffers, HostRefused, KeysDiffer, LevelNotPossible, WrongProtocol
from cardgw.scp.families import STRICT, LePolicy
from cardgw.scp.kdf import session_keys
from cardgw.scp.keys import KeySet
from cardgw.scp.level import LEVELS, Implementation, Level
from cardgw.scp.scp03 import Offer, scp03
from cardgw.scp.session import Session
from tests.scp.rig import AID, Card, keys_of, run
from tests.scp.vectors import exchanges, fixed, key_set, vectors

AS_GIVEN = evolve(STRICT, le=LePolicy.AS_GIVEN)


class VectorTests(SynchronousTestCase):
    """
    Published exchanges, byte by byte.
    """

    def replay(self, vector: dict[str, Any], **options: Any) -> tuple[Session, list[tuple[bytes, bytes]]]:
        """
        The handshake of a vector.

        @return: the session, and the exchanges that follow.
        """
        following = list(exchanges(vector))

        def answer(command: Command) -> Response:
            expected, given = following.pop(0)
            self.assertEqual(Command.decode(expected).data.hex(), command.data.hex())
            self.assertEqual(expected[:4].hex(), command.encode()[:4].hex())
            return Response.decode(given)

        entropy = fixed(bytes.fromhex(vector["host_challenge"]))
        level = int(vector["security_level"], 16)
        return run(scp03(key_set(vector), level, entropy=entropy, family=AS_GIVEN, **options), answer), following

    def test_openscp(self) -> None:
        """
        Three lengths of keys, S8 and S16, level 33, three exchanges each.
        """
        for vector in vectors("scp03-openscp"):
            session, following = self.replay(vector, mac_length=int(vector["mode"][1:]), verify_challenge=False)
            self.assertEqual(len(following), 3)
            plain = zip(vector["plain_commands"], vector["plain_responses"], strict=True)
            for (command, response), (sent, came) in zip(plain, following, strict=True):
                given = Command.decode(bytes.fromhex(command))
                self.assertEqual(session.wrap(given).encode().hex(), sent.hex(), vector["id"])
                found = session.unwrap(given, Response.decode(came))
                self.assertEqual((found.data.hex(), found.status), (response, 0x9000))

    def test_asterix(self) -> None:
        """
        A pseudo-random challenge with an AID of 15 bytes, session keys, level 01.
        """
        (vector,) = vectors("scp03-asterix")
        session, following = self.replay(vector, application=bytes.fromhex(vector["isd_aid"]))
        self.assertEqual((following, session.level), ([], Level.C_MAC))
        context = bytes.fromhex(vector["host_challenge"]) + bytes.fromhex(vector["exchanges"][0]["response"])[13:21]
        keys = session_keys(key_set(vector), context)
        expected = vector["session"]
        self.assertEqual((keys.s_enc.hex(), keys.s_mac.hex(), keys.s_rmac.hex()), tuple(expected.values()))

    def test_asterixWrong(self) -> None:
        """
        With another AID the challenge is not the one that it must be.
        """
        (vector,) = vectors("scp03-asterix")
        self.assertRaises(ChallengeDiffers, self.replay, vector, application=AID)


class HandshakeTests(SynchronousTestCase):
    """
    L{scp03} with our card.
    """

    def failed(self, error: type[CardGatewayError], card: Card, *args: Any, **options: Any) -> CardGatewayError:
        """
        What it fails with.
        """
        options = {"application": AID, **options}
        found: CardGatewayError = self.assertRaises(error, run, scp03(keys_of(16), *args, **options), card.answer)
        return found

    def test_all(self) -> None:
        """
        All levels, lengths of MACs and of keys, random and pseudo-random challenges, some logical channels.
        """
        for level in LEVELS:
            for i, mac_length in ((0x60, 8), (0x61, 16), (0x70, 8), (0x71, 16)):
                for size, number in ((16, 0), (24, 3), (32, 4), (16, 19)):
                    card = Card(i, size=size)
                    handshake = scp03(keys_of(size), level, application=AID, number=number, mac_length=mac_length)
                    session = run(handshake, card.answer)
                    self.assertEqual((session.level, session.over, session.dek.kcv()), (level, "", keys_of(size).dek.kcv()))
                    self.assertEqual(card.scp.messaging and card.scp.messaging.level, level)

    def test_commands(self) -> None:
        """
        INITIALIZE UPDATE asks for an answer, EXTERNAL AUTHENTICATE does not; the logical channel is in both.
        """
        card = Card()
        run(scp03(keys_of(16), application=AID, number=5, entropy=bytes), card.answer)
        first, second = card.sent
        self.assertEqual(first, Command(0xC1, 0x50, 0x30, 0x00, bytes(8), 256))
        self.assertEqual((second.cla, second.ins, second.p1, len(second.data), second.expected), (0xE1, 0x82, 0x33, 16, None))

    def test_firstKeys(self) -> None:
        """
        Version 0 takes what there is; the versions above 7F are versions, too.
        """
        keys = keys_of(16)
        run(scp03(KeySet(0, keys.enc, keys.mac, keys.dek), application=AID), Card().answer)
        wanted = next(scp03(KeySet(0xFF, keys.enc, keys.mac, keys.dek)))
        self.assertEqual(wanted.p1, 0xFF)
        self.assertRaises(ParameterError, KeySet, 0x100, keys.enc, keys.mac, keys.dek)

    def test_randomChallenge(self) -> None:
        """
        The host's challenge is another one each time.
        """
        self.assertNotEqual(next(scp03(keys_of(16))), next(scp03(keys_of(16))))

    def test_challengeUnverified(self) -> None:
        """
        Without the AID a pseudo-random challenge cannot be verified, which has to be wanted.
        """
        card = Card()
        self.failed(ParameterError, card, application=None)
        self.assertEqual(len(card.sent), 1)
        run(scp03(keys_of(16), verify_challenge=False), Card().answer)

    def test_challengeWrong(self) -> None:
        """
        A wrong one is fatal before the host shows anything.
        """
        card = Card()
        error = self.failed(ChallengeDiffers, card, application=AID + b"\0")
        self.assertIn("Do not try again", str(error))
        self.assertEqual(len(card.sent), 1)

    def test_levels(self) -> None:
        """
        Levels that are none, or that the card does not have, are refused by name.
        """
        card = Card(0x00)
        for level in (0x02, 0x10, 0x12, 0x23, 0x30, 0x31, 0x34, 0x80):
            self.failed(LevelNotPossible, card, level)
        self.assertEqual(card.sent, [])
        for i, level in ((0x00, 0x11), (0x00, 0x33), (0x10, 0x13), (0x20, 0x33), (0x30, 0x33), (0x40, 0x33)):
            error = self.failed(LevelNotPossible, Card(i), level)
            self.assertIn(f"i={i:02X}", str(error))
        for i, level in ((0x00, 0x03), (0x20, 0x13), (0x60, 0x33)):
            self.assertEqual(run(scp03(keys_of(16), level), Card(i).answer).level, level)

    def test_macLength(self) -> None:
        """
        S16 is not found out by trying: the card refuses what it does not have.
        """
        for i, mac_length in ((0x71, 8), (0x70, 16)):
            error = self.failed(UnexpectedStatus, Card(i), mac_length=mac_length)
            self.assertIn("INITIALIZE UPDATE with keys 30: 6700", str(error))
        self.failed(ParameterError, Card(), mac_length=12)

    def test_otherKeys(self) -> None:
        """
        A card with other keys is found by its cryptogram; the host shows nothing.
        """
        card = Card(0x60)
        keys = keys_of(16)
        other = KeySet(0x30, keys.enc, keys.dek, keys.dek)
        error = self.assertRaises(KeysDiffer, run, scp03(other), card.answer)
        self.assertIn("keys 30", str(error))
        self.assertIn("Do not try again", str(error))
        self.assertEqual(len(card.sent), 1)

    def test_otherCipher(self) -> None:
        """
        Keys of triple DES are for another protocol.
        """
        self.assertRaises(ParameterError, run, scp03(KeySet.of_des(0x30, bytes(range(16))), application=AID), Card().answer)
        self.assertRaises(ParameterError, run, scp03(KeySet.of_des(0x30, bytes(range(16)))), Card(0x60).answer)

    def test_otherVersion(self) -> None:
        """
        So is one that offers another version than was asked for.
        """
        card = Card()
        answer = card.answer(Command(0x80, 0x50, 0x30, 0, bytes(8), 256))
        other = evolve(answer, data=answer.data[:10] + b"\x31" + answer.data[11:])
        self.assertRaises(KeysDiffer, run, scp03(keys_of(16), entropy=bytes), lambda _: other)

    def test_noKeys(self) -> None:
        """
        Keys that the card does not have at all.
        """
        keys = keys_of(16)
        other = KeySet(0x31, keys.enc, keys.mac, keys.dek)
        error = self.assertRaises(UnexpectedStatus, run, scp03(other, application=AID), Card().answer)
        self.assertIn("keys 31: 6A88", str(error))

    def test_refused(self) -> None:
        """
        The answer to EXTERNAL AUTHENTICATE counts: other programs go on after 6300, and after 6982.
        """
        for status in (0x6300, 0x6982, 0x6A86, 0x6283):
            card = Card()

            def answer(command: Command, card: Card = card, status: int = status) -> Response:
                return card.answer(command) if command.ins == 0x50 else Response(b"", status)

            error = self.assertRaises(HostRefused, run, scp03(keys_of(16), application=AID), answer)
            self.assertIn(f"{status:04X}", str(error))
            self.assertIn("Do not try again", error.hint)


class OfferTests(SynchronousTestCase):
    """
    L{Offer}.
    """

    def test_lengths(self) -> None:
        """
        A counter is there if the card says so, and only then.
        """
        for i, size, length in ((0x60, 8, 29), (0x70, 8, 32), (0x61, 16, 45), (0x71, 16, 48)):
            octets = bytes(10) + bytes((0x30, 3, i)) + bytes(range(36))
            offer = Offer.decode(octets[:length], size)
            self.assertEqual((offer.version, offer.challenge[0], offer.cryptogram[0]), (0x30, 0, size))
            self.assertEqual(offer.counter, {29: None, 45: None, 32: 0x101112, 48: 0x202122}[length])
            for wrong in (length - 1, length + 1, 29 if i & 0x10 else 32, 0, 12, 13):
                self.assertRaises(MalformedAnswer, Offer.decode, octets[:wrong], size)

    def test_protocol(self) -> None:
        """
        A card of SCP02 is told as such.
        """
        octets = bytes(10) + b"\x20\x02" + bytes(16)
        self.assertIn("SCP02", str(self.assertRaises(WrongProtocol, Offer.decode, octets, 8)))

    def test_shown(self) -> None:
        """
        What comes of keys is not shown, nor what tells one card from others.
        """
        self.assertEqual(repr(Offer(bytes(10), 1, Implementation(0), bytes(8), bytes(8))).count("\\x00"), 0)
