# -*- test-case-name: tests.gateway.test_session -*-
"""
One operation on one card: what it is given, and what becomes of its end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeAlias

from attrs import Factory, define, evolve, field, frozen
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IProtocol, IProtocolFactory
from twisted.logger import Logger
from zope.interface import implementer

from cardgw.errors import CardGatewayError, OperationCancelled, OperationRefused, ParameterError, PluginError, SecretError
from cardgw.fields import build, options
from cardgw.gateway.dial import dial
from cardgw.gateway.events import PLAIN
from cardgw.interfaces import ICardChannel, ICardObserver, IHTTPClient, IOperation, IOutbox, ISession, ITrust
from cardgw.quirks import Quirks
from cardgw.texts.catalogue import Words
from cardgw.values import CardRequest, ChannelInfo, Feature, Psk, Question, Reset

Connect: TypeAlias = Callable[[str, IProtocolFactory], Deferred[IProtocol]]


class Memory(Protocol):
    """
    What is remembered about cards (L{cardgw.gateway.store}).
    """

    def recall(self, card: str, key: str) -> Deferred[bytes | None]:
        """
        See L{ISession.recall}.
        """

    def remember(self, card: str, key: str, value: bytes | None, sealed: bool) -> Deferred[None]:
        """
        See L{ISession.remember}.
        """


class Course(Protocol):
    """
    The job that a session belongs to, as far as the operation moves it.
    """

    @property
    def identity(self) -> str:
        """
        See L{ISession.identity}.
        """

    def stage(self, name: str, facts: Mapping[str, Any]) -> None:
        """
        See L{cardgw.interfaces.IProgress.stage}.
        """

    def percent(self, done: int) -> None:
        """
        See L{cardgw.interfaces.IProgress.percent}.
        """

    def identified(self, identity: str) -> None:
        """
        See L{ISession.identified}.
        """

    def achieved(self, result: dict[str, Any]) -> Deferred[None]:
        """
        See L{ISession.achieved}.
        """

    def ask(self, question: Question) -> Deferred[str]:
        """
        See L{ISession.ask}.
        """


def _no_keys(name: str) -> Any:
    raise SecretError(f"{name}: there is no key set of this name")


def _stranger(identity: bytes) -> Psk | None:
    return None


@frozen
class Tools:
    """
    What every session is given alike.

    @ivar secret: gives the secret of a name (see L{ISession.secret}).
    @ivar keys: gives the key set of a name (see L{ISession.keys}).
    @ivar psk: gives the key of a TLS-PSK identity (see L{cardgw.interfaces.IGateway.psk}).
    @ivar words: puts what card holders are shown into their language.
    @ivar connect: opens connections (see L{ISession.connect}); by default with C{clock}, which is the reactor.
    """

    clock: Any
    http: IHTTPClient
    trust: ITrust
    observer: ICardObserver
    secret: Any
    outbox: IOutbox
    memory: Memory
    words: Words = field(factory=Words)
    connect: Connect = field(default=Factory(lambda self: partial(dial, self.clock), takes_self=True))
    keys: Callable[[str], Any] = field(default=_no_keys, kw_only=True)
    psk: Callable[[bytes], Psk | None] = field(default=_stranger, kw_only=True)


@implementer(ISession)
@define(eq=False)
class Session:
    """
    See L{ISession}.

    @ivar course: the job.
    @ivar text: what L{farewell} was given last, and C{reset} with it.
    """

    channel: ICardChannel
    parameters: Any
    settings: Any
    quirks: Quirks
    log: Logger
    course: Course = field(repr=False)
    tools: Tools = field(repr=False)
    text: str = ""
    reset: Reset | None = None
    _keys: dict[str, Any] = field(factory=dict, init=False, repr=False)

    @property
    def clock(self) -> Any:
        """
        See L{ISession}.
        """
        return self.tools.clock

    @property
    def http(self) -> IHTTPClient:
        """
        See L{ISession}.
        """
        return self.tools.http

    @property
    def trust(self) -> ITrust:
        """
        See L{ISession}.
        """
        return self.tools.trust

    @property
    def outbox(self) -> IOutbox:
        """
        See L{ISession}.
        """
        return self.tools.outbox

    @property
    def identity(self) -> str:
        """
        See L{ISession}.
        """
        return self.course.identity

    def stage(self, name: str, /, **facts: Any) -> None:
        """
        See L{cardgw.interfaces.IProgress.stage}.
        """
        self.course.stage(name, _writable(facts))

    def percent(self, done: int) -> None:
        """
        See L{cardgw.interfaces.IProgress.percent}.
        """
        self.course.percent(done)

    def show(self, text: str) -> Deferred[None]:
        """
        See L{ISession.show}.
        """
        return self.channel.show(self.tools.words(text)) if Feature.SHOW in self.channel.info.offers else succeed(None)

    def farewell(self, text: str, reset: Reset | None = None) -> None:
        """
        See L{ISession.farewell}.
        """
        self.text, self.reset = text, reset

    def identified(self, identity: str) -> None:
        """
        See L{ISession.identified}.
        """
        self.course.identified(identity)

    def achieved(self, result: dict[str, Any]) -> Deferred[None]:
        """
        See L{ISession.achieved}.
        """
        return self.course.achieved(_checked(result))

    def ask(self, question: Question) -> Deferred[str]:
        """
        See L{ISession.ask}.
        """
        return self.course.ask(evolve(question, facts=_writable(question.facts)))

    def connect(self, endpoint: str, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        See L{ISession.connect}.
        """
        return self.tools.connect(endpoint, factory)

    def recall(self, card: str, key: str) -> Deferred[bytes | None]:
        """
        See L{ISession.recall}.
        """
        return self.tools.memory.recall(card, key)

    def remember(self, card: str, key: str, value: bytes | None, *, sealed: bool = False) -> Deferred[None]:
        """
        See L{ISession.remember}.
        """
        return self.tools.memory.remember(card, key, value, sealed)

    def secret(self, name: str) -> bytes:
        """
        See L{ISession.secret}.
        """
        found: bytes = self.tools.secret(name)
        return found

    def keys(self, name: str) -> Any:
        """
        See L{ISession.keys}.  They stay the same for as long as the job runs, whatever the settings say meanwhile.
        """
        if name not in self._keys:
            self._keys[name] = self.tools.keys(name)
        return self._keys[name]


def refuse_unfit(operation: IOperation, info: ChannelInfo) -> None:
    """
    Check that a channel offers what an operation needs.

    @raise OperationRefused: it does not; the text names what is missing.
    """
    missing = [feature.value for feature in operation.requires - info.offers]
    if operation.application is not None and info.application != operation.application and Feature.SELECT not in info.offers:
        missing.append(f"the application {operation.application.hex().upper()}")
    if missing:
        raise OperationRefused(f"{operation.name} needs {', '.join(sorted(missing))}, which {info.transport} does not offer")


def values_from(operation: IOperation, request: CardRequest) -> dict[str, Any]:
    """
    What a card's side gave to an operation that it asked for: its text, for the field that is declared so.
    """
    return {each.name: request.text for each in options(operation.parameters) if each.from_request}


def parameters_from(operation: IOperation, values: Mapping[str, Any]) -> Any:
    """
    The parameters of an operation.

    @raise ParameterError: one is wrong or missing.
    """
    return build(operation.parameters, values, operation.name, ParameterError)


def hidden_in(operation: IOperation) -> frozenset[str]:
    """
    The names of the parameters that must not be shown.
    """
    return frozenset(each.name for each in options(operation.parameters) if each.secret)


def _checked(result: Any) -> dict[str, Any]:
    if not isinstance(result, dict):
        raise TypeError(f"run must return a dict, and returned {type(result).__name__}")
    json.dumps(result, allow_nan=False)
    return result


def _writable(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    if all(type(each) in PLAIN for each in facts.values()):
        return facts
    try:
        json.dumps(facts)
    except (TypeError, ValueError):
        return {name: str(value) for name, value in facts.items()}
    return facts


async def perform(operation: IOperation, session: Session) -> dict[str, Any]:
    """
    Run an operation with the card held.

    @raise CardGatewayError: whatever went wrong, also in the operation's own code.
    """
    try:
        refuse_unfit(operation, session.channel.info)
        await session.channel.hold()
        try:
            return _checked(await operation.run(session))
        finally:
            session.channel.release()
    except CardGatewayError:
        raise
    except CancelledError:
        raise OperationCancelled(operation.name) from None
    except Exception as defect:
        session.log.failure("{operation} has a defect", operation=operation.name)
        raise PluginError(f"{operation.name}: {type(defect).__name__}") from defect
