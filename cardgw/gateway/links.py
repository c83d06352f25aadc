# -*- test-case-name: tests.gateway.test_links -*-
"""
Links: ways by which one card each may come, whichever it is, to have a job done that waits for it, or to be there for whoever
made the link.  Whoever has the token of a link brings a card by it; whoever has that of its page follows what becomes of that.

Links outlive the gateway; of their tokens only digests are kept.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from cardgw.errors import CardGatewayError, UnknownLink
from cardgw.gateway.faults import Conflict, LinkExpired, LinkWithdrawn, StoreError
from cardgw.gateway.jobs import Jobs
from cardgw.gateway.records import Job, Link, Principal, problem_of
from cardgw.gateway.settings import ManagementSettings

PREFIX = "cgl_"
"""With this begins the token of a link; it can stand in a path as it is."""
TOKEN_BYTES = 32
LINGER = 600.0
"""Seconds for which whoever follows a link can still see what became of it, at least."""
PAUSE = 30.0
"""Seconds until a store that could not be used is tried again."""
_ALL = 1_000_000
_log = Logger()


async def _nobody(card: str, who: str) -> None:
    """
    No card is here.
    """


@define(eq=False)
class Links:
    """
    See the module's docstring.

    @ivar entropy: gives so many random bytes.
    @ivar here: whether a card of this id is here, or is not quite gone.
    @ivar dismiss: sends that card away; is told who wants it.
    @ivar address: gives the URL of a token; C{None}: no transport has cards that come by links.
    """

    jobs: Jobs
    clock: Any
    entropy: Callable[[int], bytes]
    settings: ManagementSettings
    here: Callable[[str], bool] = lambda card: False
    dismiss: Callable[[str, str], Awaitable[None]] = _nobody
    address: Callable[[str], str] | None = field(default=None, init=False)
    _known: dict[str, Link] = field(factory=dict, init=False)
    _tokens: dict[bytes, str] = field(factory=dict, init=False, repr=False)
    _timer: IDelayedCall | None = field(default=None, init=False)
    _running: bool = field(default=False, init=False)
    _busy: bool = field(default=False, init=False)
    _work: Deferred[None] | None = field(default=None, init=False)

    @property
    def now(self) -> float:
        """
        In seconds since 1970.
        """
        now: float = self.clock.seconds()
        return now

    async def load(self) -> None:
        """
        Have those again that this gateway had when it was ended.

        @raise StoreError: the store cannot be used.
        """
        for link in await self.jobs.store.links.of_node(self.jobs.node, self.now - LINGER):
            self._keep(link)

    def start(self) -> None:
        """
        From now on links end when they have expired.
        """
        self._running = True
        self._wait()

    def stop(self) -> None:
        """
        They do so no more.
        """
        self._running = False
        self._stop_timer()
        if self._work is not None:
            self._work.cancel()

    def all(self) -> list[Link]:
        """
        Those by which a card may come, or is here; in the order of their making.
        """
        return [link for link in self._known.values() if self._good(link)]

    def get(self, id: str) -> Link | None:
        """
        One of these.
        """
        link = self._known.get(id)
        return link if link is not None and self._good(link) else None

    def lasts(self, id: str) -> bool | None:
        """
        Whether what waits for a card that comes by a link goes on waiting.

        @return: C{None} where there was no link of this id, for all that is known.
        """
        link = self._known.get(id)
        return None if link is None else link.ended is None

    def of_token(self, token: str) -> Link:
        """
        @raise UnknownLink: there is none with this token, or a card cannot come by it any more.
        """
        link = self.get(self._tokens.get(_digest(token), ""))
        if link is None or link.digest != _digest(token) or link.expires <= self.now:
            raise UnknownLink
        return link

    def authenticate(self, token: str) -> Principal | None:
        """
        Who the token of a link's page belongs to, or C{None} where it is none.
        """
        digest = _digest(token)
        link = self._known.get(self._tokens.get(digest, ""))
        if link is None or link.page != digest or self._forgotten(link):
            return None
        return Principal(f"link:{link.id}", link.role, link.id, follows=True)

    async def add(self, link: Link, job: Job | None, key: str) -> tuple[Link, str, str]:
        """
        Make a link.

        @param link: without id, tokens and gateway.
        @param job: what it is for, without channel and gateway.
        @param key: see L{cardgw.gateway.control.LinkRequest}.
        @return: the link, its token and that of its page, which are nowhere kept; or another link that was made with this key at
            the same moment, without tokens.
        @raise Conflict: there are too many.
        """
        if sum(link.ended is None for link in self._known.values()) >= self.settings.max_links:
            raise Conflict(f"there are {self.settings.max_links} links", hint="See max-links in [management].")
        token, page = self._token(PREFIX), self._token("")
        made = evolve(link, digest=_digest(token), page=_digest(page), node=self.jobs.node)
        stored = waiting = None
        while stored is None:
            made = evolve(made, id=self._free_id())
            waiting = evolve(job, channel=made.id, node=self.jobs.node) if job is not None else None
            stored = await self.jobs.store.links.add(made, key, waiting)
        if stored.id != made.id:
            return stored, "", ""
        self._keep(stored)
        self._wait()
        if waiting is not None:
            self.jobs.added(waiting)
        return stored, token, page

    async def renew(self, link: Link) -> tuple[Link, str, str]:
        """
        Give a link other tokens, since those that it had have not arrived.

        @return: see L{add}.
        """
        token, page = self._token(PREFIX), self._token("")
        await self.jobs.store.links.renew(link.id, _digest(token), _digest(page))
        for digest in (link.digest, link.page):
            self._tokens.pop(digest, None)
        renewed = evolve(link, digest=_digest(token), page=_digest(page))
        self._keep(renewed)
        return renewed, token, page

    async def withdraw(self, id: str, who: str) -> None:
        """
        No card may come by a link any more, and the one that is here by it is sent away.

        @param who: wants it.
        @raise UnknownLink: there is none.
        """
        link = self.get(id)
        if link is None:
            raise UnknownLink(id)
        await self._end(link, LinkWithdrawn(f"by {who}"))
        await self.dismiss(id, who)

    async def served(self, id: str) -> None:
        """
        What a link was for has been done.
        """
        link = self.get(id)
        if link is not None:
            await self._end(link, None)

    def left(self) -> None:
        """
        A card is not here any more: if its link has expired, that ends now.
        """
        self._wait()

    async def _end(self, link: Link, reason: CardGatewayError | None) -> None:
        """
        @param reason: with what fails whatever waits; C{None}: nothing does.
        """
        at = self.now
        self._known[link.id] = evolve(link, ended=at)
        try:
            await self.jobs.store.links.end(link.id, at)
            if reason is not None:
                for job in await self.jobs.store.jobs.queued([], link.id, _ALL):
                    await self.jobs.fail(job, problem_of(reason))
        except StoreError:
            self._known[link.id] = link
            raise
        how = reason.code if reason is not None else "link-served"
        _log.info("link {link}: it has ended: {how}", event="link-ended", link=link.id, how=how)

    def _good(self, link: Link) -> bool:
        return link.ended is None and (link.expires > self.now or self.here(link.id))

    def _forgotten(self, link: Link) -> bool:
        return link.ended is not None and max(link.expires, link.ended + LINGER) <= self.now

    def _keep(self, link: Link) -> None:
        self._known[link.id] = link
        self._tokens[link.digest] = self._tokens[link.page] = link.id

    def _drop(self, link: Link) -> None:
        for digest in (link.digest, link.page):
            self._tokens.pop(digest, None)
        self._known.pop(link.id, None)

    def _free_id(self) -> str:
        name = self.jobs.ids.card()
        while self.here(name) or name in self._known:
            name = self.jobs.ids.card()
        return name

    def _token(self, prefix: str) -> str:
        return prefix + urlsafe_b64encode(self.entropy(TOKEN_BYTES)).rstrip(b"=").decode()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _wait(self, least: float = 0.0) -> None:
        """
        Look again when the next one expires.
        """
        if not self._running or self._busy:
            return
        self._stop_timer()
        coming = [link.expires for link in self._known.values() if link.ended is None and not self.here(link.id)]
        if coming:
            self._timer = self.clock.callLater(max(least, min(coming) - self.now), self._round)

    def _round(self) -> None:
        self._timer, self._busy = None, True
        self._work = Deferred.fromCoroutine(self._expire())

    async def _expire(self) -> None:
        pause = 0.0
        try:
            for link in [link for link in self._known.values() if link.ended is None and not self._good(link)]:
                await self._end(link, LinkExpired())
        except CancelledError:
            return
        except CardGatewayError as problem:
            _log.error("links that have expired stay: {reason}", event="links-left", reason=str(problem))
            pause = PAUSE
        for link in [link for link in self._known.values() if self._forgotten(link)]:
            self._drop(link)
        self._busy = False
        self._wait(pause)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
