# -*- test-case-name: tests.scp.test_both_sides -*-
"""
L{cardgw.scp.messaging} and L{cardgw.scp.card_messaging} with each other: what one wraps, the other unwraps.  That no bit which is
protected can be changed is in L{tests.scp.test_changed}; SCP02 has its own, in L{tests.scp.test_scp02_messaging}.
"""

from __future__ import annotations

from itertools import product

from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.iso7816 import class_byte
from cardgw.apdu.response import Response
from cardgw.scp.errors import CommandNotProtectable
from cardgw.scp.families import FAMILIES, LEGACY, STRICT, Family
from cardgw.scp.level import LEVELS, Level, most_data
from cardgw.scp.primitives import ZERO_BLOCK
from tests.scp.rig import DONE, GET_STATUS, both

LENGTHS = (0, 1, 15, 16, 17, 31, 32, 33, *range(223, 257), 65535)
RECEIPT = bytes(range(0xE0, 0xF0))
"""With which the chain of MACs begins in SCP11, whose levels are L{SCP11_LEVELS} (34 and 3C as key usage)."""
SCP11_LEVELS = (Level(0x11), Level(0x33))
SESSIONS = (*((level, ZERO_BLOCK) for level in LEVELS), *((level, RECEIPT) for level in SCP11_LEVELS))
"""Levels, and what the chain begins with: those of SCP03, and those of SCP11."""
PROTECTED = (0x9000, 0x6200, 0x6282, 0x6310, 0x63C2)
STATUSES = (*PROTECTED, 0x6A88, 0x6F00)
MOST = 65535
GET_CARD_DATA = Command(0x80, 0xCA, 0x00, 0x66, expected=256)


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
    chain: bytes = ZERO_BLOCK

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
IN_SCP11 = SOMETIMES.map(lambda case: evolve(case, level=SCP11_LEVELS[case.answer % 2], chain=RECEIPT))


class BothSidesTests(SynchronousTestCase):
    """
    A session of some commands.
    """

    def through(self, case: Case) -> None:
        """
        A command and its answer, three times.
        """
        host, card = both(case.level, mac_length=case.mac_length, size=case.size, family=case.family, chain=case.chain)
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

    @given(SOMETIMES | IN_SCP11)
    @settings(max_examples=200)
    def test_samples(self, case: Case) -> None:
        """
        Level, MAC, keys, case, logical channel, lengths, family and status, whatever they are.
        """
        self.through(case)

    def test_lengths(self) -> None:
        """
        Lengths at which something changes, of commands and of answers, at all levels with both MACs; in SCP11, too.
        """
        for (level, chain), mac_length, length in product(SESSIONS, (8, 16), LENGTHS):
            answer = min(length, 300)
            self.through(Case(level, mac_length, 16, 0, asks=True, length=length, answer=answer, chain=chain))

    def test_product(self) -> None:
        """
        All levels with both MACs, all lengths of keys, all logical channels, and all four cases.
        """
        sessions = product(SESSIONS, (8, 16), (16, 24, 32), range(20), (False, True), (0, 20))
        for (level, chain), mac_length, size, number, asks, length in sessions:
            answer = 20 if asks else 0
            self.through(Case(level, mac_length, size, number, asks=asks, length=length, answer=answer, chain=chain))

    def test_otherChain(self) -> None:
        """
        A session of SCP11 is not one of SCP03: what was chained to a receipt is refused where the chain begins with zeros.
        """
        for level in SCP11_LEVELS:
            host, card = both(level, chain=RECEIPT)[0], both(level)[1]
            self.assertIsInstance(card.unwrap(host.wrap(GET_STATUS)), Response)

    def test_longest(self) -> None:
        """
        The longest command with the longest answer; one byte more is refused, by the host, before anything has changed.
        """
        for (level, chain), mac_length in product(SESSIONS, (8, 16)):
            case = Case(level, mac_length, 32, 19, asks=True, length=MOST, answer=65519, chain=chain)
            self.through(case)
            if level:
                host, card = both(level, mac_length=mac_length)
                self.assertRaises(CommandNotProtectable, host.wrap, evolve(case.command, data=bytes(case.most + 1)))
                self.assertIsInstance(card.unwrap(host.wrap(GET_STATUS)), Command)


class CounterTests(SynchronousTestCase):
    """
    Chain and counter stay together on both sides, whatever the commands and their answers are.
    """

    @given(
        st.sampled_from(SESSIONS),
        st.sampled_from(sorted(FAMILIES.values(), key=lambda each: each.name)),
        st.lists(
            st.tuples(st.sampled_from((0, 1, 16)), st.sampled_from((*PROTECTED, 0x6A88, 0x6F00)), st.booleans()), max_size=8
        ),
    )
    def test_sessions(self, begun: tuple[Level, bytes], family: Family, commands: list[tuple[int, int, bool]]) -> None:
        """
        Commands without data and with some, that succeed, warn or fail, and between them commands that the host refuses to send:
        marked already, or too long.
        """
        host, card = both(begun[0], family=family, chain=begun[1])
        for length, status, refused in commands:
            if refused and begun[0]:
                self.assertRaises(CommandNotProtectable, host.wrap, Command(0x84, 0xE2))
                self.assertRaises(CommandNotProtectable, host.wrap, Command(0x80, 0xE2, data=bytes(MOST)))
            command = Command(0x80, 0xE2, 0, 0, bytes(length), 256)
            self.assertEqual(getattr(card.unwrap(host.wrap(command)), "data", None), command.data)
            answer = host.unwrap(command, card.wrap(Response(b"ab" if status in PROTECTED else b"", status)))
            self.assertEqual(answer, Response(b"ab" if status in PROTECTED else b"", status))

    def test_families(self) -> None:
        """
        Who does not count as the card does is not understood: a command without data, and then one with data.
        """
        for ours, theirs in ((STRICT, LEGACY), (LEGACY, STRICT)):
            host, card = both(family=ours)[0], both(family=theirs)[1]
            card.unwrap(host.wrap(GET_CARD_DATA))
            card.wrap(DONE)
            self.assertIsInstance(card.unwrap(host.wrap(GET_STATUS)), Response)

    def test_far(self) -> None:
        """
        The counter fills a block; it does not come back to what it was.
        """
        for count in (0xFF, 0xFFFF, 0xFFFFFFFF, 2**64 - 1):
            host, card = both()
            host._counter = card._count = count
            card.unwrap(host.wrap(GET_STATUS))
            self.assertEqual(host.unwrap(GET_STATUS, card.wrap(Response(b"x", 0x9000))).data, b"x")
            other = both()[0]
            self.assertNotEqual(host.wrap(GET_STATUS).data[:16], other.wrap(GET_STATUS).data[:16])
