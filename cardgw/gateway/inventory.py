# -*- test-case-name: tests.gateway.test_inventory -*-
"""
The cards that are here now, and what is done for those that come with a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from zope.interface import implementer

from cardgw.errors import CardGatewayError, ChannelError, GatewayStopping, NotSupported, OperationCancelled
from cardgw.gateway.session import Session, Tools, parameters_from, perform
from cardgw.interfaces import ICardChannel, IGateway, IOperation
from cardgw.quirks import Quirks, quirks_of
from cardgw.values import CardRequest, ChannelInfo, Feature

_log = Logger()
_NO_ROUTE = "This server cannot do that yet."


@define
class Book:
    """
    What settings decide; replaced as a whole when they are read again.

    @ivar routes: transport and request to the name of an operation.
    @ivar operation: gives the operation of a name and its settings.
    @ivar quirks: the entries of C{[[quirks]]}.
    """

    routes: Mapping[tuple[str, str], str] = field(factory=dict)
    operation: Callable[[str], tuple[IOperation, Any]] = field(default=None)
    quirks: tuple[Quirks, ...] = ()


@implementer(IGateway)
@define(eq=False)
class Inventory:
    """
    See L{IGateway}.

    @ivar stack: builds what operations talk to on a transport's channel (L{cardgw.gateway.stack.stack}).
    @ivar cards: the channels that are here now.
    """

    reactor: Any
    tools: Tools
    book: Book
    stack: Callable[[ICardChannel], ICardChannel]
    cards: dict[int, ICardChannel] = field(factory=dict, init=False)
    _jobs: count[int] = field(factory=lambda: count(1), init=False)

    def arrived(self, channel: ICardChannel) -> Deferred[None]:
        """
        See L{IGateway.arrived}.
        """
        self.cards[id(channel)] = channel
        self.tools.observer.card_arrived(channel.info)
        channel.when_gone().addCallback(self._departed, channel)
        request = channel.info.request
        return Deferred.fromCoroutine(_until_gone(channel) if request is None else self._serve(channel, request))

    def _departed(self, reason: ChannelError | None, channel: ICardChannel) -> None:
        self.cards.pop(id(channel), None)
        self.tools.observer.card_gone(channel.info, reason)

    async def _serve(self, channel: ICardChannel, request: CardRequest) -> None:
        name = self.book.routes.get((channel.info.transport, request.name))
        if name is None:
            fmt = "{transport} {peer}: asks for {request}, which the settings route to no operation"
            where = {"transport": channel.info.transport, "peer": channel.info.peer}
            _log.info(fmt, event="request-without-route", request=request.name, **where)
            await self._tell(channel, _NO_ROUTE)
            return
        await self._tell(channel, await self._run(name, channel, request))

    async def _run(self, name: str, channel: ICardChannel, request: CardRequest) -> str:
        job = str(next(self._jobs))
        observer = self.tools.observer
        observer.job_started(job, name, channel.info)
        session: Session | None = None
        try:
            operation, settings = self.book.operation(name)
            parameters = parameters_from(operation, request)
            session = self._session(job, operation, channel, parameters, settings)
            result = await perform(operation, session)
        except CardGatewayError as error:
            ended = GatewayStopping() if isinstance(error, OperationCancelled) else error
            observer.job_ended(job, None, ended)
            return ended.brief
        observer.job_ended(job, result, None)
        return session.text

    def _session(self, job: str, operation: IOperation, channel: ICardChannel, parameters: Any, settings: Any) -> Session:
        quirks = quirks_of(channel.info, self.book.quirks)
        log = Logger(namespace=f"cardgw.operations.{operation.name}")
        return Session(job, self.stack(channel), parameters, settings, quirks, log, self.tools)

    async def _tell(self, channel: ICardChannel, text: str) -> None:
        if not text or Feature.SHOW not in channel.info.offers:
            return
        try:
            await channel.show(text)
        except (ChannelError, NotSupported, CancelledError) as problem:
            fmt = "{peer}: could not show a text: {problem}"
            _log.debug(fmt, event="text-not-shown", peer=_peer(channel.info), problem=str(problem))


async def _until_gone(channel: ICardChannel) -> None:
    with suppress(CancelledError):
        await channel.when_gone()


def _peer(info: ChannelInfo) -> str:
    return f"{info.transport} {info.peer}"
