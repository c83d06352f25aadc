"""
Tests of L{cardgw.transports.ramhttp.expanded}.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.ramhttp.expanded import (
    CommandScript,
    Element,
    ResponseScript,
    Tag,
    decode_response,
    decode_script,
    encode_commands,
    encode_response,
    encode_script,
)
from cardgw.transports.ramhttp.wire import WireError

GET_DATA = bytes.fromhex("80CA008500")
NOT_FOUND = bytes.fromhex("6A88")
COMMAND_TAGS = st.sampled_from((Tag.COMMAND, Tag.IMMEDIATE_ACTION, Tag.ERROR_ACTION, Tag.CHAINING))
RESPONSE_TAGS = st.sampled_from((Tag.RESPONSE, Tag.IMMEDIATE_ACTION, Tag.CHAINING, Tag.BAD_FORMAT))
VALUES = st.binary(max_size=300)


class ScriptTests(SynchronousTestCase):
    """
    What a card is told.
    """

    def test_vector(self) -> None:
        """
        A command goes out as it does on the wire of other servers.
        """
        self.assertEqual(encode_commands([GET_DATA]).hex(), "ae80220580ca0085000000")
        self.assertEqual(encode_commands([GET_DATA], indefinite=False).hex(), "aa07220580ca008500")

    def test_long(self) -> None:
        """
        A command of more than 127 bytes has a length of two bytes.
        """
        self.assertTrue(encode_commands([bytes(200)]).startswith(bytes.fromhex("AE802281C8")))

    @given(st.lists(st.builds(Element, COMMAND_TAGS, VALUES)), st.booleans())
    def test_roundTrip(self, elements: list[Element], indefinite: bool) -> None:
        """
        What was written is read.
        """
        script = CommandScript(tuple(elements), indefinite)
        self.assertEqual(decode_script(encode_script(script)), script)
        self.assertEqual(script.commands, tuple(each.value for each in elements if each.tag == Tag.COMMAND))

    @given(st.binary(max_size=60) | st.builds(bytes.__add__, st.sampled_from((b"\xaa", b"\xae\x80")), st.binary(max_size=60)))
    def test_anything(self, octets: bytes) -> None:
        """
        Any bytes are a script or are refused.
        """
        with contextlib.suppress(WireError):
            decode_script(octets)


class ResponseTests(SynchronousTestCase):
    """
    What a card answers.
    """

    def refused(self, octets: str) -> str:
        """
        Why these bytes are no response.
        """
        return str(self.assertRaises(WireError, decode_response, bytes.fromhex(octets)))

    def test_vectors(self) -> None:
        """
        Both forms of the standard, and the one between them that cards send.
        """
        for octets, count in (
            ("AF8023026A880000", None),
            ("AB0780010123026A88", 1),
            ("AF8080010123026A880000", 1),
            ("AF8023026A88", None),
            ("AB8080010123026A880000", 1),
            ("AF0423026A88", None),
            ("AB0723026A88800101", 1),
            ("AB0823026A8880020101FFFF", 257),
        ):
            found = decode_response(bytes.fromhex(octets))
            self.assertEqual((found.responses, found.count, found.problem), ((NOT_FOUND,), count, ""), octets)

    def test_badFormat(self) -> None:
        """
        A card that cannot read a script tells why.
        """
        found = decode_response(bytes.fromhex("AB0A80010123026A88900102"))
        self.assertEqual((found.responses, found.problem), ((NOT_FOUND,), "the card cannot read the script (wrong length)"))
        for value, word in (("01", "unknown tag"), ("03", "length not found"), ("7F", "7F")):
            self.assertIn(word, decode_response(bytes.fromhex(f"AF809001{value}0000")).problem)
        self.assertIn("no reason", decode_response(bytes.fromhex("AF8090000000")).problem)
        self.assertIn("no previous script", decode_response(bytes.fromhex("AF808301010000")).problem)

    def test_refused(self) -> None:
        """
        What is no response is refused with words.
        """
        self.assertIn("found nothing", self.refused(""))
        self.assertIn("expected a script AB or AF, found AA", self.refused("AA00"))
        self.assertIn("5 bytes announced, 2 present", self.refused("AB0523029000"[:8]))
        self.assertIn("element 23: 5 bytes announced", self.refused("AF8023059000"))
        self.assertIn("cut short", self.refused("AF8023"))
        self.assertIn("cut short", self.refused("AB"))

    @given(st.lists(st.builds(Element, RESPONSE_TAGS, VALUES)), st.none() | st.integers(0, 70_000))
    def test_definite(self, elements: list[Element], count: int | None) -> None:
        """
        What was written is read, with the number of commands first.
        """
        response = ResponseScript(tuple(elements), count)
        octets = encode_response(response)
        found = decode_response(octets)
        self.assertEqual(found.elements, response.elements)
        self.assertEqual(found.count, len(response.responses) if count is None else count)

    @given(st.lists(st.builds(Element, RESPONSE_TAGS, VALUES)), VALUES)
    def test_indefinite(self, elements: list[Element], after: bytes) -> None:
        """
        So it is without a length, and what stands after the end does not count.
        """
        response = ResponseScript(tuple(elements))
        self.assertEqual(decode_response(encode_response(response, indefinite=True) + after), response)

    @given(st.binary(max_size=60) | st.builds(bytes.__add__, st.sampled_from((b"\xab", b"\xaf\x80")), st.binary(max_size=60)))
    def test_anything(self, octets: bytes) -> None:
        """
        Any bytes are a response or are refused.
        """
        with contextlib.suppress(WireError):
            found = decode_response(octets)
            self.assertIsInstance(found.problem, str)
