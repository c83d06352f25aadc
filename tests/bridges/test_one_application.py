# -*- test-case-name: tests.bridges.test_one_application -*-
"""
Tests for L{cardgw.bridges.one_application}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.bridges.one_application import CHANNELS, OneApplication, split_class
from tests.apdu.strategies import commands, octet

AID = bytes.fromhex("A0000005591010FFFFFFFF8900000100")
OPEN, SELECT = Command(0x00, 0x70, expected=1), Command(0x00, 0xA4, 0x04, 0x00, AID)
STORE, MORE = Command(0x80, 0xE2, 0x91, 0x00, b"\xbf\x3e\x00"), Command(0x00, 0xC0, expected=256)


def on(channel: int, command: Command) -> Command:
    """
    A command on another channel.
    """
    first, proprietary = channel < 4, command.cla & 0x80
    cla = command.cla | channel if first else proprietary | 0x40 | channel - 4
    return Command(cla, command.ins, command.p1, command.p2, command.data, command.expected)


some_classes = st.sampled_from((0x00, 0x01, 0x03, 0x10, 0x0C, 0x40, 0x4F, 0x60, 0x80, 0x81, 0x83, 0x84, 0xC0, 0xCF, 0xE0, 0xA0))
likely = st.builds(
    Command,
    some_classes | octet,
    st.sampled_from((0x70, 0xA4, 0xAA, 0xC0, 0xE2)),
    st.sampled_from((0x00, 0x04, 0x80)),
    st.sampled_from((0x00, 0x0C, 0x01, 0x02, 0x03, 0x13, 0x14)),
    st.sampled_from((b"", AID, AID[:7], AID[:4], b"\xa0\x00\x00\x00\x87")),
    st.none() | st.just(256),
)
"""Commands of programs that mean well, and some of others."""


class SplitTests(SynchronousTestCase):
    """
    L{split_class}.
    """

    def test_first(self) -> None:
        """
        The first classes have channels 0 to 3; chaining and secure messaging stay.
        """
        expected = {0x00: (0, 0x00), 0x03: (3, 0x00), 0x1E: (2, 0x1C), 0x80: (0, 0x80), 0x81: (1, 0x80), 0x97: (3, 0x94)}
        self.assertEqual({cla: split_class(cla) for cla in expected}, expected)

    def test_further(self) -> None:
        """
        The further ones have channels 4 to 19; how they say secure messaging is said as the first ones do.
        """
        expected = {0x40: (4, 0x00), 0x4F: (19, 0x00), 0x51: (5, 0x10), 0x60: (4, 0x08), 0x7F: (19, 0x18)}
        expected |= {0xC0: (4, 0x80), 0xCF: (19, 0x80), 0xD2: (6, 0x90), 0xE0: (4, 0x84)}
        self.assertEqual({cla: split_class(cla) for cla in expected}, expected)

    def test_meaningless(self) -> None:
        """
        Others have no channel: those that are reserved, those of old SIM cards, and FF.
        """
        self.assertEqual({split_class(cla) for cla in (*range(0x20, 0x40), *range(0xA0, 0xC0), 0xFF)}, {None})

    @given(octet)
    def test_taken(self, cla: int) -> None:
        """
        What is left is a class of the basic channel, of the same kind.
        """
        found = split_class(cla)
        if found is not None:
            self.assertTrue(0 <= found[0] < CHANNELS)
            self.assertEqual((split_class(found[1]), found[1] & 0x80), ((0, found[1]), cla & 0x80))


class OneApplicationTests(SynchronousTestCase):
    """
    L{OneApplication}.
    """

    def setUp(self) -> None:
        self.card = OneApplication(AID)

    def status(self, command: Command) -> int | None:
        """
        What is answered here; C{None} where the card is asked.
        """
        found = self.card.take(command)
        return found.status if isinstance(found, Response) else None

    def data(self, command: Command) -> bytes:
        """
        The data of what is answered here, in success.
        """
        found = self.card.take(command)
        assert isinstance(found, Response), found
        self.assertEqual(found.status, 0x9000)
        return found.data

    def test_program(self) -> None:
        """
        What an LPA does: TERMINAL CAPABILITY, a channel, SELECT, commands, the rest of an answer, the channel closed.
        """
        self.assertEqual(self.data(Command(0x80, 0xAA, data=bytes.fromhex("A9088100820101830107"))), b"")
        self.assertEqual(self.data(OPEN), b"\x01")
        self.assertEqual(self.data(on(1, SELECT)), bytes.fromhex("6F128410") + AID)
        self.assertEqual(self.card.take(on(1, STORE)), STORE)
        self.assertEqual(self.card.take(on(1, MORE)), MORE)
        self.assertEqual(self.data(Command(0x00, 0x70, 0x80, 0x01)), b"")
        self.assertEqual(self.status(on(1, STORE)), 0x6881)

    def test_basic(self) -> None:
        """
        The basic channel is open, and has nothing selected.
        """
        self.assertEqual(self.status(STORE), 0x6A82)
        self.data(SELECT)
        self.assertIs(self.card.take(STORE), STORE)

    def test_select(self) -> None:
        """
        The application is found by its name or the beginning of it; P2 says in which template the answer is.
        """
        templates = {0x00: "6F12", 0x04: "6212", 0x08: "6412"}
        for p2, template in templates.items():
            self.assertEqual(self.data(Command(0x00, 0xA4, 0x04, p2, AID[:7])), bytes.fromhex(template + "8410") + AID)
        self.assertEqual(self.data(Command(0x00, 0xA4, 0x04, 0x0C, AID)), b"")
        self.assertEqual(self.data(Command(0x00, 0xA4, 0x04, 0x0D, AID[:5])), b"")

    def test_selectOther(self) -> None:
        """
        Nothing else is found, and what was selected stays so.
        """
        self.data(SELECT)
        for p1, p2, name in (
            (0x04, 0x00, AID + b"\0"),
            (0x04, 0x00, AID[:4]),
            (0x04, 0x00, b""),
            (0x04, 0x00, bytes.fromhex("A0000000871002")),
            (0x04, 0x02, AID[:7]),
            (0x04, 0x03, AID[:7]),
            (0x00, 0x04, bytes.fromhex("3F00")),
        ):
            self.assertEqual(self.status(Command(0x00, 0xA4, p1, p2, name)), 0x6A82)
        self.assertEqual(self.status(Command(0x00, 0xA4, 0x04, 0x40, AID)), 0x6A86)
        self.assertIs(self.card.take(STORE), STORE)

    def test_manage(self) -> None:
        """
        Channels are opened by number or the next free one, up to 19, and closed.
        """
        self.assertEqual(self.data(Command(0x00, 0x70, 0x00, 0x02)), b"")
        self.assertEqual([self.data(OPEN)[0] for _ in range(18)], [1, *range(3, 20)])
        for p1, p2, status in (
            (0x00, 0x00, 0x6A81),
            (0x00, 0x02, 0x6A81),
            (0x00, 0x14, 0x6A81),
            (0x80, 0x13, 0x9000),
            (0x80, 0x13, 0x6200),
            (0x80, 0x00, 0x6A81),
            (0x80, 0x14, 0x6A81),
            (0x40, 0x01, 0x6A81),
        ):
            self.assertEqual(self.status(Command(0x00, 0x70, p1, p2)), status, (p1, p2))
        self.assertEqual(self.status(Command(0x00, 0x70, data=b"\x01")), 0x6700)

    def test_inherited(self) -> None:
        """
        A channel that is opened from another one than the basic has selected what that one has.
        """
        self.data(SELECT)
        self.data(OPEN)
        self.assertEqual(self.status(on(1, STORE)), 0x6A82)
        self.data(on(1, SELECT))
        self.assertEqual(self.data(on(1, OPEN)), b"\x02")
        self.assertEqual(self.card.take(on(2, STORE)), STORE)

    def test_far(self) -> None:
        """
        Channels 4 to 19 have class bytes of their own.
        """
        self.data(Command(0x00, 0x70, 0x00, 0x0C))
        self.data(on(12, SELECT))
        self.assertEqual(self.card.take(on(12, STORE)), STORE)
        self.assertEqual(self.status(on(13, STORE)), 0x6881)

    def test_rest(self) -> None:
        """
        GET RESPONSE is for the channel whose command the card has answered last, and only right after that.
        """
        self.data(OPEN)
        for channel in (0, 1):
            self.data(on(channel, SELECT))
        self.assertEqual(self.status(MORE), 0x6985)
        self.card.take(STORE)
        self.assertEqual(self.status(on(1, MORE)), 0x6985)
        self.assertIs(self.card.take(MORE), MORE)
        self.card.take(on(1, STORE))
        self.assertEqual(self.status(MORE), 0x6985)
        self.data(on(1, SELECT))
        self.assertEqual(self.status(on(1, MORE)), 0x6985)

    def test_classes(self) -> None:
        """
        A class byte that means nothing here is refused; so is what the local commands cannot do.
        """
        for cla, ins, status in (
            (0xA0, 0xA4, 0x6E00),
            (0xFF, 0xCA, 0x6E00),
            (0x80, 0xA4, 0x6E00),
            (0x80, 0x70, 0x6E00),
            (0x0C, 0xA4, 0x6882),
            (0x10, 0x70, 0x6884),
        ):
            self.assertEqual(self.status(Command(cla, ins)), status)

    def test_reset(self) -> None:
        """
        After a reset there is the basic channel alone, and nothing is selected.
        """
        self.data(OPEN)
        self.data(SELECT)
        self.card.reset()
        self.assertEqual((self.status(on(1, STORE)), self.status(STORE)), (0x6881, 0x6A82))
        self.assertEqual(self.data(OPEN), b"\x01")

    @given(st.lists(likely | commands, max_size=40))
    def test_property(self, sent: list[Command]) -> None:
        """
        Whatever programs send, the card gets commands of the basic channel only, as they were but for that; never SELECT, MANAGE
        CHANNEL or TERMINAL CAPABILITY; and none before the application was selected on an open channel.
        """
        card = OneApplication(AID)
        for command in sent:
            before = dict(card.selected)
            found = card.take(command)
            if isinstance(found, Response):
                continue
            where = split_class(command.cla)
            assert where is not None
            self.assertIs(before.get(where[0]), True)
            self.assertEqual(split_class(found.cla), (0, found.cla))
            self.assertEqual(found.encode()[1:], command.encode()[1:])
            self.assertNotIn(found.ins, (0x70, 0xA4))
            self.assertFalse(found.ins == 0xAA and found.cla & 0x80)

    @given(st.lists(likely, max_size=60))
    def test_counted(self, sent: list[Command]) -> None:
        """
        Channels are counted right: one is open from its opening to its closing, and a number is given to one at a time.
        """
        card, here = OneApplication(AID), {0}
        for command in sent:
            found = card.take(command)
            done = isinstance(found, Response) and found.status == 0x9000
            if done and command.ins == 0x70 and isinstance(found, Response):
                number = command.p2 or found.data[0]
                self.assertEqual(number in here, command.p1 == 0x80)
                here ^= {number}
            self.assertEqual(set(card.selected), here)
