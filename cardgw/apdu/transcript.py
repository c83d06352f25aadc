# -*- test-case-name: tests.apdu.test_transcript -*-
"""
What was said to a card and what it said, as text; L{cardgw.apdu.transcript_channel} puts such a text in the place of a card.
The format is that of apdu4j's dumps: comments, and lines in hexadecimal, command and answer in turn.

    # ATR: 3B9F96C00A31FE45
    # PROTOCOL: T=1
    # TRANSPORT: estk
    80E2910003BF2E00
    # Received in 40ms
    BF2E1280100102030405060708090A0B0C0D0E0F109000

A command that was never answered is followed by C{# No answer}.  All data is in it, unless it is redacted: then lines with data
have the header, the lengths and the status word only, as L{redact} and L{redact_response} write them.

    80E29100 Lc 3
    # Received in 40ms
    9000, 17 bytes
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import evolve, field, frozen

from cardgw.apdu.command import EXTENDED_DATA, Command
from cardgw.apdu.record import redact, redact_response, unredact, unredact_response
from cardgw.apdu.response import Response
from cardgw.errors import ChannelError, LocalError
from cardgw.values import ChannelInfo, Feature

_RECEIVED = re.compile(r"# *Received in ([0-9]+) *ms", re.IGNORECASE)
_HEADER = re.compile(r"# *([A-Z][A-Z-]*): *(.*)")
_PLAIN = ("ATR", "PROTOCOL", "TRANSPORT")
FORMAT = "FORMAT"
"""The note with the number of the format, for who reads it later; without it, it is 1."""
NEWEST = 1
"""That of the format which is written here."""
_NO_ANSWER = "# No answer"
_MOST_DIGITS = 9
_LONGEST = 4 + 3 + EXTENDED_DATA + 2
_NO_NOTES: Mapping[str, str] = {}
_ALL = ChannelInfo("", offers=frozenset({Feature.SELECT, Feature.LOGICAL_CHANNELS, Feature.EXTENDED_LENGTH}))


class TranscriptError(LocalError):
    """
    The transcript cannot be read.
    """


@frozen
class Exchange:
    """
    One command and its answer.

    @ivar response: C{None} if there was none.
    @ivar milliseconds: how long the answer took, where known.
    @ivar line: the number of the command's line in the text; 0 where it is not from a text.
    @ivar redacted: the data of both are not known: zeros stand for them.
    """

    command: Command
    response: Response | None
    milliseconds: int | None = None
    line: int = field(default=0, eq=False)
    redacted: bool = False

    def shown(self, command: Command) -> str:
        """
        A command as this one is written.
        """
        return redact(command) if self.redacted else _hex(command.encode())

    def begins_with(self, command: Command) -> bool:
        """
        Whether this may be its command.
        """
        return self.shown(command) == self.shown(self.command)


@frozen
class Transcript:
    """
    Exchanges in their order, and what is known of the channel.

    @ivar notes: other comments of the form C{# NAME: text}, by their names (capital letters and hyphens).
    """

    exchanges: tuple[Exchange, ...] = ()
    atr: bytes | None = None
    protocol: str = ""
    transport: str = ""
    notes: Mapping[str, str] = field(factory=dict)


def write(transcript: Transcript) -> str:
    """
    The text of a transcript.
    """
    lines = list(_header(transcript.transport, transcript.atr, transcript.protocol, transcript.notes))
    for each in transcript.exchanges:
        lines.append(_command(each.command, each.redacted))
        lines += _answer(each.response, each.milliseconds, each.redacted)
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

    def __init__(
        self,
        write: Callable[[str], object],
        info: ChannelInfo,
        protocol: str = "",
        notes: Mapping[str, str] = _NO_NOTES,
        *,
        redacted: bool = False,
    ) -> None:
        """
        @param write: gets the text, line by line.
        @param notes: see L{Transcript}.
        @param redacted: leave the data of commands and answers out.
        """
        self._write = write
        self._redacted = redacted
        self._open = False
        self._lines(_header(info.transport, info.atr, protocol, notes))

    def command(self, command: Command) -> None:
        """
        See L{cardgw.apdu.record.Sink}.
        """
        if self._open:
            self._lines(_answer(None, None))
        self._open = True
        self._lines([_command(command, self._redacted)])

    def answer(self, response: Response, seconds: float) -> None:
        """
        See L{cardgw.apdu.record.Sink}.
        """
        self._open = False
        self._lines(_answer(response, round(seconds * 1000), self._redacted))

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
        self._redacted = False

    def line(self, number: int, line: str) -> None:
        if line.startswith("#"):
            self._comment(number, line)
        elif line:
            self._words(number, line)

    def finish(self) -> Transcript:
        if self._command is not None:
            raise TranscriptError(f'line {self._command[0]}: the command has no answer, and no "{_NO_ANSWER}"')
        notes = {name: text for name, text in self._known.items() if name not in _PLAIN}
        protocol, transport = self._known.get("PROTOCOL", ""), self._known.get("TRANSPORT", "")
        return Transcript(tuple(self._exchanges), self._atr, protocol, transport, notes)

    def _comment(self, number: int, line: str) -> None:
        if (received := _RECEIVED.fullmatch(line)) is not None:
            self._milliseconds = int(received[1])
        elif line.lower() == _NO_ANSWER.lower():
            self._end(number, None)
        elif (header := _HEADER.fullmatch(line)) is not None:
            if header[1] == "ATR":
                self._atr = _unhex(number, header[2])
            elif header[1] == FORMAT:
                _check_format(number, header[2])
            self._known[header[1]] = header[2]

    def _words(self, number: int, line: str) -> None:
        try:
            if self._command is None:
                self._command = (number, self._read_command(number, line))
            else:
                self._end(number, self._read_response(number, line))
        except ValueError as problem:
            raise TranscriptError(f"line {number}: {problem}") from None

    def _read_command(self, number: int, line: str) -> Command:
        command = unredact(line)
        self._redacted = command is not None
        return command or Command.decode(_unhex(number, line))

    def _read_response(self, number: int, line: str) -> Response:
        response = unredact_response(line)
        self._redacted |= response is not None
        return response or Response.decode(_unhex(number, line))

    def _end(self, number: int, response: Response | None) -> None:
        if self._command is None:
            raise TranscriptError(f"line {number}: there is no command before this")
        line, command = self._command
        self._exchanges.append(Exchange(command, response, self._milliseconds, line, self._redacted))
        self._command = self._milliseconds = None


def channel_info(transcript: Transcript) -> ChannelInfo:
    """
    What a transcript says of the channel, which otherwise offers everything but messages.
    """
    return evolve(_ALL, transport=transcript.transport or "transcript", atr=transcript.atr, max_command=_LONGEST)


def _header(transport: str, atr: bytes | None, protocol: str, notes: Mapping[str, str]) -> Iterator[str]:
    if atr is not None:
        yield f"# ATR: {_hex(atr)}"
    if protocol:
        yield f"# PROTOCOL: {_one_line(protocol)}"
    if transport:
        yield f"# TRANSPORT: {_one_line(transport)}"
    for name, text in notes.items():
        yield f"# {name}: {_one_line(text)}"


def _command(command: Command, redacted: bool) -> str:
    return redact(command) if redacted else _hex(command.encode())


def _answer(response: Response | None, milliseconds: int | None, redacted: bool = False) -> Iterator[str]:
    if milliseconds is not None:
        yield f"# Received in {milliseconds}ms"
    if response is None:
        yield _NO_ANSWER
    else:
        yield redact_response(response) if redacted else _hex(response.encode())


def _check_format(number: int, text: str) -> None:
    if not text.isascii() or not text.isdecimal():
        raise TranscriptError(f"line {number}: {FORMAT}: expected a number, got {text[:40]!r}")
    if len(text) > _MOST_DIGITS or int(text) > NEWEST:
        told = f"line {number}: it has format {text[:_MOST_DIGITS]}, and this version knows formats up to {NEWEST}"
        raise TranscriptError(told, hint="A newer version of cardgw has written it: read it with that.")


def _hex(octets: bytes) -> str:
    return octets.hex().upper()


def _unhex(number: int, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        got = repr(text[:40]) if text[:40].isprintable() else "what is no text"
        raise TranscriptError(f"line {number}: expected bytes in hexadecimal, got {got}") from None


def _one_line(text: str) -> str:
    return " ".join(text.split())
