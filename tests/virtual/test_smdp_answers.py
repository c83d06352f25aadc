"""
Tests for L{cardgw.virtual.smdp_answers}.
"""

from __future__ import annotations

from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.virtual.smdp_answers import Refusal, encode_oid, failure, header, octets, pack, shape, text


class FieldTests(SynchronousTestCase):
    """
    Reading request fields.
    """

    @given(st.binary())
    def test_base64(self, value: bytes) -> None:
        """
        Bytes travel as base64.
        """
        self.assertEqual(octets({"a": pack(value)}, "a"), value)

    def test_missing(self) -> None:
        """
        A missing field is 2.2, mandatory element missing.
        """
        self.assertEqual(self.assertRaises(Refusal, text, {}, "a").reason, "2.2")

    def test_wrong(self) -> None:
        """
        A number, or anything that is no padded base64 on one line, is 2.1, invalid: the server is strict.
        """
        for value in (5, ["a"], "QUJ", "QUI=\n", "*", "\u00e9"):
            self.assertEqual(self.assertRaises(Refusal, octets, {"a": value}, "a").reason, "2.1", value)


class HeaderTests(SynchronousTestCase):
    """
    The header of an answer.
    """

    def test_success(self) -> None:
        """
        Just a status.
        """
        self.assertEqual(header(), {"functionExecutionStatus": {"status": "Executed-Success"}})

    def test_failure(self) -> None:
        """
        Subject, reason and a message.
        """
        data = {"subjectCode": "8.1", "reasonCode": "6.1", "message": "no"}
        wanted = {"header": {"functionExecutionStatus": {"status": "Failed", "statusCodeData": data}}}
        self.assertEqual(failure(Refusal("8.1", "6.1", "no")), wanted)


class ShapeTests(SynchronousTestCase):
    """
    Data objects in a fixed order.
    """

    def test_shape(self) -> None:
        """
        Exactly these tags are accepted.
        """
        value = tlv.encode(0x80, b"a") + tlv.encode(0x5F37, b"b")
        first, second = shape(value, 0x80, 0x5F37)
        self.assertEqual((first.value, second.value), (b"a", b"b"))
        for tags in ((0x80,), (0x5F37, 0x80), (0x80, 0x5F37, 0x30)):
            self.assertRaises(ValueError, shape, value, *tags)


class OidTests(SynchronousTestCase):
    """
    Object identifiers.
    """

    def test_example(self) -> None:
        """
        2.999.10, the SM-DP+ of SGP.26.
        """
        self.assertEqual(encode_oid("2.999.10").hex(), "88370a")

    @given(st.lists(st.integers(0, 2**40), max_size=6))
    def test_sameAsCryptography(self, arcs: list[int]) -> None:
        """
        The octets are those in a certificate extension.
        """
        dotted = ".".join(map(str, (2, 999, *arcs)))
        name = x509.SubjectAlternativeName([x509.RegisteredID(x509.ObjectIdentifier(dotted))])
        self.assertEqual(tlv.decode(tlv.only(name.public_bytes(), 0x30).value).need(0x88).value, encode_oid(dotted))
