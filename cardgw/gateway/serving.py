# -*- test-case-name: tests.gateway.test_inventory -*-
"""
What is done for a card that is here: what it asks for, and the jobs that wait for it.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, DeferredLock
from twisted.logger import Logger

from cardgw.errors import CardGatewayError, ChannelError, GatewayStopping, NotSupported, OperationRefused, UnknownLink
from cardgw.gateway.book import Outcome
from cardgw.gateway.claims import Claims
from cardgw.gateway.faults import NothingLeft, StoreError
from cardgw.gateway.jobs import Jobs
from cardgw.gateway.links import Links
from cardgw.gateway.recognition import Identify, concerns_arrivals, is_invited, recognise, route_of, unidentified
from cardgw.gateway.settings import ManagementSettings
from cardgw.gateway.visit import Visit
from cardgw.texts.catalogue import Words
from cardgw.values import ARRIVAL, LINK, STAY, CardRequest, ChannelInfo, Feature

_log = Logger()
_NO_ROUTE = "This server cannot do that yet."
_END = "Remote management has ended."


@define(eq=False)
class Serving:
    """
    See the module's docstring.

    @ivar identify: finds out who a card is that does not say what it wants.
    @ivar links: by which cards may come.
    """

    reactor: Any
    jobs: Jobs
    claims: Claims
    identify: Identify = unidentified
    management: ManagementSettings = field(factory=ManagementSettings)
    links: Links = field(init=False)
    _staying: dict[str, Visit] = field(factory=dict, init=False)
    _turns: dict[str, DeferredLock] = field(factory=dict, init=False)

    @property
    def words(self) -> Words:
        """
        See L{cardgw.interfaces.IGateway}.
        """
        return self.jobs.tools.words

    async def _serve(self, visit: Visit, request: CardRequest) -> CardGatewayError | None:
        """
        @return: what the thing that the card asked for has failed with.
        """
        info, routes = visit.channel.info, self.jobs.book.routes
        if request.name == LINK:
            return await self._by_link(visit, request)
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

    async def _by_link(self, visit: Visit, request: CardRequest) -> CardGatewayError | None:
        """
        Serve a card that has come by a link, when the one that came by it before is quite gone.

        @return: what a job of the link has failed with.
        """
        visit.asked = visit.managed = True
        turn = self._turns.setdefault(visit.id, DeferredLock())
        await turn.acquire()
        try:
            link = self.links.get(request.text)
            if visit.leaving:
                return None
            if link is None or link.id != visit.id:
                _log.info("{peer}: its link is good no more", event="link-unknown", peer=peer_of(visit.channel.info))
                await self._tell(visit, UnknownLink().brief)
                return UnknownLink()
            if link.job:
                return await self._do_own(visit)
            await self._stay(visit, None, own=True)
            return None
        finally:
            turn.release()
            if not turn.locked and self._turns.get(visit.id) is turn:
                del self._turns[visit.id]

    async def _do_own(self, visit: Visit) -> CardGatewayError | None:
        """
        Do the jobs that were queued for the card of a link, and no others.

        @return: what the first has failed with that did; that there was none.
        """
        served: dict[str, int] = {}
        outcomes: list[Outcome] = []
        while not (visit.leaving or self.jobs.stopping):
            job = await self.jobs.next(visit, served, own=True)
            if job is None:
                break
            outcomes.append(await self.jobs.run(visit, job))
            await self._conclude(visit, outcomes[-1])
        error = next((each.error for each in outcomes if each.error is not None), None)
        if error is None and outcomes and (await self.jobs.store.jobs.heads([], visit.id))[1] == 0:
            await self.links.served(visit.id)
        if outcomes or visit.leaving:
            return error
        error = GatewayStopping() if self.jobs.stopping else NothingLeft()
        await self._tell(visit, error.brief)
        return error

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
                _log.error(fmt, event="queue-not-read", peer=peer_of(visit.channel.info), reason=str(problem))
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
        _log.info("{peer}: stays for operators", event="card-stays", peer=peer_of(visit.channel.info), identity=visit.identity)
        await self._tell(visit, text)
        try:
            await self._stay(visit, self.management.idle_timeout)
        except CancelledError:
            await self._tell(visit, GatewayStopping().brief)
            raise
        await self._tell(visit, GatewayStopping().brief if self.jobs.stopping else _END)

    async def _stay(self, visit: Visit, idle: float | None, *, own: bool = False) -> None:
        """
        Do the jobs that come for a card, until it is gone or nothing has come for so long; or for as long as the card's side has
        patience, where it says so.

        @param own: see L{Jobs.next}.
        """
        patience = visit.channel.info.patience
        self._staying[visit.id] = visit
        try:
            await recognise(visit, self.identify, self.jobs)
            await self._do_what_comes(visit, idle if patience is None else patience, own)
        finally:
            del self._staying[visit.id]

    async def _do_what_comes(self, visit: Visit, idle: float | None, own: bool) -> None:
        served: dict[str, int] = {}
        while not (visit.leaving or self.jobs.stopping):
            seen = visit.changes
            job = await self.jobs.next(visit, served, own=own)
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
            _log.info(fmt, event="not-reset", peer=peer_of(visit.channel.info), reason=str(problem))

    async def _tell(self, visit: Visit, text: str) -> None:
        channel = visit.channel
        if not text or Feature.SHOW not in channel.info.offers:
            return
        try:
            await channel.show(self.words(text))
        except (ChannelError, NotSupported, CancelledError) as problem:
            fmt = "{peer}: could not show a text: {problem}"
            _log.debug(fmt, event="text-not-shown", peer=peer_of(channel.info), problem=str(problem))


def peer_of(info: ChannelInfo) -> str:
    """
    Where a card is, for the log.
    """
    return f"{info.transport} {info.peer}"
