# -*- test-case-name: tests.apdu.test_transcript -*-
"""
What was said to a card and what it said, as text, and such a text in the place of a card.  The format is that of apdu4j's dumps:
comments, and lines in hexadecimal, command and answer in turn.

    # ATR: 3B9F96C00A31FE45
    # PROTOCOL: T=1
    # TRANSPORT: estk
    80E2910003BF2E00
    # Received in 40ms
    BF2E1280100102030405060708090A0B0C0D0E0F109000

A command that was never answered is followed by C{# No answer}.  All data is in it: transcripts are for tests, not for logs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from attrs import evolve, field, frozen

from cardgw.apdu.command import EXTENDED_DATA, Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.errors import ChannelError, LocalError, PeerLost
from cardgw.values import ChannelInfo, Feature

_RECEIVED = re.compile(r"# *Received in ([0-9]+) *ms", re.IGNORECASE)
_HEADER = re.compile(r"# *(ATR|PROTOCOL|TRANSPORT): *(.*)")
_NO_ANSWER = "# No answer"
_LONGEST = 4 + 3 + EXTENDED_DATA + 2
_ALL = ChannelInfo("", offers=frozenset({Feature.SELECT, Feature.LOGICAL_CHANNELS, Feature.EXTENDED_LENGTH}))


class TranscriptError(LocalError):
    """
    The transcript cannot be read.
    """


class TranscriptDiffers(LocalError):
    """
    The command is not the one in the transcript.
    """


@frozen
class Exchange:
    """
    One command and its answer.

    @ivar response: C{None} if there was none.
    @ivar milliseconds: how long the answer took, where known.
    @ivar line: the number of the command's line in the text; 0 where it is not from a text.
    """

    command: Command
    response: Response | None
    milliseconds: int | None = None
    line: int = field(default=0, eq=False)


@frozen
class Transcript:
    """
    Exchanges in their order, and what is known of the channel.
    """

    exchanges: tuple[Exchange, ...] = ()
    atr: bytes | None = None
    protocol: str = ""
    transport: str = ""


def write(transcript: Transcript) -> str:
    """
    The text of a transcript.
    """
    lines = list(_header(transcript.transport, transcript.atr, transcript.protocol))
    for each in transcript.exchanges:
        lines.append(_hex(each.command.encode()))
        lines += _answer(each.response, each.milliseconds)
    return "".join(f"{line}\n" for line in lines)


def parse(text: str) -> Transcript:
    """
    Read a transcript.  Unknown comments, empty lines, spaces and the case of letters do not matter.

    @raise TranscriptError: it is none; the text names the line.
    """
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), 1):
        reader.line(number, line.strip())
    return reader.finish()


class TranscriptSink:
    """
    Writes a transcript as it happens: a L{cardgw.apdu.record.Sink}.
    """

    def __init__(self, write: Callable[[str], object], info: ChannelInfo, protocol: str = "") -> None:
        """
        @param write: gets the text, line by line.
        """
        self._write = write
        self._open = False
        self._lines(_header(info.transport, info.atr, protocol))

    def command(self, command: Command) -> None:
        """
        See L{cardgw.apdu.record.Sink}.
        """
        if self._open:
            self._lines(_answer(None, None))
        self._open = True
        self._lines([_hex(command.encode())])

    def answer(self, response: Response, seconds: float) -> None:
        """
        See L{cardgw.apdu.record.Sink}.
        """
        self._open = False
        self._lines(_answer(response, round(seconds * 1000)))

    def lost(self, error: ChannelError) -> None:
        """
        See L{cardgw.apdu.record.Sink}.
        """
        if self._open:
            self._open = False
            self._lines(_answer(None, None))
        self._lines([f"# Lost: {_one_line(str(error))}"])

    def _lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._write(line + "\n")


class TranscriptChannel(MemoryChannel):
    """
    Answers as a transcript says.  A command that differs from the recorded one fails with L{TranscriptDiffers}; one that was
    never answered loses the card.

    @ivar done: how many exchanges have been replayed.
    """

    def __init__(self, transcript: Transcript, info: ChannelInfo | None = None) -> None:
        """
        @param info: by default what the transcript says of the channel, which then offers everything but messages.
        """
        super().__init__(info or _info(transcript), self._replay)
        self.done = 0
        self._exchanges = transcript.exchanges

    @property
    def remaining(self) -> tuple[Exchange, ...]:
        """
        What has not been replayed yet.
        """
        return self._exchanges[self.done :]

    def _replay(self, octets: bytes) -> bytes:
        if not self.remaining:
            raise TranscriptDiffers(f"expected no more commands after {self.done}, got {_hex(octets)}")
        each = self.remaining[0]
        expected = each.command.encode()
        if octets != expected:
            where = f"line {each.line}" if each.line else f"command {self.done + 1}"
            raise TranscriptDiffers(f"{where}: expected {_hex(expected)}, got {_hex(octets)}")
        self.done += 1
        if each.response is None:
            raise PeerLost("the transcript has no answer to this command")
        return each.response.encode()


class _Reader:
    """
    Puts a transcript together, line by line.
    """

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []
        self._known: dict[str, str] = {}
        self._atr: bytes | None = None
        self._command: tuple[int, Command] | None = None
        self._milliseconds: int | None = None

    def line(self, number: int, line: str) -> None:
        if line.startswith("#"):
            self._comment(number, line)
        elif line:
            self._octets(number, _unhex(number, line))

    def finish(self) -> Transcript:
        if self._command is not None:
            raise TranscriptError(f'line {self._command[0]}: the command has no answer, and no "{_NO_ANSWER}"')
        return Transcript(tuple(self._exchanges), self._atr, self._known.get("PROTOCOL", ""), self._known.get("TRANSPORT", ""))

    def _comment(self, number: int, line: str) -> None:
        if (received := _RECEIVED.fullmatch(line)) is not None:
            self._milliseconds = int(received[1])
        elif line.lower() == _NO_ANSWER.lower():
            self._end(number, None)
        elif (header := _HEADER.fullmatch(line)) is not None:
            if header[1] == "ATR":
                self._atr = _unhex(number, header[2])
            self._known[header[1]] = header[2]

    def _octets(self, number: int, octets: bytes) -> None:
        try:
            if self._command is None:
                self._command = (number, Command.decode(octets))
            else:
                self._end(number, Response.decode(octets))
        except ValueError as problem:
            raise TranscriptError(f"line {number}: {problem}") from None

    def _end(self, number: int, response: Response | None) -> None:
        if self._command is None:
            raise TranscriptError(f"line {number}: there is no command before this")
        line, command = self._command
        self._exchanges.append(Exchange(command, response, self._milliseconds, line))
        self._command = self._milliseconds = None


def _header(transport: str, atr: bytes | None, protocol: str) -> Iterator[str]:
    if atr is not None:
        yield f"# ATR: {_hex(atr)}"
    if protocol:
        yield f"# PROTOCOL: {_one_line(protocol)}"
    if transport:
        yield f"# TRANSPORT: {_one_line(transport)}"


def _answer(response: Response | None, milliseconds: int | None) -> Iterator[str]:
    if milliseconds is not None:
        yield f"# Received in {milliseconds}ms"
    yield _NO_ANSWER if response is None else _hex(response.encode())


def _info(transcript: Transcript) -> ChannelInfo:
    return evolve(_ALL, transport=transcript.transport or "transcript", atr=transcript.atr, max_command=_LONGEST)


def _hex(octets: bytes) -> str:
    return octets.hex().upper()


def _unhex(number: int, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise TranscriptError(f"line {number}: expected bytes in hexadecimal, got {text[:40]!r}") from None


def _one_line(text: str) -> str:
    return " ".join(text.split())
