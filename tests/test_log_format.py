"""
Tests of L{cardgw.log_format}.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import LogLevel
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.log_format import event_as_json, event_as_line, message
from tests.logs import event

_VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.lists(st.integers())


class JsonTests(SynchronousTestCase):
    """
    L{event_as_json}.
    """

    def test_keys(self) -> None:
        """
        Time, level, namespace, event and message come first, in this order; then the event's own values.
        """
        line = event_as_json(event(log_format="job {job}: done", job="7", event="job-ended", seconds=1.5))
        self.assertEqual(
            list(json.loads(line).items()),
            [
                ("time", "2001-09-09T01:46:40.250Z"),
                ("level", "info"),
                ("namespace", "cardgw.test"),
                ("event", "job-ended"),
                ("message", "job 7: done"),
                ("job", "7"),
                ("seconds", 1.5),
            ],
        )

    def test_flat(self) -> None:
        """
        Bytes are written in hexadecimal; what is not simple stays out.
        """
        parsed = json.loads(event_as_json(event(atr=b"\x3b\x00", thing=object(), items=[1])))
        self.assertEqual(parsed["atr"], "3b00")
        self.assertNotIn("thing", parsed)
        self.assertNotIn("items", parsed)

    def test_name(self) -> None:
        """
        An event without a name gets one from its format: words only, no values.
        """
        named = json.loads(event_as_json(event(log_format="{peer}: No operation for {request}", peer="x", request="y")))
        self.assertEqual(named["event"], "no-operation-for")
        self.assertEqual(json.loads(event_as_json(event(log_format="{log_text}", log_text="x")))["event"], "log")

    def test_legacy(self) -> None:
        """
        The keys of Twisted's old log do not appear twice.
        """
        old = event(time=1.0, system="-", isError=0, message=("hello",), log_format="{log_text}", log_text="hello")
        self.assertEqual(list(json.loads(event_as_json(old))), ["time", "level", "namespace", "event", "message"])

    def test_failure(self) -> None:
        """
        A defect has its error and traceback as values.
        """
        parsed = json.loads(event_as_json(event(log_failure=Failure(ValueError("no")), log_format="it broke")))
        self.assertEqual(parsed["error"], "ValueError: no")
        self.assertEqual(parsed["message"], "it broke: ValueError: no")
        self.assertIn("Traceback", parsed["traceback"])

    @given(st.text(), st.dictionaries(st.text(min_size=1).filter(lambda key: not key.startswith("log_")), _VALUES))
    def test_anything(self, text: str, values: dict[str, Any]) -> None:
        """
        Whatever is in an event, it is one line of JSON, all of whose values are simple.
        """
        line = event_as_json({**event(log_format="{text}"), **values, "text": text})
        self.assertEqual(line.count("\n"), 1)
        parsed = json.loads(line)
        self.assertTrue(all(not isinstance(each, (dict, list)) for each in parsed.values()))


class LineTests(SynchronousTestCase):
    """
    L{event_as_line}.
    """

    def test_line(self) -> None:
        """
        Time, level, message.
        """
        self.assertRegex(event_as_line(event()), r"^2001-09-\d\d \d\d:\d\d:40 info  hello\n$")

    def test_colours(self) -> None:
        """
        Where colours are wanted, levels other than info have one.
        """
        self.assertNotIn("\x1b", event_as_line(event(), coloured=True))
        warning = event(log_level=LogLevel.warn)
        self.assertTrue(event_as_line(warning, coloured=True).startswith("\x1b[33m"))
        self.assertNotIn("\x1b", event_as_line(warning))

    def test_hostile(self) -> None:
        """
        What a peer says cannot move the cursor, nor make a line that looks like another event.
        """
        line = event_as_line(event(log_format="{text}", text="\x1b[2Jfake\n2001-09-09 info"))
        self.assertIn(r"\x1b[2Jfake\n2001-09-09 info", line)
        self.assertEqual(line.count("\n"), 1)

    def test_failure(self) -> None:
        """
        The traceback of a defect follows, indented.
        """
        first, *rest = event_as_line(event(log_failure=Failure(ValueError("no")))).splitlines()
        self.assertTrue(first.endswith("hello: ValueError: no"))
        self.assertTrue(rest)
        self.assertTrue(all(each.startswith("    ") for each in rest))

    @given(st.text())
    def test_oneLine(self, text: str) -> None:
        """
        An event is one line, whatever it says.
        """
        self.assertEqual(len(event_as_line(event(log_format="{text}", text=text)).splitlines()), 1)

    def test_legacyFailure(self) -> None:
        """
        Twisted's old log puts the whole traceback into the message: the error is enough there.
        """
        failure = Failure(ValueError("no"))
        old = event(
            log_format="{log_text}", log_text=f"Unhandled Error\nTraceback (most recent call last):\n{failure}", failure=failure
        )
        self.assertEqual(message(old), "defect: ValueError: no")
