# -*- test-case-name: tests.testing.test_observer -*-
"""
L{ICardObserver}: what it does, and one that keeps what it was told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zope.interface import implementer

from cardgw.errors import CardGatewayError, ChannelError, PeerLost
from cardgw.interfaces import ICardObserver
from cardgw.testing.contract import ContractMixin
from cardgw.values import CardRequest, ChannelInfo


@implementer(ICardObserver)
class FakeObserver:
    """
    Keeps what it is told.

    @ivar events: the name of the method and its arguments, in order.
    """

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def card_arrived(self, info: ChannelInfo) -> None:
        """
        See L{ICardObserver.card_arrived}.
        """
        self.events.append(("card_arrived", info))

    def card_gone(self, info: ChannelInfo, reason: ChannelError | None) -> None:
        """
        See L{ICardObserver.card_gone}.
        """
        self.events.append(("card_gone", info, reason))

    def job_started(self, job: str, operation: str, info: ChannelInfo) -> None:
        """
        See L{ICardObserver.job_started}.
        """
        self.events.append(("job_started", job, operation, info))

    def job_stage(self, job: str, stage: str, facts: Mapping[str, Any]) -> None:
        """
        See L{ICardObserver.job_stage}.
        """
        self.events.append(("job_stage", job, stage, dict(facts)))

    def job_percent(self, job: str, done: int) -> None:
        """
        See L{ICardObserver.job_percent}.
        """
        self.events.append(("job_percent", job, done))

    def job_ended(self, job: str, result: dict[str, Any] | None, error: CardGatewayError | None) -> None:
        """
        See L{ICardObserver.job_ended}.
        """
        self.events.append(("job_ended", job, result, error))


class ObserverTestsMixin(ContractMixin):
    """
    Tests of an L{ICardObserver}.  Subclasses provide L{make_observer}.
    """

    def make_observer(self) -> Any:
        """
        A hook.

        @return: L{ICardObserver}.
        """
        raise NotImplementedError("make_observer")

    def test_interface(self) -> None:
        """
        It provides L{ICardObserver}.
        """
        self.verify(ICardObserver, self.make_observer())

    def test_success(self) -> None:
        """
        It listens to a job that succeeds.  Nothing it does comes back.
        """
        tell_success(self.make_observer())

    def test_failure(self) -> None:
        """
        It listens to a job that fails, and to a card that is lost.
        """
        observer, info = self.make_observer(), ChannelInfo("memory")
        observer.card_arrived(info)
        observer.job_started("2", "profile.download", info)
        observer.job_ended("2", None, PeerLost("in the midst of it"))
        observer.card_gone(info, PeerLost())

    def test_outOfTheBlue(self) -> None:
        """
        It bears to hear of jobs and cards whose beginning it has missed.
        """
        observer = self.make_observer()
        observer.job_percent("7", 50)
        observer.job_stage("7", "es10b_load_bound_profile_package", {})
        observer.job_ended("7", None, None)
        observer.card_gone(ChannelInfo("memory"), None)


def tell_success(observer: ICardObserver) -> None:
    """
    Tell an observer all of a job that succeeds.
    """
    info = ChannelInfo("memory", "192.0.2.1:1024", request=CardRequest("download", "LPA:1$smdp.example.test$"))
    observer.card_arrived(info)
    observer.job_started("1", "profile.download", info)
    observer.job_stage("1", "es8p_metadata_parse", {"provider": "A provider", "iccid": "8901000000000000001"})
    for done in (0, 50, 100):
        observer.job_percent("1", done)
    observer.job_ended("1", {"iccid": "8901000000000000001"}, None)
    observer.card_gone(info, None)
