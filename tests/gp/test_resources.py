# -*- test-case-name: tests.gp.test_resources -*-
"""
L{cardgw.gp.resources}.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.errors import MalformedAnswer
from cardgw.gp.resources import CONFIRMATION_COUNTER, Resources, parse_counter, parse_resources

memory = st.integers(0, 0xFFFFFFFF)


class ResourcesTests(SynchronousTestCase):
    """
    Extended card resources.
    """

    def test_known(self) -> None:
        """
        Of a real card.
        """
        found = parse_resources(bytes.fromhex("FF211081020002820400016DB483040000086A"))
        self.assertEqual(found, Resources(2, 0x16DB4, 0x86A))

    @given(st.builds(Resources, st.integers(0, 0xFFFF), memory, memory))
    def test_roundTrip(self, wanted: Resources) -> None:
        """
        What was encoded is decoded again.
        """
        self.assertEqual(parse_resources(wanted.encode()), wanted)

    @given(st.binary(max_size=30) | st.binary(max_size=30).map(lambda value: tlv.encode(0xFF21, value)))
    def test_anything(self, answer: bytes) -> None:
        """
        Any bytes are resources, or L{MalformedAnswer}.
        """
        with contextlib.suppress(MalformedAnswer):
            parse_resources(answer)

    def test_missing(self) -> None:
        """
        Something that is missing or empty is L{MalformedAnswer}.
        """
        for answer in ("FF2100", "FF2106810101820101", "FF2108810101820101830" + "0"):
            self.assertRaises(MalformedAnswer, parse_resources, bytes.fromhex(answer))


class CounterTests(SynchronousTestCase):
    """
    L{parse_counter}.
    """

    def test_forms(self) -> None:
        """
        Two bytes with SCP02, three with SCP03; some cards give them bare.
        """
        for answer, counter in (("C1020005", 5), ("C103000102", 0x102), ("0005", 5), ("000102", 0x102)):
            self.assertEqual(parse_counter(bytes.fromhex(answer)), counter)
        self.assertEqual(parse_counter(bytes.fromhex("C2020007"), CONFIRMATION_COUNTER), 7)

    def test_malformed(self) -> None:
        """
        What is empty, or too long.
        """
        for answer in (b"", b"\xc1\0", bytes(5)):
            self.assertRaises(MalformedAnswer, parse_counter, answer)
