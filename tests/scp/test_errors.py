# -*- test-case-name: tests.scp.test_errors -*-
"""
L{cardgw.scp.errors}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.response import Response
from cardgw.scp.errors import AnswerNotAuthentic, ChallengeDiffers, HostRefused, KeysDiffer


class ErrorsTests(SynchronousTestCase):
    """
    What they say.
    """

    def test_warnings(self) -> None:
        """
        Whoever has used wrong keys is told not to go on with that.
        """
        for error in (KeysDiffer(), ChallengeDiffers(), HostRefused(Response(b"", 0x6300))):
            self.assertIn("Do not try again with the same keys", str(error))

    def test_refused(self) -> None:
        """
        The status is named.
        """
        error = HostRefused(Response(b"", 0x6982), "EXTERNAL AUTHENTICATE")
        self.assertIn("EXTERNAL AUTHENTICATE: 6982 (security status not satisfied).", str(error))

    def test_responses(self) -> None:
        """
        No answers came before, unless somebody says so.
        """
        self.assertEqual(AnswerNotAuthentic().responses, ())
