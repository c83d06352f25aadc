"""
Blocking calls without threads: one that would wait for something stays until a test has made it happen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from cardgw.transports.pcsc.codes import Code
from cardgw.transports.pcsc.driver import PcscError
from tests.transports.pcsc.fake import FakeDriver


class FakeCalls:
    """
    See L{cardgw.transports.pcsc.calls.Calling}.  What waits for changes is tried again whenever L{Lookout.go} is called.

    @ivar ended: whether nothing more will be called.
    @ivar hangs: whether nothing returns.
    """

    def __init__(self, lookout: Lookout, name: str) -> None:
        self.name = name
        self.ended = False
        self.hangs = False
        self._lookout = lookout
        self._clock = lookout.clock
        self._due: list[tuple[Deferred[Any], Callable[[], Any], float | None]] = []
        self._going = False

    def run(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Deferred[Any]:
        """
        See L{cardgw.transports.pcsc.calls.Calling.run}.
        """
        waits = args[-1] if getattr(call, "__name__", "") == "changes" else 0
        done: Deferred[Any] = Deferred()
        self._due.append((done, lambda: call(*args, **kwargs), None if waits is None else self._clock.seconds() + waits))
        self.go()
        self._lookout.go()  # it may be what another one waits for
        return done

    def end(self) -> None:
        """
        See L{cardgw.transports.pcsc.calls.Calling.end}.
        """
        self.ended = True

    def go(self) -> None:
        """
        Go on as far as possible.
        """
        if self._going:
            return
        self._going = True
        while self._due and not self.hangs and self._first():
            pass
        self._going = False

    def _first(self) -> bool:
        done, call, until = self._due[0]
        result: Any
        try:
            result = call()
        except PcscError as error:
            if error.code == Code.SCARD_E_TIMEOUT and (until is None or self._clock.seconds() < until):
                return False
            result = Failure()
        self._due.pop(0)
        done.callback(result)
        return True


class Lookout:
    """
    All threads of a test.

    @ivar all: those that were started.
    """

    def __init__(self, driver: FakeDriver, clock: Clock) -> None:
        self.driver = driver
        self.clock = clock
        self.all: list[FakeCalls] = []

    def make(self, name: str) -> FakeCalls:
        """
        Start one.
        """
        self.all.append(FakeCalls(self, name))
        return self.all[-1]

    def go(self) -> None:
        """
        Let everything go on that can.
        """
        for each in self.all:
            each.go()

    def pass_time(self, seconds: float) -> None:
        """
        Time goes by.
        """
        self.clock.advance(seconds)
        self.go()
