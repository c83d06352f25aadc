# -*- test-case-name: tests.gp.test_card_data -*-
"""
L{cardgw.gp.card_data}.
"""

from __future__ import annotations

import contextlib

from attrs import asdict, fields
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode
from cardgw.errors import MalformedAnswer
from cardgw.gp.card_data import CIN as CIN_TAG
from cardgw.gp.card_data import CPLC as CPLC_TAG
from cardgw.gp.card_data import CardData, Cplc, parse_cplc, parse_number
from tests.gp.card import CIN, CPLC, FIELDS, IIN


class CplcTests(SynchronousTestCase):
    """
    L{Cplc}.
    """

    def test_fields(self) -> None:
        """
        Each field is where it should be.
        """
        self.assertEqual({name: value.hex().upper() for name, value in asdict(Cplc.decode(CPLC)).items()}, FIELDS)

    @given(st.binary(min_size=42, max_size=42))
    def test_encode(self, octets: bytes) -> None:
        """
        What was decoded is encoded to the same bytes.
        """
        self.assertEqual(Cplc.decode(octets).encode(), octets)

    def test_length(self) -> None:
        """
        They are 42 bytes.
        """
        for octets in (b"", CPLC[:-1], CPLC + b"\0"):
            self.assertRaises(ValueError, Cplc.decode, octets)

    def test_forms(self) -> None:
        """
        Some cards give them in their data object, others bare.
        """
        for answer in (CPLC, encode(CPLC_TAG, CPLC)):
            self.assertEqual(parse_cplc(answer).encode(), CPLC)

    @given(st.one_of(st.binary(), st.binary().map(lambda value: encode(CPLC_TAG, value))))
    def test_malformed(self, answer: bytes) -> None:
        """
        Whatever else comes is L{MalformedAnswer}.
        """
        with contextlib.suppress(MalformedAnswer):
            self.assertIn(parse_cplc(answer).encode(), answer)

    def test_private(self) -> None:
        """
        What tells one card from another is in no C{repr}.
        """
        shown = repr(Cplc.decode(CPLC))
        self.assertIn("ic_fabricator=b'G\\x90'", shown)
        for each in fields(Cplc):
            if "serial" in each.name or "equipment" in each.name or "batch" in each.name:
                self.assertNotIn(each.name, shown)
        self.assertEqual(repr(CardData(None, IIN, CIN)), "CardData(cplc=None)")


class NumberTests(SynchronousTestCase):
    """
    L{parse_number}.
    """

    @given(st.binary(min_size=1, max_size=32))
    def test_object(self, number: bytes) -> None:
        """
        A number in its data object.
        """
        self.assertEqual(parse_number(encode(CIN_TAG, number), CIN_TAG, 32), number)

    def test_bare(self) -> None:
        """
        A number without it, also one that begins like the data object of another.
        """
        for number in (CIN, IIN, bytes.fromhex("420299"), bytes.fromhex("4505")):
            self.assertEqual(parse_number(number, CIN_TAG, 32), number)

    @given(st.binary())
    def test_malformed(self, answer: bytes) -> None:
        """
        A number that is empty or too long is L{MalformedAnswer}.
        """
        with contextlib.suppress(MalformedAnswer):
            self.assertIn(len(parse_number(answer, CIN_TAG, 32)), range(1, 33))
        self.assertRaises(MalformedAnswer, parse_number, b"", CIN_TAG, 32)
        self.assertRaises(MalformedAnswer, parse_number, encode(CIN_TAG), CIN_TAG, 32)
