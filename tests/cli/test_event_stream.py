"""
Tests of L{cardgw.cli.event_stream}.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.event_stream import MOST, EventReader, ServerEvent
from cardgw.gateway.events import Event
from cardgw.web.feed import event_text

DATA = st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.integers() | st.none(), max_size=4)
EVENTS = st.lists(st.tuples(st.text("abc0123-", min_size=1), st.text("abc.", min_size=1), DATA), max_size=5)


class EventReaderTests(SynchronousTestCase):
    """
    L{EventReader}.
    """

    @given(EVENTS, st.integers(1, 9))
    def test_chunks(self, events: list[tuple[str, str, dict[str, Any]]], size: int) -> None:
        """
        What the gateway writes is read, wherever it is cut; line separators of Unicode in it separate nothing.
        """
        octets = b"retry: 3000\n\n: still here\n\n" + b"".join(event_text(Event(*each)) for each in events)
        reader, found = EventReader(), []
        for at in range(0, len(octets), size):
            found += reader.feed(octets[at : at + size])
        self.assertEqual(found, [ServerEvent(*each) for each in events])

    @given(st.binary(max_size=200), st.binary(max_size=200))
    def test_anything(self, one: bytes, other: bytes) -> None:
        """
        Nothing that comes makes it fail.
        """
        reader = EventReader()
        reader.feed(one)
        reader.feed(other)

    def test_separators(self) -> None:
        """
        U+2028 and its kin are part of a text.
        """
        text = "a\u2028b\x85c"
        (event,) = EventReader().feed(f"id: 1\nevent: x\ndata: {json.dumps({'t': text}, ensure_ascii=False)}\n\n".encode())
        self.assertEqual(event.data, {"t": text})

    def test_nonsense(self) -> None:
        """
        What is no JSON object is left out; carriage returns and several lines of data are fine; an id stays.
        """
        octets = b"data: 1\n\ndata: {\n\nid: 7\r\nevent: x\r\ndata: {\r\ndata: }\r\n\r\nevent: y\ndata:{}\n\n"
        self.assertEqual(EventReader().feed(octets), [ServerEvent("7", "x", {}), ServerEvent("7", "y", {})])

    def test_endless(self) -> None:
        """
        An event that does not end is refused before it fills the memory.
        """
        self.assertRaises(ValueError, EventReader().feed, b"data: " + b"x" * (MOST + 1))
