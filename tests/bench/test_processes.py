# -*- test-case-name: tests.bench.test_processes -*-
"""
L{bench.processes}.
"""

from __future__ import annotations

import os
import socket

from twisted.trial.unittest import SynchronousTestCase

from bench.processes import Gateway, Helper, free_port


class FreePortTests(SynchronousTestCase):
    """
    L{free_port}.
    """

    def test_canBeBound(self) -> None:
        """
        Nobody listens there.
        """
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", free_port()))


class HelperTests(SynchronousTestCase):
    """
    L{Helper}.
    """

    def test_ended(self) -> None:
        """
        A helper that ends instead of answering is an error.
        """
        with Helper("this", "--") as helper:
            self.assertRaises(ValueError, helper.read)
            assert helper.process.stdout is not None
            helper.process.stdout.read()
            self.assertRaises(RuntimeError, helper.read)


class MeasureTests(SynchronousTestCase):
    """
    What L{Gateway} reads from the outside, on this very process.
    """

    def test_self(self) -> None:
        """
        CPU time and memory of a running process are above zero.
        """
        gateway = Gateway.__new__(Gateway)
        self.patch(Gateway, "pids", lambda _: [os.getpid()])
        self.assertGreater(gateway.cpu(), 0)
        self.assertGreater(gateway.pss_kib(), 1000)
