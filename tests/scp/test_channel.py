# -*- test-case-name: tests.scp.test_channel -*-
"""
L{cardgw.scp.channel}: opening, and what goes through.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.base import Answers
from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, OK, WARNINGS, Script, Step
from cardgw.apdu.wrong_length import WrongLength
from cardgw.scp.channel import SecureChannel, open_scp03
from cardgw.scp.errors import AnswerNotAuthentic, CommandNotProtectable, KeysDiffer
from cardgw.scp.families import STRICT, YUBIKEY
from cardgw.scp.keys import KeySet
from cardgw.scp.level import LEVELS, Level
from cardgw.values import ChannelInfo, Feature
from tests.scp.rig import AID, DONE, GET_STATUS, Card, keys_of

INFO = ChannelInfo("memory", offers=frozenset({Feature.SELECT}))
EXTENDED = evolve(INFO, offers=frozenset({Feature.SELECT, Feature.EXTENDED_LENGTH}), max_command=65544)
LOAD = tuple(Command(0x80, 0xE8, 0x00, number, bytes((number,)) * 200) for number in range(6))


class Rig(SynchronousTestCase):
    """
    A card and a secure channel to it.
    """

    def open(self, card: Any = None, info: ChannelInfo = INFO, burst: int = 1, **options: Any) -> SecureChannel:
        """
        Open one.
        """
        self.card = card or Card()
        self.below = MemoryChannel(info, self.card, burst=burst)
        options = {"application": AID, **options}
        return self.successResultOf(Deferred.fromCoroutine(open_scp03(self.below, keys_of(16), **options)))

    def answers(self, channel: SecureChannel, script: Script, watch: Any = None) -> Answers:
        """
        Run a script.
        """
        return self.successResultOf(channel.exchange(script, watch))


class OpenTests(Rig):
    """
    L{open_scp03}.
    """

    def test_opened(self) -> None:
        """
        It tells its level, how much fits, and wraps keys.
        """
        for level in LEVELS:
            channel = self.open(level=level)
            self.assertEqual((channel.level, channel.over), (level, ""))
            self.assertEqual(channel.info, evolve(INFO, max_command=channel.most_data + 6))
        self.assertEqual((channel.most_data, channel.dek.kcv()), (239, keys_of(16).dek.kcv()))
        channel = self.open(info=EXTENDED)
        self.assertEqual((channel.most_data, channel.info.max_command), (65519, 65528))

    def test_channel(self) -> None:
        """
        On another logical channel.
        """
        channel = self.open(number=7)
        command = evolve(GET_STATUS, cla=0xC3)
        self.assertEqual(self.answers(channel, Script.of(command)), (Response(command.data, 0x9000),))
        self.failureResultOf(channel.exchange(Script.of(GET_STATUS)), CommandNotProtectable)

    def test_failed(self) -> None:
        """
        With other keys there is none, and only one command was sent.
        """
        card = Card(0x60)
        opening = open_scp03(MemoryChannel(INFO, card), KeySet.of_aes(0x30, bytes(16)))
        self.failureResultOf(Deferred.fromCoroutine(opening), KeysDiffer)
        self.assertEqual(len(card.sent), 1)


class ScriptTests(Rig):
    """
    Scripts.
    """

    def test_oneByOne(self) -> None:
        """
        Each command is wrapped when the one before has been answered: after one that is not allowed the session goes on.
        """
        for level in LEVELS:
            channel = self.open(level=level)
            self.card.reply = lambda command: Response(b"", 0x6A88 if command.ins == 0xF2 else 0x9000)
            answers = self.answers(channel, Script.of(LOAD[0], GET_STATUS, LOAD[1]))
            self.assertEqual([each.status for each in answers], [0x9000, 0x6A88])
            self.assertEqual(self.answers(channel, Script.of(LOAD[2])), (DONE,))
            self.assertEqual([each.data for each in self.card.plain], [LOAD[0].data, GET_STATUS.data, LOAD[2].data])

    def test_allowed(self) -> None:
        """
        What a step allows counts for the plain answer; data are those without MAC.
        """
        channel = self.open()
        self.card.reply = lambda _: Response(b"", 0x6310)
        steps = (Step(GET_STATUS, (OK, WARNINGS), data=False), Step(GET_STATUS), Step(GET_STATUS))
        self.assertEqual([each.status for each in self.answers(channel, Script(steps))], [0x6310, 0x6310])
        self.card.reply = lambda _: Response(b"x", 0x9000)
        script = Script((Step(GET_STATUS, data=False), Step(GET_STATUS)))
        self.assertEqual(self.answers(channel, script), (Response(b"x", 0x9000),))

    def test_together(self) -> None:
        """
        A pipelined script is wrapped as a whole, and sent as such.
        """
        for level in LEVELS:
            for burst in (1, 4, 99):
                channel = self.open(level=level, burst=burst)
                seen: list[Response] = []
                script = Script(tuple(Step(command, slow=True) for command in LOAD), pipelined=True)
                answers = self.answers(channel, script, seen.append)
                self.assertEqual([each.data[:1] for each in answers], [bytes((number,)) for number in range(6)])
                self.assertEqual(seen, list(answers))
                self.assertEqual(self.answers(channel, Script.of(GET_STATUS))[0].data, GET_STATUS.data)

    def test_togetherFailed(self) -> None:
        """
        If the card got them all, the session goes on, whatever it said.
        """
        channel = self.open(burst=99)
        self.card.reply = lambda command: Response(b"", 0x9000 if command.p2 < 2 else 0x6985)
        answers = self.answers(channel, Script(tuple(Step(command) for command in LOAD), pipelined=True))
        self.assertEqual([each.status for each in answers], [0x9000] * 2 + [0x6985] * 4)
        self.assertEqual((channel.over, len(self.answers(channel, Script.of(GET_STATUS)))), ("", 1))

    def test_more(self) -> None:
        """
        61xx is for GET RESPONSE, below, also where a step allows everything; the MAC is at the end of the whole.
        """
        card = Card()
        rest: list[bytes] = []

        def slowly(octets: bytes) -> bytes:
            if octets[1] == 0xC0:
                self.assertEqual(octets[:4].hex(), "80c00000")
                answer = rest.pop()
            else:
                answer = card(octets)
            if len(answer) <= 20:
                return answer
            rest.append(answer[20:])
            return answer[:20] + b"\x61" + bytes((min(len(answer) - 22, 255),))

        channel = self.open(slowly)
        command = Command(0x80, 0xCA, 0x00, 0x66, bytes(100), 256)
        for step in (Step(command), Step(command, (ANY,))):
            self.assertEqual(self.answers(channel, Script((step,))), (Response(bytes(100), 0x9000),))
        script = Script((Step(command, (ANY,)),) * 3, pipelined=True)
        self.assertEqual(self.answers(channel, script), (Response(bytes(100), 0x9000),) * 3)

    def test_neverRepeated(self) -> None:
        """
        A wrapped command is not sent again after 6Cxx, even where the repetition stands below.
        """
        for pipelined in (False, True):
            channel = self.open()
            self.card.reply = lambda _: Response(b"", 0x6C10)
            wrong = SecureChannel(WrongLength(self.below), channel._session)
            script = Script((Step(GET_STATUS), Step(GET_STATUS)), pipelined)
            self.assertEqual(self.answers(wrong, script)[0].status, 0x6C10)
            sent = [each.data for each in self.card.sent]
            self.assertEqual(len(sent), len(set(sent)))

    def test_extended(self) -> None:
        """
        Where extended length comes through, long commands go as they are.
        """
        channel = self.open(info=EXTENDED)
        command = Command(0x80, 0xE2, 0x80, 0x00, bytes(2000), 256)
        self.answers(channel, Script.of(command))
        self.assertEqual((len(self.card.sent), self.card.plain[0].data), (3, command.data))

    def test_cut(self) -> None:
        """
        Elsewhere they are cut, as the family does it; also in a pipelined script, which then goes one by one.
        """
        for family, ins in ((STRICT, 0xE6), (YUBIKEY, 0xE2)):
            for pipelined in (False, True):
                channel = self.open(Card(family=family, chained=True), family=family)
                command = Command(0x80, ins, 0x04, 0x00, bytes(600), 256)
                script = Script((Step(command), Step(GET_STATUS)), pipelined)
                self.assertEqual([each.status for each in self.answers(channel, script)], [0x9000, 0x9000])
                self.assertEqual(self.card.plain[0].data, command.data)
                self.assertEqual(len(self.card.sent), 2 + 3 + 1)

    def test_cutAnswered(self) -> None:
        """
        Data in the answer to a segment end the session: nothing more is sent, and nothing looks done.
        """
        for level in (Level.C_MAC, Level.FULL):
            channel = self.open(Card(chained=True), level=level)
            sent: list[Command] = []
            self.patch(self.card, "answer", lambda command, sent=sent: sent.append(command) or Response(b"\xaa", 0x9000))
            script = Script.of(Command(0x80, 0xE6, 0x04, 0x00, bytes(600), 256), GET_STATUS)
            self.failureResultOf(channel.exchange(script), AnswerNotAuthentic)
            self.assertEqual((len(sent), bool(channel.over)), (1, True))

    def test_refused(self) -> None:
        """
        A script with a command that cannot be sent is refused before its first, and the session does not notice.
        """
        channel = self.open()
        for command in (Command(0x80, 0xE2, data=bytes(300)), Command(0x84, 0xF2), Command(0x81, 0xF2)):
            for pipelined in (False, True):
                script = Script((Step(GET_STATUS), Step(command)), pipelined)
                self.failureResultOf(channel.exchange(script), CommandNotProtectable)
        self.assertEqual(len(self.card.sent), 2)
        self.assertEqual(self.answers(channel, Script.of(GET_STATUS))[0].status, 0x9000)

    def test_empty(self) -> None:
        """
        No commands, no answers.
        """
        channel = self.open()
        for pipelined in (False, True):
            self.assertEqual(self.answers(channel, Script((), pipelined)), ())
