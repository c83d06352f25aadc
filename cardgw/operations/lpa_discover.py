# -*- test-case-name: tests.operations.test_lpa_discover -*-
"""
C{lpa.discover}: an SM-DS tells where profiles wait for an eUICC (SGP.22 3.6), and they are downloaded if that is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.plugin import IPlugin
from twisted.python.components import proxyForInterface
from zope.interface import implementer

from cardgw.errors import CardGatewayError, ChannelError, OperationCancelled
from cardgw.fields import boolean, checked, option
from cardgw.interfaces import IOperation, ISession
from cardgw.lpa.access import open_isdr
from cardgw.lpa.activation import ActivationCodeError, server_address
from cardgw.lpa.download import download
from cardgw.lpa.es11 import ROOT_SMDS, Event, discover, root_smds
from cardgw.lpa.identity import SCHEME, identify
from cardgw.lpa.imei import clean_imei
from cardgw.lpa.isdr import ISD_R
from cardgw.operations.profile import DownloadSettings
from cardgw.operations.settings import segment_size
from cardgw.values import Feature


def clean_smds(address: str) -> str:
    """
    The address of an SM-DS.

    @param address: a host name, with or without a port; or empty.
    @raise ValueError: it is neither.
    """
    try:
        return server_address(address) if address.strip() else ""
    except ActivationCodeError as problem:
        raise ValueError(problem.detail.replace("SM-DP+", "SM-DS")) from None


@frozen
class DiscoverParameters:
    """
    What the caller gives.
    """

    smds: str = option(
        checked("a host name such as lpa.ds.example.com, or nothing", clean_smds),
        f"the SM-DS to ask; empty for the one that the eUICC names, or {ROOT_SMDS}",
        default="",
    )
    download: bool = option(boolean, "download what waits, one profile after another", default=False)
    imei: str = option(checked("an IMEI of 15 digits", clean_imei), "the IMEI to tell the servers", default="")
    accept_policy_rules: bool = option(
        boolean,
        "agree to profiles that cannot be disabled or deleted freely, where the eUICC wants the user's consent",
        default=False,
    )


@implementer(IPlugin, IOperation)
class DiscoverProfiles:
    """
    See L{IOperation}.
    """

    name = "lpa.discover"
    summary = "ask a discovery server which profiles wait for an eUICC"
    help = """\
Asks an SM-DS, the discovery server for eUICCs, whether profiles wait for this one, and tells each event with the SM-DP+ that has
the profile.  The event id is the matching id there: LPA:1$<rspServerAddress>$<eventId> is the activation code.

With "download" the profiles are downloaded as profile.download does it, one after another; one that cannot be had does not keep
the others from being tried.  That nothing waits is no error.
"""
    parameters: Any = DiscoverParameters
    settings: Any = DownloadSettings
    application: bytes | None = ISD_R
    requires: frozenset[Feature] = frozenset()
    destructive = False
    repeatable = True

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: C{eidValue}; C{smds}, who was asked; and C{events}: a list, each with C{eventId} and C{rspServerAddress}, and,
            where it was to be downloaded, C{outcome}: see L{_Downloads}.
        """
        parameters = session.parameters
        isdr = await open_isdr(session.channel, session.quirks, segment_size(session))
        try:
            identity = await identify(session, isdr)
            host = parameters.smds or await root_smds(session, isdr)
            events = await discover(session, isdr, host, parameters.imei or None)
        finally:
            await isdr.close()
        found = _Downloads(session, identity.removeprefix(SCHEME), host, events)
        if parameters.download:
            await found.run()
        session.farewell(found.summary())
        return found.result()


@define(eq=False)
class _Downloads:
    """
    The events, and what became of them: C{outcome} is what L{cardgw.lpa.download.download} gives, with C{installed}, true; or
    C{installed}, false, with C{error} (a code for programs) and C{reason} (for people).
    """

    session: ISession
    eid: str
    host: str
    events: Sequence[Event]
    outcomes: dict[Event, dict[str, Any]] = field(factory=dict)

    async def run(self) -> None:
        """
        Download them all.

        @raise ChannelError: the card was lost; later ones are not tried.
        """
        for event in self.events:
            self.session.log.info("downloading the profile that waits at {host}", host=event.address)
            try:
                self.outcomes[event] = {"installed": True} | await self._download(event)
            except (ChannelError, OperationCancelled):
                raise
            except CardGatewayError as problem:
                self.session.log.warn("the download from {host} failed: {reason}", host=event.address, reason=str(problem))
                self.outcomes[event] = {"installed": False, "error": problem.code, "reason": str(problem)}
            await self.session.achieved(self.result())

    async def _download(self, event: Event) -> dict[str, Any]:
        parameters, settings = self.session.parameters, self.session.settings

        def achieved(result: dict[str, Any]) -> Deferred[None]:
            self.outcomes[event] = {"installed": True} | result
            return self.session.achieved(self.result())

        return await download(
            _Part(self.session, achieved),
            event.code(parameters.imei or None),
            segment_size(self.session),
            accept_rules=parameters.accept_policy_rules,
            notices=settings.notifications,
            keep_package=settings.keep_package,
        )

    def result(self) -> dict[str, Any]:
        """
        As far as it is known by now.
        """
        events: list[dict[str, Any]] = [
            {"eventId": event.event_id, "rspServerAddress": event.address}
            | ({"outcome": self.outcomes[event]} if event in self.outcomes else {})
            for event in self.events
        ]
        return {"eidValue": self.eid, "smds": self.host, "events": events}

    def summary(self) -> str:
        """
        For the card holder.
        """
        count = len(self.events)
        if not count:
            return "No profile waits for this card."
        if not self.outcomes:
            return f"{count} profile{' waits' if count == 1 else 's wait'} for this card."
        installed = sum(each["installed"] for each in self.outcomes.values())
        hint = f" Enable {'it' if installed == 1 else 'one'} in the profile menu." if installed else ""
        return f"{installed} of {count} profile{'' if count == 1 else 's'} installed.{hint}"


class _Part(proxyForInterface(ISession, "whole")):  # type: ignore[misc]
    """
    The session as one of several downloads sees it: what it achieves is only a part of the result.
    """

    def __init__(self, whole: ISession, achieved: Callable[[dict[str, Any]], Deferred[None]]) -> None:
        super().__init__(whole)
        self._achieved = achieved

    def achieved(self, result: dict[str, Any]) -> Deferred[None]:
        """
        See L{ISession.achieved}.
        """
        return self._achieved(result)
