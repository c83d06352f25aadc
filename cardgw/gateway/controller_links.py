# -*- test-case-name: tests.gateway.test_controller_links -*-
"""
Links for those who ask for them: part of L{cardgw.gateway.controller}.
"""

from __future__ import annotations

import html
import shlex
from collections.abc import Sequence

from attrs import evolve
from twisted.internet.defer import Deferred

from cardgw.errors import ParameterError, UnknownLink
from cardgw.gateway.control import LinkRequest, MadeLink, other_request
from cardgw.gateway.controller_access import AccessControl
from cardgw.gateway.faults import Conflict, Forbidden, NoWayForLinks
from cardgw.gateway.links import Links
from cardgw.gateway.records import Job, Link, Principal
from cardgw.gateway.session import hidden_in, parameters_from
from cardgw.interfaces import IOperation

DAEMON = "http://127.0.0.1:27001"
"""Where the daemon of a card holder listens (OpenCard's, or cardgw-touch)."""
_PICTURE_BYTES = 8


class LinkControl(AccessControl):
    """
    See the module's docstring.
    """

    @property
    def _links(self) -> Links:
        return self.inventory.links

    def operation(self, name: str) -> IOperation:
        """
        See L{cardgw.gateway.control.Control.operation}.
        """
        raise NotImplementedError("operation")

    def links(self, who: Principal) -> Sequence[tuple[Link, bool]]:
        """
        See L{cardgw.gateway.control.Control.links}.
        """
        return [(link, link.id in self.inventory.visits) for link in self._links.all() if who.card in ("", link.id)]

    def make_link(self, who: Principal, request: LinkRequest) -> Deferred[MadeLink]:
        """
        See L{cardgw.gateway.control.Control.make_link}.
        """
        return Deferred.fromCoroutine(self._make_link(who, request))

    async def _make_link(self, who: Principal, request: LinkRequest) -> MadeLink:
        if who.card:
            raise Forbidden("this token is for one card, which is here")
        if self._links.address is None:
            raise NoWayForLinks("no transport that is on has cards that come by links")
        now = self._links.now
        link = Link("", who.name, now, now + self._lifetime(request), role=request.role)
        job = self._job_of(who, request)
        link = evolve(link, job=job.id if job is not None else "")
        known = await self.inventory.jobs.store.links.keyed(who.name, request.key) if request.key else None
        if known is None:
            known, token, page = await self._links.add(link, job, request.key)
            if token:
                await self.note(who, "link.make", known.id, f"{job.operation} {job.id}" if job is not None else "")
                return self._made(known, token, page, evolve(job, channel=known.id) if job is not None else None)
        return await self._again(link, known, request)

    def _lifetime(self, request: LinkRequest) -> float:
        settings = self._links.settings
        seconds = request.seconds if request.seconds is not None else min(settings.link_lifetime, settings.longest_link)
        if not 0 < seconds <= settings.longest_link:
            hint = "See longest-link in [management]."
            raise ParameterError(f"expires: at most {settings.longest_link:g} seconds from now", hint=hint)
        return seconds

    def _job_of(self, who: Principal, request: LinkRequest) -> Job | None:
        if not request.operation:
            if request.parameters or request.record:
                raise ParameterError("parameters: there is no operation that they are for")
            return None
        operation = self.operation(request.operation)
        parameters_from(operation, request.parameters)
        job = request.submission("").job(who.name)
        return evolve(job, id=self.inventory.jobs.ids.job(), created=self._links.now, hidden=hidden_in(operation))

    async def _again(self, link: Link, known: Link, request: LinkRequest) -> MadeLink:
        """
        The link that this key has made before, with new tokens: those that it had are nowhere kept.
        """
        same = (known.role, bool(known.job)) == (link.role, bool(link.job))
        if not same or round(known.expires - known.created) != round(link.expires - link.created):
            raise other_request()
        good = self._links.get(known.id)
        if good is None:
            raise Conflict("the link that this Idempotency-Key has made is over, or another gateway has it")
        stored = await self.inventory.jobs.store.jobs.get(known.job) if known.job else None
        if stored is not None:
            stored = request.submission(known.id).again(self.inventory.jobs.live(known.job) or stored, None, reserved=True)
        return evolve(self._made(*await self._links.renew(good), stored), new=False)

    def _made(self, link: Link, token: str, page: str, job: Job | None) -> MadeLink:
        if self._links.address is None:
            raise NoWayForLinks
        url = self._links.address(token)
        picture = f"{DAEMON}/{self._links.entropy(_PICTURE_BYTES).hex()}.png?url={url}"
        snippet = f'<img src="{html.escape(picture)}" referrerpolicy="origin" width="16" height="16" alt="">'
        return MadeLink(link, url, snippet, f"cardgw touch {shlex.quote(url)}", page, job)

    def withdraw_link(self, who: Principal, link: str) -> Deferred[None]:
        """
        See L{cardgw.gateway.control.Control.withdraw_link}.
        """
        return Deferred.fromCoroutine(self._withdraw_link(who, link))

    async def _withdraw_link(self, who: Principal, link: str) -> None:
        if who.card not in ("", link):
            raise UnknownLink
        await self._links.withdraw(link, who.name)
        await self.note(who, "link.withdraw", link)
