# -*- test-case-name: tests.transports.ramhttp.test_fates -*-
"""
Tests for L{cardgw.transports.ramhttp.fates}.
"""

from __future__ import annotations

import socket
from types import SimpleNamespace

from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.ramhttp.fates import CLOSED_MAX, Fate, Fates, unacknowledged


class FateTests(SynchronousTestCase):
    """
    L{Fates}, over a pair of sockets.
    """

    def setUp(self) -> None:
        """
        A connection.
        """
        self.ours, self.theirs = socket.socketpair()
        self.addCleanup(self.ours.close)
        self.addCleanup(self.theirs.close)
        self.transport = SimpleNamespace(socket=self.ours)
        self.fates = Fates()

    def test_unacknowledged(self) -> None:
        """
        What is on its way can be told; not of what is no socket, or closed.
        """
        self.assertEqual(unacknowledged(self.transport), 0)
        self.ours.send(b"reply")
        self.assertGreater(unacknowledged(self.transport) or 0, 0)
        self.theirs.recv(100)
        self.assertEqual(unacknowledged(self.transport), 0)
        self.assertIsNone(unacknowledged(object()))
        self.ours.close()
        self.assertIsNone(unacknowledged(self.transport))

    def test_end(self) -> None:
        """
        The end of the client's stream may say that it has not had all.
        """
        self.assertEqual(self.fates.of_end(self.transport), Fate.UNKNOWN)
        self.ours.send(b"reply")
        self.assertEqual(self.fates.of_end(self.transport), Fate.GONE_UNREAD)
        self.assertEqual(self.fates.of_end(object()), Fate.UNKNOWN)

    def test_closed(self) -> None:
        """
        Closed ones of which something is known are remembered, not all for ever.
        """
        self.assertEqual(self.fates(1), Fate.UNKNOWN)
        self.fates.closed(1, Fate.GONE_UNREAD)
        self.fates.closed(2, Fate.UNKNOWN)
        self.assertEqual((self.fates(1), self.fates(2)), (Fate.GONE_UNREAD, Fate.UNKNOWN))
        for number in range(3, CLOSED_MAX + 3):
            self.fates.closed(number, Fate.GONE_UNREAD)
        self.assertEqual((self.fates(1), self.fates(3)), (Fate.UNKNOWN, Fate.GONE_UNREAD))
