# -*- test-case-name: tests.bridges.test_touch_daemon_image -*-
"""
The two images that tell a web page how it went: a green disc with a tick, a red one with a cross, 16 by 16 pixels each.
"""

from __future__ import annotations

import struct
import zlib
from functools import cache
from math import hypot

SIZE = 16
"""Pixels; pages that were made for the daemon of the OpenCard Framework have room for as many."""
GREEN, RED, WHITE = (0x2E, 0x9E, 0x44), (0xD0, 0x2B, 0x2B), (0xFF, 0xFF, 0xFF)
TICK = ((4.3, 8.4, 7.0, 11.2), (7.0, 11.2, 11.8, 5.2))
CROSS = ((5.2, 5.2, 10.8, 10.8), (10.8, 5.2, 5.2, 10.8))
"""Strokes: from, to."""
_CENTRE, _RADIUS, _PEN = SIZE / 2, 7.5, 1.0
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)
"""8 bits for each of red, green, blue and opacity; no interlacing (PNG, 11.2.1)."""


@cache
def passed() -> bytes:
    """
    The green one, as PNG.
    """
    return _png(GREEN, TICK)


@cache
def failed() -> bytes:
    """
    The red one, as PNG.
    """
    return _png(RED, CROSS)


def _png(colour: tuple[int, int, int], strokes: tuple[tuple[float, float, float, float], ...]) -> bytes:
    rows = (b"\0" + b"".join(_pixel(x + 0.5, y + 0.5, colour, strokes) for x in range(SIZE)) for y in range(SIZE))
    parts = ((b"IHDR", _HEADER), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _pixel(x: float, y: float, colour: tuple[int, int, int], strokes: tuple[tuple[float, float, float, float], ...]) -> bytes:
    ink = max(_covered(_distance(x, y, each) - _PEN) for each in strokes)
    mixed = (round(back + (front - back) * ink) for back, front in zip(colour, WHITE, strict=True))
    return bytes((*mixed, round(255 * _covered(hypot(x - _CENTRE, y - _CENTRE) - _RADIUS))))


def _covered(outside: float) -> float:
    """
    How much of a pixel is in a shape, by how far its middle is outside.
    """
    return min(1.0, max(0.0, 0.5 - outside))


def _distance(x: float, y: float, stroke: tuple[float, float, float, float]) -> float:
    x1, y1, x2, y2 = stroke
    along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2)
    at = min(1.0, max(0.0, along))
    return hypot(x - x1 - at * (x2 - x1), y - y1 - at * (y2 - y1))
