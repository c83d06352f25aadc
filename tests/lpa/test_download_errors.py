# -*- test-case-name: tests.lpa.test_download_errors -*-
"""
Tests for L{cardgw.lpa.download_errors}.
"""

from __future__ import annotations

from inspect import getmembers, isclass

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardGatewayError
from cardgw.lpa import download_errors

BOX = 160
"""Characters that a box for the card holder should not exceed."""


class TextTests(SynchronousTestCase):
    """
    What people read.
    """

    def test_sentences(self) -> None:
        """
        Each error says in a sentence what happened, and has a short text for the card holder.
        """
        for name, kind in getmembers(download_errors, isclass):
            if issubclass(kind, CardGatewayError) and kind.__module__ == download_errors.__name__:
                error = kind()
                self.assertTrue(error.sentence[0].isupper(), name)
                self.assertLessEqual(len(error.brief), BOX, name)
                self.assertTrue(error.brief.endswith("."), name)

    def test_confirmationCode(self) -> None:
        """
        The card holder reads where to write a confirmation code.
        """
        self.assertIn("$$", download_errors.ConfirmationCodeNeeded().brief)
