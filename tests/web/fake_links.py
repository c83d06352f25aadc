"""
Links of a gateway in memory, for tests of the faces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from cardgw.errors import UnknownLink
from cardgw.gateway.control import JobRequest, LinkRequest, MadeLink
from cardgw.gateway.faults import NoWayForLinks
from cardgw.gateway.records import Card, Job, Link, Principal

URL = "https://cards.example.com/rt/link/cgl_secret"


class FakeLinks:
    """
    See L{cardgw.gateway.control.Control}.

    @ivar kept: the links, and the keys with which they were made.
    @ivar reachable: whether cards can come by links.
    """

    kept: dict[str, tuple[Link, str]]
    reachable: bool
    here: list[Card]
    stored: dict[str, Job]
    clock: Any
    _give: Any
    _note: Any
    _submit: Any

    def links(self, who: Principal) -> Sequence[tuple[Link, bool]]:
        """
        See L{Control.links}.
        """
        return [(link, False) for link, _ in self.kept.values() if who.card in ("", link.id)]

    def make_link(self, who: Principal, request: LinkRequest) -> Deferred[MadeLink]:
        """
        See L{Control.make_link}.
        """
        made: Deferred[MadeLink] = self._give(lambda: self._make_link(who, request))
        return made

    def _make_link(self, who: Principal, request: LinkRequest) -> MadeLink:
        if not self.reachable:
            raise NoWayForLinks
        for link, key in self.kept.values():
            if request.key and key == request.key:
                return self._made(link, self.stored.get(link.job), new=False)
        job: Job | None = None
        if request.operation:
            order = JobRequest(request.operation, "eid:", request.parameters, record=request.record)
            job, _ = self._submit(who, order)
        now = self.clock.seconds()
        name = f"{len(self.kept):08x}"
        link = Link(name, who.name, now, now + (request.seconds or 600.0), job.id if job else "", request.role)
        self.kept[name] = link, request.key
        self._note(who, "link.make", name)
        return self._made(link, job, new=True)

    def _made(self, link: Link, job: Job | None, *, new: bool) -> MadeLink:
        return MadeLink(link, URL, f'<img src="http://127.0.0.1:27001/1.png?url={URL}">', f"cardgw touch {URL}", "page", job, new)

    def withdraw_link(self, who: Principal, link: str) -> Deferred[None]:
        """
        See L{Control.withdraw_link}.
        """
        withdrawn: Deferred[None] = self._give(lambda: self._withdraw_link(who, link))
        return withdrawn

    def _withdraw_link(self, who: Principal, link: str) -> None:
        if link not in self.kept:
            raise UnknownLink(link)
        del self.kept[link]
        self._note(who, "link.withdraw", link)
