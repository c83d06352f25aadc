# -*- test-case-name: tests.transports.ramhttp.test_wire -*-
"""
Tests for L{cardgw.transports.ramhttp.wire}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.ramhttp.wire import Apdu, encode_request


class RequestTests(SynchronousTestCase):
    """
    What the gateway asks.
    """

    def test_verify(self) -> None:
        """
        A command is an element 22.
        """
        self.assertEqual(encode_request([Apdu(bytes.fromhex("00200081"))]), bytes.fromhex("AA06 2204 00200081"))
