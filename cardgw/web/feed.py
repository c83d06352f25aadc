# -*- test-case-name: tests.web.test_feed -*-
"""
Events on a connection (server-sent events, HTML 9.2).  A listener that does not read costs a bounded queue, and nobody else
anything: what does not fit is replaced by one event named C{gap}.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from cardgw.errors import CardGatewayError
from cardgw.gateway.events import GAP, Event, EventHub, Subscription
from cardgw.gateway.faults import StoreError
from cardgw.web.answer import HEADERS, STREAM
from cardgw.web.endpoint import Following

QUEUE = 2500
"""Events that wait for a slow listener: all that are remembered (L{EventHub}), and some that come meanwhile."""
HEARTBEAT = 15.0
"""Seconds between comments that keep proxies from closing a quiet connection."""
MOST_STALLED = 8
"""Heartbeats without the listener reading anything, after which it is gone for us."""
RETRY = 3000
"""Milliseconds after which a listener should come back."""

_log = Logger()


class Feeds:
    """
    All listeners.
    """

    def __init__(self, hub: EventHub, clock: IReactorTime) -> None:
        self.hub = hub
        self.clock = clock
        self.open: set[Listener] = set()
        self._event: Event | None = None
        self._text = b""

    def follow(self, request: Any, following: Following) -> None:
        """
        Answer a request with events, from now on.
        """
        listener = Listener(self, request, following)
        self.open.add(listener)
        listener.start()

    def text(self, event: Event) -> bytes:
        """
        An event as it goes over the connection; for many listeners it is made once.
        """
        if event is not self._event:
            self._event, self._text = event, event_text(event)
        return self._text

    def stop(self) -> None:
        """
        End all.
        """
        for each in tuple(self.open):
            each.end()


def event_text(event: Event) -> bytes:
    """
    C{id}, C{event} and C{data}, and an empty line.
    """
    data = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {event.id}\nevent: {event.kind}\ndata: {data}\n\n".encode("utf-8", "replace")


@implementer(IPushProducer)
class Listener:
    """
    One connection that is told of events.

    @ivar lost: how many events did not fit since the last one that was told.
    """

    def __init__(self, feeds: Feeds, request: Any, following: Following) -> None:
        self.lost = 0
        self._feeds = feeds
        self._request = request
        self._following = following
        self._queue: deque[Event] = deque()
        self._last_lost = ""
        self._paused = False
        self._stalled = 0
        self._ended = False
        self._subscription: Subscription | None = None
        self._timer: IDelayedCall | None = None

    def start(self) -> None:
        """
        Begin.
        """
        request = self._request
        for name, value in {**HEADERS, "Content-Type": STREAM, "X-Accel-Buffering": "no"}.items():
            request.setHeader(name, value)
        request.notifyFinish().addErrback(lambda _: self._gone())
        request.registerProducer(self, True)
        request.write(f"retry: {RETRY}\n\n".encode())
        subscription = self._feeds.hub.subscribe(self.event, self._following.after)
        if self._ended:
            subscription.stop()
        else:
            self._subscription = subscription
            self._later(self._beat)

    def _later(self, what: Callable[[], object]) -> None:
        self._timer = self._feeds.clock.callLater(HEARTBEAT, what)

    def event(self, event: Event) -> None:
        """
        For L{EventHub}.
        """
        if self._ended or not self._following.wanted(event):
            return
        if self.lost or len(self._queue) >= QUEUE:
            self.lost += 1
            self._last_lost = event.id
        else:
            self._queue.append(event)
        self._flush()

    def _flush(self) -> None:
        while self._queue and not self._paused and not self._ended:
            event = self._queue.popleft()
            self._request.write(self._feeds.text(event))
            if self._following.last(event):
                self.end()
        if self.lost and not self._queue and not self._paused and not self._ended:
            count, self.lost = self.lost, 0
            self._request.write(event_text(Event(self._last_lost, GAP, {"lost": count})))

    def pauseProducing(self) -> None:
        """
        The connection is full.
        """
        self._paused = True

    def resumeProducing(self) -> None:
        """
        The connection has room.
        """
        self._paused, self._stalled = False, 0
        self._flush()

    def stopProducing(self) -> None:
        """
        The connection is gone.
        """
        self._gone()

    def _beat(self) -> None:
        if self._paused:
            self._stalled += 1
            if self._stalled >= MOST_STALLED:
                self._request.channel.forceAbortClient()
                return
        else:
            self._request.write(b": still here\n\n")
        self._later(self._beat)
        Deferred.fromCoroutine(self._check())

    async def _check(self) -> None:
        """
        A token that was revoked, or whose card is gone, ends its events too.
        """
        try:
            await self._following.still()
        except StoreError:
            return
        except CardGatewayError:
            self.end()
        except Exception:
            _log.failure("a token could not be checked")
            self.end()

    def end(self) -> None:
        """
        Tell no more, and let the connection go.
        """
        if not self._ended:
            self._forget()
            self._request.unregisterProducer()
            self._request.finish()

    def _gone(self) -> None:
        if not self._ended:
            self._forget()

    def _forget(self) -> None:
        self._ended = True
        self._queue.clear()
        self._feeds.open.discard(self)
        if self._subscription is not None:
            self._subscription.stop()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
