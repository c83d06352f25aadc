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


class Run:
    """
    The thread writes C{begun} and C{answers}, everything else belongs to the reactor.  However many answers come, the reactor
    is woken for all that it has not looked at yet at once.

    The thread counts a command before it looks whether it is to stop; who stops it looks at the count after that.  So no command
    reaches the card that is not counted.

    @ivar commands: each step, and its command as the reader wants it.
    @ivar begun: how many commands may have reached the card.
    @ivar answers: what came back.
    @ivar stopped: no further command is to be sent.
    @ivar done: C{Deferred} of all answers.
    """

    def __init__(self, commands: list[tuple[Step, bytes]], watch: Watch, reactor: Any) -> None:
        self.commands = commands
        self.begun = 0
        self.answers: list[Response] = []
        self.stopped = False
        self.done: Deferred[Answers] = Deferred(self._cancelled)
        self._watch = watch
        self._seen = 0
        self._called = False
        self._call = reactor.callFromThread

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
        if self._watch is not None and not self._called:
            self._called = True
            self._call(self.look)
        return step.allows(response)

    def look(self) -> None:
        """
        Show the watcher what it has not seen yet.
        """
        self._called = False
        while self._watch is not None and self._seen < len(self.answers) and not self.done.called:
            self._seen += 1
            try:
                self._watch(self.answers[self._seen - 1])
            except Exception:
                self.stopped = True
                if not self.done.called:
                    self.done.errback(Failure())

    def finish(self) -> None:
        """
        The thread has come to the end.
        """
        self.look()
        if not self.done.called:
            self.done.callback(tuple(self.answers))

    def fail(self, reason: ChannelError) -> None:
        """
        The card is lost.
        """
        self.stopped = True
        begun = self.begun
        self.look()
        if not self.done.called:
            answers = tuple(self.answers)
            self.done.errback(reason.during(answers, begun - len(answers)))

    def _cancelled(self, done: Deferred[Answers]) -> None:
        self.stopped = True
        done.errback(CancelledError())
