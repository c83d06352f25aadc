# -*- test-case-name: tests.apdu.test_wrong_length -*-
"""
Tests for L{cardgw.apdu.wrong_length}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.base import Answers, ChannelDecorator, Watch
from cardgw.apdu.command import Command
from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.apdu.script import OK, Script, Step
from cardgw.apdu.wrong_length import WrongLength
from cardgw.errors import PeerLost
from cardgw.values import ChannelInfo
from tests.apdu.test_get_response import card_of

INFO = ChannelInfo("memory")
ASK = Command(0x80, 0xCA, 0x9F, 0x7F, expected=256)
NEXT = Command(0x80, 0xCA, 0x00, 0x66, expected=256)


class WrongLengthTests(SynchronousTestCase):
    """
    L{WrongLength}.
    """

    def setUp(self) -> None:
        self.sent: list[str] = []
        self.seen: list[Response] = []

    def run_script(self, script: Script, *answers: str, burst: int = 1) -> Deferred[Answers]:
        """
        Run it on a card that gives these answers.
        """
        channel = WrongLength(GetResponse(MemoryChannel(INFO, card_of(self.sent, answers), burst=burst)))
        return channel.exchange(script, self.seen.append)

    def test_repeated(self) -> None:
        """
        The command is sent again with the Le that the card wants, and the script goes on; the watcher sees the final answers.
        """
        answers = self.successResultOf(self.run_script(Script.of(ASK, NEXT), "6C2D", "AA9000", "BB9000"))
        self.assertEqual([answer.data for answer in answers], [b"\xaa", b"\xbb"])
        self.assertEqual(self.sent, ["80ca9f7f00", "80ca9f7f2d", "80ca006600"])
        self.assertEqual(self.seen, list(answers))

    def test_zero(self) -> None:
        """
        6C00 means 256.
        """
        self.successResultOf(self.run_script(Script.of(Command(0x80, 0xCA, expected=1)), "6C00", "9000"))
        self.assertEqual(self.sent, ["80ca000001", "80ca000000"])

    def test_noLe(self) -> None:
        """
        A command without Le gets one; its data stays.
        """
        self.successResultOf(self.run_script(Script.of(Command(0x80, 0xE2, data=b"\x01")), "6C02", "9000"))
        self.assertEqual(self.sent, ["80e200000101", "80e20000010102"])

    def test_once(self) -> None:
        """
        Each command is repeated once; the second answer stands. Every command has its own second try.
        """
        answers = self.successResultOf(self.run_script(Script.of(ASK, NEXT), "6C2D", "6C2E"))
        self.assertEqual(answers, (Response(b"", 0x6C2E),))
        answers = self.successResultOf(self.run_script(Script.of(ASK, NEXT), "6C2D", "9000", "6C01", "9000"))
        self.assertEqual(len(answers), 2)

    def test_allowed(self) -> None:
        """
        A step that allows 6Cxx itself is left alone.
        """
        script = Script((Step(ASK, (OK, range(0x6C00, 0x6D00))),))
        self.assertEqual(self.successResultOf(self.run_script(script, "6C2D")), (Response(b"", 0x6C2D),))

    def test_overshoot(self) -> None:
        """
        Where other commands had been sent after it, nothing is repeated.
        """
        script = Script((Step(ASK), Step(NEXT)), pipelined=True)
        answers = self.successResultOf(self.run_script(script, "6C2D", "9000", burst=2))
        self.assertEqual([answer.status for answer in answers], [0x6C2D, 0x9000])
        self.assertEqual(len(self.sent), 2)

    def test_afterRefusal(self) -> None:
        """
        Nor where one that was sent before it was refused: the script has ended there.  The watcher sees all that came.
        """
        script = Script((Step(ASK), Step(NEXT), Step(ASK)), pipelined=True)
        for answers in (["6A80", "6C2D"], ["9000", "9000", "6C2D", "9000"]):
            self.sent.clear()
            self.seen.clear()
            found = self.successResultOf(self.run_script(script, *answers, burst=2))
            self.assertEqual([answer.status for answer in found], [0x6A80, 0x6C2D] if len(answers) == 2 else [0x9000] * 3)
            self.assertEqual(len(self.sent), len(answers))
            self.assertEqual(self.seen, list(found))

    def test_thenMore(self) -> None:
        """
        The repeated command may be answered with 61xx, which is for the channel below.
        """
        answers = self.successResultOf(self.run_script(Script.of(ASK), "6C02", "6102", "AABB9000"))
        self.assertEqual(answers, (Response(b"\xaa\xbb", 0x9000),))

    def test_slow(self) -> None:
        """
        A slow command is slow the second time, too.
        """
        slow: list[bool] = []

        class Patience(ChannelDecorator):
            def exchange(self, script: Script, watch: Watch = None) -> Deferred[Answers]:
                slow.append(script.steps[0].slow)
                return super().exchange(script, watch)

        channel = WrongLength(Patience(MemoryChannel(INFO, card_of(self.sent, ["6C02", "9000"]))))
        self.successResultOf(channel.exchange(Script((Step(ASK, slow=True),))))
        self.assertEqual(slow, [True, True])

    def test_lost(self) -> None:
        """
        When the card is lost at the second try, the command has no answer.
        """
        clock = Clock()
        below = MemoryChannel(INFO, card_of(self.sent, ["9000", "6C02", "9000"]), clock=clock, delay=1)
        running = WrongLength(below).exchange(Script.of(NEXT, ASK, NEXT))
        clock.pump([1, 1])
        self.assertEqual(len(self.sent), 3)
        below.lose()
        error = self.failureResultOf(running, PeerLost).value
        self.assertEqual((error.responses, error.unanswered), ((Response(b"", 0x9000),), 1))
