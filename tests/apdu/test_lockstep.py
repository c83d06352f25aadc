# -*- test-case-name: tests.apdu.test_lockstep -*-
"""
Tests for L{cardgw.apdu.lockstep}; those of the transports that use it have the rest.
"""

from __future__ import annotations

from collections import deque

from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.base import Answers, Watch
from cardgw.apdu.command import Command
from cardgw.apdu.lockstep import LockstepChannel
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.errors import ChannelClosed, ChannelError, NotSupported, PeerLost
from cardgw.interfaces import ICardChannel
from cardgw.testing import CardChannelTestsMixin
from cardgw.values import ChannelInfo


class Wire(LockstepChannel):
    """
    A channel whose card is driven by the test.
    """

    def __init__(self) -> None:
        super().__init__(ChannelInfo("wire"))
        self.sent: list[bytes] = []
        self.answers: deque[Response] = deque()
        self.rests = 0
        self.lost: ChannelError | None = None

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        if self.lost is not None:
            return fail(self.lost.during((), 0))
        if any(step.command.is_extended for step in script.steps):
            return fail(NotSupported())
        return super()._run(script, watch)

    def _close(self, reason: ChannelError | None) -> None:
        self.remove(reason, reason or ChannelClosed())

    def _transmit(self, step: Step) -> None:
        self.sent.append(step.command.encode())

    def _rest(self) -> None:
        self.rests += 1

    def answer(self) -> None:
        """
        Give the answers that there are.
        """
        while self._awaiting and self.answers:
            self._came(self.answers.popleft())

    def remove(self, reason: ChannelError | None, told: ChannelError) -> None:
        """
        The card is lost.

        @param told: what a script that runs is told.
        """
        self.lost = told
        self._interrupt(told)
        self._lost(reason)


class LockstepTests(SynchronousTestCase):
    """
    L{LockstepChannel} rests when nothing is awaited.
    """

    def test_rest(self) -> None:
        """
        After a script, not between its commands; after one that was cancelled, when its answer has come.
        """
        wire = Wire()
        script = Script.of(Command(0, 1), Command(0, 2))
        running = wire.exchange(script)
        wire.answers.append(Response(b"", 0x9000))
        wire.answer()
        self.assertEqual((len(wire.sent), wire.rests, wire.apdus), (2, 0, 2))
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.assertEqual(wire.rests, 0)
        wire.answers.append(Response(b"", 0x9000))
        wire.answer()
        self.assertEqual((len(wire.sent), wire.rests), (2, 1))

    def test_lostAfterCancel(self) -> None:
        """
        A command whose answer nobody waited for is no unanswered one of the next script.
        """
        wire = Wire()
        cancelled = wire.exchange(Script.of(Command(0, 1)))
        cancelled.cancel()
        self.failureResultOf(cancelled, CancelledError)
        running = wire.exchange(Script.of(Command(0, 2)))
        wire.remove(None, PeerLost())
        self.assertEqual(self.failureResultOf(running, PeerLost).value.unanswered, 0)


class ContractTests(CardChannelTestsMixin, SynchronousTestCase):
    """
    L{LockstepChannel} is a channel.
    """

    def make_channel(self) -> ICardChannel:
        """
        See L{Wire}.
        """
        self.wire = Wire()
        return self.wire

    def answer(self, *responses: Response) -> None:
        """
        What the card answers.
        """
        self.wire.answers.extend(responses)
        self.flush()

    def flush(self) -> None:
        """
        See L{Wire.answer}.
        """
        self.wire.answer()

    def sent(self) -> list[bytes]:
        """
        The commands that the card has got.
        """
        return self.wire.sent

    def remove_card(self) -> None:
        """
        See L{Wire.remove}.
        """
        self.wire.remove(None, PeerLost())
