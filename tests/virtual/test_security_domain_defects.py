# -*- test-case-name: tests.virtual.test_security_domain_defects -*-
"""
What other simulators of cards do wrong, this one does right: on the whole card, byte by byte where that matters.
"""

from __future__ import annotations

from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.gp.commands import get_data
from cardgw.gp.get_status import get_status
from cardgw.gp.registry import Scope
from cardgw.gp.store_data import Structure, store_data
from cardgw.scp.kdf import Constant, cryptogram, session_keys
from cardgw.scp.keys import KeySet
from cardgw.scp.level import LEVELS, Level
from cardgw.scp.messaging import begin_r_mac, end_r_mac
from cardgw.scp.primitives import Cmac
from cardgw.virtual.security_domain import DEFAULT_KEY, VirtualSecurityDomain
from tests.virtual.security_domain_rig import INSTANCE, Administrator, make_card

BEGIN = bytes.fromhex("8050000008") + bytes(8)
PROTECTED = bytes.fromhex("84F280020A4F00") + bytes(8)
MAC = 8
R_MAC_LEVELS = [each for each in LEVELS if each & Level.R_MAC]


def answers(admin: Administrator, *commands: Command) -> Iterator[bytes]:
    """
    What the card itself answers to commands in a session.
    """
    for command in commands:
        admin.send(command)
        yield admin.wire.got[-1]


class AnswerTests(SynchronousTestCase):
    """
    Answers in a session.
    """

    def test_errorBare(self) -> None:
        """
        An error has no MAC and no data at any level, and the session goes on.
        """
        for level in LEVELS:
            admin = Administrator(make_card(), level)
            self.assertEqual(next(answers(admin, get_data(0x1234))), bytes.fromhex("6A88"))
            self.assertEqual(admin.status(get_status(Scope.ISD)), 0x9000)

    def test_withoutData(self) -> None:
        """
        An answer without data has a MAC alone, with encryption of answers or without.
        """
        (step,) = store_data(bytes.fromhex("420155"), 200, Structure.BER).steps
        for level in R_MAC_LEVELS:
            (answer,) = answers(Administrator(make_card(), level), step.command)
            self.assertEqual((len(answer), answer[-2:]), (MAC + 2, b"\x90\x00"))

    def test_withData(self) -> None:
        """
        The level that was agreed on counts, not another one: plain, with MAC, or encrypted with MAC.
        """
        plain = make_card()(bytes.fromhex("80CA00CF00"))[:-2]
        for level in LEVELS:
            (answer,) = answers(Administrator(make_card(), level), get_data(0xCF))
            encrypted = bool(level & Level.R_ENCRYPTION)
            self.assertEqual(answer.startswith(plain), not encrypted)
            size = 16 if encrypted else len(plain)
            self.assertEqual(len(answer), size + (MAC if level & Level.R_MAC else 0) + 2)

    def test_more(self) -> None:
        """
        The warning that there are more entries has a MAC.
        """
        admin = Administrator(make_card(entries=20))
        admin.load()
        for number in range(2):
            self.assertEqual(admin.install(INSTANCE + bytes((number,))), 0x9000)
        (answer,) = answers(admin, get_status(Scope.APPLICATIONS))
        self.assertEqual(answer[-2:], bytes.fromhex("6310"))
        self.assertGreater(len(answer), MAC + 2)

    def test_rest(self) -> None:
        """
        A long answer is fetched outside the session's protection, and its MAC stands at the very end.
        """
        card = make_card(entries=2000)
        admin = Administrator(card)
        admin.load()
        for number in range(12):
            self.assertEqual(admin.install(INSTANCE + bytes((number,))), 0x9000)
        self.assertEqual(len(admin.list()), 12)
        self.assertEqual([each[:4].hex() for each in admin.wire.sent[-3:]], ["84f24002", "80c00000", "80c00000"])


class HandshakeTests(SynchronousTestCase):
    """
    The way into a session.
    """

    def test_lengths(self) -> None:
        """
        The sequence counter is there exactly where the challenge is pseudo-random.
        """
        for implementation, size, length in ((0x70, 8, 32), (0x60, 8, 29), (0x71, 16, 48), (0x61, 16, 45), (0x00, 8, 29)):
            card = make_card(implementation=implementation)
            answer = card(bytes.fromhex("80500000") + bytes((size,)) + bytes(size))
            self.assertEqual((len(answer), answer[12]), (length + 2, implementation))
            other = 24 - size
            self.assertEqual(card(bytes.fromhex("80500000") + bytes((other,)) + bytes(other)), bytes.fromhex("6700"))

    def authenticate(self, card: VirtualSecurityDomain, level: int, *, right: bool) -> bytes:
        """
        EXTERNAL AUTHENTICATE with a right MAC, by hand.
        """
        answer = card(BEGIN)
        context = bytes(8) + answer[13:21]
        keys = session_keys(KeySet.of_aes(0x30, DEFAULT_KEY), context)
        mac = Cmac(keys.s_mac)
        proof = cryptogram(mac, Constant.HOST_CRYPTOGRAM, 8, context) if right else bytes(8)
        head = bytes((0x84, 0x82, level, 0x00, 0x10))
        return card(head + proof + mac(bytes(16), head, proof)[:8])

    def test_failed(self) -> None:
        """
        After a wrong cryptogram there is no session, at no level, and no second try without a new beginning.
        """
        for level in (0x00, 0x01, 0x33):
            card = make_card()
            self.assertEqual(self.authenticate(card, level, right=False), bytes.fromhex("6300"))
            self.assertEqual(card(bytes.fromhex("80F28002024F0000")), bytes.fromhex("6982"))
            self.assertEqual(card(PROTECTED), bytes.fromhex("6985"))
            self.assertEqual(card(bytes.fromhex("8482330010") + bytes(16)), bytes.fromhex("6985"))
            self.assertEqual(self.authenticate(card, level, right=True), bytes.fromhex("9000"))

    def test_levels(self) -> None:
        """
        Levels that the options of the card exclude, and those that there are not, are refused.
        """
        for implementation, allowed in (
            (0x70, (0x00, 0x01, 0x03, 0x11, 0x13, 0x33)),
            (0x30, (0x00, 0x01, 0x03, 0x11, 0x13)),
            (0x10, (0x00, 0x01, 0x03)),
        ):
            card = make_card(implementation=implementation)
            for level in (0x00, 0x01, 0x03, 0x11, 0x13, 0x33, 0x10, 0x30, 0x02, 0x83):
                expected = "9000" if level in allowed else "6A86"
                self.assertEqual(self.authenticate(card, level, right=True).hex().upper(), expected, (implementation, level))

    def test_answerBare(self) -> None:
        """
        EXTERNAL AUTHENTICATE is answered without a MAC.
        """
        self.assertEqual(self.authenticate(make_card(), 0x33, right=True), bytes.fromhex("9000"))

    def test_again(self) -> None:
        """
        A session can be begun anew within one, at another level.
        """
        card = make_card()
        for level in (0x33, 0x01, 0x13, 0x00, 0x33):
            self.assertEqual(self.authenticate(card, level, right=True), bytes.fromhex("9000"))

    def test_versions(self) -> None:
        """
        Version FF can be asked for; a version that has not all three keys is none.
        """
        card = make_card("jcop")
        self.assertEqual(card(bytes.fromhex("8050FF0008") + bytes(8))[-2:], bytes.fromhex("9000"))
        self.assertEqual(card(bytes.fromhex("8050010008") + bytes(8)), bytes.fromhex("6A88"))
        self.assertEqual(card(bytes.fromhex("8050FF0108") + bytes(8)), bytes.fromhex("6A86"))


class ProtectionTests(SynchronousTestCase):
    """
    Commands in a session.
    """

    def test_unprotected(self) -> None:
        """
        Neither class gets through without protection, and then nothing does.
        """
        for command in ("80CA006600", "00CA006600", "80F28002024F0000", "80E40000084F06A00000006203"):
            admin = Administrator(make_card(), 0x01)
            self.assertEqual(admin.card(bytes.fromhex(command)), bytes.fromhex("6982"), command)
            self.assertEqual(admin.status(get_status(Scope.ISD)), 0x6982)

    def test_otherChannel(self) -> None:
        """
        A session is one of its logical channel: on others there is none.
        """
        for number in (1, 4, 19):
            card = make_card()
            card(bytes((0x00, 0x70, 0x00, number)))
            admin = Administrator(card)
            cla = 0x84 | number if number < 4 else 0xE0 | number - 4
            self.assertEqual(card(bytes((cla,)) + PROTECTED[1:]), bytes.fromhex("6985"))
            self.assertEqual(admin.status(get_status(Scope.ISD)), 0x9000)

    def test_replayed(self) -> None:
        """
        The same protected command is right only once.
        """
        admin = Administrator(make_card(), 0x01)
        self.assertEqual(admin.status(get_status(Scope.ISD)), 0x9000)
        self.assertEqual(admin.card(admin.wire.sent[-1]), bytes.fromhex("6988"))

    def test_level01(self) -> None:
        """
        At level 01 the MAC is taken off, and what is left is carried out as it is.
        """
        admin = Administrator(make_card(), 0x01)
        self.assertEqual(admin.load()[-1], 0x9000)
        self.assertEqual(admin.install(), 0x9000)
        self.assertEqual(admin.wire.sent[-1][0], 0x84)
        self.assertIn(INSTANCE, admin.wire.sent[-1])

    def test_rMacSession(self) -> None:
        """
        BEGIN and END R-MAC SESSION raise and lower the protection of answers; without what they need they are refused, and the
        session goes on.
        """
        for level, kind, status in ((0x03, 0x10, 0x9000), (0x03, 0x30, 0x9000), (0x01, 0x30, 0x6985), (0x33, 0x10, 0x6985)):
            admin = Administrator(make_card(), level)
            self.assertEqual(admin.status(begin_r_mac(Level(kind))), status)
            sizes = [len(each) for each in answers(admin, get_data(0xCF), end_r_mac(), get_data(0xCF))]
            raised = level == Level.FULL or status == 0x9000
            self.assertEqual(sizes[0] > 14, raised)
            self.assertEqual(sizes[2] > 14, level == Level.FULL)
