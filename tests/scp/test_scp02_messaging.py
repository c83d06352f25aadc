# -*- test-case-name: tests.scp.test_scp02_messaging -*-
"""
L{cardgw.scp.scp02_messaging}, against the card's side.
"""

from __future__ import annotations

from functools import partial

from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.iso7816 import class_byte
from cardgw.apdu.response import Response
from cardgw.scp.errors import AnswerNotAuthentic, CommandNotProtectable, SecureSessionOver
from cardgw.scp.families import STRICT, LePolicy
from cardgw.scp.level import Level
from cardgw.scp.messaging import begin_r_mac, end_r_mac
from tests.scp.rig import GET_STATUS
from tests.scp.scp02_rig import Card, exchange, open_session

COMMAND_LEVELS, R_MAC_LEVELS = (0x01, 0x03), (0x11, 0x13)
EDGES = (0, 1, 7, 8, 9, 15, 16, 223, 231, 232, 238, 239)
STATUSES = (0x9000, 0x6200, 0x6310, 0x6283)


@frozen
class Options:
    """
    What host and card have in common.
    """

    implementation: int
    level: int
    number: int


def options() -> st.SearchStrategy[Options]:
    """
    All forms with R-MAC, all levels, all logical channels.
    """
    return st.builds(
        Options,
        st.sampled_from((0x25, 0x27, 0x35, 0x37, 0x65, 0x75)),
        st.sampled_from((0x00, *COMMAND_LEVELS, *R_MAC_LEVELS)),
        st.integers(0, 19),
    )


def always(answer: Response, command: Command) -> Response:
    """
    An application that has one answer.
    """
    return answer


class BothSidesTests(SynchronousTestCase):
    """
    What one side protects, the other understands.
    """

    @given(
        options(),
        st.lists(
            st.tuples(st.sampled_from(EDGES) | st.integers(0, 239), st.binary(max_size=40), st.sampled_from(STATUSES)), max_size=4
        ),
    )
    def test_exchanges(self, option: Options, exchanges: list[tuple[int, bytes, int]]) -> None:
        """
        Any forms, levels, channels, lengths, answers and warnings, one after the other.
        """
        card = Card(option.implementation)
        host = open_session(card, option.level, option.implementation, number=option.number)
        for size, answer, status in exchanges:
            card.reply = partial(always, Response(answer, status))
            command = Command(class_byte(0x80, option.number), 0xE2, 0x10, size & 0x7F, bytes(size), 256)
            self.assertEqual(exchange(host, card, command), Response(answer, status))
            self.assertEqual(card.plain[-1].data, command.data)

    def test_pipelined(self) -> None:
        """
        Many commands may be wrapped before the first answer.
        """
        for level in (*COMMAND_LEVELS, *R_MAC_LEVELS):
            card = Card(0x35)
            host = open_session(card, level, 0x35)
            commands = [evolve(GET_STATUS, p1=number) for number in range(5)]
            answers = [card.answer(wrapped) for wrapped in [host.wrap(command) for command in commands]]
            self.assertEqual({host.unwrap(*pair).data for pair in zip(commands, answers, strict=True)}, {GET_STATUS.data})
            self.assertRaises(ValueError, host.unwrap, GET_STATUS, answers[0])

    def test_lengths(self) -> None:
        """
        247 bytes with a MAC, 239 when encrypted, and no more; nothing has changed when it is refused.
        """
        for level, most in ((0x00, 255), (0x01, 247), (0x03, 239), (0x11, 247), (0x13, 239)):
            card = Card(0x35)
            host = open_session(card, level, 0x35)
            self.assertEqual(host.most_data(), most)
            if level:
                self.assertRaises(CommandNotProtectable, host.wrap, Command(0x80, 0xE2, data=bytes(most + 1)))
            self.assertEqual(exchange(host, card, Command(0x80, 0xE2, data=bytes(most))).status, 0x9000)
            self.assertLessEqual(len(card.sent[-1].data), 255)
        self.assertEqual(host.most_data(128), 119)

    def test_cases(self) -> None:
        """
        Le is as it was given, or asks for the MAC of the answer; a family may leave that out.
        """
        for level, family, expected in (
            (0x01, STRICT, [None, 16, None, 256]),
            (0x11, STRICT, [256, 256, 256, 256]),
            (0x11, evolve(STRICT, le=LePolicy.AS_GIVEN), [None, 256, None, 256]),
        ):
            host = open_session(Card(0x35), level, 0x35, family=family)
            found = [
                host.wrap(Command(0x80, 0xCA, data=data, expected=le)).expected
                for data, le in ((b"", None), (b"", 16), (b"x", None), (b"x", 256))
            ]
            self.assertEqual(found, expected)

    def test_marked(self) -> None:
        """
        A command that has marks of protection already is refused.
        """
        host = open_session(Card(), 0x01)
        for cla in (0x84, 0x90, 0xE0):
            self.assertRaises(CommandNotProtectable, host.wrap, evolve(GET_STATUS, cla=cla))

    def test_classZero(self) -> None:
        """
        Commands of class 00 are protected like all others.
        """
        card = Card(0x35)
        host = open_session(card, 0x13, 0x35)
        self.assertEqual(exchange(host, card, Command(0x00, 0xA4, 0x00, 0x00, b"\x3f\x00", 256)).data, b"\x3f\x00")
        self.assertEqual(card.sent[-1].cla, 0x04)
        self.assertEqual(card.plain[-1].cla, 0x00)


class VectorTests(SynchronousTestCase):
    """
    The chaining vector.
    """

    def test_encrypted(self) -> None:
        """
        A host that encrypts it is not understood by a card that does not, from the second command on.
        """
        card = Card(0x05)
        host = open_session(card, 0x01, 0x15)
        self.assertEqual(exchange(host, card, GET_STATUS), Response(b"", 0x6988))

    def test_unmodified(self) -> None:
        """
        Nor is one that signs the bare command by one that signs the protected one, from the first command on.
        """
        for theirs, ours in ((0x15, 0x17), (0x17, 0x15)):
            card = Card(theirs)
            with self.assertRaises(Exception) as caught:
                open_session(card, 0x01, ours)
            self.assertIn("6988", str(caught.exception))


class TamperedTests(SynchronousTestCase):
    """
    Whatever is changed on the way is found.
    """

    @given(st.sampled_from((*COMMAND_LEVELS, *R_MAC_LEVELS)), st.data())
    def test_command(self, level: int, data: st.DataObject) -> None:
        """
        Any bit of INS, P1, P2, data and MAC, and of the class but the logical channel, ends the session on the card.
        """
        card = Card(0x35)
        host = open_session(card, level, 0x35)
        wrapped = host.wrap(GET_STATUS)
        field = data.draw(st.sampled_from(("cla", "ins", "p1", "p2", "data")))
        if field == "data":
            octets = bytearray(wrapped.data)
            octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            wrong = evolve(wrapped, data=bytes(octets))
        else:
            bit = 0x80 if field == "cla" else 1 << data.draw(st.integers(0, 7))
            wrong = evolve(wrapped, **{field: getattr(wrapped, field) ^ bit})
        self.assertIn(card.answer(wrong).status, (0x6988, 0x6982))
        self.assertEqual(card.answer(wrapped).status, 0x6982)
        self.assertEqual(card.plain, [])

    @given(st.sampled_from(R_MAC_LEVELS), st.sampled_from(STATUSES), st.binary(max_size=20), st.data())
    def test_answer(self, level: int, status: int, answer: bytes, data: st.DataObject) -> None:
        """
        Any bit of data, MAC and status that leaves it an answer which is protected ends the session on the host.
        """
        card = Card(0x35)
        host = open_session(card, level, 0x35)
        card.reply = lambda command: Response(answer, status)
        protected = bytearray(card.answer(host.wrap(GET_STATUS)).encode())
        protected[data.draw(st.integers(0, len(protected) - 3))] ^= 1 << data.draw(st.integers(0, 7))
        self.assertRaises(AnswerNotAuthentic, host.unwrap, GET_STATUS, Response.decode(bytes(protected)))
        self.assertRaises(SecureSessionOver, host.wrap, GET_STATUS)

    def test_status(self) -> None:
        """
        A warning for a success, or the other way round.
        """
        for real, told in ((0x9000, 0x6310), (0x6310, 0x9000)):
            card = Card(0x35)
            host = open_session(card, 0x11, 0x35)
            card.reply = partial(always, Response(b"x", real))
            answer = card.answer(host.wrap(GET_STATUS))
            self.assertRaises(AnswerNotAuthentic, host.unwrap, GET_STATUS, evolve(answer, status=told))

    def test_bare(self) -> None:
        """
        A bare 9000, and a warning with less than a MAC, are not authentic.
        """
        for answer in (Response(b"", 0x9000), Response(b"1234567", 0x6310)):
            host = open_session(Card(0x35), 0x11, 0x35)
            host.wrap(GET_STATUS)
            self.assertRaises(AnswerNotAuthentic, host.unwrap, GET_STATUS, answer)

    def test_repeated(self) -> None:
        """
        The answer to one command is not that to the next, though both are the same; nor is a command taken twice.
        """
        card = Card(0x35)
        host = open_session(card, 0x11, 0x35)
        first = card.answer(host.wrap(GET_STATUS))
        host.unwrap(GET_STATUS, first)
        wrapped = host.wrap(GET_STATUS)
        card.answer(wrapped)
        self.assertEqual(card.answer(wrapped).status, 0x6988)
        self.assertRaises(AnswerNotAuthentic, host.unwrap, GET_STATUS, first)


class ErrorAnswerTests(SynchronousTestCase):
    """
    Errors with R-MAC.
    """

    def test_bare(self) -> None:
        """
        They come bare from most cards, and the session goes on; data in them are not believed.
        """
        card = Card(0x35)
        host = open_session(card, 0x13, 0x35)
        card.reply = lambda command: Response(b"", 0x6A88)
        self.assertEqual(exchange(host, card, GET_STATUS), Response(b"", 0x6A88))
        command = host.wrap(GET_STATUS)
        card.answer(command)
        self.assertEqual(host.unwrap(GET_STATUS, Response(b"somebody says", 0x6A80)), Response(b"", 0x6A80))
        card.reply = lambda command: Response(b"data", 0x9000)
        self.assertEqual(exchange(host, card, GET_STATUS), Response(b"data", 0x9000))

    def test_protected(self) -> None:
        """
        Other cards protect them, too.
        """
        card = Card(0x35, protects_errors=True)
        host = open_session(card, 0x13, 0x35)
        for status in (0x6A88, 0x9000, 0x6985, 0x6310):
            card.reply = partial(always, Response(b"why", status))
            self.assertEqual(exchange(host, card, GET_STATUS), Response(b"why", status))


class RMacSessionTests(SynchronousTestCase):
    """
    BEGIN and END R-MAC SESSION.
    """

    def test_session(self) -> None:
        """
        Answers are protected from the next one on, and not any more after END.
        """
        for level in COMMAND_LEVELS:
            card = Card(0x35)
            host = open_session(card, level, 0x35)
            self.assertEqual(exchange(host, card, begin_r_mac(Level.R_MAC, b"challenge")).status, 0x9000)
            self.assertEqual(host.level, level | Level.R_MAC)
            host.unwrap(GET_STATUS, answer := card.answer(host.wrap(GET_STATUS)))
            self.assertEqual(len(answer.data), len(GET_STATUS.data) + 8)
            self.assertEqual(exchange(host, card, end_r_mac()).status, 0x9000)
            self.assertEqual(host.level, level)
            self.assertEqual(card.answer(host.wrap(GET_STATUS)).data, GET_STATUS.data)

    def test_plain(self) -> None:
        """
        It is possible where commands are not protected.
        """
        for pipelined in (False, True):
            card = Card(0x35)
            host = open_session(card, 0x00, 0x35)
            commands = (begin_r_mac(Level.R_MAC), GET_STATUS, end_r_mac(), GET_STATUS)
            if pipelined:
                answers = [card.answer(wrapped) for wrapped in [host.wrap(command) for command in commands]]
                found = [host.unwrap(*pair) for pair in zip(commands, answers, strict=True)]
            else:
                found = [exchange(host, card, command) for command in commands]
            self.assertEqual([answer.status for answer in found], [0x9000] * 4)
            self.assertEqual([len(command.data) for command in card.sent[-3:]], [2, 0, 2])

    def test_again(self) -> None:
        """
        There may be another one.
        """
        card = Card(0x35)
        host = open_session(card, 0x01, 0x35)
        for _ in range(2):
            for command in (begin_r_mac(Level.R_MAC), GET_STATUS, end_r_mac(), GET_STATUS):
                self.assertEqual(exchange(host, card, command).status, 0x9000)

    def test_refused(self) -> None:
        """
        A card whose form has no R-MAC refuses it, and so does one that protects answers already; nothing changes.
        """
        for implementation, level in ((0x15, 0x01), (0x35, 0x11)):
            card = Card(implementation)
            host = open_session(card, level, implementation)
            self.assertEqual(exchange(host, card, begin_r_mac(Level.R_MAC)).status, 0x6985)
            self.assertEqual(host.level, level)
            self.assertEqual(exchange(host, card, GET_STATUS).data, GET_STATUS.data)

    def test_noneToEnd(self) -> None:
        """
        Without one, there is none to end.
        """
        card = Card(0x35)
        host = open_session(card, 0x03, 0x35)
        self.assertEqual(exchange(host, card, end_r_mac()).status, 0x6985)

    def test_pipelined(self) -> None:
        """
        The commands after it may be wrapped before its answer is there.
        """
        card = Card(0x35)
        host = open_session(card, 0x01, 0x35)
        commands = (begin_r_mac(Level.R_MAC), GET_STATUS, end_r_mac(), GET_STATUS)
        answers = [card.answer(wrapped) for wrapped in [host.wrap(command) for command in commands]]
        self.assertEqual([host.unwrap(*pair).status for pair in zip(commands, answers, strict=True)], [0x9000] * 4)
        self.assertEqual(host.level, Level.C_MAC)
