# -*- test-case-name: tests.transports.ramhttp.test_holder -*-
"""
Texts for the card holder, who reads them where the client shows notifications.

A text is held back for a moment: if a command follows, it goes along with it; if the end follows, it is the last word, and is not
said twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall

from cardgw.errors import ChannelError
from cardgw.transports.ramhttp.wire import Notify

HOLD = 0.2
"""Seconds that a text waits for what comes next."""
TEXT_MAX = 1000
"""Most characters of a text: some have words of strangers in them, and ram-client cuts them off at 4095 bytes."""
WAITING_MAX = 8
"""So many texts may wait for the client; with more, the next one has to wait until it takes them."""
FAILED, DONE, GOING_ON = -1, 0, 1
"""Numbers of notifications: an error, which must be the last one of all; the end; anything else."""


class Holder:
    """
    What the card holder is to read.

    @param due: called when the texts should go out, whatever else does.
    """

    __slots__ = ("_clock", "_due", "_full", "_texts", "_timer", "is_due")

    def __init__(self, clock: Any, due: Callable[[], object]) -> None:
        self.is_due = False
        self._clock = clock
        self._due: Callable[[], object] | None = due
        self._texts: list[str] = []
        self._full: list[Deferred[None]] | None = None
        self._timer: IDelayedCall | None = None

    def show(self, text: str) -> Deferred[None]:
        """
        One more text.

        @return: fires when there is room for another one.
        """
        self._texts.append(_short(text))
        if self._timer is None and not self.is_due:
            self._timer = self._clock.callLater(HOLD, self._fired)
        if len(self._texts) <= WAITING_MAX:
            return succeed(None)
        room: Deferred[None] = Deferred(self._unwanted)
        self._full = self._full or []
        self._full.append(room)
        return room

    def _unwanted(self, room: Deferred[None]) -> None:
        if self._full is not None and room in self._full:
            self._full.remove(room)

    def _fired(self) -> None:
        self._timer = None
        self.is_due = True
        if self._due is not None:
            self._due()

    def take(self, seconds: float | None = None) -> tuple[Notify, ...]:
        """
        What is to be said now.

        @param seconds: how long what follows may take, where it takes long.
        """
        if not self._texts:
            return ()
        texts, self._texts = self._texts, []
        self._settled(None)
        rounded = None if seconds is None else max(1, round(seconds))
        return (
            *(Notify(GOING_ON, text) for text in texts[:-1]),
            Notify(GOING_ON, texts[-1], rounded),
        )

    def farewell(self, failure: str, otherwise: str) -> tuple[Notify, ...]:
        """
        What is said in the end.

        @param failure: what went wrong; empty where nothing did.
        @param otherwise: what is said where there is nothing else.
        """
        texts = [each.text for each in self.take()]
        if failure:
            failure = _short(failure)
            last = texts.pop() if texts and failure in texts[-1] else failure
            return (*(Notify(GOING_ON, text) for text in texts), Notify(FAILED, last))
        last = texts.pop() if texts else otherwise
        return (*(Notify(GOING_ON, text) for text in texts), Notify(DONE, last))

    def end(self, reason: ChannelError) -> None:
        """
        Nothing is said any more.
        """
        self._due = None
        self._texts = []
        self._settled(reason)

    def _settled(self, reason: ChannelError | None) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        self.is_due = False
        full, self._full = self._full, None
        for each in full or ():
            if reason is None:
                each.callback(None)
            else:
                each.errback(reason.during((), 0))


def _short(text: str) -> str:
    return text if len(text) <= TEXT_MAX else text[:TEXT_MAX] + "..."
