# -*- test-case-name: tests.transports.ramhttp.test_wire_templates -*-
"""
Tests for what all templates of L{cardgw.transports.ramhttp.wire} have in common: lengths, and what is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.transports.ramhttp.wire import (
    DEFAULT_ATR,
    Answer,
    Apdu,
    AtrGiven,
    Closed,
    Initiation,
    Notify,
    Rapdu,
    WireError,
    decode_initiation,
    decode_request,
    decode_response,
    encode_initiation,
    encode_request,
    encode_response,
)
from tests.transports.ramhttp.test_wire import INITIATIONS, REQUESTS, RESPONSES, Answered, Asked, octets

DECODERS: tuple[Callable[[bytes], object], ...] = (decode_request, decode_response, decode_initiation)


def in_form(tag: int, value: bytes, form: int) -> bytes:
    """
    A template with its length in this form.
    """
    size = bytes((len(value),)) if form < 0x80 else bytes((form,)) + len(value).to_bytes(form - 0x80, "big")
    return bytes((tag,)) + size + value


class TemplateTests(SynchronousTestCase):
    """
    What holds for all three templates.
    """

    def test_forms(self) -> None:
        """
        Lengths may be in any definite form, also a longer one than needed; what follows the template is ignored.
        """
        value = octets("23029000")
        for form in (0x04, 0x81, 0x82, 0x83, 0x84):
            for after in (b"", b"\0", b"\r\n"):
                self.assertEqual(decode_response(in_form(0xAB, value, form) + after).elements, (Rapdu(b"\x90\0"),))
        inner = in_form(0x23, b"\x90\0", 0x84)
        self.assertEqual(decode_response(in_form(0xAB, inner, 0x82)).elements, (Rapdu(b"\x90\0"),))

    def test_refused(self) -> None:
        """
        Indefinite lengths, other templates, and what is cut short are refused, with a text that says why.
        """
        for text, why in (
            ("", "cut short in its header"),
            ("AB", "cut short in its header"),
            ("AB80 23029000 0000", "length field 80"),
            ("AF80 23029000 0000", "length field 80"),
            ("AB85 0000000004 23029000", "length field 85"),
            ("AB82 00", "cut short in its header"),
            ("AB84FFFFFFFF 2302", "4294967295 bytes announced, 2 present"),
            ("AB04 23039000", "3 bytes announced, 2 present"),
            ("AB01 23", "cut short"),
            ("AB03 E1010C", "cut short"),
            ("AA00", "expected a template AB, found AA"),
            ("E800", "expected a template AB, found E8"),
            (b"<html>".hex(), "template AB, found 3C"),
        ):
            error = self.assertRaises(WireError, decode_response, octets(text))
            self.assertIn(why, str(error))

    @given(st.binary(max_size=600))
    def test_rubbish(self, rubbish: bytes) -> None:
        """
        Whatever arrives is decoded or refused.
        """
        for tag in (b"", b"\xaa", b"\xab", b"\xe8"):
            self.check(tag + rubbish)
            self.check(tag + tlv.length(len(rubbish)) + rubbish)

    @given(st.data(), REQUESTS, RESPONSES, INITIATIONS)
    def test_mutated(self, data: st.DataObject, request: list[Asked], response: list[Answered], initiation: Initiation) -> None:
        """
        So are real templates in which bytes were changed, cut out, doubled, or put elsewhere.
        """
        templates = (encode_request(request), encode_response(response, len(response)), encode_initiation(initiation))
        template = bytearray(data.draw(st.sampled_from(templates)))
        for _ in range(data.draw(st.integers(1, 4))):
            at, end = sorted(data.draw(st.tuples(*[st.integers(0, len(template))] * 2)))
            piece = data.draw(
                st.sampled_from((b"", b"\x80", b"\x84\xff\xff\xff\xff", bytes(template[at:end]) * 2, b"\x1f\xff\xff"))
            )
            template[at:end] = piece
        self.check(bytes(template))

    def check(self, template: bytes) -> None:
        """
        What is decoded has no more in it than has arrived.
        """
        for decode in DECODERS:
            try:
                found = decode(template)
            except WireError as error:
                self.assertLess(len(str(error)), 120)
                continue
            self.assertLessEqual(size_of(found), len(template) + len(DEFAULT_ATR))


def size_of(found: object) -> int:
    """
    Elements and the bytes in them.
    """
    if isinstance(found, Answer):
        return sum(map(size_of, found.elements))
    if isinstance(found, tuple):
        return sum(map(size_of, found))
    if isinstance(found, Apdu | Rapdu):
        return 1 + len(found.octets)
    if isinstance(found, AtrGiven | Initiation):
        return 1 + len(found.atr)
    if isinstance(found, Notify):
        return 1 + len(found.text)
    return 1 + len(found.reason) if isinstance(found, Closed) else 1
