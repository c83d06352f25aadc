# -*- test-case-name: tests.transports.estk.test_wire -*-
"""
Frames of the eSTK.me protocol: bytes in, frames out, however TCP cuts or joins them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import NamedTuple

from cardgw.errors import FrameTooLong

HEADER = 3
"""Bytes before the value: the tag and a little-endian length."""
VALUE_MAX = 0xFFFF
"""Most bytes that the length field can announce."""
CARD_VALUE_MAX = 508
"""Most value bytes that cards send: the vendor's server refuses frames of more than 511 bytes in all."""


class Tag(IntEnum):
    """
    What a frame is; see the table in L{cardgw.transports.estk}.
    """

    MESSAGE_BOX = 0x00
    REMOTE_MANAGEMENT = 0x01
    DOWNLOAD_PROFILE = 0x02
    PROCESS_NOTIFICATION = 0x03
    REBOOT = 0xFB
    CLOSE = 0xFC
    LOCK_APDU = 0xFD
    APDU = 0xFE
    UNLOCK_APDU = 0xFF


class Frame(NamedTuple):
    """
    One frame.

    @ivar tag: 0 to 255, not always one of L{Tag}.
    """

    tag: int
    value: bytes


def encode(tag: int, value: bytes = b"") -> bytes:
    """
    The bytes of a frame.

    @param value: at most 65535 bytes.
    @raise ValueError: the value is longer.
    """
    size = len(value)
    if size > VALUE_MAX:
        raise ValueError(f"a frame carries at most {VALUE_MAX} bytes, got {size}")
    return bytes((tag, size & 0xFF, size >> 8)) + value


class Parser:
    """
    Cuts a stream into frames.

    @param limit: most value bytes in a frame.
    """

    __slots__ = ("_at", "_buffer", "_limit")

    def __init__(self, limit: int = CARD_VALUE_MAX) -> None:
        self._limit = limit
        self._buffer = b""
        self._at = 0

    @property
    def pending(self) -> int:
        """
        How many bytes have arrived that no frame has been made of.
        """
        return len(self._buffer) - self._at

    def feed(self, data: bytes) -> Iterable[Frame]:
        """
        Take what has arrived.

        @return: the frames that are whole now, made one by one as they are asked for; those left over are given by the next
            call.
        @raise FrameTooLong: (while the frames are asked for, after those before it) a header announces more than the limit
            allows.
        """
        if not self._buffer and (size := len(data) - HEADER) >= 0 and data[1] | data[2] << 8 == size <= self._limit:
            return (Frame(data[0], data[HEADER:]),)
        self._buffer = self._buffer[self._at :] + data
        self._at = 0
        return self._frames()

    def _frames(self) -> Iterator[Frame]:
        while (start := self._at + HEADER) <= len(self._buffer):
            tag, low, high = self._buffer[self._at : start]
            size = low | high << 8
            if size > self._limit:
                raise FrameTooLong(f"tag {tag:02X} with {size} bytes, at most {self._limit} are allowed")
            if len(self._buffer) < start + size:
                return
            value = self._buffer[start : start + size]
            self._at = start + size
            if self._at == len(self._buffer):
                self._buffer, self._at = b"", 0
            yield Frame(tag, value)
