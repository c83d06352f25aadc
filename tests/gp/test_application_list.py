"""
L{cardgw.gp.application_list}.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import MalformedAnswer
from cardgw.gp.application_list import ListedApplication, parse_applications

ONE = bytes.fromhex("61074F05A000000099")
NAMED = bytes.fromhex("610E4F05A0000000985005416C696365")


class ApplicationListTests(SynchronousTestCase):
    """
    L{parse_applications}.
    """

    def test_forms(self) -> None:
        """
        With the tag before it or without, empty or not.
        """
        both = (ListedApplication(ONE[4:]), ListedApplication(NAMED[4:9], "Alice"))
        self.assertEqual(parse_applications(ONE + NAMED), both)
        self.assertEqual(parse_applications(b"\x2f\x00\x19" + ONE + NAMED), both)
        self.assertEqual((parse_applications(b""), parse_applications(b"\x2f\x00\x00")), ((), ()))

    def test_label(self) -> None:
        """
        A name that is no text is told as its bytes.
        """
        for label in ("0A", "FF"):
            (found,) = parse_applications(bytes.fromhex(f"610A4F05A0000000995001{label}"))
            self.assertEqual(found.label, label)

    def test_malformed(self) -> None:
        """
        Something else is told.
        """
        for wrong in ("6107", "4F05A000000099", "61025000", "2F00050000", "2F000000"):
            self.assertRaises(MalformedAnswer, parse_applications, bytes.fromhex(wrong))

    @given(st.binary(max_size=60))
    def test_anything(self, octets: bytes) -> None:
        """
        Nothing else comes of whatever a card says.
        """
        with contextlib.suppress(MalformedAnswer):
            parse_applications(octets)
