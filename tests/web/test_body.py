# -*- test-case-name: tests.web.test_body -*-
"""
Tests for L{cardgw.web.body}.
"""

from __future__ import annotations

import contextlib
import json

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.web.body import MOST_DEPTH, parse_json
from cardgw.web.faults import MalformedBody

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


class BodyTests(SynchronousTestCase):
    """
    L{parse_json}.
    """

    def refused(self, content: bytes, detail: str) -> None:
        """
        It is refused, and why.
        """
        self.assertIn(detail, self.assertRaises(MalformedBody, parse_json, content).detail)

    @given(VALUES)
    def test_values(self, value: object) -> None:
        """
        Whatever can be written can be read.
        """
        self.assertEqual(parse_json(json.dumps(value).encode()), value)

    @given(st.binary(max_size=30))
    def test_anything(self, content: bytes) -> None:
        """
        Anything is read or refused.
        """
        with contextlib.suppress(MalformedBody):
            parse_json(content)

    def test_numbers(self) -> None:
        """
        6.0 is 6; what is no number, or too large for one, is refused.
        """
        self.assertEqual(repr(parse_json(b"[6.0, 6.5, 1e3, 1e300]")), "[6, 6.5, 1000, 1e+300]")
        self.refused(b"NaN", "NaN is no number")
        self.refused(b"[-Infinity]", "-Infinity is no number")
        self.refused(b"1e999", "out of range")
        self.refused(b"1" * 5000, "too many digits")

    def test_position(self) -> None:
        """
        Where it is no JSON.
        """
        self.refused(b'{"a":\n  x}', "line 2, column 3")
        self.refused(b"", "line 1, column 1")
        self.refused(b"{} {}", "Extra data")
        self.refused(b'{"a": "\xff"}', "not UTF-8, at byte 7")
        self.refused(b"\xef\xbb\xbf{}", "line 1, column 1")

    def test_ambiguous(self) -> None:
        """
        A key twice, and half a character, mean different things to different readers.
        """
        self.refused(b'{"a": 1, "b": {"c": 1, "c": 2}}', "a key twice")
        self.refused(rb'{"a": ["\ud800"]}', "lone surrogate")
        self.refused(rb'{"\udc00": 1}', "lone surrogate")
        self.assertEqual(parse_json(rb'"\ud83d\ude00"'), "\U0001f600")

    def test_depth(self) -> None:
        """
        Nesting has an end, for bombs too.
        """
        self.assertEqual(json.dumps(parse_json(b"[" * MOST_DEPTH + b"]" * MOST_DEPTH)), "[" * MOST_DEPTH + "]" * MOST_DEPTH)
        for depth in (MOST_DEPTH + 1, 500, 100_000):
            self.refused(b"[" * depth + b"]" * depth, "too deep")
        self.refused(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too deep")
