# -*- test-case-name: tests.virtual.test_ram_session -*-
"""
Tests for L{cardgw.virtual.ram_session}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from cardgw.virtual.ram_session import CardLost, RamSession, Reply, run_script
from cardgw.virtual.ram_template import cancelled
from tests.virtual.ram_rig import ATR, RamTestCase

INITIATION = b"\xe8\x1a\xc0\x18" + ATR
NOTHING = bytes.fromhex("AB03800100")
SELECT = bytes.fromhex("00A4040000")


class SessionTests(RamTestCase):
    """
    L{RamSession}.
    """

    def setUp(self) -> None:
        super().setUp()
        self.session = RamSession(self.clock, "1", "test")
        self.addCleanup(self.session.stop)

    def post(self, body: bytes = NOTHING) -> Deferred[Reply]:
        """
        One POST.
        """
        return self.session.post(body)

    def test_units(self) -> None:
        """
        One unit each; what comes back belongs to it.
        """
        polling = self.post(INITIATION)
        self.assertEqual(self.session.atr, ATR)
        asking = Deferred.fromCoroutine(self.session.transmit(SELECT))
        self.assertEqual(self.successResultOf(polling).body.hex(), "aa07220500a4040000")
        polling = self.post(bytes.fromhex("AB0723029000800101"))
        self.assertEqual(self.successResultOf(asking), b"\x90\x00")
        self.assertNoResult(polling)
        asking = Deferred.fromCoroutine(self.session.reset())
        self.assertEqual(self.successResultOf(polling).body.hex(), "aa02c000")
        self.post(bytes.fromhex("AB07C0023B00800100"))
        self.assertEqual(self.successResultOf(asking), b"\x3b\x00")
        self.session.end()

    def test_poll(self) -> None:
        """
        Nothing for 30 s: 504 at first, nothing to do later.
        """
        polling = self.post(INITIATION)
        self.clock.advance(30)
        self.assertEqual(self.successResultOf(polling).status, 504)
        Deferred.fromCoroutine(self.session.notify(1, "x"))
        self.assertEqual(self.successResultOf(self.post(INITIATION)).status, 200)
        polling = self.post()
        self.clock.advance(30)
        self.assertEqual(self.successResultOf(polling).body, b"\xaa\x00")

    def test_close(self) -> None:
        """
        What says that the session ends is the failure of the script; whoever waits is told the end.
        """
        polling = self.post(INITIATION)
        running = Deferred.fromCoroutine(run_script(self.session, lambda session: session.transmit(SELECT)))
        self.successResultOf(polling)
        self.assertEqual(self.successResultOf(self.post(cancelled())).status, 204)
        self.successResultOf(running)
        self.assertEqual(self.session.lost, "Session canceled")
        self.failureResultOf(self.session.ask(), CardLost)

    def test_left(self) -> None:
        """
        A client whose connection is gone is not answered; the next one is.
        """
        self.post(INITIATION).addErrback(lambda _: None).cancel()
        self.session.ask()
        self.assertEqual(self.successResultOf(self.post()).body, b"\xaa\x00")

    def test_again(self) -> None:
        """
        A second POST sends the first one away.
        """
        first, second = self.post(INITIATION), self.post()
        self.assertEqual(self.successResultOf(first).body, b"\xaa\x00")
        self.session.end(410)
        self.assertEqual(self.successResultOf(second).status, 410)

    def test_malformed(self) -> None:
        """
        Something else is refused.
        """
        for body in (b"", b"\xe8", b"\xaa\x00"):
            self.assertEqual(self.successResultOf(self.post(body)).status, 400)
