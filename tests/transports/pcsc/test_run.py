# -*- test-case-name: tests.transports.pcsc.test_run -*-
"""
Tests for L{cardgw.transports.pcsc.run}.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, Step
from cardgw.errors import PeerLost, PeerMisbehaved
from cardgw.transports.pcsc.codes import Protocol
from cardgw.transports.pcsc.run import INTERVAL, Run

STEP = Step(Command(0, 0xB0))
OK = b"\x90\x00"


class Reactor(Clock):
    """
    Calls from threads are made when a test says so.
    """

    def __init__(self) -> None:
        super().__init__()
        self.posted: list[Callable[[], object]] = []

    def callFromThread(self, f: Callable[[], object]) -> None:
        """
        Keep it.
        """
        self.posted.append(f)

    def wake(self) -> None:
        """
        Make them.
        """
        posted, self.posted = self.posted, []
        for each in posted:
            each()


class RunTests(SynchronousTestCase):
    """
    A script of four commands.
    """

    def setUp(self) -> None:
        """
        It is on its way.
        """
        self.reactor = Reactor()
        self.seen: list[Response] = []
        self.run_ = Run([(STEP, STEP.command.encode())] * 4, Protocol.T0, self.seen.append, self.reactor)

    def come(self, octets: bytes = OK, step: Step = STEP) -> bool:
        """
        A command goes, its answer comes.
        """
        self.run_.begun += 1
        return self.run_.take(step, octets)

    def test_answers(self) -> None:
        """
        A script goes on to its end, or to the first answer that is not allowed.
        """
        self.assertEqual([self.come() for _ in range(4)], [True, True, True, False])
        self.run_.finish()
        self.assertEqual(self.successResultOf(self.run_.done), (Response(b"", 0x9000),) * 4)
        other = Run([(STEP, b"")] * 2, Protocol.T0, None, self.reactor)
        self.assertFalse(other.take(STEP, b"\x6a\x82"))
        self.assertTrue(Run([(STEP, b"")] * 2, Protocol.T0, None, self.reactor).take(Step(STEP.command, (ANY,)), b"\x01\x6a\x82"))

    def test_wakes(self) -> None:
        """
        The first answer wakes the reactor, further ones do not while it looks by itself.  When none came meanwhile, it
        rests, and the next one wakes it again.
        """
        self.come()
        self.come()
        self.assertEqual(len(self.reactor.posted), 1)
        self.reactor.wake()
        self.assertEqual(len(self.seen), 2)
        self.come()
        self.assertEqual((self.reactor.posted, len(self.seen)), ([], 2))
        self.reactor.advance(INTERVAL)
        self.assertEqual(len(self.seen), 3)
        self.reactor.advance(INTERVAL)
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.run_.commands.append(self.run_.commands[0])
        self.come()
        self.assertEqual(len(self.reactor.posted), 1)

    def test_last(self) -> None:
        """
        The last answer does not wake the reactor: the end does.  A script without a watcher never does before that.
        """
        single = Run([(STEP, b"")], Protocol.T0, self.seen.append, self.reactor)
        single.take(STEP, OK)
        unwatched = Run([(STEP, b"")] * 2, Protocol.T0, None, self.reactor)
        unwatched.take(STEP, OK)
        self.assertEqual(self.reactor.posted, [])
        single.finish()
        self.assertEqual((len(self.seen), len(self.successResultOf(single.done))), (1, 1))

    def test_shownBeforeTheEnd(self) -> None:
        """
        Everything is shown before the result is there, once, and no timer is left.
        """
        for _ in range(2):
            self.come()
        self.reactor.wake()
        self.come()
        self.come()
        shown: list[int] = []
        self.run_.done.addCallback(lambda _: shown.append(len(self.seen)))
        self.run_.finish()
        self.assertEqual((shown, self.reactor.getDelayedCalls()), ([4], []))
        self.reactor.wake()
        self.assertEqual(len(self.seen), 4)

    def test_lost(self) -> None:
        """
        A failure tells what was answered, also what nobody has looked at yet, and what was not.
        """
        self.come()
        self.reactor.wake()
        self.come()
        self.run_.begun += 1
        self.run_.fail(PeerLost("bench"))
        error = self.failureResultOf(self.run_.done, PeerLost).value
        self.assertEqual((len(error.responses), error.unanswered, len(self.seen)), (2, 1, 2))
        self.assertTrue(self.run_.stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.run_.fail(PeerLost("again"))
        self.run_.finish()

    def test_watchRaises(self) -> None:
        """
        What the watcher raises is the failure, and no further command is to be sent.
        """

        def watch(response: Response) -> None:
            raise ArithmeticError("a defect in a watcher")

        run = Run([(STEP, b"")] * 3, Protocol.T0, watch, self.reactor)
        run.take(STEP, OK)
        self.reactor.wake()
        self.failureResultOf(run.done, ArithmeticError)
        self.assertTrue(run.stopped)
        run.take(STEP, OK)
        run.finish()
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_watcherCancels(self) -> None:
        """
        A watcher may cancel the script, and raise on top of it.
        """

        def watch(response: Response) -> None:
            run.done.cancel()
            raise ArithmeticError("a defect in a watcher")

        run = Run([(STEP, b"")] * 3, Protocol.T0, watch, self.reactor)
        run.take(STEP, OK)
        run.take(STEP, OK)
        self.reactor.wake()
        self.failureResultOf(run.done, CancelledError)
        self.assertTrue(run.stopped)

    def test_cancelled(self) -> None:
        """
        A script that is cancelled shows nothing any more.
        """
        self.come()
        self.reactor.wake()
        self.run_.done.cancel()
        self.failureResultOf(self.run_.done, CancelledError)
        self.come()
        self.run_.finish()
        self.assertEqual((len(self.seen), self.run_.stopped, self.reactor.getDelayedCalls()), (1, True, []))

    def test_short(self) -> None:
        """
        An answer without a status word is none.
        """
        for octets in (b"", b"\x90"):
            with self.assertRaises(PeerMisbehaved) as caught:
                self.run_.take(STEP, octets)
            self.assertIn(f"an answer of {len(octets)} bytes", str(caught.exception))
