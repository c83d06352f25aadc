# -*- test-case-name: tests.scp.test_changed -*-
"""
L{cardgw.scp.messaging} and L{cardgw.scp.card_messaging} with each other: one bit is changed on the way.  What is protected is
found; what the standard leaves open is not, and is here so that it is known: Le and the logical channel of a command, and an
error status.
"""

from __future__ import annotations

from itertools import product

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.iso7816 import channel_number
from cardgw.apdu.response import Response
from cardgw.scp.card_messaging import CardState
from cardgw.scp.class_byte import is_marked
from cardgw.scp.errors import AnswerNotAuthentic
from cardgw.scp.level import Level
from tests.scp.rig import both
from tests.scp.test_both_sides import PROTECTED, SESSIONS, Case

MACS = tuple((level, chain) for level, chain in SESSIONS if level & Level.C_MAC)
R_MACS = tuple((level, chain) for level, chain in SESSIONS if level & Level.R_MAC)


def flipped(octets: bytes, bit: int) -> bytes:
    """
    The same with one bit changed.

    @param bit: counted from the first byte's lowest.
    """
    changed = bytearray(octets)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


class CommandTests(SynchronousTestCase):
    """
    Commands.
    """

    def refused(self, case: Case, change: bytes) -> bool:
        """
        Whether a card does not take this in place of the command of the case; then its session is over.
        """
        try:
            command = Command.decode(change)
        except ValueError:
            return True
        host, card = both(case.level, mac_length=case.mac_length, chain=case.chain)
        host.wrap(case.command)
        answer = card.unwrap(command)
        if isinstance(answer, Command):
            return False
        self.assertEqual((card.state, answer.data, answer.status in (0x6982, 0x6988)), (CardState.ABORTED, b"", True))
        return True

    def wrapped(self, case: Case) -> bytes:
        """
        The command of the case, as it goes over the wire.
        """
        return both(case.level, mac_length=case.mac_length, chain=case.chain)[0].wrap(case.command).encode()

    def test_everyBit(self) -> None:
        """
        Every bit of a command, as it goes over the wire: class, but for the logical channel; INS, P1, P2, Lc, data and MAC.
        """
        for (level, chain), mac_length, length, number in product(MACS, (8, 16), (0, 5, 16), (0, 2, 9)):
            case = Case(level, mac_length, 16, number, asks=False, length=length, answer=0, chain=chain)
            octets = self.wrapped(case)
            end = 5 + octets[4]
            self.assertFalse(self.refused(case, octets))
            for bit in range(end * 8):
                change = flipped(octets, bit)
                if not (bit < 8 and is_marked(change[0]) and not (change[0] ^ octets[0]) & 0x80):
                    self.assertTrue(self.refused(case, change), f"bit {bit} of {octets.hex()}")

    def test_everyBitExtended(self) -> None:
        """
        Likewise of the header of a long one, its Lc of three bytes included.
        """
        for (level, chain), mac_length in product(MACS, (8, 16)):
            case = Case(level, mac_length, 16, 0, asks=False, length=300, answer=0, chain=chain)
            octets = self.wrapped(case)
            end = 7 + int.from_bytes(octets[5:7], "big")
            self.assertFalse(self.refused(case, octets))
            for bit in (*range(2, 7 * 8), *range(7 * 8, end * 8, 61)):
                change = flipped(octets, bit)
                if bit >= 8 or not is_marked(change[0]):
                    self.assertTrue(self.refused(case, change), f"bit {bit}")

    def test_lengths(self) -> None:
        """
        Data or MAC that are shorter or longer, with the Lc that fits.
        """
        for (level, chain), mac_length, length in product(MACS, (8, 16), (0, 5, 16)):
            case = Case(level, mac_length, 16, 0, asks=False, length=length, answer=0, chain=chain)
            wrapped = Command.decode(self.wrapped(case))
            for data in (wrapped.data[:-1], wrapped.data + b"\0", wrapped.data[1:], b"", b"\0" + wrapped.data):
                self.assertTrue(self.refused(case, evolve(wrapped, data=data).encode()))

    def test_order(self) -> None:
        """
        A command that is repeated, left out, or comes before another, is refused.
        """
        for level, chain in MACS:
            host, _ = both(level, chain=chain)
            first, second = (host.wrap(Command(0x80, 0xE2, 0, number, b"x")) for number in (1, 2))
            for order in ((first, first), (second,), (second, first)):
                card = both(level, chain=chain)[1]
                found = [card.unwrap(each) for each in order]
                self.assertTrue(any(isinstance(each, Response) for each in found))

    def test_unprotected(self) -> None:
        """
        A command without its protection, or in another session.
        """
        for (level, chain), mac_length in product(MACS, (8, 16)):
            case = Case(level, mac_length, 16, 0, asks=True, length=5, answer=0, chain=chain)
            self.assertTrue(self.refused(case, case.command.encode()))
            self.assertTrue(self.refused(case, evolve(case.command, cla=0x84).encode()))
            self.assertTrue(self.refused(case, self.wrapped(evolve(case, chain=bytes(15) + b"\1"))))

    def test_open(self) -> None:
        """
        What the standard leaves open: Le and the logical channel of a command are not protected.  (A session is bound to its
        channel all the same, on both sides: L{cardgw.scp.outgoing} and L{cardgw.scp.card_channel}.)
        """
        for level, chain in MACS:
            case = Case(level, 8, 16, 0, asks=True, length=5, answer=0, chain=chain)
            octets = self.wrapped(case)
            for le in (b"", b"\1", b"\xff"):
                self.assertFalse(self.refused(case, octets[:-1] + le))
            for number in range(20):
                cla = 0x84 | number if number < 4 else 0xE0 | (number - 4)
                self.assertEqual(channel_number(cla), number)
                self.assertFalse(self.refused(case, bytes((cla,)) + octets[1:]))


class AnswerTests(SynchronousTestCase):
    """
    Answers.
    """

    def sent(self, case: Case) -> bytes:
        """
        The protected answer.
        """
        host, card = both(case.level, mac_length=case.mac_length, chain=case.chain)
        card.unwrap(host.wrap(case.command))
        return card.wrap(case.response).encode()

    def taken(self, case: Case, octets: bytes) -> Response:
        """
        What the host makes of an answer.
        """
        host, _ = both(case.level, mac_length=case.mac_length, chain=case.chain)
        host.wrap(case.command)
        try:
            return host.unwrap(case.command, Response.decode(octets))
        except AnswerNotAuthentic:
            self.assertTrue(host.over)
            raise

    def test_everyBit(self) -> None:
        """
        Every bit of data, MAC and status of an answer, as long as its status is one that is protected.
        """
        for (level, chain), mac_length, answer, status in product(R_MACS, (8, 16), (0, 5, 16), PROTECTED):
            case = Case(level, mac_length, 16, 0, asks=True, length=5, answer=answer, status=status, chain=chain)
            octets = self.sent(case)
            self.assertEqual(self.taken(case, octets), case.response)
            for bit in range(len(octets) * 8):
                change = flipped(octets, bit)
                if change[-2] in (0x62, 0x63) or change[-2:] == b"\x90\x00":
                    self.assertRaises(AnswerNotAuthentic, self.taken, case, change)
                else:
                    self.assertEqual(self.taken(case, change), Response(b"", int.from_bytes(change[-2:], "big")))

    def test_otherCommand(self) -> None:
        """
        The answer to another command, or to the same one earlier.
        """
        for (level, chain), mac_length in product(R_MACS, (8, 16)):
            case = Case(level, mac_length, 16, 0, asks=True, length=5, answer=5, chain=chain)
            other = self.sent(evolve(case, length=6))
            self.assertRaises(AnswerNotAuthentic, self.taken, case, other)
            host, card = both(level, mac_length=mac_length, chain=chain)
            card.unwrap(host.wrap(case.command))
            first = card.wrap(case.response)
            host.unwrap(case.command, first)
            host.wrap(case.command)
            self.assertRaises(AnswerNotAuthentic, host.unwrap, case.command, first)

    def test_open(self) -> None:
        """
        An error is nobody's: whoever carries an answer can put one in its place, and that is all that comes of it; the session
        goes on.  Where only commands are protected, answers are nobody's altogether.
        """
        for level, chain in SESSIONS:
            case = Case(level, 8, 16, 0, asks=True, length=5, answer=5, chain=chain)
            host, card = both(level, chain=chain)
            card.unwrap(host.wrap(case.command))
            answer = card.wrap(case.response)
            found = host.unwrap(case.command, evolve(answer, status=0x6A88))
            self.assertEqual((found.status, found.data if level & Level.R_MAC else b""), (0x6A88, b""))
            self.assertEqual(host.over, "")
            card.unwrap(host.wrap(case.command))
            self.assertEqual(host.unwrap(case.command, card.wrap(case.response)), case.response)
            if not level & Level.R_MAC:
                self.assertEqual(self.taken(case, b"anything\x90\x00"), Response(b"anything", 0x9000))
