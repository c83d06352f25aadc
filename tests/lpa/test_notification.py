# -*- test-case-name: tests.lpa.test_notification -*-
"""
Tests for L{cardgw.lpa.notification}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode, only
from cardgw.errors import MalformedAnswer
from cardgw.lpa import notification
from cardgw.lpa.errors import Es10Error

ICCID = bytes.fromhex("98001032547698103214")
GOOD = encode(0xA0, encode(0x4F, bytes(16)), bytes.fromhex("04073007a005300380 0100".replace(" ", "")))
BAD = encode(0xA1, bytes.fromhex("800105 81010c".replace(" ", "")))


def result(final: bytes = GOOD, transaction_id: bytes = b"\xaa", address: bytes = b"smdp.example.test") -> bytes:
    """
    A ProfileInstallationResult.
    """
    metadata = encode(0xBF2F, bytes.fromhex("800105 81020780".replace(" ", "")), encode(0x0C, address), encode(0x5A, ICCID))
    data = encode(0xBF27, encode(0x80, transaction_id), metadata, bytes.fromhex("0603883703"), encode(0xA2, final))
    return encode(0xBF37, data, encode(0x5F37, bytes(64)))


class RequestTests(SynchronousTestCase):
    """
    Asking for notifications and removing them.
    """

    def test_retrieve(self) -> None:
        """
        The request for number 5, as captured.
        """
        self.assertEqual(notification.retrieve(5).hex(), "bf2b05a003800105")

    def test_remove(self) -> None:
        """
        The removal of number 5, as captured; 200 is two bytes, because an INTEGER has a sign.
        """
        self.assertEqual(notification.remove(5).hex(), "bf3003800105")
        self.assertEqual(notification.remove(200).hex(), "bf3004800200c8")

    def test_first(self) -> None:
        """
        Number 0 is as good as any.
        """
        self.assertEqual(notification.remove(0).hex(), "bf3003800100")

    def test_removed(self) -> None:
        """
        Removed, as captured; removed before is just as well.
        """
        notification.parse_removed(bytes.fromhex("bf3003800100"))
        notification.parse_removed(bytes.fromhex("bf3003800101"))

    def test_notRemoved(self) -> None:
        """
        Any other code is an error.
        """
        self.assertRaises(Es10Error, notification.parse_removed, bytes.fromhex("bf300380017f"))


class ResultTests(SynchronousTestCase):
    """
    The result of an installation.
    """

    def test_installed(self) -> None:
        """
        Number, address, ICCID and the new application; the bytes are kept for the server.
        """
        found = notification.parse_install_result(result())
        self.assertEqual(found.raw, result())
        self.assertEqual((found.transaction_id, found.aid, found.failure), (b"\xaa", bytes(16), None))
        metadata = found.metadata
        self.assertEqual((metadata.sequence, metadata.address), (5, "smdp.example.test"))
        self.assertEqual((metadata.events, metadata.iccid), ({"install"}, "89000123456789012341"))

    def test_failed(self) -> None:
        """
        A failure tells the command and the reason.
        """
        found = notification.parse_install_result(result(BAD))
        self.assertEqual((found.failure, found.aid), ((5, 12), b""))

    def test_spacesInAddress(self) -> None:
        """
        Spaces in the address, which some operators have, are left out.
        """
        self.assertEqual(notification.parse_install_result(result(address=b" a. b ")).metadata.address, "a.b")

    def test_sequenceOfTwoBytes(self) -> None:
        """
        A number above 127 has a leading zero byte.
        """
        self.assertEqual(notification.parse_metadata(only(bytes.fromhex("bf2f04800200c8"), 0xBF2F)).sequence, 200)

    @given(st.binary(max_size=60))
    def test_rubbish(self, octets: bytes) -> None:
        """
        What is no result is L{MalformedAnswer}.
        """
        for answer in (octets, encode(0xBF37, octets), encode(0xBF37, encode(0xBF27, octets))):
            self.assertRaises(MalformedAnswer, notification.parse_install_result, answer)

    def test_found(self) -> None:
        """
        Among kept results, the one of this session is found, whatever else is there.
        """
        other = encode(0x30, bytes.fromhex("bf2f00")) + encode(0xBF37, b"\0")
        answer = encode(0xBF2B, encode(0xA0, result(transaction_id=b"\1"), other, result(transaction_id=b"\2")))
        found = notification.find_install_result(answer, b"\2")
        assert found is not None
        self.assertEqual(found.raw, result(transaction_id=b"\2"))
        self.assertIsNone(notification.find_install_result(answer, b"\3"))

    def test_noneKept(self) -> None:
        """
        An eUICC without notifications answers with an empty list or an error code.
        """
        self.assertIsNone(notification.find_install_result(bytes.fromhex("bf2b02a000"), b"\2"))
        self.assertIsNone(notification.find_install_result(bytes.fromhex("bf2b03810101"), b"\2"))
