# -*- test-case-name: tests.transports.pcsc.test_run -*-
"""
A script on its way, of which two threads know.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from cardgw.apdu.base import Answers, Watch
from cardgw.apdu.response import Response
from cardgw.apdu.script import Step
from cardgw.errors import ChannelError, PeerMisbehaved
from cardgw.transports.pcsc.facts import encode

INTERVAL = 0.002
"""Seconds between two looks at a card that answers fast.  Waking the reactor for each answer costs a quarter of the speed."""


class Run:
    """
    The thread writes C{begun} and C{answers}, everything else belongs to the reactor.  An answer wakes the reactor, but for the
    last one; while more come at short intervals, it looks for them by itself.

    The thread counts a command before it looks whether it is to stop; who stops it looks at the count after that.  So no command
    reaches the card that is not counted.

    @ivar commands: each step, and its command as the reader wants it with C{protocol}.
    @ivar begun: how many commands may have reached the card.
    @ivar answers: what came back.
    @ivar stopped: no further command is to be sent.
    @ivar done: C{Deferred} of all answers.
    """

    def __init__(self, commands: list[tuple[Step, bytes]], protocol: int, watch: Watch, reactor: Any) -> None:
        self.commands = commands
        self.protocol = protocol
        self.begun = 0
        self.answers: list[Response] = []
        self.stopped = False
        self.done: Deferred[Answers] = Deferred(self._cancelled)
        self._watch = watch
        self._seen = 0
        self._awake = False
        self._timer: Any = None
        self._reactor = reactor

    def for_protocol(self, protocol: int) -> list[tuple[Step, bytes]]:
        """
        The commands as the reader wants them now: another program may have started the card anew with another protocol.  For
        the thread.
        """
        if protocol == self.protocol:
            return self.commands
        return [(step, encode(step.command, protocol)) for step, _ in self.commands]

    def take(self, step: Step, octets: bytes) -> bool:
        """
        An answer has come.  For the thread.

        @return: whether the script goes on.
        @raise PeerMisbehaved: it is none.
        """
        if len(octets) < 2:
            raise PeerMisbehaved(f"an answer of {len(octets)} bytes, without a status word")
        response = Response(octets[:-2], octets[-2] << 8 | octets[-1])
        self.answers.append(response)
        goes_on = len(self.answers) < len(self.commands) and step.allows(response)
        if goes_on and self._watch is not None and not self._awake:
            self._awake = True
            self._reactor.callFromThread(self._look)
        return goes_on

    def _look(self) -> None:
        self._show()
        if self._timer is None and not self.done.called:
            self._timer = self._reactor.callLater(INTERVAL, self._look_again)

    def _look_again(self) -> None:
        self._timer, self._awake = None, False
        if self._seen < len(self.answers):  # also those of which the thread thought that the reactor was awake
            self._awake = True
            self._look()

    def _show(self) -> None:
        while self._watch is not None and self._seen < len(self.answers) and not self.done.called:
            self._seen += 1
            try:
                self._watch(self.answers[self._seen - 1])
            except Exception:
                self.stopped = True
                if not self.done.called:
                    self.done.errback(Failure())

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def finish(self) -> None:
        """
        The thread has come to the end.
        """
        self._rest()
        self._show()
        if not self.done.called:
            self.done.callback(tuple(self.answers))

    def fail(self, reason: ChannelError) -> None:
        """
        The card is lost.
        """
        self.stopped = True
        begun = self.begun
        self._rest()
        self._show()
        if not self.done.called:
            answers = tuple(self.answers)
            self.done.errback(reason.during(answers, begun - len(answers)))

    def _cancelled(self, done: Deferred[Answers]) -> None:
        self.stopped = True
        self._rest()
        done.errback(CancelledError())
