# -*- test-case-name: tests.functional.test_listeners -*-
"""
Many who follow events, and do not read what they are told.
"""

from __future__ import annotations

import re
import socket
from typing import Any

from twisted.internet.defer import gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater

from cardgw.gateway.events import Event
from cardgw.web.feed import QUEUE
from tests.functional.download import reactor
from tests.functional.download_web import DownloadWebTestCase, count

LISTENERS = 100
BURST = 2 * QUEUE
"""Events, more than fit into queues and buffers."""
BUFFER = 8192
"""Bytes that the system keeps of a connection."""
_LOST = re.compile(rb"event: gap\ndata: {\"lost\":(\d+)}")


class Sleeper(Protocol):
    """
    Asks for events, and reads nothing until it wakes.

    @ivar read: all it has read.
    """

    def __init__(self, token: str) -> None:
        self.read = b""
        self._token = token

    @property
    def _transport(self) -> Any:
        return self.transport

    def connectionMade(self) -> None:
        """
        See L{Protocol}.
        """
        self._transport.pauseProducing()
        self._transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        head = f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._token}\r\n\r\n"
        self._transport.write(head.encode())

    def wake(self) -> None:
        """
        Read from now on.
        """
        self._transport.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol}.
        """
        self.read += data

    def leave(self) -> None:
        """
        Hang up.
        """
        self._transport.abortConnection()

    @property
    def lost(self) -> int | None:
        """
        How many events it has missed, as it was told.
        """
        found = _LOST.search(self.read)
        return None if found is None else int(found[1])


class SlowListenersTests(DownloadWebTestCase):
    """
    A hundred of them.
    """

    async def follow(self) -> list[Sleeper]:
        """
        They follow, and have been told that they may.
        """
        await self.start_web()
        listening: Any = self.web.ports[0]
        listening.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)  # for those that it accepts
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.web_port)
        connecting = [connectProtocol(endpoint, Sleeper(self.token)) for _ in range(LISTENERS)]
        sleepers: list[Sleeper] = await gatherResults(connecting)
        for each in sleepers:
            self.addCleanup(each.leave)
        while len(self.web.feeds.open) < LISTENERS:
            await deferLater(reactor, 0.005)
        return sleepers

    def burst(self, first: int) -> None:
        """
        Much happens.
        """
        for number in range(first, first + BURST):
            self.inventory.jobs.hub.publish("job.queued", {"job": f"j{number}", "card": None, "operation": "lpa.profiles"})

    async def test_asleep(self) -> None:
        """
        They do not keep downloads from going on, nor do they cost more the more happens; when they read again they are told that
        they missed something, and how much, and then what happens.
        """
        before = count(Event)
        sleepers = await self.follow()
        self.burst(0)
        await self.download_again(2)
        feeds = self.web.feeds
        self.assertEqual({len(each._queue) for each in feeds.open}, {QUEUE})
        self.burst(BURST)
        await self.download_again(3)
        self.assertEqual({len(each._queue) for each in feeds.open}, {QUEUE})
        self.assertLess(count(Event) - before, self.inventory.jobs.hub.size + 2 * QUEUE)
        await self.quiet()
        missed = [each.lost for each in feeds.open]
        self.assertGreater(min(missed), BURST)
        for each in sleepers:
            each.wake()
        while any(each.lost is None for each in sleepers):
            await deferLater(reactor, 0.005)
        self.assertEqual(sorted(each.lost or 0 for each in sleepers), sorted(missed))
        self.inventory.jobs.hub.publish("job.queued", {"job": "last"})
        while not all(b'"job":"last"' in each.read for each in sleepers):
            await deferLater(reactor, 0.005)
        self.assertEqual({each.lost for each in feeds.open}, {0})
