# -*- test-case-name: tests.lpa.test_server_errors -*-
"""
Tests for L{cardgw.lpa.server_errors}.
"""

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardGatewayError
from cardgw.lpa import server_errors


class ServerErrorTests(SynchronousTestCase):
    """
    The errors' texts.
    """

    def test_texts(self) -> None:
        """
        Each has a sentence that fits a small display, and a code of its own.
        """
        kinds = [each for each in vars(server_errors).values() if isinstance(each, type) and issubclass(each, CardGatewayError)]
        found = [kind for kind in kinds if kind.__module__ == server_errors.__name__]
        self.assertTrue(len(found) > 15)
        for kind in found:
            brief = kind.brief.fget(kind.__new__(kind))  # type: ignore[attr-defined]
            self.assertTrue(brief[0].isupper() and brief.endswith(".") and len(brief) <= 100, brief)
        self.assertEqual(len({kind.code for kind in found}), len(found))

    def test_status(self) -> None:
        """
        An HTTP error tells its status and the function.
        """
        error = server_errors.HttpStatusError(503, "initiateAuthentication", hint="Try again later.")
        self.assertEqual(error.status, 503)
        self.assertEqual(str(error), "The server answered with an HTTP error: 503 (initiateAuthentication). Try again later.")

    def test_foreignText(self) -> None:
        """
        What a server says is cut, and cannot steer a terminal.
        """
        self.assertEqual(server_errors.shown("a\x1b[31m\nb" + "x" * 300), "a [31m b" + "x" * 192)

    def test_ci(self) -> None:
        """
        A refused CI can be read from the error.
        """
        self.assertEqual(server_errors.CiNotTrusted(b"\1" * 20, "x").ci, b"\1" * 20)
