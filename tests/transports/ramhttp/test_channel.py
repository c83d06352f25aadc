# -*- test-case-name: tests.transports.ramhttp.test_channel -*-
"""
Tests for L{cardgw.transports.ramhttp.channel}.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.errors import ChannelClosed, ChannelError, LimitReached, NotSupported, PeerLost, PeerMisbehaved
from cardgw.transports.ramhttp.channel import Patience, TemplateChannel
from cardgw.transports.ramhttp.plan import Limits
from cardgw.values import ChannelInfo

OK, NO = b"\x90\x00", b"\x6a\x80"


class FakeCarrier:
    """
    Keeps what is to be carried.

    @ivar sent: the commands of each template, and how long they may take.
    @ivar out: whether the last template has gone out.
    @ivar left: with which reasons it was told to leave.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[tuple[bytes, ...], float]] = []
        self.out = True
        self.left: list[ChannelError | None] = []
        self.waiting: Deferred[tuple[bytes, ...]] | None = None

    def send(self, commands: Sequence[bytes], seconds: float) -> Deferred[tuple[bytes, ...]]:
        """
        See L{cardgw.transports.ramhttp.channel.Carrier}.
        """
        if self.left:
            return fail(ChannelClosed())
        assert self.waiting is None
        self.sent.append((tuple(commands), seconds))
        self.waiting = Deferred()
        return self.waiting

    def take(self) -> Deferred[tuple[bytes, ...]]:
        """
        What waits for answers.
        """
        waiting, self.waiting = self.waiting, None
        assert waiting is not None
        return waiting

    def withdraw(self) -> None:
        """
        See L{cardgw.transports.ramhttp.channel.Carrier}.
        """
        if not self.out:
            self.take().errback(CancelledError())

    def leave(self, reason: ChannelError | None) -> None:
        """
        See L{cardgw.transports.ramhttp.channel.Carrier}.
        """
        self.left.append(reason)
        if self.waiting is not None:
            count = len(self.sent[-1][0]) if self.out else 0
            self.take().errback((reason or ChannelClosed()).during((), count))


def steps(*instructions: int) -> tuple[Step, ...]:
    """
    Commands with these instruction bytes, which answer without data.
    """
    return tuple(Step(Command(0x80, each), data=False) for each in instructions)


class ChannelTestCase(SynchronousTestCase):
    """
    A card is here.
    """

    def setUp(self) -> None:
        """
        Begin.
        """
        self.clock = Clock()
        self.carrier = FakeCarrier()
        limits = Limits(261, 258, template_bytes=40)
        self.channel = TemplateChannel(ChannelInfo("ramhttp"), self.carrier, limits, Patience(60, 300), self.clock.seconds)

    def run_script(self, *instructions: int, pipelined: bool = True, watch: Any = None) -> Deferred[Any]:
        """
        Run one.
        """
        return self.channel.exchange(Script(steps(*instructions), pipelined=pipelined), watch)

    def instructions(self) -> list[list[int]]:
        """
        The instruction bytes of each template.
        """
        return [[each[1] for each in commands] for commands, _ in self.carrier.sent]

    def answer(self, *answers: bytes) -> None:
        """
        What the template that is out brings.
        """
        self.carrier.take().callback(answers)


class TemplateTests(ChannelTestCase):
    """
    How scripts become templates.
    """

    def test_pipelined(self) -> None:
        """
        As many commands as fit go together; the next ones when these are answered.
        """
        running = self.run_script(*range(10))
        self.assertEqual(self.instructions(), [[0, 1, 2, 3, 4, 5]])
        self.answer(*[OK] * 6)
        self.assertEqual(self.instructions()[1:], [[6, 7, 8, 9]])
        self.answer(*[OK] * 4)
        self.assertEqual(len(self.successResultOf(running)), 10)
        self.assertEqual(self.channel.apdus, 10)

    def test_oneByOne(self) -> None:
        """
        Where an answer decides about the next command, each has its own template.
        """
        running = self.run_script(1, 2, pipelined=False)
        self.answer(OK)
        self.answer(NO)
        self.assertEqual([each.status for each in self.successResultOf(running)], [0x9000, 0x6A80])
        self.assertEqual(self.instructions(), [[1], [2]])

    def test_stops(self) -> None:
        """
        After a refused command no further template goes; those in the same one have their answers, too.
        """
        running = self.run_script(*range(10))
        self.answer(OK, NO, *[NO] * 4)
        self.assertEqual(len(self.successResultOf(running)), 6)
        self.assertEqual(len(self.instructions()), 1)

    def test_fewer(self) -> None:
        """
        Commands that the card was not given go next.
        """
        running = self.run_script(1, 2, 3)
        self.answer(OK)
        self.assertEqual(self.instructions(), [[1, 2, 3], [2, 3]])
        self.answer(OK, OK)
        self.assertEqual(len(self.successResultOf(running)), 3)

    def test_wrong(self) -> None:
        """
        No answer, one too many, or one without a status: the card is lost, all its commands may have reached it.
        """
        for answers in ((), (OK, OK, OK), (OK, b"\x90")):
            self.setUp()
            running = self.run_script(1, 2)
            self.answer(*answers)
            self.assertEqual(self.failureResultOf(running, PeerMisbehaved).value.unanswered, 2)
            self.assertIsInstance(self.carrier.left[0], PeerMisbehaved)

    def test_patience(self) -> None:
        """
        A slow command has more time.
        """
        self.run_script(1)
        self.assertGreater(self.carrier.sent[0][1], 60)
        self.assertLess(self.carrier.sent[0][1], 70)
        self.setUp()
        self.channel.exchange(Script((Step(Command(0x80, 1), slow=True),)))
        self.assertGreater(self.carrier.sent[0][1], 300)

    def test_unfit(self) -> None:
        """
        What the client cannot take is refused before anything goes.
        """
        extended = Script((*steps(1), Step(Command(0x80, 0xE2, data=bytes(300)))))
        self.failureResultOf(self.channel.exchange(extended), NotSupported)
        self.assertEqual(self.successResultOf(self.channel.exchange(Script(()))), ())
        self.assertEqual(self.carrier.sent, [])


class LossTests(ChannelTestCase):
    """
    Cards that are lost.
    """

    def test_counts(self) -> None:
        """
        What had been answered before, in this template, and what may have been done.
        """
        seen: list[Response] = []
        running = self.run_script(*range(10), watch=seen.append)
        self.answer(*[OK] * 6)
        self.carrier.take().errback(PeerLost().during((Response(b"", 0x6A80),), 1))
        error = self.failureResultOf(running, PeerLost).value
        self.assertEqual((len(error.responses), error.unanswered, len(seen)), (7, 1, 7))

    def test_gone(self) -> None:
        """
        Who waits for its turn is told, and who comes later.
        """
        running, waiting = self.run_script(1), self.run_script(2)
        gone = self.channel.when_gone()
        self.carrier.take().errback(PeerLost().during((), 1))
        self.channel.gone(PeerLost("x"))
        self.failureResultOf(running, PeerLost)
        self.carrier.take().errback(PeerLost().during((), 0)) if self.carrier.waiting else None
        self.failureResultOf(waiting, ChannelError)
        self.assertIsInstance(self.successResultOf(gone), PeerLost)
        self.failureResultOf(self.run_script(3), PeerLost)

    def test_closed(self) -> None:
        """
        Closing ends the running script with the counts of the carrier, and leaves no way for others.
        """
        for out, unanswered in ((True, 2), (False, 0)):
            self.setUp()
            self.carrier.out = out
            running = self.run_script(1, 2)
            closed = self.channel.close(LimitReached("x"))
            self.assertEqual(self.failureResultOf(running, LimitReached).value.unanswered, unanswered)
            self.failureResultOf(self.run_script(3), LimitReached)
            self.assertNoResult(closed)
            self.channel.gone(None)
            self.successResultOf(closed)
            self.assertIsInstance(self.successResultOf(self.channel.when_gone()), LimitReached)

    def test_watcherCloses(self) -> None:
        """
        Whoever watches may close the channel.
        """
        running = self.run_script(*range(10), watch=lambda response: self.channel.close())
        self.answer(*[OK] * 6)
        error = self.failureResultOf(running, ChannelClosed).value
        self.assertEqual((len(error.responses), error.unanswered), (1, 0))
        self.assertEqual(len(self.instructions()), 1)

    def test_defect(self) -> None:
        """
        A defect of the carrier is the failure of that script.
        """
        running = self.run_script(1)
        self.carrier.take().errback(ArithmeticError())
        self.failureResultOf(running, ArithmeticError)


class CancelTests(ChannelTestCase):
    """
    Scripts that are cancelled.
    """

    def test_out(self) -> None:
        """
        A template that is out is waited for; what it brings goes nowhere.
        """
        cancelled = self.run_script(1, 2)
        cancelled.cancel()
        self.failureResultOf(cancelled, CancelledError)
        running = self.run_script(3)
        self.assertEqual(self.instructions(), [[1, 2]])
        self.answer(OK, OK)
        self.assertEqual(self.instructions(), [[1, 2], [3]])
        self.answer(NO)
        self.assertEqual([each.status for each in self.successResultOf(running)], [0x6A80])

    def test_notOut(self) -> None:
        """
        One that has not gone out never goes.
        """
        self.carrier.out = False
        cancelled = self.run_script(1, 2)
        cancelled.cancel()
        self.failureResultOf(cancelled, CancelledError)
        self.assertIsNone(self.carrier.waiting)
        running = self.run_script(3)
        self.answer(OK)
        self.successResultOf(running)

    def test_both(self) -> None:
        """
        One that waits for the end of a cancelled one can be cancelled, too.
        """
        for _ in range(2):
            self.run_script(1).addErrback(lambda failure: failure.trap(CancelledError)).cancel()
        self.assertEqual(len(self.instructions()), 1)
        self.answer(OK)
        self.assertEqual(len(self.instructions()), 1)
        running = self.run_script(3)
        self.answer(OK)
        self.successResultOf(running)

    def test_lost(self) -> None:
        """
        If the card is lost meanwhile, the next one is told.
        """
        self.run_script(1).addErrback(lambda failure: failure.trap(CancelledError)).cancel()
        running = self.run_script(2)
        closed = self.channel.close(LimitReached())
        self.assertEqual(self.failureResultOf(running, ChannelError).value.unanswered, 0)
        self.channel.gone(None)
        self.successResultOf(closed)
