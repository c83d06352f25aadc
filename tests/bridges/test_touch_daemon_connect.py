"""
Tests for L{cardgw.bridges.touch_daemon_connect}.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.bridges.touch import Outcome, Session
from cardgw.bridges.touch_daemon_approvals import Approvals
from cardgw.bridges.touch_daemon_ask import Questions
from cardgw.bridges.touch_daemon_connect import Connecting
from cardgw.bridges.touch_daemon_desk import Loan
from cardgw.bridges.touch_daemon_trace import Trace
from cardgw.bridges.touch_pin import Pin, PinNotEntered, WrongPin
from cardgw.errors import NotSupported, UnexpectedStatus
from cardgw.interfaces import ICardChannel
from tests.bridges.touch_daemon import WANTED, Person
from tests.bridges.touches import INFO, FakeLine

PIN = "648219"
SELECT = "00A404000BE82B0601040181C31F020100"
STATUS, VERIFY = "00200082", "0020008206" + PIN.encode().hex()


class ConnectingTests(SynchronousTestCase):
    """
    L{Connecting}.
    """

    def setUp(self) -> None:
        self.clock, self.person, self.line = Clock(), Person(), FakeLine()
        self.sessions: list[Session] = []
        self.commands: list[str] = []
        self.answers = {SELECT: "6200", STATUS: "63C3", VERIFY: "9000"}
        questions = Questions(self.person, Approvals((), Path(self.mktemp())), self.clock)
        self.trace = Trace(self.clock.seconds)
        self.connecting = Connecting(self.clock, self._line, self.trace, self._no_pad, questions)

    def _line(self, session: Session) -> FakeLine:
        self.sessions.append(session)
        return self.line

    async def _no_pad(self, channel: ICardChannel, pin: Pin) -> Response:
        raise NotSupported

    def connect(self, pin: int | None = None) -> Deferred[Outcome]:
        """
        Lend a card.
        """

        def answer(octets: bytes) -> bytes:
            self.commands.append(octets.hex().upper())
            return bytes.fromhex(self.answers.get(self.commands[-1], "6D00"))

        loan = Loan("ACR39U", MemoryChannel(INFO, answer), bool)
        return self.connecting.connect(loan, evolve(WANTED, session="4711", pin=pin))

    def test_noPin(self) -> None:
        """
        Without a PIN the server has the card at once; what it does is traced.
        """
        connected = self.connect()
        self.assertEqual(self.sessions, [Session(WANTED.url, "JSESSIONID=4711")])
        self.assertEqual(self.commands, [])
        self.line.say("2204 00200082", "")
        self.line.end()
        self.assertEqual(self.successResultOf(connected), Outcome(1))
        self.assertTrue(any("> 00200082" in each for each in self.trace.lines))

    def test_asked(self) -> None:
        """
        The person here is asked for the PIN that the page names; then the server learns of the card.
        """
        self.connect(2)
        self.assertIn("3 tries are left.", self.person.asked[0][0])
        self.assertEqual((self.commands, self.line.sent), ([SELECT, STATUS], []))
        self.person.says(PIN)
        self.assertEqual(self.commands[2:], [VERIFY])
        self.assertEqual(len(self.line.sent), 1)
        self.assertNotIn(PIN, str(self.trace.lines))

    def test_verifiedBefore(self) -> None:
        """
        Nobody is asked for a PIN that is verified.
        """
        self.answers[STATUS] = "9000"
        self.connect(2)
        self.assertEqual((self.person.asked, len(self.line.sent)), ([], 1))

    def test_given(self) -> None:
        """
        One that was given when the daemon was started is taken, and no pad is asked for.
        """
        self.connecting = evolve(self.connecting, pin=PIN.encode, pad=self._pad)
        self.connect(2)
        self.assertEqual((self.person.asked, self.commands[2:], len(self.line.sent)), ([], [VERIFY], 1))

    def test_lastTry(self) -> None:
        """
        That one is not tried when it might be the last time.
        """
        self.answers[STATUS] = "63C1"
        self.connecting = evolve(self.connecting, pin=PIN.encode)
        self.failureResultOf(self.connect(2), PinNotEntered)
        self.assertEqual((self.commands, self.line.sent), ([SELECT, STATUS], []))

    def test_refused(self) -> None:
        """
        One that a card has refused is not tried at it again, however often pages ask; another one is, and at another card.
        """
        for left, before in (("63C2", "63C3"), ("6300", "6982")):
            pins, self.commands = [PIN.encode()], []
            self.answers |= {STATUS: before, VERIFY: left}
            self.connecting = evolve(self.connecting, pin=partial(pins.__getitem__, 0))
            self.failureResultOf(self.connect(2), WrongPin)
            self.answers[STATUS] = left if left != "6300" else before
            for _ in range(3):
                self.failureResultOf(self.connect(2), PinNotEntered)
            self.assertEqual(self.commands.count(VERIFY), 1)
            self.assertNotIn(PIN, repr(self.connecting))
            pins[0] = b"999999"
            self.failureResultOf(self.connect(2), UnexpectedStatus)
            self.assertEqual(self.commands[-1], VERIFY.replace(PIN.encode().hex(), b"999999".hex()))
            pins[0], self.answers[STATUS], self.answers[VERIFY] = PIN.encode(), "63C3", "9000"
            self.connect(2)
            self.assertEqual(self.commands.count(VERIFY), 2)
        self.assertEqual(len(self.line.sent), 2)

    async def _pad(self, channel: ICardChannel, pin: Pin) -> Response:
        self.commands.append(f"pad {pin.reference:X}")
        return Response(b"", 0x9000)

    def test_pad(self) -> None:
        """
        The reader's own pad is liked better than the keyboard.
        """
        self.connecting = evolve(self.connecting, pad=self._pad)
        self.connect(2)
        self.assertEqual((self.person.asked, self.commands[2:], len(self.line.sent)), ([], ["pad 82"], 1))

    def test_wrong(self) -> None:
        """
        With a wrong PIN, or none, the server never learns of the card.
        """
        self.answers[VERIFY] = "63C2"
        connected = self.connect(2)
        self.person.says(PIN)
        self.assertIn("2 tries left", str(self.failureResultOf(connected, WrongPin).value))
        connected = self.connect(2)
        self.person.says("")
        self.failureResultOf(connected, PinNotEntered)
        self.assertEqual(self.line.sent, [])

    def test_otherCard(self) -> None:
        """
        A card that has no such PIN is not lent, since the page wants it verified.
        """
        self.answers[SELECT] = "6A82"
        self.failureResultOf(self.connect(2), UnexpectedStatus)
        self.assertEqual(self.line.sent, [])

    def test_cancelled(self) -> None:
        """
        While a PIN is asked for.
        """
        connected = self.connect(2)
        connected.cancel()
        self.assertTrue(self.successResultOf(connected).cancelled)
        self.assertEqual((self.person.gone, self.line.sent), (1, []))
