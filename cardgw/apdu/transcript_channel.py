# -*- test-case-name: tests.apdu.test_transcript_channel -*-
"""
A card that answers as a transcript says.
"""

from __future__ import annotations

from itertools import takewhile

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.record import redact_response
from cardgw.apdu.response import Response
from cardgw.apdu.transcript import Exchange, Transcript, channel_info
from cardgw.errors import LocalError, PeerLost
from cardgw.values import ChannelInfo

CUT = "CUT"
"""The note that more was said than is in the transcript; its text says why."""
_SHOWN, _BEFORE, _AFTER = 80, 16, 48
"""Characters: of a command that is shown whole; of a longer one, around where it differs."""


class TranscriptDiffers(LocalError):
    """
    The command is not the one in the transcript.
    """


class TranscriptRedacted(LocalError):
    """
    The transcript does not say what the card answered.
    """

    hint = "It was recorded without data. Record the whole of it: `cardgw record --whole`."


class TranscriptChannel(MemoryChannel):
    """
    Answers as a transcript says.  A command that differs from the recorded one fails with L{TranscriptDiffers}, one whose answer
    was redacted or cut off with L{TranscriptRedacted}; one that was never answered loses the card.

    @ivar done: how many exchanges have been replayed.
    @ivar trouble: the first of these errors, whatever became of it.
    """

    def __init__(self, transcript: Transcript, info: ChannelInfo | None = None) -> None:
        """
        @param info: by default what the transcript says of the channel, which then offers everything but messages.
        """
        super().__init__(info or channel_info(transcript), self._replay)
        self.done = 0
        self.trouble: LocalError | None = None
        self._exchanges = transcript.exchanges
        self._cut = transcript.notes.get(CUT)

    @property
    def remaining(self) -> tuple[Exchange, ...]:
        """
        What has not been replayed yet.
        """
        return self._exchanges[self.done :]

    @property
    def place(self) -> str:
        """
        Where the next command is: its number, and its line where it is from a text.
        """
        line = self.remaining[0].line if self.remaining else 0
        return f"command {self.done + 1}" + (f" (line {line})" if line else "")

    def _replay(self, octets: bytes) -> bytes:
        try:
            response = self._answer(Command.decode(octets))
        except LocalError as error:
            self.trouble = self.trouble or error
            raise
        self.done += 1
        if response is None:
            raise PeerLost("the transcript has no answer to this command")
        return response.encode()

    def _answer(self, command: Command) -> Response | None:
        if not self.remaining:
            if self._cut is not None:
                raise TranscriptRedacted(f"it was cut after {self.done} commands: {self._cut}", hint="Record less at once.")
            raise TranscriptDiffers(f"expected no more commands after {self.done}, got {command.encode().hex().upper()}")
        each = self.remaining[0]
        if not each.begins_with(command):
            raise TranscriptDiffers(f"{self.place}: {_difference(each.shown(each.command), each.shown(command))}")
        if each.redacted and each.response is not None and each.response.data:
            raise TranscriptRedacted(f"{self.place}: {each.shown(each.command)}: {redact_response(each.response)}")
        return each.response


def _difference(expected: str, got: str) -> str:
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(expected, got, strict=False)))
    if max(len(expected), len(got)) <= _SHOWN:
        return f"expected {expected}, got {got}"
    start = max(0, same - _BEFORE) // 2 * 2
    first, second = (_part(text, start) for text in (expected, got))
    return f"expected {first}, got {second}; they differ from byte {same // 2 + 1} on"


def _part(text: str, start: int) -> str:
    part = text[start : start + _BEFORE + _AFTER]
    return ("…" if start else "") + part + ("…" if start + len(part) < len(text) else "")
