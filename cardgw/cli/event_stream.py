# -*- test-case-name: tests.cli.test_event_stream -*-
"""
Server-sent events as bytes (HTML 9.2), read in whatever chunks they come.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import define, field, frozen

MOST = 4 * 1024 * 1024
"""Bytes of one event; more is none of ours."""


@frozen
class ServerEvent:
    """
    One event.

    @ivar id: with which a stream can be taken up again.
    """

    id: str
    kind: str
    data: dict[str, Any] = field(repr=False)


@define
class EventReader:
    """
    Turns bytes into events.  What is no event of a gateway (no JSON object) is left out.
    """

    _rest: bytes = b""
    _kind: str = ""
    _id: str = ""
    _data: list[str] = field(factory=list)
    _size: int = 0

    def feed(self, octets: bytes) -> list[ServerEvent]:
        """
        @raise ValueError: an event does not end.
        """
        *lines, self._rest = (self._rest + octets).split(b"\n")
        found = [event for line in lines for event in self._line(line.removesuffix(b"\r").decode("utf-8", "replace"))]
        if len(self._rest) + self._size > MOST:
            raise ValueError("an event is too long")
        return found

    def _line(self, line: str) -> list[ServerEvent]:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        self._size += len(line)
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._kind = value
        elif name == "id":
            self._id = value
        return []

    def _dispatch(self) -> list[ServerEvent]:
        kind, text = self._kind, "\n".join(self._data)
        self._kind, self._data, self._size = "", [], 0
        try:
            data = json.loads(text)
        except ValueError:
            return []
        return [ServerEvent(self._id, kind, data)] if isinstance(data, dict) else []
