# -*- test-case-name: tests.gateway.test_inventory -*-
"""
The cards that are here now, and what is done for them: what they ask for, and the jobs that wait for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from zope.interface import implementer

from cardgw.errors import (
    CardGatewayError,
    ChannelError,
    GatewayStopping,
    NotSupported,
    OperationRefused,
    PeerLost,
    UnknownLink,
)
from cardgw.gateway.book import Outcome
from cardgw.gateway.claims import Claims
from cardgw.gateway.door import Door
from cardgw.gateway.faults import StoreError
from cardgw.gateway.jobs import Jobs
from cardgw.gateway.recognition import Identify, concerns_arrivals, is_invited, recognise, route_of, unidentified
from cardgw.gateway.settings import ManagementSettings
from cardgw.gateway.visit import Visit
from cardgw.identities import kind_of
from cardgw.interfaces import ICardChannel, IGateway
from cardgw.texts.catalogue import Words
from cardgw.values import ARRIVAL, STAY, CardRequest, ChannelInfo, Feature, Psk

_log = Logger()
_NO_ROUTE = "This server cannot do that yet."
_LATER = "This server has a problem. Please try again later."
_END = "Remote management has ended."


def _ignore(visit: Visit) -> None:
    """
    Nobody wants to know.
    """


@implementer(IGateway)
@define(eq=False)
class Inventory:
    """
    See L{IGateway}.

    @ivar identify: finds out who a card is that does not say what it wants.
    @ivar visits: the cards that are here now, by id, in the order of their coming.
    @ivar on_departed: called with each visit whose card has gone; must not raise.
    """

    reactor: Any
    jobs: Jobs
    claims: Claims
    identify: Identify = unidentified
    management: ManagementSettings = field(factory=ManagementSettings)
    visits: dict[str, Visit] = field(factory=dict, init=False)
    on_departed: Callable[[Visit], object] = field(default=_ignore, init=False)
    _door: Door = field(factory=Door, init=False)
    _staying: dict[str, Visit] = field(factory=dict, init=False)

    @property
    def words(self) -> Words:
        """
        See L{IGateway}.
        """
        return self.jobs.tools.words

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
        raise UnknownLink

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
        visit = Visit(self._free_id(), channel, self.reactor.seconds(), identity, kind_of(identity))
        self.visits[visit.id] = visit
        self.jobs.tools.observer.card_arrived(channel.info)
        self.jobs.hub.publish("card.arrived", {"card": visit.record_json()})
        channel.when_gone().addCallback(self._departed, visit)
        return Deferred.fromCoroutine(self._visited(visit))

    def _free_id(self) -> str:
        name = self.jobs.ids.card()
        while name in self.visits:
            name = self.jobs.ids.card()
        return name

    def _departed(self, reason: ChannelError | None, visit: Visit) -> None:
        self.visits.pop(visit.id, None)
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
            _log.error(fmt, event="not-served", peer=_peer(visit.channel.info), reason=str(problem))
            await self._tell(visit, _LATER)
            error = problem
        visit.leaving = True
        self.claims.withdraw(visit.id)
        await self.jobs.abandon(visit)
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

    async def _serve(self, visit: Visit, request: CardRequest) -> CardGatewayError | None:
        """
        @return: what the thing that the card asked for has failed with.
        """
        info, routes = visit.channel.info, self.jobs.book.routes
        held_out = True
        if request.name == ARRIVAL and concerns_arrivals(info.transport, routes):
            visit.managed = True
            held_out = await recognise(visit, self.identify, self.jobs)
        name = route_of(visit, request, routes)
        if visit.leaving:
            return None
        if name is None:
            return await self._refuse(visit, request)
        if name == STAY and is_invited(visit, request, routes):
            await self._manage(visit)
        elif name == STAY or not held_out:  # there is no holder to read a code: the card is at home where it is
            visit.managed = True
            await self._stay(visit, None)
        elif request.name == ARRIVAL:
            await self._welcome(visit, name, request)
        else:
            return await self._ask(visit, name, request)
        return None

    async def _refuse(self, visit: Visit, request: CardRequest) -> CardGatewayError:
        info = visit.channel.info
        fmt = "{transport} {peer}: asks for {request}, which the settings route to no operation"
        where = {"transport": info.transport, "peer": info.peer}
        _log.info(fmt, event="request-without-route", request=request.name, **where)
        await self._tell(visit, _NO_ROUTE)
        return OperationRefused(f"no operation answers the request {request.name}")

    async def _welcome(self, visit: Visit, name: str, request: CardRequest) -> None:
        """
        Do what is to be done to each card that comes; then it stays, since nobody has brought it for that alone.
        """
        outcome = await self.jobs.run(visit, self.jobs.asked_by_card(visit, name, request))
        await self._conclude(visit, outcome)
        if not isinstance(outcome.error, GatewayStopping):
            await self._stay(visit, None)

    async def _ask(self, visit: Visit, name: str, request: CardRequest) -> CardGatewayError | None:
        outcome = await self.jobs.run(visit, self.jobs.asked_by_card(visit, name, request))
        outcomes = [outcome]
        if not isinstance(outcome.error, ChannelError) and outcome.reset is None:
            try:
                await self._go_on(visit, outcomes)
            except CancelledError:
                pass  # the transport is being stopped
            except StoreError as problem:  # what the card asked for has been done all the same
                fmt = "{peer}: what waits for the card stays: {reason}"
                _log.error(fmt, event="queue-not-read", peer=_peer(visit.channel.info), reason=str(problem))
        texts = filter(None, (each.text for each in outcomes))
        await self._conclude(visit, Outcome("\n".join(texts), outcomes[-1].reset))
        return outcome.error

    async def _go_on(self, visit: Visit, outcomes: list[Outcome]) -> None:
        """
        Do the jobs that wait for a card which has got what it asked for.

        @param outcomes: is added to.
        @raise StoreError: it is not known whether there are any.
        """
        if not visit.asked and await self.jobs.expecting() <= 0:
            return
        await recognise(visit, self.identify, self.jobs)
        served: dict[str, int] = {}
        while (visit.identity or visit.asked) and (job := await self.jobs.next(visit, served)) is not None:
            outcomes.append(await self.jobs.run(visit, job))
            if outcomes[-1].reset is not None:
                return

    async def _manage(self, visit: Visit) -> None:
        """
        The card stays for operators, who know it by a code that its holder sees.
        """
        await recognise(visit, self.identify, self.jobs)
        if visit.leaving:
            return
        visit.managed = True
        code = self.claims.offer(visit.id)
        minutes = max(1, round(self.management.code_lifetime / 60))
        text = f"Code: {code}\nTell it to whoever is to manage this card. It is good for {minutes} minutes."
        _log.info("{peer}: stays for operators", event="card-stays", peer=_peer(visit.channel.info), identity=visit.identity)
        await self._tell(visit, text)
        try:
            await self._stay(visit, self.management.idle_timeout)
        except CancelledError:
            await self._tell(visit, GatewayStopping().brief)
            raise
        await self._tell(visit, GatewayStopping().brief if self.jobs.stopping else _END)

    async def _stay(self, visit: Visit, idle: float | None) -> None:
        """
        Do the jobs that come for a card, until it is gone or nothing has come for so long.
        """
        self._staying[visit.id] = visit
        try:
            await recognise(visit, self.identify, self.jobs)
            await self._do_what_comes(visit, idle)
        finally:
            del self._staying[visit.id]

    async def _do_what_comes(self, visit: Visit, idle: float | None) -> None:
        served: dict[str, int] = {}
        while not (visit.leaving or self.jobs.stopping):
            seen = visit.changes
            job = await self.jobs.next(visit, served)
            if job is not None:
                await self._conclude(visit, await self.jobs.run(visit, job))
            elif not await self._happened(visit.changed(seen), idle):
                return

    async def _happened(self, bell: Deferred[None], idle: float | None) -> bool:
        """
        @return: whether it has happened in time.
        """
        if idle is None:
            await bell
            return True
        timer = self.reactor.callLater(idle, bell.cancel)
        try:
            await bell
        except CancelledError:
            if timer.active():
                timer.cancel()
                raise
            return False
        timer.cancel()
        return True

    async def _conclude(self, visit: Visit, outcome: Outcome) -> None:
        await self._tell(visit, outcome.text)
        if outcome.reset is None or visit.leaving or outcome.reset not in visit.channel.info.resets:
            return
        try:
            await visit.channel.reset(outcome.reset)
        except (ChannelError, NotSupported) as problem:
            fmt = "{peer}: could not be started anew: {reason}"
            _log.info(fmt, event="not-reset", peer=_peer(visit.channel.info), reason=str(problem))

    async def _tell(self, visit: Visit, text: str) -> None:
        channel = visit.channel
        if not text or Feature.SHOW not in channel.info.offers:
            return
        try:
            await channel.show(self.words(text))
        except (ChannelError, NotSupported, CancelledError) as problem:
            fmt = "{peer}: could not show a text: {problem}"
            _log.debug(fmt, event="text-not-shown", peer=_peer(channel.info), problem=str(problem))

    async def dismiss(self, visit: Visit, who: str) -> None:
        """
        Send a card away: what runs on it is cancelled first, then it is told goodbye.

        @param who: who wants it.
        """
        visit.leaving = True
        if visit.run is not None:
            await visit.run.cancel(who)
        visit.ring()


def _peer(info: ChannelInfo) -> str:
    return f"{info.transport} {info.peer}"
