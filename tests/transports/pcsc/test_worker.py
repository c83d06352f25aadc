# -*- test-case-name: tests.transports.pcsc.test_worker -*-
"""
Tests for L{cardgw.transports.pcsc.worker}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import PeerSilent
from cardgw.transports.pcsc import worker as worker_module
from cardgw.transports.pcsc.worker import PERIOD, Job, ThreadHand, Wait, Worker
from tests.transports.pcsc.fake import FakeDriver
from tests.transports.pcsc.fake_machine import SoftCard
from tests.transports.pcsc.fake_threads import ThreadlessReactor

WAIT = Wait("transmit", 10.0, PeerSilent("bench"))


class WorkerTests(SynchronousTestCase):
    """
    L{Worker} runs jobs in their order.
    """

    def setUp(self) -> None:
        """
        Calls return as long as the card is not silent.
        """
        self.driver = FakeDriver()
        self.driver.plug("R")
        self.card = self.driver.insert("R", SoftCard())
        self.reactor = ThreadlessReactor()
        self.worker = Worker(self.reactor, "R", self.driver.hand)
        self.did: list[str] = []

    def job(self, name: str, *waits: Wait) -> Job[str]:
        """
        A job with these calls.
        """
        try:
            for each in waits:
                yield each
                self.did.append(name)
        finally:
            self.did.append(f"end of {name}")
        return name

    def go(self) -> None:
        """
        The card answers.
        """
        self.card.silent = False
        self.driver.go()

    def test_result(self) -> None:
        """
        What a job returns is the result; no timer is left.
        """
        self.assertEqual(self.successResultOf(self.worker.run(self.job("one", WAIT, WAIT))), "one")
        self.assertEqual(self.did, ["one", "one", "end of one"])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_failure(self) -> None:
        """
        What a job raises is the failure, and the next one runs.
        """

        def defective() -> Job[None]:
            yield WAIT
            raise ArithmeticError("a defect")

        self.failureResultOf(self.worker.run(defective()), ArithmeticError)
        self.assertEqual(self.successResultOf(self.worker.run(self.job("next"))), "next")

    def test_order(self) -> None:
        """
        Jobs wait for those before them.
        """
        self.card.silent = True
        first, second, free = self.worker.run(self.job("1", WAIT)), self.worker.run(self.job("2", WAIT)), self.worker.when_free()
        self.assertNoResult(first)
        self.assertEqual(self.did, [])
        self.go()
        self.assertEqual([self.successResultOf(each) for each in (first, second)], ["1", "2"])
        self.assertIsNone(self.successResultOf(free))

    def test_late(self) -> None:
        """
        A call that takes too long fails its job at the time that it says.  When it returns, the job is closed, and the next
        ones run.
        """
        self.card.silent = True
        late, then = self.worker.run(self.job("late", WAIT, WAIT)), self.worker.run(self.job("then", WAIT))
        self.reactor.advance(9.9)
        self.assertNoResult(late)
        self.assertFalse(self.worker.stuck)
        self.reactor.advance(0.2)
        self.assertEqual(self.failureResultOf(late, PeerSilent).value.detail, "bench")
        self.assertNoResult(then)
        self.assertTrue(self.worker.stuck)
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.go()
        self.assertEqual(self.did, ["late", "end of late", "then", "end of then"])
        self.assertEqual(self.successResultOf(then), "then")
        self.assertFalse(self.worker.stuck)

    def test_eachCall(self) -> None:
        """
        Every call has its own time, also in one job, and also after one that was late.
        """
        self.card.silent = True
        slow = Wait("transmit", 100.0, PeerSilent("slow"))
        running = self.worker.run(self.job("slow", slow, WAIT))
        self.reactor.pump([30.0] * 3)
        self.assertNoResult(running)
        self.card.silent = False
        hand = self.driver.hands[0]
        self.driver.blocks = lambda name, what: hand._at is WAIT  # type: ignore[method-assign]
        self.driver.go()
        self.reactor.advance(9.5)
        self.assertNoResult(running)
        self.reactor.advance(0.5)
        self.failureResultOf(running, PeerSilent)
        after = self.worker.run(self.job("after", WAIT))
        self.driver.blocks = lambda name, what: self.card.silent  # type: ignore[method-assign]
        self.driver.go()
        self.assertEqual(self.successResultOf(after), "after")
        self.card.silent = True
        again = self.worker.run(self.job("again", WAIT))
        self.reactor.pump([PERIOD] * 10)
        self.failureResultOf(again, PeerSilent)

    def test_lateInTheRow(self) -> None:
        """
        The job after a late one is looked after, too.
        """
        self.card.silent = True
        late, then = self.worker.run(self.job("late", WAIT)), self.worker.run(self.job("then", WAIT))
        self.reactor.pump([5.0] * 2)
        self.failureResultOf(late, PeerSilent)
        hand, first = self.driver.hands[0], [True]

        def blocks(name: str, what: str) -> bool:
            return not first or not first.pop()

        self.driver.blocks = blocks  # type: ignore[method-assign]
        hand.go()
        self.assertNoResult(then)
        self.reactor.pump([5.0] * 2)
        self.failureResultOf(then, PeerSilent)

    def test_cancelled(self) -> None:
        """
        Who cancels does not learn of the result; the job is done nevertheless.
        """
        self.card.silent = True
        running = self.worker.run(self.job("1", WAIT))
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.go()
        self.assertEqual(self.did, ["1", "end of 1"])

    def test_end(self) -> None:
        """
        After the end nothing is timed any more.
        """
        self.card.silent = True
        running = self.worker.run(self.job("1", WAIT))
        self.worker.end()
        self.assertEqual((self.reactor.getDelayedCalls(), self.driver.hands[0].ended), ([], True))
        self.go()
        self.assertEqual(self.successResultOf(running), "1")
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class FakeThread:
    """
    Does not run by itself.
    """

    made: list[FakeThread] = []

    def __init__(self, target: Callable[[], None], name: str, daemon: bool) -> None:
        self.target, self.name, self.daemon = target, name, daemon
        self.ident: int | None = None
        self.made.append(self)

    def start(self) -> None:
        """
        It has begun.
        """
        if self.ident is not None:
            raise RuntimeError("a thread is started once")
        self.ident = 1


class ThreadHandTests(SynchronousTestCase):
    """
    L{ThreadHand} is a thread with a queue.
    """

    def test_work(self) -> None:
        """
        It begins with the first errand, exhausts one after the other, and ends when it is told to.
        """
        made: list[FakeThread] = []
        self.patch(FakeThread, "made", made)
        self.patch(worker_module, "Thread", FakeThread)
        done: list[int] = []

        def errand(*numbers: int) -> Iterator[Wait]:
            for each in numbers:
                done.append(each)
                yield WAIT

        hand = ThreadHand("R")
        self.assertIsNone(made[0].ident)
        hand.give(errand(1, 2))
        hand.give(errand(3))
        hand.end()
        self.assertEqual((done, len(made), made[0].name, made[0].daemon), ([], 1, "R", True))
        made[0].target()
        self.assertEqual(done, [1, 2, 3])
