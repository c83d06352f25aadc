# -*- test-case-name: tests.transports.vpcd.test_wire -*-
"""
Messages of the vpcd protocol, both ways: bytes in, messages out, however TCP cuts or joins them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum

from cardgw.errors import FrameTooLong

HEADER = 2
"""Bytes before a message: its length, big-endian."""
BODY_MAX = 0xFFFF
"""Most bytes that the length can announce."""


class Control(IntEnum):
    """
    What a reader asks of a card besides commands: messages of one byte.
    """

    POWER_OFF = 0x00
    POWER_ON = 0x01
    RESET = 0x02
    GET_ATR = 0x04


def encode(body: bytes) -> bytes:
    """
    The bytes of a message.

    @param body: a command or a response APDU, an answer to reset; at most 65535 bytes.
    @raise ValueError: it is longer.
    """
    if len(body) > BODY_MAX:
        raise ValueError(f"a message has at most {BODY_MAX} bytes, got {len(body)}")
    return len(body).to_bytes(HEADER, "big") + body


def control(*what: Control) -> bytes:
    """
    The bytes of control messages, one after another.
    """
    return b"".join(encode(bytes((each,))) for each in what)


class Parser:
    """
    Cuts a stream into messages.

    @param limit: most bytes in a message.
    """

    __slots__ = ("_buffer", "_limit")

    def __init__(self, limit: int = BODY_MAX) -> None:
        self._limit = limit
        self._buffer = bytearray()

    @property
    def pending(self) -> int:
        """
        How many bytes have arrived that no message has been made of.
        """
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterable[bytes]:
        """
        Take what has arrived.

        @return: the bodies of the messages that are whole now, made one by one as they are asked for; those left over are given
            by the next call.
        @raise FrameTooLong: (while they are asked for, after those before it) a message is longer than the limit allows.
        """
        if not self._buffer and (size := len(data) - HEADER) >= 0 and data[0] << 8 | data[1] == size <= self._limit:
            return (data[HEADER:],)
        self._buffer += data
        return self._messages()

    def _messages(self) -> Iterator[bytes]:
        buffer, at = self._buffer, 0
        try:
            while (start := at + HEADER) <= len(buffer):
                size = buffer[at] << 8 | buffer[at + 1]
                if size > self._limit:
                    raise FrameTooLong(f"a message of {size} bytes, at most {self._limit} are allowed")
                if len(buffer) < start + size:
                    return
                at = start + size
                yield bytes(buffer[start:at])
        finally:
            del buffer[:at]
