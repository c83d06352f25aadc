# -*- test-case-name: tests.scp.test_both_sides -*-
"""
L{cardgw.scp.messaging} and L{cardgw.scp.card_messaging} with each other: what one wraps, the other unwraps, and no bit that is
protected can be changed.
"""

from __future__ import annotations

from itertools import product

from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.logical import class_byte
from cardgw.apdu.response import Response
from cardgw.scp.errors import AnswerNotAuthentic
from cardgw.scp.families import FAMILIES, STRICT, Family
from cardgw.scp.level import LEVELS, Level, most_data
from tests.scp.rig import both

LENGTHS = (0, 1, 15, 16, 17, 31, 32, 33, *range(223, 257), 65535)
PROTECTED = (0x9000, 0x6200, 0x6282, 0x6310, 0x63C2)
MOST = 65535


@frozen
class Case:
    """
    One point of the product.

    @ivar asks: whether the command is of case 2 or 4.
    """

    level: Level
    mac_length: int
    size: int
    number: int
    asks: bool
    length: int
    answer: int
    family: Family = STRICT
    status: int = 0x9000

    @property
    def most(self) -> int:
        """
        Most data in a command.
        """
        return most_data(self.level, self.mac_length, MOST)

    @property
    def command(self) -> Command:
        """
        The command; 65535 bytes are as many as there can be.
        """
        length = min(self.length, self.most)
        data = bytes(at & 0xFF for at in range(length))
        return Command(class_byte(0x80, self.number), 0xE2, 0x01, 0x02, data, 256 if self.asks else None)

    @property
    def response(self) -> Response:
        """
        Likewise the answer.
        """
        return Response(bytes((at * 7) & 0xFF for at in range(self.answer)), self.status)


SOMETIMES = st.builds(
    Case,
    st.sampled_from(LEVELS),
    st.sampled_from((8, 16)),
    st.sampled_from((16, 24, 32)),
    st.integers(0, 19),
    st.booleans(),
    st.sampled_from(LENGTHS) | st.integers(0, 2000) | st.integers(0, MOST),
    st.integers(0, 300),
    st.sampled_from(sorted(FAMILIES.values(), key=lambda each: each.name)),
    st.sampled_from((*PROTECTED, 0x6A88, 0x6985)),
)


class BothSidesTests(SynchronousTestCase):
    """
    A session of some commands.
    """

    def through(self, case: Case) -> None:
        """
        A command and its answer, three times.
        """
        host, card = both(case.level, mac_length=case.mac_length, size=case.size, family=case.family)
        for _ in range(3):
            wrapped = host.wrap(case.command)
            self.assertLessEqual(len(wrapped.data), MOST)
            plain = card.unwrap(Command.decode(wrapped.encode()))
            assert isinstance(plain, Command)
            self.assertEqual((plain.encode()[:4], plain.data), (case.command.encode()[:4], case.command.data))
            answer = Response.decode(card.wrap(case.response).encode())
            hidden = case.level & Level.R_MAC and case.status not in PROTECTED
            expected = Response(b"", case.status) if hidden else case.response
            self.assertEqual(host.unwrap(case.command, answer), expected)

    @given(SOMETIMES)
    @settings(max_examples=200)
    def test_samples(self, case: Case) -> None:
        """
        Level, MAC, keys, case, logical channel, lengths, family and status, whatever they are.
        """
        self.through(case)

    def test_lengths(self) -> None:
        """
        Lengths at which something changes, at all levels with both MACs.
        """
        for level, mac_length, length in product(LEVELS, (8, 16), LENGTHS):
            self.through(Case(level, mac_length, 16, 0, asks=True, length=length, answer=min(length, 300)))

    def test_channels(self) -> None:
        """
        All logical channels, with all lengths of keys, in all four cases.
        """
        for size, number, asks, length in product((16, 24, 32), range(20), (False, True), (0, 20)):
            self.through(Case(Level.FULL, 8, size, number, asks=asks, length=length, answer=20 if asks else 0))

    def test_longest(self) -> None:
        """
        The longest answer.
        """
        for mac_length in (8, 16):
            self.through(Case(Level.FULL, mac_length, 16, 0, asks=True, length=0, answer=65519))


class ChangedTests(SynchronousTestCase):
    """
    One bit is changed on the way.
    """

    def refused(self, case: Case, change: Command) -> bool:
        """
        Whether the card does not take a command in place of that of the case.
        """
        host, card = both(case.level, mac_length=case.mac_length)
        host.wrap(case.command)
        return isinstance(card.unwrap(change), Response)

    def wrapped(self, case: Case) -> Command:
        """
        The command of the case.
        """
        return both(case.level, mac_length=case.mac_length)[0].wrap(case.command)

    def test_commands(self) -> None:
        """
        Every bit of class, but for the logical channel, of instruction, parameters, data and MAC; and the length.
        """
        for level, mac_length, length in product(LEVELS[1:], (8, 16), (0, 5, 16)):
            case = Case(level, mac_length, 16, 0, asks=False, length=length, answer=0)
            wrapped = self.wrapped(case)
            self.assertFalse(self.refused(case, wrapped))
            for bit in range(8):
                for name in ("ins", "p1", "p2"):
                    self.assertTrue(self.refused(case, evolve(wrapped, **{name: getattr(wrapped, name) ^ 1 << bit})))
            for number, bits in ((0, range(2, 8)), (7, range(4, 8))):
                other = evolve(case, number=number)
                for bit in bits:
                    changed_class = self.wrapped(other).cla ^ 1 << bit
                    self.assertTrue(self.refused(other, evolve(self.wrapped(other), cla=changed_class)))
            for at, bit in product(range(len(wrapped.data)), range(8)):
                changed = bytearray(wrapped.data)
                changed[at] ^= 1 << bit
                self.assertTrue(self.refused(case, evolve(wrapped, data=bytes(changed))))
            for data in (wrapped.data[:-1], wrapped.data + b"\0", wrapped.data[1:], b"", b"\0" + wrapped.data):
                self.assertTrue(self.refused(case, evolve(wrapped, data=data)))

    def test_order(self) -> None:
        """
        A command that is repeated, left out, or comes before another, is refused.
        """
        for level in LEVELS[1:]:
            host, _ = both(level)
            first, second = (host.wrap(Command(0x80, 0xE2, 0, number, b"x")) for number in (1, 2))
            for order in ((first, first), (second,), (second, first)):
                card = both(level)[1]
                found = [card.unwrap(each) for each in order]
                self.assertTrue(any(isinstance(each, Response) for each in found))

    def test_open(self) -> None:
        """
        What the standard leaves open: Le and the logical channel of a command are not protected.
        """
        case = Case(Level.FULL, 8, 16, 0, asks=True, length=5, answer=0)
        wrapped = self.wrapped(case)
        self.assertFalse(self.refused(case, evolve(wrapped, expected=1)))
        self.assertFalse(self.refused(case, evolve(wrapped, cla=0x85)))

    def test_answers(self) -> None:
        """
        Every bit of data, MAC and status of an answer, as long as its status is one that is protected.
        """
        levels = [level for level in LEVELS if level & Level.R_MAC]
        for level, mac_length, answer, status in product(levels, (8, 16), (0, 5, 16), PROTECTED):
            case = Case(level, mac_length, 16, 0, asks=True, length=5, answer=answer, status=status)
            octets = self.answered(case, lambda octets: octets).encode()
            for at, bit in product(range(len(octets)), range(8)):
                changed = bytearray(octets)
                changed[at] ^= 1 << bit
                if int.from_bytes(changed[-2:], "big") >> 8 in (0x62, 0x63) or changed[-2:] == b"\x90\x00":
                    self.assertRaises(AnswerNotAuthentic, self.answered, case, lambda _, to=bytes(changed): to)
                else:
                    self.assertEqual(self.answered(case, lambda _, to=bytes(changed): to).data, b"")

    def answered(self, case: Case, change: object) -> Response:
        """
        What the host gets of an answer that is changed; where it is not, the protected answer.
        """
        host, card = both(case.level, mac_length=case.mac_length)
        card.unwrap(host.wrap(case.command))
        answer = card.wrap(case.response)
        changed = change(answer.encode())  # type: ignore[operator]
        if changed == answer.encode():
            return answer
        return host.unwrap(case.command, Response.decode(changed))

    def test_openAnswers(self) -> None:
        """
        An error is nobody's: whoever carries an answer can put one in its place, and that is all that comes of it.
        """
        case = Case(Level.FULL, 8, 16, 0, asks=True, length=5, answer=5)
        found = self.answered(case, lambda octets: octets[:-2] + b"\x6a\x88")
        self.assertEqual(found, Response(b"", 0x6A88))
