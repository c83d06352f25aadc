# -*- test-case-name: tests.apdu.test_transcript -*-
"""
Tests for L{cardgw.apdu.transcript}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.record import Recorder
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, Script, Step
from cardgw.apdu.transcript import (
    Exchange,
    Transcript,
    TranscriptError,
    TranscriptSink,
    parse,
    write,
)
from cardgw.apdu.transcript_channel import TranscriptChannel
from cardgw.errors import PeerLost
from cardgw.testing.card import KnowingCard
from cardgw.values import ChannelInfo
from tests.apdu.strategies import commands, responses

TEXT = """\
# ATR: 3B9F96C00A31FE45
# PROTOCOL: T=1
# TRANSPORT: estk
80E2910003BF2E00
# Received in 40ms
6105
80C0000005
BF2E0301029000
80E2910003BF2000
# No answer
"""

CHALLENGE = Command(0x80, 0xE2, 0x91, 0x00, bytes.fromhex("BF2E00"))
MORE = Command(0x80, 0xC0, expected=5)
INFO1 = Command(0x80, 0xE2, 0x91, 0x00, bytes.fromhex("BF2000"))

EXCHANGES = (
    Exchange(CHALLENGE, Response(b"", 0x6105), 40),
    Exchange(MORE, Response(bytes.fromhex("BF2E030102"), 0x9000)),
    Exchange(INFO1, None),
)

REDACTED = """\
# TRANSPORT: estk
# OPERATION: lpa.info
00A40400 Lc 16 Le 256
# Received in 40ms
9000
80CA9F7F Le 256
9000, 4 bytes
80E29100 Lc 3
# No answer
"""

words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=12)
exchanges = st.builds(
    Exchange,
    commands.map(lambda command: Command.decode(command.encode())),
    st.none() | responses,
    st.none() | st.integers(0, 10**6),
    st.just(0),
)
notes = st.dictionaries(st.from_regex("[A-Z][A-Z-]{0,8}", fullmatch=True).map(lambda name: f"X{name}"), words, max_size=3)
transcripts = st.builds(
    Transcript, st.lists(exchanges, max_size=5).map(tuple), st.none() | st.binary(max_size=33), words, words, notes
)


class FormatTests(SynchronousTestCase):
    """
    L{write} and L{parse}.
    """

    def test_text(self) -> None:
        """
        The text form: comments, then commands and answers in turn.
        """
        transcript = Transcript(EXCHANGES, bytes.fromhex("3B9F96C00A31FE45"), "T=1", "estk")
        self.assertEqual(write(transcript), TEXT)
        self.assertEqual(parse(TEXT), transcript)
        self.assertEqual([each.line for each in parse(TEXT).exchanges], [4, 7, 9])

    @given(transcripts)
    def test_roundTrip(self, transcript: Transcript) -> None:
        """
        Every transcript is the same again after writing and parsing.
        """
        self.assertEqual(parse(write(transcript)), transcript)

    @given(st.text(st.sampled_from("# 0123456789abcdefNoanswer:ATR\n"), max_size=80) | st.text(max_size=40))
    def test_anything(self, text: str) -> None:
        """
        Any text is a transcript or a L{TranscriptError}.
        """
        try:
            parse(text)
        except TranscriptError as error:
            self.assertRegex(error.detail, "^line [0-9]+: ")

    def test_lenient(self) -> None:
        """
        Spaces, the case of letters, empty lines and unknown comments do not matter.
        """
        text = "\n  # a note\n\n80 e2 91 00 03 bf 20 00\n#Received in 7 ms\n# another note\n 90 00 \r\n"
        self.assertEqual(parse(text).exchanges, (Exchange(INFO1, Response(b"", 0x9000), 7),))

    def test_errors(self) -> None:
        """
        Errors name the line.
        """
        for text, expected in (
            ("# a note\n80CAzz", "line 2: expected bytes in hexadecimal, got '80CAzz'"),
            ("80CA0000\n\n90", "line 3: a response APDU has at least 2 bytes, got 1"),
            ("80CA", "line 1: a command APDU has at least 4 bytes, got 2"),
            ("80CA0000\n9000\n80CA0001", 'line 3: the command has no answer, and no "# No answer"'),
            ("# No answer", "line 1: there is no command before this"),
            ("# ATR: 3", "line 1: expected bytes in hexadecimal, got '3'"),
        ):
            self.assertEqual(self.assertRaises(TranscriptError, parse, text).detail, expected)

    def test_format(self) -> None:
        """
        The format of a newer version is refused, whatever comes after it.
        """
        self.assertEqual(parse("# FORMAT: 1\n").notes, {"FORMAT": "1"})
        error = self.assertRaises(TranscriptError, parse, "# TRANSPORT: estk\n# FORMAT: 2\nnonsense")
        self.assertEqual(error.detail, "line 2: it has format 2, and this version knows formats up to 1")
        self.assertIn("newer version", error.hint)
        for text in ("9" * 5000, "one", "-1", "²"):
            self.assertRaises(TranscriptError, parse, f"# FORMAT: {text}\n")

    def test_oneLine(self) -> None:
        """
        What would break a comment is put on one line.
        """
        self.assertEqual(write(Transcript(transport="one\n80CA0000")), "# TRANSPORT: one 80CA0000\n")


class TranscriptSinkTests(SynchronousTestCase):
    """
    L{TranscriptSink}.
    """

    def record(self, card: KnowingCard) -> str:
        """
        What a challenge and a GetEUICCInfo1 leave behind.
        """
        lines: list[str] = []
        clock = Clock()
        info = ChannelInfo("estk", "192.0.2.1:1024", bytes.fromhex("3B9F96C00A31FE45"))
        below = MemoryChannel(info, card, clock=clock, delay=0.04)
        channel = GetResponse(Recorder(below, TranscriptSink(lines.append, info, "T=1"), clock))
        channel.exchange(Script.of(CHALLENGE, INFO1)).addErrback(lambda _: None)
        clock.pump([0.04] * 10)
        return "".join(lines)

    def test_recorded(self) -> None:
        """
        What was recorded can be parsed; the times are in milliseconds. A command that was not answered says so, and why.
        """
        card = KnowingCard({CHALLENGE.encode(): b"\x61\x05", MORE.encode(): b"\xbf\x2e\x03\x01\x02\x90\x00"}, lost_after=2)
        text = self.record(card)
        self.assertEqual([each.milliseconds for each in parse(text).exchanges], [40, 40, None])
        self.assertEqual([each.command for each in parse(text).exchanges], [CHALLENGE, MORE, INFO1])
        self.assertIn("# TRANSPORT: estk\n", text)
        self.assertTrue(text.endswith("# No answer\n# Lost: The card's side closed the connection\n"), text)

    def test_several(self) -> None:
        """
        Several commands without an answer, as a pipelined script may leave, each say so.
        """
        lines: list[str] = []
        sink = TranscriptSink(lines.append, ChannelInfo(""))
        for command in (CHALLENGE, INFO1):
            sink.command(command)
        sink.lost(PeerLost())
        self.assertEqual(parse("".join(lines)).exchanges, (Exchange(CHALLENGE, None), Exchange(INFO1, None)))


class RedactedTests(SynchronousTestCase):
    """
    Transcripts without data.
    """

    def test_text(self) -> None:
        """
        Lines have headers, lengths and status words; they are the same again when they are written.
        """
        transcript = parse(REDACTED)
        self.assertEqual(write(transcript), REDACTED)
        self.assertEqual([each.redacted for each in transcript.exchanges], [True, True, True])
        self.assertEqual(transcript.exchanges[0].command, Command(0, 0xA4, 4, 0, bytes(16), 256))
        self.assertEqual(transcript.notes, {"OPERATION": "lpa.info"})

    @given(st.text(st.sampled_from("89E0ALc e,bytes\n#1"), max_size=60))
    def test_anything(self, text: str) -> None:
        """
        Any text is a transcript or a L{TranscriptError}.
        """
        try:
            parse(text)
        except TranscriptError as error:
            self.assertRegex(error.detail, "^line [0-9]+: ")

    def test_recorded(self) -> None:
        """
        A sink that redacts writes no data.
        """
        lines: list[str] = []
        took = "# Received in 0ms\n"
        sink = TranscriptSink(lines.append, ChannelInfo("estk"), notes={"OPERATION": "lpa.info"}, redacted=True)
        channel = Recorder(TranscriptChannel(parse(TEXT)), sink, Clock())
        self.successResultOf(channel.exchange(Script((Step(CHALLENGE, (ANY,)), Step(MORE)))))
        self.assertEqual(lines[2:], ["80E29100 Lc 3\n", took, "6105\n", "80C00000 Le 5\n", took, "9000, 5 bytes\n"])
        self.assertEqual(len(parse("".join(lines)).exchanges), 2)
