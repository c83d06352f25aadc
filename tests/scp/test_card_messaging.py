# -*- test-case-name: tests.scp.test_card_messaging -*-
"""
L{cardgw.scp.card_messaging}.
"""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.card_messaging import NO_SESSION, SECURITY_NOT_SATISFIED, WRONG_PROTECTION, CardMessaging, CardState
from cardgw.scp.families import STRICT, YUBIKEY
from cardgw.scp.level import LEVELS, Level
from cardgw.scp.primitives import Cbc, Cmac
from tests.scp.rig import DONE, GET_STATUS, both, fresh_keys


class AbortTests(SynchronousTestCase):
    """
    The first wrong command is the last one (GlobalPlatform Card Specification 2.3.1, 10.2.3).
    """

    def aborted(self, command: Command, answer: Response, level: Level = Level.FULL) -> None:
        """
        A command is refused, and so is all that follows.
        """
        host, card = both(level)
        good = host.wrap(GET_STATUS)
        self.assertEqual(card.unwrap(command), answer)
        self.assertEqual((card.state, card.level), (CardState.ABORTED, Level.NONE))
        for following in (good, GET_STATUS, command):
            self.assertEqual(card.unwrap(following), SECURITY_NOT_SATISFIED)
        self.assertEqual(card.wrap(SECURITY_NOT_SATISFIED), SECURITY_NOT_SATISFIED)

    def test_plain(self) -> None:
        """
        A command without protection.
        """
        for level in LEVELS[1:]:
            for command in (GET_STATUS, Command(0x00, 0xCA), Command(0x84, 0xF2), Command(0x84, 0xF2, data=bytes(7))):
                self.aborted(command, SECURITY_NOT_SATISFIED, level)

    def test_wrong(self) -> None:
        """
        A wrong MAC.
        """
        wrapped = both()[0].wrap(GET_STATUS)
        self.aborted(evolve(wrapped, p1=0x40), WRONG_PROTECTION)

    def test_notEncrypted(self) -> None:
        """
        A right MAC over what cannot be decrypted.
        """
        keys = fresh_keys()
        for data in (b"abc", Cbc(keys.s_enc).encrypt(bytes(16), bytes(16))):
            mac = Cmac(keys.s_mac)(bytes(16), bytes((0x84, 0xF2, 0, 0, len(data) + 8)), data)
            self.aborted(Command(0x84, 0xF2, data=data + mac[:8]), WRONG_PROTECTION)

    def test_empty(self) -> None:
        """
        Cards of one family want nothing to be encrypted, too.
        """
        wrapped = both(family=STRICT)[0].wrap(Command(0x80, 0xF2))
        card = both(family=YUBIKEY)[1]
        self.assertEqual(card.unwrap(wrapped), WRONG_PROTECTION)

    def test_extended(self) -> None:
        """
        The MAC of a command of extended length is over the three bytes of its Lc, even where its data are few.
        """
        plain = Command(0x84, 0xF2, data=b"abc" + bytes(8), extended=True)
        for length, right in ((b"\x00\x00\x0b", True), (b"\x0b", False)):
            mac = Cmac(fresh_keys().s_mac)(bytes(16), plain.encode()[:4], length, b"abc")
            answer = both(Level.C_MAC)[1].unwrap(evolve(plain, data=b"abc" + mac[:8]))
            self.assertEqual(answer, Command(0x80, 0xF2, data=b"abc", extended=True) if right else WRONG_PROTECTION)

    def test_none(self) -> None:
        """
        At level 00 protected commands are refused, and nothing is aborted.
        """
        card = CardMessaging(fresh_keys(), Level.NONE)
        self.assertEqual(card.unwrap(Command(0x84, 0xF2, data=bytes(8))), NO_SESSION)
        self.assertEqual(card.unwrap(GET_STATUS), GET_STATUS)
        answer = Response(b"x", 0x6A80)
        self.assertEqual(card.wrap(answer), answer)


class SessionTests(SynchronousTestCase):
    """
    BEGIN and END R-MAC SESSION.
    """

    def test_needs(self) -> None:
        """
        What BEGIN needs: commands that are protected accordingly, and no session; that END needs one.
        """
        for level, kind, allowed in (
            (0x01, 0x10, True),
            (0x03, 0x10, True),
            (0x03, 0x30, True),
            (0x01, 0x30, False),
            (0x00, 0x10, False),
            (0x11, 0x10, False),
            (0x33, 0x30, False),
            (0x03, 0x20, False),
        ):
            card = both(Level(level))[1]
            self.assertEqual((card.begin_r_mac(kind), card.end_r_mac()), (allowed, False))
            self.assertEqual(card.state, CardState.OPEN)

    def test_next(self) -> None:
        """
        Protection begins after the answer to BEGIN, and ends after that to END.
        """
        host, card = both(Level.C_MAC)
        sizes = []
        for act in (lambda: card.begin_r_mac(0x10), lambda: None, card.end_r_mac, lambda: None):
            card.unwrap(host.wrap(GET_STATUS))
            act()
            sizes.append(len(card.wrap(DONE).data))
        self.assertEqual(sizes, [0, 8, 8, 0])
