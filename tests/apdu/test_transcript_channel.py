# -*- test-case-name: tests.apdu.test_transcript_channel -*-
"""
Tests for L{cardgw.apdu.transcript_channel}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, Script, Step
from cardgw.apdu.transcript import Exchange, Transcript, parse
from cardgw.apdu.transcript_channel import TranscriptChannel, TranscriptDiffers, TranscriptRedacted
from cardgw.errors import PeerLost
from cardgw.values import ChannelInfo, Feature
from tests.apdu.test_transcript import CHALLENGE, EXCHANGES, INFO1, REDACTED, TEXT


class TranscriptChannelTests(SynchronousTestCase):
    """
    L{TranscriptChannel}.
    """

    def test_replay(self) -> None:
        """
        The same commands give the same answers; where there was none, the card is lost.
        """
        channel = TranscriptChannel(parse(TEXT))
        answers = self.successResultOf(GetResponse(channel).exchange(Script.of(CHALLENGE)))
        self.assertEqual(answers, (Response(bytes.fromhex("BF2E030102"), 0x9000),))
        self.assertEqual((channel.done, len(channel.remaining)), (2, 1))
        error = self.failureResultOf(channel.exchange(Script.of(INFO1)), PeerLost).value
        self.assertEqual(error.unanswered, 1)
        self.assertIsInstance(self.successResultOf(channel.when_gone()), PeerLost)

    def test_differs(self) -> None:
        """
        Another command than the recorded one is an error that shows both, and the line.
        """
        channel = TranscriptChannel(parse(TEXT))
        error = self.failureResultOf(channel.exchange(Script.of(INFO1)), TranscriptDiffers).value
        self.assertEqual(error.detail, "command 1 (line 4): expected 80E2910003BF2E00, got 80E2910003BF2000")
        self.successResultOf(channel.exchange(Script((Step(CHALLENGE, (ANY,)),))))

    def test_differsWithoutLine(self) -> None:
        """
        In a transcript that is not from a text the command is counted.
        """
        channel = TranscriptChannel(Transcript(EXCHANGES))
        error = self.failureResultOf(channel.exchange(Script.of(INFO1)), TranscriptDiffers).value
        self.assertIn("command 1: expected", error.detail)

    def test_end(self) -> None:
        """
        So is a command after the last one.
        """
        error = self.failureResultOf(TranscriptChannel(Transcript()).exchange(Script.of(INFO1)), TranscriptDiffers).value
        self.assertEqual(error.detail, "expected no more commands after 0, got 80E2910003BF2000")

    def test_info(self) -> None:
        """
        It is what the transcript says it was, unless told otherwise.
        """
        info = TranscriptChannel(parse(TEXT)).info
        self.assertEqual((info.transport, info.atr), ("estk", bytes.fromhex("3B9F96C00A31FE45")))
        self.assertIn(Feature.EXTENDED_LENGTH, info.offers)
        self.assertEqual(TranscriptChannel(Transcript()).info.transport, "transcript")
        other = ChannelInfo("other")
        self.assertIs(TranscriptChannel(Transcript(), other).info, other)

    def test_long(self) -> None:
        """
        Of long commands that part is shown where they differ.
        """
        data = bytes(range(200))
        expected, got = (Command(0x80, 0xE2, 0x11, 0, each) for each in (data, data[:100] + b"\xff" + data[101:]))
        channel = TranscriptChannel(Transcript((Exchange(expected, None),)))
        detail = self.failureResultOf(channel.exchange(Script.of(got)), TranscriptDiffers).value.detail
        self.assertIn("command 1: expected …5C5D5E5F6061626364", detail)
        self.assertIn("got …5C5D5E5F60616263FF", detail)
        self.assertTrue(detail.endswith("; they differ from byte 106 on"), detail)
        self.assertLess(len(detail), 250)

    def test_longer(self) -> None:
        """
        Likewise where one is the beginning of the other.
        """
        channel = TranscriptChannel(Transcript((Exchange(Command(0x80, 0xE2, 0x11, 0, bytes(99)), None),)))
        script = Script.of(Command(0x80, 0xE2, 0x11, 0, bytes(99), 256))
        detail = self.failureResultOf(channel.exchange(script), TranscriptDiffers).value.detail
        self.assertTrue(detail.endswith("they differ from byte 105 on"), detail)

    def test_cut(self) -> None:
        """
        Where the transcript was cut, nobody knows what comes next.
        """
        channel = TranscriptChannel(parse("80E2910003BF2E00\n9000\n# CUT: enough\n"))
        self.successResultOf(channel.exchange(Script.of(CHALLENGE)))
        error = self.failureResultOf(channel.exchange(Script.of(INFO1)), TranscriptRedacted).value
        self.assertEqual(error.detail, "it was cut after 1 commands: enough")
        self.assertIs(channel.trouble, error)


class RedactedTests(SynchronousTestCase):
    """
    Transcripts without data.
    """

    def replay(self, *commands: Command) -> tuple[TranscriptChannel, Script]:
        """
        A channel and what is to be said on it.
        """
        return TranscriptChannel(parse(REDACTED)), Script(tuple(Step(each, (ANY,)) for each in commands))

    def test_replay(self) -> None:
        """
        It can be replayed as far as no data is needed; then the line is told.
        """
        select, data = Command(0, 0xA4, 4, 0, b"0123456789abcdef", 256), Command(0x80, 0xCA, 0x9F, 0x7F, expected=256)
        channel, script = self.replay(select, data)
        error = self.failureResultOf(channel.exchange(script), TranscriptRedacted).value
        self.assertEqual(error.detail, "command 2 (line 6): 80CA9F7F Le 256: 9000, 4 bytes")
        self.assertEqual((channel.done, channel.trouble), (1, error))

    def test_differs(self) -> None:
        """
        A command of another form differs; its data are not told either.
        """
        channel, script = self.replay(Command(0, 0xA4, 4, 0, b"secret", 256))
        error = self.failureResultOf(channel.exchange(script), TranscriptDiffers).value
        self.assertEqual(error.detail, "command 1 (line 3): expected 00A40400 Lc 16 Le 256, got 00A40400 Lc 6 Le 256")
