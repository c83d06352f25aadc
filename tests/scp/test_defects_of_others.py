# -*- test-case-name: tests.scp.test_defects_of_others -*-
"""
What other programs get wrong, and L{cardgw.scp} and L{cardgw.gp} must not: L{DEFECTS} says which test would fail.  Those that
have no other place are here.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from twisted.python.reflect import namedAny
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.errors import AnswerNotAuthentic, HostRefused
from cardgw.scp.kdf import session_keys
from cardgw.scp.keys import KeySet
from cardgw.scp.level import LEVELS, Level
from cardgw.scp.messaging import SecureMessaging
from cardgw.scp.scp02 import scp02
from cardgw.scp.scp03 import scp03
from tests.scp import scp02_rig
from tests.scp.rig import AID, DONE, GET_STATUS, Card, both, fresh_keys, keys_of, run

DEFECTS: dict[str, dict[str, tuple[str, ...]]] = {
    "yubikit": {
        "takes a bare 9000 although answers are protected": (
            "defects_of_others.HostTests.test_bareSuccess",
            "scp02_messaging.TamperedTests.test_bare",
            "scp11.SessionTests.test_bareAnswer",
        ),
        "does not look at the status of EXTERNAL AUTHENTICATE": (
            "scp03.HandshakeTests.test_refused",
            "scp02.HandshakeTests.test_refused",
        ),
        "makes session keys of 16 bytes of AES-256 keys": (
            "defects_of_others.HostTests.test_longKeys",
            "scp11_terms.AgreementTests.test_lengths",
        ),
    },
    "OpenSCP": {
        "skips the R-MAC where there are no data": ("defects_of_others.HostTests.test_bareSuccess",),
        "fails with key versions from 80 on": (
            "defects_of_others.HostTests.test_versions",
            "scp11.RoundTripTests.test_highVersions",
        ),
        "has room for AES-128 only in PUT KEY": ("../gp.test_keys.SecretTests.test_aes",),
        "gives data only, and raises where the status is not 9000": (
            "defects_of_others.HostTests.test_errorStatus",
            "blocking.BlockingTests.test_errors",
        ),
        "is one machine per process, which cannot be started again": ("defects_of_others.CardTests.test_together",),
    },
    "pySim": {
        "raises IndexError where answers are encrypted and there are no data": (
            "defects_of_others.HostTests.test_nothingEncrypted",
            "defects_of_others.HostTests.test_bareSuccess",
        ),
        "sends commands of class 00 unprotected": ("defects_of_others.HostTests.test_interindustry",),
        "pads keys by their length modulo the block, which is right for 24 bytes only": (
            "../gp.test_keys.SecretTests.test_padding",
        ),
        "drops the logical channel": ("defects_of_others.HostTests.test_channelKept",),
        "has zeros as host challenge": ("scp03.HandshakeTests.test_randomChallenge",),
        "allows few key versions": ("defects_of_others.HostTests.test_versions",),
        "logs static keys": ("secrets.LoggedTests.test_nothing",),
    },
    "the card of PeculiarVentures": {
        "puts an R-MAC on errors": (
            "defects_of_others.CardTests.test_bareErrors",
            "defects_of_others.HostTests.test_errorWithData",
        ),
        "does not care which level was negotiated": ("defects_of_others.CardTests.test_levels",),
        "says that it counts, and leaves out the counter": (
            "defects_of_others.CardTests.test_counter",
            "scp03.OfferTests.test_lengths",
        ),
        "wraps X.509 certificates as those of GlobalPlatform": ("store.CertificateStoreTests.test_x509Inside",),
    },
    "GlobalPlatform of kaoh": {
        "looks at the level of the session before": ("defects_of_others.CardTests.test_again",),
        "reads before the beginning of a bare 9000": ("defects_of_others.HostTests.test_bareSuccess",),
        "has no MACs of 16 bytes": ("both_sides.BothSidesTests.test_product", "scp03.HandshakeTests.test_all"),
        "copies what the card implements into the parameter of SCP11": ("scp11_terms.TermsTests.test_parameterOnly",),
        "cuts certificates in one way only": ("pso.ChainingTests", "scp11.RoundTripTests.test_options"),
    },
    "GlobalPlatformPro": {
        "only warns of a wrong pseudo-random challenge": (
            "scp03.HandshakeTests.test_challengeWrong",
            "scp02.HandshakeTests.test_pseudoRandom",
        ),
        "sets bit 8 of P1 in any command": ("chaining.ChainingTests.test_refused", "chaining.ChainingTests.test_marked"),
        "has the logical channel in the MAC": (
            "defects_of_others.HostTests.test_channelSigned",
            "messaging.CommandTests.test_classes",
        ),
    },
    "the card of JCardEngine": {
        "understands level 03 only": ("defects_of_others.CardTests.test_levels",),
        "never protects answers": ("defects_of_others.CardTests.test_levels", "defects_of_others.CardTests.test_macWithoutData"),
        "has no GET STATUS, LOAD and PUT KEY": (
            "../virtual.test_security_domain_registry",
            "../virtual.test_security_domain_load",
            "../virtual.test_security_domain_put_key",
        ),
    },
    "the card of YggdraSIM": {
        "has R-MACs only with encryption, and only with data": ("defects_of_others.CardTests.test_macWithoutData",),
        "answers each failed authentication with 6982": ("defects_of_others.CardTests.test_notAuthentic",),
        "has MACs of 8 bytes and AES-128 only": ("scp03.HandshakeTests.test_all",),
    },
}
"""By program; the tests without C{test_} and below C{tests.scp}, or from C{tests} on after C{../}."""
R_LEVELS = (Level(0x11), Level(0x13), Level(0x33))


class DefectsTests(SynchronousTestCase):
    """
    L{DEFECTS}.
    """

    def test_tested(self) -> None:
        """
        The tests that are named exist.
        """
        for program, defects in DEFECTS.items():
            for names in defects.values():
                for name in names:
                    place = f"tests.{name[3:]}" if name.startswith("../") else f"tests.scp.test_{name}"
                    self.assertTrue(namedAny(place), program)


class HostTests(SynchronousTestCase):
    """
    Of hosts.
    """

    def test_versions(self) -> None:
        """
        Every key version can be asked for, in SCP03 and in SCP02.
        """
        keys, older = keys_of(16), scp02_rig.KEYS
        for version in range(0x100):
            asked: list[Any] = [next(scp03(KeySet(version, keys.enc, keys.mac, keys.dek)))]
            asked.append(next(scp02(KeySet(version, older.enc, older.mac, older.dek))))
            self.assertEqual([command.p1 for command in asked], [version, version])

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

    def test_together(self) -> None:
        """
        Any number of sessions live in one process, each with its own card, and end without one another.
        """
        peers = [self.opened(level) for level, _ in product(LEVELS, range(3))]
        for round_ in range(3):
            for card, session in peers[round_ * 3 :]:
                answer = card.answer(session.wrap(GET_STATUS))
                self.assertEqual(session.unwrap(GET_STATUS, answer).data, GET_STATUS.data)
            for _, session in peers[round_ * 3 : round_ * 3 + 3]:
                session.end("enough")

    def test_notAuthentic(self) -> None:
        """
        Whose authentication is not that of this session is told 6300, and whose MAC is wrong 6988.
        """
        for cla, status in ((0x85, 0x6300), (0x84, 0x6988)):

            def changing(command: Command, card: Card, cla: int = cla) -> Response:
                if command.ins != 0x82:
                    return card.answer(command)
                data = command.data[:-1] + bytes((command.data[-1] ^ 1,)) if cla == 0x84 else command.data
                return card.answer(Command(cla, command.ins, command.p1, command.p2, data))

            card = Card()
            handshake = scp03(keys_of(16), application=AID)
            error = self.assertRaises(HostRefused, run, handshake, lambda command, card=card: changing(command, card))
            self.assertIn(f"{status:04X}", str(error))
