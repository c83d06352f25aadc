# -*- test-case-name: tests.virtual.test_plain -*-
"""
Tests for L{cardgw.virtual.plain}.
"""

from __future__ import annotations

from twisted.internet.endpoints import clientFromString, serverFromString
from twisted.internet.error import CannotListenError, ConnectError
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.plain import endpoint, plain


class PlainTests(SynchronousTestCase):
    """
    L{plain}.
    """

    def test_file(self) -> None:
        """
        A file is named, the number of the error is not.
        """
        self.assertEqual(plain(FileNotFoundError(2, "No such file or directory", "/x")), "/x: no such file or directory")
        self.assertEqual(plain(OSError(5, "I/O error")), "I/O error")

    def test_socket(self) -> None:
        """
        What Twisted says twice is said once.
        """
        self.assertEqual(plain(ConnectError(111, "Connection refused")), "connection refused")
        self.assertEqual(plain(ConnectError()), "there is no connection")
        in_use = CannotListenError("", 1888, OSError(98, "Address already in use"))
        self.assertEqual(plain(in_use), "address already in use")

    def test_others(self) -> None:
        """
        Other errors say it themselves; one without a word, its class.
        """
        self.assertEqual(plain(ValueError("this is no certificate")), "this is no certificate")
        self.assertEqual(plain(ValueError()), "ValueError")


class EndpointTests(SynchronousTestCase):
    """
    L{endpoint}.
    """

    def test_good(self) -> None:
        """
        An endpoint string is parsed.
        """
        self.assertIsNotNone(endpoint(serverFromString, MemoryReactorClock(), "tcp:1888"))

    def test_bad(self) -> None:
        """
        What is none is refused with an example.
        """
        for text in ("nope:1", "tcp:abc", "tcp:1:x=2"):
            error = self.assertRaises(ValueError, endpoint, serverFromString, MemoryReactorClock(), text)
            self.assertIn(f'"{text}" is no endpoint', str(error))
        self.assertRaises(ValueError, endpoint, clientFromString, MemoryReactorClock(), "tcp:localhost:x")
