# -*- test-case-name: tests.gateway.test_session -*-
"""
One operation on one card: what it is given, and what becomes of its end.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.logger import Logger
from zope.interface import implementer

from cardgw.errors import CardGatewayError, NobodyToAsk, OperationCancelled, OperationRefused, ParameterError, PluginError
from cardgw.fields import build, options
from cardgw.interfaces import ICardChannel, ICardObserver, IHTTPClient, IOperation, ISession, ITrust
from cardgw.quirks import Quirks
from cardgw.values import CardRequest, ChannelInfo, Feature


@frozen
class Tools:
    """
    What every session is given alike.

    @ivar secret: gives the secret of a name (see L{ISession.secret}).
    """

    clock: Any
    http: IHTTPClient
    trust: ITrust
    observer: ICardObserver
    secret: Any


@implementer(ISession)
@define(eq=False)
class Session:
    """
    See L{ISession}.

    @ivar job: the name under which observers hear of it.
    @ivar text: what L{farewell} was given last.
    """

    job: str
    channel: ICardChannel
    parameters: Any
    settings: Any
    quirks: Quirks
    log: Logger
    tools: Tools = field(repr=False)
    text: str = ""

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

    def stage(self, name: str, /, **facts: Any) -> None:
        """
        See L{cardgw.interfaces.IProgress.stage}.
        """
        self.tools.observer.job_stage(self.job, name, facts)

    def percent(self, done: int) -> None:
        """
        See L{cardgw.interfaces.IProgress.percent}.
        """
        self.tools.observer.job_percent(self.job, done)

    def show(self, text: str) -> Deferred[None]:
        """
        See L{ISession.show}.
        """
        return self.channel.show(text) if Feature.SHOW in self.channel.info.offers else succeed(None)

    def farewell(self, text: str) -> None:
        """
        See L{ISession.farewell}.
        """
        self.text = text

    def ask(self, question: str) -> Deferred[str]:
        """
        See L{ISession.ask}.  A card holder can only be shown texts.
        """
        return fail(NobodyToAsk(question))

    def secret(self, name: str) -> bytes:
        """
        See L{ISession.secret}.
        """
        found: bytes = self.tools.secret(name)
        return found


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


def parameters_from(operation: IOperation, request: CardRequest) -> Any:
    """
    The parameters of an operation that a card's side asked for: its text goes to the field that is declared so.

    @raise ParameterError: the text is not what the operation expects, or a parameter is missing.
    """
    values = {each.name: request.text for each in options(operation.parameters) if each.from_request}
    return build(operation.parameters, values, operation.name, ParameterError)


def _checked(result: Any) -> dict[str, Any]:
    if not isinstance(result, dict):
        raise TypeError(f"run must return a dict, and returned {type(result).__name__}")
    return result


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
