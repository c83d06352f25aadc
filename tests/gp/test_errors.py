# -*- test-case-name: tests.gp.test_errors -*-
"""
L{cardgw.gp.errors}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardError, ParameterError
from cardgw.gp.errors import CapFileError, KeyCheckFailed, ReceiptInvalid, TooManyBlocks


class ErrorsTests(SynchronousTestCase):
    """
    Whose fault it is.
    """

    def test_kinds(self) -> None:
        """
        What was given wrong is the caller's; what the card does wrong is the card's.
        """
        for error in (CapFileError, TooManyBlocks):
            self.assertTrue(issubclass(error, ParameterError))
        for other in (KeyCheckFailed, ReceiptInvalid):
            self.assertTrue(issubclass(other, CardError))

    def test_codes(self) -> None:
        """
        Programs know them by these.
        """
        codes = [each.code for each in (CapFileError, TooManyBlocks, KeyCheckFailed, ReceiptInvalid)]
        self.assertEqual(codes, ["cap-file", "too-many-blocks", "key-check-failed", "receipt-invalid"])
