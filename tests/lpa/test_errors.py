# -*- test-case-name: tests.lpa.test_errors -*-
"""
Tests for L{cardgw.lpa.errors}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardError
from cardgw.lpa.download_errors import InstallationFailed
from cardgw.lpa.errors import AlreadyInstalled, Es10Error, ProfileNotInstalled, installation_failure


class Es10ErrorTests(SynchronousTestCase):
    """
    An eUICC that refuses.
    """

    def test_known(self) -> None:
        """
        The text says what happened, which function gave which code, and what to do; the card holder gets less.
        """
        error = Es10Error("AuthenticateServer", 7)
        self.assertIsInstance(error, CardError)
        self.assertEqual((error.code, error.function, error.result), ("es10", "AuthenticateServer", 7))
        self.assertIn("does not know the certificate issuer", str(error))
        self.assertIn("AuthenticateServer 7 (ciPKUnknown)", str(error))
        self.assertTrue(str(error).endswith(error.reason.todo))
        self.assertEqual(error.brief, error.reason.brief)
        self.assertNotIn("AuthenticateServer", error.brief)

    @given(st.text(max_size=20), st.integers(0, 255))
    def test_unknown(self, function: str, result: int) -> None:
        """
        Any code of any function makes an error that names both.
        """
        text = str(Es10Error(function, result))
        self.assertIn(f"{function} {result}", text)
        self.assertTrue(text.endswith("."))


class InstallationTests(SynchronousTestCase):
    """
    A profile that was not installed.
    """

    def test_known(self) -> None:
        """
        The step and the reason of the eUICC are in the text; it counts as a failed installation.
        """
        error = installation_failure(5, 12)
        self.assertIsInstance(error, ProfileNotInstalled)
        self.assertIsInstance(error, InstallationFailed)
        self.assertEqual((error.step, error.result), (5, 12))
        self.assertIn("loadProfileElements 12 (PEProcessingError)", str(error))
        self.assertTrue(str(error).endswith(error.reason.todo))
        self.assertEqual(error.brief, error.reason.brief)

    def test_alreadyInstalled(self) -> None:
        """
        A profile that is there already has an error of its own.
        """
        error = installation_failure(2, 9)
        self.assertIsInstance(error, AlreadyInstalled)
        self.assertIn("ICCID", str(error))
        self.assertEqual(error.code, "already-installed")

    def test_unknown(self) -> None:
        """
        Numbers without a meaning are told.
        """
        self.assertIn("step 77 99", str(installation_failure(77, 99)))
