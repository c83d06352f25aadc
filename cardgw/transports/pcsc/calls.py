# -*- test-case-name: tests.transports.pcsc.test_calls -*-
"""
Calls that may wait for ever, because they wait for something to happen, one after another in a thread of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cardgw.transports.pcsc.worker import Hand, ThreadHand, Wait

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Calling(Protocol):
    """
    What L{Calls} does.
    """

    def run(self, call: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Deferred[_T]:
        """
        Call something when what was given before has returned.

        @return: what it returns or raises.
        """

    def end(self) -> None:
        """
        Nothing more is called after what was given.
        """


class Calls:
    """
    See the module's docstring.

    @param reactor: C{IReactorFromThreads}.
    @param name: the thread's.
    """

    def __init__(self, reactor: Any, name: str, hand: Callable[[str], Hand] = ThreadHand) -> None:
        self._reactor = reactor
        self._hand = hand(name)

    def run(self, call: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Deferred[_T]:
        """
        See L{Calling.run}.
        """
        done: Deferred[_T] = Deferred()

        def errand() -> Iterator[Wait]:
            yield from ()
            result: _T | Failure
            try:
                result = call(*args, **kwargs)
            except Exception:
                result = Failure()
            self._reactor.callFromThread(done.callback, result)

        self._hand.give(errand())
        return done

    def end(self) -> None:
        """
        See L{Calling.end}.
        """
        self._hand.end()
