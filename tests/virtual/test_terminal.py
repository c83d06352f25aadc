# -*- test-case-name: tests.virtual.test_terminal -*-
"""
Tests for L{cardgw.virtual.terminal}.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, succeed
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.terminal import Manners, Outcome, Terminal, dial, request_frame

REQUEST = bytes.fromhex("021b00 4c50413a3102 3132372e302e302e313a38343433 02 545334385631")
COMMAND = bytes.fromhex("fe0800 80e2910003bf2800")
ANSWER = bytes.fromhex("fe0200 6105")
BOX = bytes.fromhex("000500") + b"Hello"
LOCK, UNLOCK, CLOSE, REBOOT = (bytes.fromhex(tag + "0000") for tag in ("fd", "ff", "fc", "fb"))


def card(command: bytes) -> bytes:
    """
    A card that has something to fetch.
    """
    return b"\x61\x05"


class RequestTests(SynchronousTestCase):
    """
    L{request_frame} is what a phone sends first.
    """

    def test_transcript(self) -> None:
        """
        The recorded download request: C{$} is 02.
        """
        self.assertEqual(request_frame(2, "LPA:1$127.0.0.1:8443$TS48V1"), REQUEST)

    def test_raw(self) -> None:
        """
        Bytes go as they are.
        """
        self.assertEqual(request_frame(2, b"1 h$m"), b"\x02\x05\x001 h$m")
        self.assertEqual(request_frame(3), b"\x03\x00\x00")


class TerminalTestCase(SynchronousTestCase):
    """
    A phone without a network.
    """

    def dial(self, manners: Manners | None = None, answer: Any = card) -> None:
        """
        Connect one.
        """
        self.clock = Clock()
        self.wire = StringTransport()
        self.events: list[Any] = []
        self.terminal = Terminal(self.clock, answer, REQUEST, manners, lambda what, facts: self.events.append((what, facts)))
        self.terminal.makeConnection(self.wire)

    def sent(self) -> bytes:
        """
        What it has sent since the last call.
        """
        sent: bytes = self.wire.value()
        self.wire.clear()
        return sent

    def outcome(self, reason: Exception | None = None) -> Outcome:
        """
        End the connection.
        """
        self.terminal.connectionLost(Failure(reason or ConnectionDone()))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        outcome: Outcome = self.successResultOf(self.terminal.done)
        return outcome


class SessionTests(TerminalTestCase):
    """
    A well-behaved phone.
    """

    def test_session(self) -> None:
        """
        It asks at once, answers APDUs, shows boxes, and closes when the server says goodbye.
        """
        self.dial()
        self.assertEqual(self.sent(), REQUEST)
        self.terminal.dataReceived(LOCK + COMMAND)
        self.assertEqual(self.sent(), ANSWER)
        self.terminal.dataReceived(UNLOCK + BOX + CLOSE)
        self.assertTrue(self.wire.disconnecting)
        expected = Outcome(
            boxes=("Hello",),
            apdus=1,
            received=28,
            sent=35,
            locks=1,
            unlocks=1,
            goodbye=True,
            rebooted=False,
            seconds=0.0,
            reason="closed",
        )
        self.assertEqual(self.outcome(), expected)
        apdu = {"command": COMMAND[3:], "response": b"\x61\x05"}
        self.assertEqual(self.events, [("apdu", apdu), ("box", {"text": "Hello"})])

    @given(st.lists(st.integers(0, 30), max_size=5))
    def test_anyCuts(self, places: list[int]) -> None:
        """
        However the server's frames are cut.
        """
        self.dial()
        stream = LOCK + COMMAND + UNLOCK + BOX + CLOSE
        ends = [0, *sorted(places), len(stream)]
        for start, end in pairwise(ends):
            self.terminal.dataReceived(stream[start:end])
        outcome = self.outcome()
        self.assertEqual((outcome.apdus, outcome.boxes, outcome.goodbye), (1, ("Hello",), True))

    def test_reboot(self) -> None:
        """
        A reboot ends the connection, without the goodbye of TCP; what follows is not looked at.
        """
        self.dial()
        self.terminal.dataReceived(BOX + REBOOT + COMMAND + CLOSE)
        self.assertTrue(self.wire.disconnected)
        outcome = self.outcome()
        self.assertEqual((outcome.rebooted, outcome.goodbye, outcome.apdus, outcome.boxes), (True, False, 0, ("Hello",)))
        self.assertEqual(self.events, [("box", {"text": "Hello"}), ("reset", {})])

    def test_management(self) -> None:
        """
        It stays for as long as the server likes, with any number of turns.
        """
        self.dial()
        self.sent()
        for _ in range(3):
            self.clock.advance(3600)
            self.terminal.dataReceived(LOCK + COMMAND + UNLOCK + BOX)
            self.assertEqual(self.sent(), ANSWER)
        self.assertFalse(self.wire.disconnecting)
        self.terminal.dataReceived(CLOSE)
        outcome = self.outcome()
        self.assertEqual((outcome.locks, outcome.unlocks, outcome.apdus, outcome.goodbye), (3, 3, 3, True))

    def test_closedWhileShowing(self) -> None:
        """
        What came before the server closed is still read, though a box was being shown.
        """
        self.dial(Manners(box_delay=60))
        self.terminal.dataReceived(BOX + BOX + CLOSE)
        outcome = self.outcome()
        self.assertEqual((outcome.boxes, outcome.goodbye), (("Hello", "Hello"), True))

    def test_broken(self) -> None:
        """
        A connection that breaks is an outcome, too.
        """
        self.dial()
        self.assertIn("lost", self.outcome(ConnectionLost()).reason)

    def test_defectiveCard(self) -> None:
        """
        A card that raises is a failure.
        """
        self.dial(answer=lambda command: 1 // 0)
        self.terminal.dataReceived(COMMAND)
        self.assertTrue(self.wire.disconnected)
        self.terminal.connectionLost(Failure(ConnectionLost()))
        self.failureResultOf(self.terminal.done, ZeroDivisionError)


class MannersTests(TerminalTestCase):
    """
    Phones, cards and networks with bad manners.
    """

    def test_fragment(self) -> None:
        """
        Fragments leave one per turn of the reactor.
        """
        self.dial(Manners(fragment=10))
        self.assertEqual(self.sent(), REQUEST[:10])
        writes: list[bytes] = []
        self.patch(self.wire, "write", writes.append)
        self.clock.advance(0)
        self.assertEqual(writes, [REQUEST[10:20], REQUEST[20:]])

    def test_delay(self) -> None:
        """
        Each APDU takes its time; what follows waits.
        """
        self.dial(Manners(delay=2))
        self.sent()
        self.terminal.dataReceived(COMMAND + CLOSE)
        self.clock.advance(1.9)
        self.assertEqual((self.sent(), self.wire.disconnecting), (b"", False))
        self.clock.advance(0.1)
        self.assertEqual((self.sent(), self.wire.disconnecting), (ANSWER, True))

    def test_boxDelay(self) -> None:
        """
        A box blocks the card until the holder confirms it.
        """
        self.dial(Manners(box_delay=60))
        self.sent()
        self.terminal.dataReceived(BOX + COMMAND)
        self.clock.advance(59)
        self.assertEqual((self.sent(), self.events), (b"", [("box", {"text": "Hello"})]))
        self.clock.advance(1)
        self.assertEqual(self.sent(), ANSWER)

    def test_hangUp(self) -> None:
        """
        It hangs up when the n-th frame arrives, or right after the request, with FIN or RST.
        """
        for at, frames in ((0, b""), (1, LOCK), (2, LOCK + COMMAND), (3, LOCK + COMMAND + UNLOCK)):
            for hard in (False, True):
                self.dial(Manners(hang_up_at=at, hard=hard))
                self.terminal.dataReceived(frames)
                self.assertEqual((self.wire.disconnecting, self.wire.disconnected), (True, hard))
                self.assertFalse(self.outcome().goodbye)

    def test_neverClose(self) -> None:
        """
        It notes the goodbye, and stays.
        """
        self.dial(Manners(never_close=True))
        self.terminal.dataReceived(CLOSE)
        self.assertFalse(self.wire.disconnecting)
        self.assertTrue(self.outcome().goodbye)

    def test_silent(self) -> None:
        """
        From the n-th APDU on it says nothing.
        """
        self.dial(Manners(silent_at=2))
        self.sent()
        self.terminal.dataReceived(COMMAND)
        self.assertEqual(self.sent(), ANSWER)
        self.terminal.dataReceived(COMMAND + CLOSE)
        self.assertEqual((self.sent(), self.wire.disconnecting), (b"", False))

    def test_garbage(self) -> None:
        """
        It sends something else in place of the n-th answer.
        """
        self.dial(Manners(garbage_at=1, garbage=b"\xff\xff\xff"))
        self.sent()
        self.terminal.dataReceived(COMMAND)
        self.assertEqual(self.sent(), b"\xff\xff\xff")

    def test_halfOpen(self) -> None:
        """
        A card that is restarted may leave the connection as it is; nothing comes any more.
        """
        self.dial(Manners(half_open=True))
        self.sent()
        self.terminal.dataReceived(REBOOT + COMMAND + CLOSE)
        self.terminal.dataReceived(COMMAND)
        self.assertEqual((self.sent(), self.wire.disconnecting), (b"", False))
        self.assertTrue(self.outcome().rebooted)

    def test_cancel(self) -> None:
        """
        Cancelling drops the connection.
        """
        self.dial()
        self.terminal.done.cancel()
        self.assertTrue(self.wire.disconnected)
        self.terminal.connectionLost(Failure(ConnectionLost()))
        self.failureResultOf(self.terminal.done, CancelledError)


class RefreshTests(TerminalTestCase):
    """
    A card whose connection runs over the profile that is switched.
    """

    enable = bytes.fromhex("fe1900 80e2910014 bf3111a00c5a0a98999910000000000081 8101ff")
    done = b"\xbf\x31\x03\x80\x01\x00\x91\x0b"

    def switch(self, refresh: str, **manners: Any) -> None:
        """
        Enable a profile.
        """
        self.dial(Manners(vanish_on_refresh=refresh, **manners), lambda command: self.done)
        self.sent()
        self.terminal.dataReceived(self.enable)

    def test_before(self) -> None:
        """
        It vanishes before the answer: the server cannot know.
        """
        self.switch("before")
        self.assertEqual((self.sent(), self.wire.disconnected), (b"", True))
        self.assertEqual(self.events[-1], ("reset", {}))
        outcome = self.outcome()
        self.assertEqual((outcome.refreshed, outcome.rebooted), (True, False))

    def test_after(self) -> None:
        """
        It vanishes when the answer has left; what the server sends then is not looked at.
        """
        self.switch("after")
        self.terminal.dataReceived(COMMAND)
        self.assertEqual((self.sent(), self.wire.disconnected), (b"\xfe\x08\x00" + self.done, False))
        self.clock.advance(1)
        self.assertTrue(self.wire.disconnected)
        self.assertTrue(self.outcome().refreshed)

    def test_afterFragments(self) -> None:
        """
        The whole answer leaves, however slowly.
        """
        self.switch("after", fragment=2)
        for _ in range(30):
            self.clock.advance(0)
        self.assertTrue(self.sent().endswith(self.done))
        self.clock.advance(1)
        self.assertTrue(self.wire.disconnected)
        self.outcome()

    def test_goneBefore(self) -> None:
        """
        The server may be faster.
        """
        self.switch("after")
        self.assertTrue(self.outcome().refreshed)

    def test_halfOpen(self) -> None:
        """
        Nobody has to be told.
        """
        for refresh in ("before", "after"):
            self.switch(refresh, half_open=True)
            self.clock.advance(1)
            self.terminal.dataReceived(COMMAND)
            self.assertFalse(self.wire.disconnecting)
            self.assertTrue(self.outcome().refreshed)

    def test_staying(self) -> None:
        """
        Unless it is told to vanish, it stays.
        """
        self.switch("")
        self.terminal.dataReceived(CLOSE)
        self.assertFalse(self.outcome().refreshed)


class DialTests(SynchronousTestCase):
    """
    L{dial} connects a phone to an endpoint.
    """

    def test_dial(self) -> None:
        """
        It gives the outcome.
        """
        wires: list[Any] = []

        class Endpoint:
            def connect(self, factory: Any) -> Any:
                protocol = factory.buildProtocol(None)
                wires.append((protocol, StringTransport()))
                protocol.makeConnection(wires[0][1])
                return succeed(protocol)

        endpoint: Any = Endpoint()
        done = dial(Clock(), endpoint, card, REQUEST)
        protocol, wire = wires[0]
        self.assertEqual(wire.value(), REQUEST)
        self.assertNoResult(done)
        protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.successResultOf(done).reason, "closed")
