# -*- test-case-name: tests.lpa.test_isdr -*-
"""
Tests for L{cardgw.lpa.isdr}.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.script import Script
from cardgw.errors import MalformedAnswer, PeerLost, UnexpectedStatus
from cardgw.lpa.isdr import Isdr, function_name
from cardgw.values import ChannelInfo
from tests.lpa.card import BOUND, ScriptedChannel, replay
from tests.virtual.rig import Rig

OK = bytes.fromhex("9000")


def taking_all(command: bytes) -> bytes:
    """
    A card that says yes to every block.
    """
    return OK


class CommandTests(SynchronousTestCase):
    """
    One function: a request in blocks, an answer.
    """

    def ask(self, channel: ScriptedChannel, *payloads: bytes, size: int = 240) -> tuple[bytes, ...]:
        isdr = Isdr(channel, size)
        return self.successResultOf(Deferred.fromCoroutine(isdr.commands(*payloads)))

    def test_oneBlock(self) -> None:
        """
        A short request is one STORE DATA with P1 91 and P2 0, without Le.
        """
        channel = ScriptedChannel(replay([("80e2910003bf2800", "bf2802a0009000")]))
        self.assertEqual(self.ask(channel, bytes.fromhex("bf2800")), (bytes.fromhex("bf2802a000"),))

    def test_reading(self) -> None:
        """
        What only reads goes together where the channel carries many commands at once; one by one, when an answer was lost so.
        """
        for held, exchanges in (("", 1), ("6C02", 3), ("6102", 3)):
            lost = iter([held] if held else [])

            def card(command: bytes, lost: Iterator[str] = lost) -> bytes:
                return bytes.fromhex(next(lost, "aa9000"))

            channel = MemoryChannel(BOUND, card, burst=4)
            asking = Deferred.fromCoroutine(
                Isdr(channel).commands(bytes.fromhex("bf2e00"), bytes.fromhex("bf2000"), reading=True)
            )
            self.assertEqual(self.successResultOf(asking), (b"\xaa", b"\xaa"))
            self.assertEqual(channel.exchanges, exchanges)

    def test_last(self) -> None:
        """
        The logical channel is closed with the last request, in one exchange where many commands go together; where that was not
        so, because the request was refused before, it is closed afterwards.  Without one nothing is closed.
        """
        for answers, burst, leave, sent in (
            (["aa9000", "9000"], 2, 1, 2),
            (["aa9000", "9000"], 1, 1, 2),
            (["6985", "9000"], 2, 1, 2),
            (["6985", "9000"], 1, 1, 2),
            (["aa9000"], 2, 0, 1),
        ):
            got: list[str] = []
            left = iter(answers)

            def card(command: bytes, left: Iterator[str] = left, got: list[str] = got) -> bytes:
                got.append(command.hex())
                return bytes.fromhex(next(left))

            isdr = Isdr(MemoryChannel(BOUND, card, burst=burst), leave=leave)
            asking = Deferred.fromCoroutine(isdr.last(bytes.fromhex("bf3000")))
            if answers[0] == "6985":
                self.failureResultOf(asking, UnexpectedStatus)
            else:
                self.assertEqual(self.successResultOf(asking), b"\xaa")
            self.successResultOf(Deferred.fromCoroutine(isdr.close()))
            self.assertEqual(got, ["80e2910003bf3000", "00708001"][:sent])

    def test_blocksCount(self) -> None:
        """
        The blocks of a request count up in P2; only the last one has P1 91.
        """
        channel = ScriptedChannel(
            replay([("80e211000401020304", "9000"), ("80e211010405060708", "9000"), ("80e29102 0109", "aa9000")])
        )
        self.assertEqual(self.ask(channel, bytes(range(1, 10)), size=4), (b"\xaa",))

    def test_exactMultiple(self) -> None:
        """
        A request that fills its blocks has no empty one after them.
        """
        channel = ScriptedChannel(replay([("80e211000401020304", "9000"), ("80e291010405060708", "aa9000")]))
        self.assertEqual(self.ask(channel, bytes(range(1, 9)), size=4), (b"\xaa",))

    def test_authenticateServerOfTranscript(self) -> None:
        """
        A request of 759 bytes at 120 bytes per block is cut as a captured one was: six blocks of 78 hex, the last of 29 hex.
        """
        channel = ScriptedChannel(lambda command: b"\xaa" + OK if command[2] == 0x91 else OK)
        self.ask(channel, bytes.fromhex("bf388202f4") + bytes(0x2F4), size=120)
        heads = [command[:5].hex() for command in channel.sent]
        self.assertEqual(heads, [f"80e211{n:02x}78" for n in range(6)] + ["80e2910629"])

    def test_blockCounterWraps(self) -> None:
        """
        P2 starts anew after 255 (SGP.22 5.7.2 leaves no larger number).
        """
        channel = ScriptedChannel(lambda command: b"\xaa" + OK if command[2] == 0x91 else OK)
        self.ask(channel, bytes(258), size=1)
        self.assertEqual([command[3] for command in channel.sent[-3:]], [255, 0, 1])

    def test_severalFunctions(self) -> None:
        """
        Several functions go in one script, each counting from 0.
        """
        channel = ScriptedChannel(replay([("80e2910003bf2e00", "019000"), ("80e2910003bf2000", "029000")]))
        self.assertEqual(self.ask(channel, bytes.fromhex("bf2e00"), bytes.fromhex("bf2000")), (b"\x01", b"\x02"))
        self.assertEqual(len(channel.scripts), 1)

    def test_proactivePending(self) -> None:
        """
        91xx is success: the card has a proactive command to fetch besides.
        """
        channel = ScriptedChannel(replay([("80e2910003bf2800", "aa910b")]))
        self.assertEqual(self.ask(channel, bytes.fromhex("bf2800")), (b"\xaa",))

    def test_unexpectedStatusNamesFunction(self) -> None:
        """
        Another status is an error that names the function and the status, and no further block is sent.
        """
        channel = ScriptedChannel(lambda command: bytes.fromhex("6985"))
        isdr = Isdr(channel, 2)
        error = self.failureResultOf(Deferred.fromCoroutine(isdr.command(bytes.fromhex("bf2100aa"))), UnexpectedStatus).value
        self.assertIn("PrepareDownload: 6985 (conditions of use not satisfied)", str(error))
        self.assertEqual(len(channel.sent), 1)

    def test_together(self) -> None:
        """
        The blocks of one request may be sent at once, as long as a number tells which one it is: the card refuses those after a
        failed one.  It does not refuse another request, so several go one by one.
        """
        for payloads, expected in (
            ([bytes(600)], True),
            ([bytes(240)], False),
            ([bytes(600), bytes(3)], False),
            ([bytes(3), bytes(3)], False),
            ([bytes(256 * 240)], True),
            ([bytes(256 * 240 + 1)], False),
        ):
            channel = ScriptedChannel(lambda command: b"\xaa" + OK if command[2] == 0x91 else OK)
            self.ask(channel, *payloads)
            self.assertEqual([script.pipelined for script in channel.scripts], [expected])

    def test_failedTogether(self) -> None:
        """
        Where blocks were sent after the failed one, that one's status is the error.
        """
        left = iter(("9000", "6a84", "6985", "6985"))
        channel = MemoryChannel(ChannelInfo("memory"), lambda command: bytes.fromhex(next(left)), burst=9)
        isdr = Isdr(channel, 1)
        error = self.failureResultOf(Deferred.fromCoroutine(isdr.command(bytes.fromhex("bf2100aa"))), UnexpectedStatus).value
        self.assertIn("PrepareDownload: 6A84", str(error))

    def test_card(self) -> None:
        """
        The software eUICC refuses blocks after a failed one until a request begins anew, also the last one.
        """
        rig = Rig.make()
        self.assertEqual(rig.apdu("80E2110002BF20"), "9000")
        for text in ("80E2120101AA", "80E2110201AA", "80E2910303BF2000"):
            self.assertEqual(rig.apdu(text)[:2], "6A")
        self.assertEqual(rig.apdu("80E2910003BF2000")[:2], "61")

    def test_emptyAnswer(self) -> None:
        """
        Success without an answer is an error: every function has one.
        """
        channel = ScriptedChannel(taking_all)
        error = self.failureResultOf(Deferred.fromCoroutine(Isdr(channel).command(bytes.fromhex("bf2000"))), MalformedAnswer)
        self.assertIn("GetEUICCInfo1", str(error.value))

    def test_slow(self) -> None:
        """
        Only the last block of a request that makes the card think is marked slow.
        """
        channel = ScriptedChannel(lambda command: b"\xaa" + OK if command[2] == 0x91 else OK)
        self.successResultOf(Deferred.fromCoroutine(Isdr(channel, 2).command(bytes(6), slow=True)))
        self.assertEqual([step.slow for step in channel.steps], [False, False, True])

    def test_logicalChannel(self) -> None:
        """
        The class byte carries the logical channel.
        """
        channel = ScriptedChannel(replay([("81e2910003bf2800", "aa9000")]))
        self.successResultOf(Deferred.fromCoroutine(Isdr(channel, cla=0x81).command(bytes.fromhex("bf2800"))))

    @given(st.binary(min_size=1, max_size=600), st.integers(1, 255))
    def test_blocksJoinToRequest(self, payload: bytes, size: int) -> None:
        """
        However a request is cut: the data joined is the request, no block is too long, and P1 and P2 are right.
        """
        channel = ScriptedChannel(lambda command: b"\xaa" + OK if command[2] == 0x91 else OK)
        self.ask(channel, payload, size=size)
        commands = [Command.decode(octets) for octets in channel.sent]
        self.assertEqual(b"".join(command.data for command in commands), payload)
        self.assertTrue(all(0 < len(command.data) <= size for command in commands))
        self.assertEqual([command.p2 for command in commands], [number & 0xFF for number in range(len(commands))])
        self.assertEqual([command.p1 for command in commands], [0x11] * (len(commands) - 1) + [0x91])

    def test_unknownFunction(self) -> None:
        """
        A function without a name is called by its tag.
        """
        self.assertEqual(function_name(bytes.fromhex("bf7700")), "ES10 BF77")


class LoadTests(SynchronousTestCase):
    """
    A bound profile package: all segments at once, one answer.
    """

    def setUp(self) -> None:
        self.percents: list[int] = []

    def load(self, channel: ScriptedChannel, segments: list[bytes], size: int = 240) -> Deferred[bytes | None]:
        isdr = Isdr(channel, size)
        return Deferred.fromCoroutine(isdr.load(isdr.package(segments), self.percents.append))

    def test_oneScript(self) -> None:
        """
        All blocks go as one pipelined script; each segment counts from 0 and ends with P1 91.
        """
        result = [OK] * 3 + [b"\xbf\x37\x00" + OK]
        channel = ScriptedChannel(lambda command: result.pop(0))
        self.assertEqual(self.successResultOf(self.load(channel, [bytes(3), bytes(2), bytes(1)], 2)), b"\xbf\x37\x00")
        (script,) = channel.scripts
        self.assertTrue(script.pipelined)
        self.assertEqual([command[2:4].hex() for command in channel.sent], ["1100", "9101", "9100", "9100"])

    def test_onlyLastStepMayHaveData(self) -> None:
        """
        Any other answer with data ends the script: it is the result.
        """
        channel = ScriptedChannel(taking_all)
        self.successResultOf(self.load(channel, [bytes(3), bytes(2)], 2))
        self.assertEqual([step.data for step in channel.steps], [False, False, True])

    def test_everySegmentMayBeSlow(self) -> None:
        """
        The card works at the end of each segment, for up to seconds.
        """
        channel = ScriptedChannel(taking_all)
        self.successResultOf(self.load(channel, [bytes(3), bytes(2)], 2))
        self.assertEqual([step.slow for step in channel.steps], [False, True, True])

    def test_earlyResult(self) -> None:
        """
        The first answer with data is the result, and nothing is sent after it.
        """
        channel = ScriptedChannel(lambda command: b"\xbf\x37\x00" + OK)
        self.assertEqual(self.successResultOf(self.load(channel, [bytes(1)] * 5)), b"\xbf\x37\x00")
        self.assertEqual(len(channel.sent), 1)

    def test_resultWithErrorStatus(self) -> None:
        """
        Data counts whatever the status beside it.
        """
        channel = ScriptedChannel(lambda command: bytes.fromhex("bf37006a80"))
        self.assertEqual(self.successResultOf(self.load(channel, [bytes(1)] * 5)), b"\xbf\x37\x00")

    def test_noResult(self) -> None:
        """
        A card that takes everything and answers nothing gives C{None}; it is not taken for success here.
        """
        self.assertIsNone(self.successResultOf(self.load(ScriptedChannel(taking_all), [bytes(1)] * 3)))

    def test_refusedBlock(self) -> None:
        """
        A status without data is an error that tells at which block.
        """
        answers = [OK, bytes.fromhex("6a80")]
        channel = ScriptedChannel(lambda command: answers.pop(0))
        error = self.failureResultOf(self.load(channel, [bytes(1)] * 4), UnexpectedStatus).value
        self.assertIn("LoadBoundProfilePackage, block 2 of 4: 6A80", str(error))

    def test_percent(self) -> None:
        """
        Each whole percent is told once, the last one is 100.
        """
        self.successResultOf(self.load(ScriptedChannel(taking_all), [bytes(1)] * 300))
        self.assertEqual(self.percents, list(range(101)))

    def test_lost(self) -> None:
        """
        When the card is lost, the error carries the answers so far.
        """
        channel = ScriptedChannel(taking_all, lose_after=2)
        error = self.failureResultOf(self.load(channel, [bytes(1)] * 4), PeerLost).value
        self.assertEqual((len(error.responses), error.unanswered), (2, 1))

    def test_lostAfterResult(self) -> None:
        """
        A result that came before the card was lost is still the result.
        """

        class Dropping(ScriptedChannel):
            def exchange(self, script: Script, watch: object = None) -> Deferred[tuple[object, ...]]:  # type: ignore[override]
                from twisted.internet.defer import fail

                from cardgw.apdu.response import Response

                return fail(PeerLost().during((Response(b"\xbf\x37\x00", 0x9000),), 1))

        self.assertEqual(self.successResultOf(self.load(Dropping(taking_all), [bytes(1)] * 4)), b"\xbf\x37\x00")

    def test_count(self) -> None:
        """
        The number of blocks is known beforehand: a segment of 1020 bytes is 5 at 240 and 4 at 255.
        """
        for size, blocks in ((240, 6), (255, 5)):
            script = Isdr(ScriptedChannel(taking_all), size).package([bytes(1020), b"\xa1"])
            self.assertEqual(len(script.steps), blocks)
