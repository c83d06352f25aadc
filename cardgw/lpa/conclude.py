# -*- test-case-name: tests.lpa.test_conclude -*-
"""
The end of a download: its result is written down, the server hears of it, the eUICC need not keep it any more (SGP.22 3.1.3.3,
3.5).  From the moment the eUICC has given the result, nothing that goes wrong makes another result of it.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from cardgw.errors import CardGatewayError, DeliveryRefused
from cardgw.interfaces import ISession
from cardgw.lpa.deliver import remove_delivered
from cardgw.lpa.errors import installation_failure
from cardgw.lpa.identity import SCHEME
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.notice_policy import LEAVE, REMOVE
from cardgw.lpa.notices import Pending, parcel_of
from cardgw.lpa.notification import InstallResult, Metadata
from cardgw.lpa.together import together
from cardgw.values import OutboxEntry, ParcelState

DELIVERED, PENDING, REFUSED, LEFT = "delivered", "pending", "refused", "left"
"""What C{notification} in a result may say."""


@frozen
class About:
    """
    What a download is about.

    @ivar eid: 32 digits, or empty.
    @ivar host: the server that gave the profile.
    @ivar trusted: key identifiers of the CIs that the card trusts.
    """

    provider: str
    name: str
    iccid: str
    eid: str
    host: str
    trusted: frozenset[bytes] = frozenset()

    def installed(self, result: InstallResult) -> dict[str, Any]:
        """
        The facts that a result of the download has.
        """
        iccid = result.metadata.iccid or self.iccid
        return {"iccid": iccid, "provider": self.provider, "name": self.name, "eid": self.eid}


async def conclude(session: ISession, isdr: Isdr, about: About, result: InstallResult, rule: str) -> dict[str, Any]:
    """
    Tell the server, then whoever wanted the download.  Nothing is asked of the card after that.

    @param rule: what becomes of the notification: of L{NoticePolicy}.
    @return: see L{cardgw.lpa.download.download}.
    @raise ProfileNotInstalled: the eUICC has not installed the profile.
    """
    status, reason = await _Conclusion(session, isdr, about, result, rule).run()
    if result.failure is not None:
        error = installation_failure(*result.failure)
        error.detail += f"; the card had answered: {result.instead}" if result.instead else ""
        raise error
    facts = about.installed(result)
    named = " ".join(part for part in (about.provider, about.name) if part) or facts["iccid"]
    later = " The provider will be told later." if status == PENDING else ""
    session.farewell(f"Installed: {named}. Enable it in the profile menu.{later}")
    return facts | {"notification": status} | ({"reason": reason} if reason else {})


@frozen
class _Conclusion:
    session: ISession
    isdr: Isdr
    about: About
    result: InstallResult
    rule: str

    async def run(self) -> tuple[str, str]:
        """
        @return: what became of the notification, and why.
        """
        try:
            entry = await self._store()
        except (CardGatewayError, CancelledError) as problem:
            return PENDING, self._stays(problem)
        if entry is None:
            return LEFT, ""
        status, reason = await self._deliver(entry)
        if status == DELIVERED and self.rule == REMOVE:
            await self._remove(entry)
        return status, reason

    async def _store(self) -> OutboxEntry | None:
        """
        Write down what has happened, before anybody is told.

        @return: C{None} where settings leave the notification on the card.
        """
        session, writing = self.session, []
        if self.result.failure is None:
            facts = self.about.installed(self.result) | {"notification": PENDING}
            writing.append(session.achieved(facts).addErrback(self._unwritten))
        if self.rule != LEAVE:
            keeping: Deferred[Any] = session.outbox.keep(
                parcel_of(self._card(), self._pending(), self.about.trusted, remove=self.rule == REMOVE)
            )
            writing.append(keeping)
        written = await together(*writing)
        return None if self.rule == LEAVE else written[-1]

    def _card(self) -> str:
        known = self.session.identity
        return known if known.startswith(SCHEME) or not self.about.eid else SCHEME + self.about.eid

    def _pending(self) -> Pending:
        metadata = self.result.metadata
        address = metadata.address or self.about.host
        return Pending(self.result.raw, Metadata(metadata.sequence, metadata.events, address, metadata.iccid))

    def _unwritten(self, failure: Failure) -> None:
        """
        That the result is not written down yet must not keep the server from hearing of it.
        """
        failure.trap(CardGatewayError, CancelledError)
        self.session.log.warn("the result could not be written down yet: {problem}", problem=failure.getErrorMessage())

    def _stays(self, problem: BaseException) -> str:
        reason = str(problem) or "cancelled"
        self.session.log.warn("the notification stays on the eUICC: {reason}", reason=reason)
        return reason

    async def _deliver(self, entry: OutboxEntry) -> tuple[str, str]:
        if entry.state is ParcelState.DELIVERED:
            return DELIVERED, ""
        self.session.stage("es9p_handle_notification", host=entry.parcel.address)
        try:
            await self.session.outbox.deliver(entry)
        except DeliveryRefused as refusal:
            return REFUSED, self._stays(refusal)
        except (CardGatewayError, CancelledError) as problem:
            return PENDING, self._stays(problem)
        return DELIVERED, ""

    async def _remove(self, entry: OutboxEntry) -> None:
        try:
            await remove_delivered(self.session, self.isdr, entry, last=True)
        except (CardGatewayError, CancelledError) as problem:
            self.session.log.warn("a delivered notification stays on the eUICC: {reason}", reason=str(problem) or "cancelled")
