# -*- test-case-name: tests.apdu.test_response -*-
"""
Tests for L{cardgw.apdu.response}.
"""

from __future__ import annotations

from hypothesis import given
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.response import Response
from tests.apdu.strategies import responses


class ResponseTests(SynchronousTestCase):
    """
    L{Response}.
    """

    def test_decode(self) -> None:
        """
        The last two bytes are the status word.
        """
        response = Response.decode(bytes.fromhex("BF2800612C"))
        self.assertEqual(response, Response(bytes.fromhex("BF2800"), 0x612C))
        self.assertEqual((response.sw1, response.sw2), (0x61, 0x2C))

    def test_short(self) -> None:
        """
        Fewer than two bytes are no response.
        """
        for octets in (b"", b"\x90"):
            self.assertRaises(ValueError, Response.decode, octets)

    @given(responses)
    def test_roundTrip(self, response: Response) -> None:
        """
        Every response is the same again after encoding and decoding.
        """
        self.assertEqual(Response.decode(response.encode()), response)
