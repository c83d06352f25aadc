# -*- test-case-name: tests.virtual.test_ram_client -*-
"""
A client of RAMOverHTTP with a software card: each of those that there are (L{cardgw.virtual.ram_kinds}), with what they do wrong,
on bad networks.

C{python -m cardgw.virtual.ram_client --help} is the same as a program.
"""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

from attrs import field, frozen
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.error import ConnectError, ConnectingCancelledError
from twisted.internet.interfaces import IDelayedCall, IStreamClientEndpoint
from twisted.internet.task import deferLater

from cardgw.virtual.http_line import Broken, Lines, in_time
from cardgw.virtual.http_lines import Message, write
from cardgw.virtual.plain import plain
from cardgw.virtual.ram_jar import given
from cardgw.virtual.ram_kinds import Facts, Kind
from cardgw.virtual.ram_slot import MISMATCH, NO_CARD, Slot
from cardgw.virtual.ram_template import Notification, Stop, cancelled

MOST_REDIRECTS = 20
REDIRECTS, KEEPS_METHOD = (301, 302, 303, 307), 307
LAST_WORDS = 5.0
"""Seconds that a POST on another connection may still take when the session has ended."""
_TIMEOUT = "Error -13"


@frozen
class Manners:
    """
    How network and program behave.  Numbers of POSTs begin at 1.

    @ivar latency: seconds of a round trip.
    @ivar drop_at: the POST after which the connection is lost, and the body is posted again on another one.
    @ivar drop_bytes: so many octets of the reply to it are read before; 0 for none; -1: the POST itself has not left either.
    @ivar vanish_at: the POST after which the client is never heard of again.
    @ivar repost_at: the POST which is sent a second time on another connection while the first one waits.
    @ivar cancel_at: the POST while which the holder gives up, C{aside} seconds after it.
    @ivar aside: seconds after which C{repost_at}, C{cancel_at} and C{vanish_at} do what they do.
    @ivar anew: each POST has a connection of its own.
    @ivar pause: seconds between a reply and the next POST, as if the card took them.
    @ivar keep: remember all requests and replies.
    """

    latency: float = 0.0
    drop_at: int | None = None
    drop_bytes: int = 0
    vanish_at: int | None = None
    repost_at: int | None = None
    cancel_at: int | None = None
    aside: float = 0.05
    anew: bool = False
    pause: float = 0.0
    keep: bool = True


@frozen
class Exchange:
    """
    A request and its reply.

    @ivar request: the whole head and body, as sent.
    """

    request: bytes = field(repr=False)
    body: bytes
    reply: Message


@frozen
class Outcome:
    """
    What a session was.

    @ivar good: whether the program takes it for a success.
    @ivar text: what it prints last.
    @ivar status: its exit status.
    @ivar posts: how many there were; those that it makes once more do not count.
    @ivar again: how often a body was sent once more, by itself or as L{Manners} have it.
    @ivar exchanges: all, if L{Manners} have them kept; those on other connections among them.
    """

    good: bool
    text: str
    status: int
    posts: int
    again: int
    connections: int
    apdus: int
    resets: int
    seconds: float
    notifications: tuple[Notification, ...] = ()
    exchanges: tuple[Exchange, ...] = field(default=(), repr=False)

    @property
    def bodies(self) -> list[bytes]:
        """
        What was posted.
        """
        return [each.body for each in self.exchanges]


class RamClient:
    """
    One session.

    @ivar notifications: what the card holder has been shown so far.
    @ivar exchanges: see L{Outcome}.
    """

    def __init__(
        self,
        clock: Any,
        endpoint: IStreamClientEndpoint,
        url: str,
        slot: Slot,
        kind: Kind,
        *,
        session: str = "",
        manners: Manners | None = None,
    ) -> None:
        """
        @param clock: C{IReactorTime}.
        @param endpoint: where the server of the URL is.
        @param session: a session id that it is started with.
        """
        self.notifications: list[Notification] = []
        self.exchanges: list[Exchange] = []
        self.posts = 0
        self._clock, self._url, self._slot, self._kind = clock, url, slot, kind
        self._manners = manners or Manners()
        self._jar = kind.jar(given(session, verbatim=kind.verbatim))
        self._lines = Lines(clock, endpoint, latency=self._manners.latency, retries_new=kind.retries_new)
        self._waiting = False
        self._again = 0
        self._later: list[IDelayedCall] = []
        self._beside: list[Deferred[None]] = []
        self._posting: Deferred[Message] | None = None
        self._vanished = False
        self._number = 0

    async def run(self) -> Outcome:
        """
        The whole session; cancelling it is the program being killed.
        """
        began = self._clock.seconds()
        try:
            stop = await self._run()
            await self._all_beside()
        finally:
            self._end()
        return Outcome(
            stop.good,
            stop.text,
            0 if stop.good else self._kind.failure,
            self.posts,
            self._again + self._lines.again,
            self._lines.opened,
            self._slot.apdus,
            self._slot.resets,
            self._clock.seconds() - began,
            tuple(self.notifications),
            tuple(self.exchanges),
        )

    def pull(self) -> None:
        """
        Pull the card out, now.  A program that notices while it waits for the server says so at once.
        """
        self._slot.present = False
        if self._waiting and self._kind.cancels:
            self.cancel()

    def cancel(self) -> Deferred[None]:
        """
        The holder gives up: tell the server on another connection.
        """
        self._number += 1
        return self._aside(cancelled())

    async def _all_beside(self) -> None:
        """
        Wait for what is on other connections, so long as a program does that ends.
        """
        waiting = DeferredList(self._beside)
        with suppress(TimeoutError):
            await waiting.addTimeout(LAST_WORDS, self._clock)

    def _end(self) -> None:
        for each in self._later:
            if each.active():
                each.cancel()
        self._lines.drop()

    async def _run(self) -> Stop:
        refused = self._without_card()
        if refused is not None:
            return refused
        body = self._kind.initiation(self._slot.atr)
        first = True
        try:
            while True:
                reply = await self._post(body)
                self._jar.take(reply.every("Set-Cookie"), urlsplit(self._url).path)
                template = self._kind.verdict(reply, first, self._url)
                body = await self._kind.runner.run(self._slot, template, self.notifications.append)
                first = False
                if self._manners.pause:
                    await deferLater(self._clock, self._manners.pause)
        except Stop as stop:
            return stop
        except (Broken, ConnectError) as problem:
            return Stop(f"Networking error: {plain(problem)}")
        except (CancelledError, ConnectingCancelledError):
            if self._vanished:
                return Stop("vanished")
            raise

    def _without_card(self) -> Stop | None:
        if not self._slot.present:
            told = f"Could not connect to card ({NO_CARD})" if self._kind.protocols else "No card in reader"
            return Stop(told)
        if self._kind.protocols and not set(self._kind.protocols) & set(self._slot.protocols):
            return Stop(f"Could not connect to card ({MISMATCH})")
        return None

    async def _post(self, body: bytes) -> Message:
        if self._vanished:
            raise CancelledError
        self.posts += 1
        self._number += 1
        if self._manners.anew:
            self._lines.renew()
        self._schedule(body)
        self._waiting = True
        try:
            work = Deferred.fromCoroutine(self._follow(body))
            self._posting = work
            return await in_time(self._clock, work, self._kind.patience, lambda: Stop(_TIMEOUT))
        finally:
            self._waiting, self._posting = False, None

    def _schedule(self, body: bytes) -> None:
        manners = self._manners
        for number, act in (
            (manners.repost_at, lambda: self._again_aside(body)),
            (manners.cancel_at, self.cancel),
            (manners.vanish_at, self._vanish),
        ):
            if number == self.posts:
                self._later.append(self._clock.callLater(manners.aside, act))

    def _vanish(self) -> None:
        self._vanished = True
        if self._posting is not None:
            self._posting.cancel()

    def _again_aside(self, body: bytes) -> None:
        self._again += 1
        self._aside(body)

    def _aside(self, body: bytes) -> Deferred[None]:
        posting = Deferred.fromCoroutine(self._post_aside(body))
        self._beside.append(posting)
        return posting

    async def _post_aside(self, body: bytes) -> None:
        request = self._request("POST", self._url, body)
        try:
            self._keep(request, body, await self._lines.ask_aside(request))
        except (Broken, ConnectError):
            return

    async def _follow(self, body: bytes) -> Message:
        method, url = "POST", self._url
        for _ in range(MOST_REDIRECTS):
            request = self._request(method, url, body)
            most = self._manners.drop_bytes if self._manners.drop_at == self.posts else None
            reply = await self._lines.ask(request, most)
            self._keep(request, body if method == "POST" else b"", reply)
            where = reply.get("Location")
            if not self._kind.redirects or reply.status not in REDIRECTS or where is None:
                return reply
            if reply.status != KEEPS_METHOD:
                method = "GET"
            url = where if "://" in where else urlsplit(url)._replace(path=where, query="").geturl()
        raise Stop("IO error: Server redirected too many  times (20)")

    def _keep(self, request: bytes, body: bytes, reply: Message) -> None:
        if self._manners.keep:
            self.exchanges.append(Exchange(request, body, reply))

    def _request(self, method: str, url: str, body: bytes) -> bytes:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        posted = method == "POST"
        size = len(body) if posted else None
        facts = Facts(_authority(parts), self._jar.header(parts.path or "/"), _credentials(parts), size, self._number)
        return write(f"{method} {target} HTTP/1.1", self._kind.headers(facts), body if posted else b"")


def _authority(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _credentials(parts: SplitResult) -> str:
    user, at, _ = parts.netloc.rpartition("@")
    return b64encode(user.encode()).decode() if at else ""


if __name__ == "__main__":
    from cardgw.virtual.ram_client_command import main

    main()
