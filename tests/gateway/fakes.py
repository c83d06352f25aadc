"""
What the tests of the gateway share: a channel without a card, an observer that remembers, operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from zope.interface import implementer

from cardgw.apdu.base import ChannelBase
from cardgw.errors import CardGatewayError, ChannelError, SecretError
from cardgw.fields import option, text
from cardgw.gateway.session import Tools
from cardgw.interfaces import ICardObserver, IOperation, ISession
from cardgw.testing import FakeHTTP, FakeOutbox, FakeTrust
from cardgw.values import CardRequest, ChannelInfo, Feature, Reset
from tests.gateway.stores import memory_store

APPLICATION = bytes.fromhex("A000000001")
SECRETS = {"pin": b"1234"}


class QuietChannel(ChannelBase):
    """
    A channel that shows texts and can be held; nothing is exchanged.
    """

    def __init__(
        self,
        request: CardRequest | None = None,
        offers: frozenset[Feature] = frozenset({Feature.SHOW}),
        resets: frozenset[Reset] = frozenset(),
        identity: str = "",
    ) -> None:
        info = ChannelInfo("test", "somewhere", None, APPLICATION, offers, resets, request=request, identity=identity)
        super().__init__(info)
        self.events: list[str] = []

    def _hold(self) -> Deferred[None]:
        self.events.append("hold")
        return succeed(None)

    def _release(self) -> None:
        self.events.append("release")

    def _show(self, text: str) -> Deferred[None]:
        self.events.append(f"show {text}")
        return succeed(None)


@implementer(ICardObserver)
@define
class Memory:
    """
    Remembers what it was told.
    """

    told: list[tuple[Any, ...]] = field(factory=list)

    def card_arrived(self, info: ChannelInfo) -> None:
        self.told.append(("card_arrived", info.peer))

    def card_gone(self, info: ChannelInfo, reason: ChannelError | None) -> None:
        self.told.append(("card_gone", info.peer, reason))

    def job_started(self, job: str, operation: str, info: ChannelInfo) -> None:
        self.told.append(("job_started", job, operation))

    def job_stage(self, job: str, stage: str, facts: Mapping[str, Any]) -> None:
        self.told.append(("job_stage", job, stage, dict(facts)))

    def job_percent(self, job: str, done: int) -> None:
        self.told.append(("job_percent", job, done))

    def job_ended(self, job: str, result: dict[str, Any] | None, error: CardGatewayError | None) -> None:
        self.told.append(("job_ended", job, result, error))


@frozen
class Parameters:
    """
    One text from the card's side.
    """

    code: str = option(text, "a code", default="none", from_request=True)


@frozen
class NoSettings:
    """
    Nothing to set.
    """


@implementer(IOperation)
@define
class Scripted:
    """
    An operation that does what C{body} says.
    """

    body: Any
    name: str = "test.run"
    summary: str = "run a test"
    help: str = "Runs."
    parameters: Any = Parameters
    settings: Any = NoSettings
    application: bytes | None = APPLICATION
    requires: frozenset[Feature] = frozenset()
    destructive: bool = False
    repeatable: bool = False

    async def run(self, session: ISession) -> dict[str, Any]:
        result: dict[str, Any] = await self.body(session)
        return result


def secret(name: str) -> bytes:
    """
    The secrets of the tests.
    """
    if name not in SECRETS:
        raise SecretError(name)
    return SECRETS[name]


def make_tools(observer: ICardObserver) -> Tools:
    """
    Tools without a network.
    """
    return Tools(Clock(), FakeHTTP(), FakeTrust(), observer, secret, FakeOutbox(), memory_store().memory)
