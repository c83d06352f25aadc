# -*- test-case-name: tests.virtual.test_pieces -*-
"""
Writing in pieces, as a slow network or a careless peer delivers what was meant to be one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall


def cut(octets: bytes, size: int) -> tuple[bytes, ...]:
    """
    @param size: bytes in a piece; 0 for all in one.
    """
    size = size or max(1, len(octets))
    return tuple(octets[at : at + size] for at in range(0, len(octets), size))


class Pieces:
    """
    One write per turn of the reactor: several in one turn would leave as one segment.

    @param clock: C{IReactorTime}.
    @param write: writes one.
    """

    def __init__(self, clock: Any, write: Callable[[bytes], object]) -> None:
        self._clock, self._write = clock, write
        self._waiting: deque[bytes] = deque()
        self._turn: IDelayedCall | None = None

    def write(self, *pieces: bytes) -> None:
        """
        Write these after what waits.
        """
        self._waiting.extend(pieces)
        if self._turn is None:
            self._next()

    def _next(self) -> None:
        self._turn = None
        if self._waiting:
            self._write(self._waiting.popleft())
        if self._waiting:
            self._turn = self._clock.callLater(0, self._next)

    def flush(self) -> None:
        """
        Write what waits now.
        """
        waiting = b"".join(self._waiting)
        self.end()
        if waiting:
            self._write(waiting)

    def end(self) -> None:
        """
        Write no more.
        """
        self._waiting.clear()
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.cancel()
