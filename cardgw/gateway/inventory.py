# -*- test-case-name: tests.gateway.test_inventory -*-
"""
The cards that are here now, and what is done for them: what they ask for, and the jobs that wait for them.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from zope.interface import implementer

from cardgw.errors import (
    CardGatewayError,
    ChannelError,
    GatewayStopping,
    LinkInUse,
    PeerLost,
)
from cardgw.gateway.door import Door
from cardgw.gateway.faults import StoreError
from cardgw.gateway.links import Links
from cardgw.gateway.serving import Serving, peer_of
from cardgw.gateway.visit import Visit
from cardgw.identities import kind_of
from cardgw.interfaces import ICardChannel, IGateway
from cardgw.values import LINK, CardRequest, Psk

_log = Logger()
_LATER = "This server has a problem. Please try again later."


def _ignore(visit: Visit) -> None:
    """
    Nobody wants to know.
    """


@implementer(IGateway)
@define(eq=False)
class Inventory(Serving):
    """
    See L{IGateway}.

    @ivar visits: the cards that are here now, by id, in the order of their coming.
    @ivar on_departed: called with each visit whose card has gone; must not raise.
    """

    visits: dict[str, Visit] = field(factory=dict, init=False)
    on_departed: Callable[[Visit], object] = field(default=_ignore, init=False)
    _door: Door = field(factory=Door, init=False)

    def __attrs_post_init__(self) -> None:
        self.links = Links(self.jobs, self.reactor, self.claims.entropy, self.management, self._is_taken, self._dismissed)
        self.jobs.by_link = self.links.lasts

    @property
    def secret(self) -> Callable[[str], bytes]:
        """
        See L{IGateway}.
        """
        found: Callable[[str], bytes] = self.jobs.tools.secret
        return found

    @property
    def psk(self) -> Callable[[bytes], Psk | None]:
        """
        See L{IGateway}.
        """
        return self.jobs.tools.psk

    def link(self, token: str) -> str:
        """
        See L{IGateway.link}.
        """
        if self.jobs.stopping:
            raise GatewayStopping
        if self._door.is_shut:
            raise StoreError("it is not read yet which links there are", hint="Try again in a moment.")
        link = self.links.of_token(token)
        if self._is_busy(link.id):
            raise LinkInUse
        return link.id

    def _is_busy(self, link: str) -> bool:
        visit = self.visits.get(link)
        return visit is not None and not visit.leaving

    def _is_taken(self, id: str) -> bool:
        return id in self.visits or id in self._turns

    async def _dismissed(self, id: str, who: str) -> None:
        visit = self.visits.get(id)
        if visit is not None:
            await self.dismiss(visit, who)

    def shut(self) -> None:
        """
        Cards that come wait until L{open}: the gateway listens for them before it can do anything.
        """
        self._door.shut()

    def open(self) -> None:
        """
        Serve the cards that wait, and those that come.
        """
        self._door.open()

    def wind_up(self) -> None:
        """
        The gateway is being stopped: cards that only wait are let go, others when what they are at has ended.
        """
        self.jobs.stopping = True
        for visit in list(self.visits.values()):
            visit.ring()

    def arrived(self, channel: ICardChannel) -> Deferred[CardGatewayError | None]:
        """
        See L{IGateway.arrived}.
        """
        identity = channel.info.identity
        visit = Visit(self._id_for(channel.info.request), channel, self.reactor.seconds(), identity, kind_of(identity))
        self.visits[visit.id] = visit
        self.jobs.tools.observer.card_arrived(channel.info)
        self.jobs.hub.publish("card.arrived", {"card": visit.record_json()})
        channel.when_gone().addCallback(self._departed, visit)
        return Deferred.fromCoroutine(self._visited(visit))

    def _id_for(self, request: CardRequest | None) -> str:
        if request is not None and request.name == LINK and self.links.get(request.text) and not self._is_busy(request.text):
            return request.text
        name = self.jobs.ids.card()
        while self._is_taken(name) or self.links.lasts(name) is not None:
            name = self.jobs.ids.card()
        return name

    def _departed(self, reason: ChannelError | None, visit: Visit) -> None:
        if self.visits.get(visit.id) is visit:  # else it has come again by the same link
            del self.visits[visit.id]
        self.claims.withdraw(visit.id)
        visit.leaving = True
        visit.ring()
        if visit.run is not None:
            visit.run.card_gone(reason or PeerLost())
        elif isinstance(reason, PeerLost):
            reason = None  # it waited, and its holder has ended it
        self.jobs.tools.observer.card_gone(visit.channel.info, reason)
        why = str(reason) if reason is not None else None
        self.jobs.hub.publish("card.gone", {"card": visit.record_json(), "reason": why})
        self.on_departed(visit)

    async def _visited(self, visit: Visit) -> CardGatewayError | None:
        request, error = visit.channel.info.request, None
        try:
            await self._door.passed()
            if not visit.leaving:  # it may not have waited that long
                error = await (self._stay(visit, None) if request is None else self._serve(visit, request))
        except CancelledError:
            pass  # the transport is being stopped
        except CardGatewayError as problem:
            fmt = "{peer}: the card is sent away: {reason}"
            _log.error(fmt, event="not-served", peer=peer_of(visit.channel.info), reason=str(problem))
            await self._tell(visit, _LATER)
            error = problem
        visit.leaving = True
        self.claims.withdraw(visit.id)
        await self.jobs.abandon(visit)
        self.links.left()
        self._hand_on(visit)
        return error

    def _hand_on(self, left: Visit) -> None:
        """
        A card whose connection was lost may have dialled in anew already: what waits for it can be done there.  Those that do not
        stay look for it when they have what they came for.
        """
        for visit in list(self._staying.values()):
            if visit.identity == left.identity and visit.identity:
                visit.ring()

    async def dismiss(self, visit: Visit, who: str) -> None:
        """
        Send a card away: what runs on it is cancelled first, then it is told goodbye.

        @param who: who wants it.
        """
        visit.leaving = True
        if visit.run is not None:
            await visit.run.cancel(who)
        visit.ring()
