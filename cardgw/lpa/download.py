# -*- test-case-name: tests.lpa.test_download -*-
"""
A profile download from the activation code to the delivered notification (SGP.22 3.1.3).  The steps are in

  1. L{cardgw.lpa.authenticate}: eUICC and server show each other who they are;
  2. L{cardgw.lpa.bind}: the offer is checked, the package fetched;
  3. L{cardgw.lpa.install}: the package is loaded;
  4. L{cardgw.lpa.conclude}: the result is written down, and the server hears of it;

L{cardgw.lpa.cancel} gives up what was begun, and L{cardgw.lpa.kept_package} keeps a package whose loading broke off.  Stages have
the names that lpac uses.
"""

from __future__ import annotations

from typing import Any

from attrs import Factory, define, frozen
from twisted.internet.defer import CancelledError

from cardgw.errors import CardError
from cardgw.interfaces import ISession
from cardgw.lpa.access import open_isdr
from cardgw.lpa.activation import ActivationCode
from cardgw.lpa.addresses import with_server
from cardgw.lpa.authenticate import Greeting, authenticate_card, authenticate_client, check_server, greet, initiate
from cardgw.lpa.bind import Agreement, check_memory, check_offer, confirmation_hash, fetch, prepare, read_metadata
from cardgw.lpa.cancel import cancel
from cardgw.lpa.conclude import About, conclude
from cardgw.lpa.download_errors import InstallationInterrupted
from cardgw.lpa.eid import DIGITS
from cardgw.lpa.es9 import Es9, InitiateAuthentication
from cardgw.lpa.identity import SCHEME
from cardgw.lpa.install import install
from cardgw.lpa.isdr import SEGMENT_SIZE, Isdr
from cardgw.lpa.kept_package import KeptPackage, keep, take
from cardgw.lpa.notice_policy import NoticePolicy
from cardgw.lpa.notification import InstallResult
from cardgw.lpa.package import PackageError, segments
from cardgw.lpa.policy import check_policy

_INSTALL = frozenset({"install"})


@frozen
class Manner:
    """
    How a download is done.

    @ivar accept_rules: the end user agrees to policy rules.
    @ivar notices: what becomes of the notification.
    @ivar keep_package: keep a package whose loading broke off for one more try, and use one that was kept.
    """

    accept_rules: bool = False
    notices: NoticePolicy = Factory(NoticePolicy)
    keep_package: bool = False


async def download(
    session: ISession,
    code: ActivationCode,
    segment_size: int = SEGMENT_SIZE,
    *,
    accept_rules: bool = False,
    notices: NoticePolicy | None = None,
    keep_package: bool = False,
) -> dict[str, Any]:
    """
    Download a profile and install it.

    @param code: without a host, the default SM-DP+ of the eUICC is asked.
    @param segment_size: most data bytes in one STORE DATA block.
    @param accept_rules: see L{Manner}, like those that follow.
    @return: C{iccid}, C{provider}, C{name}, C{eid}, and C{notification}: C{"delivered"}; C{"pending"} (it will be sent later) or
        C{"refused"} (its server will never take it) with a C{reason}; or C{"left"} (on the card, as settings say).
    @raise CardGatewayError: the profile is not installed, or, where the text says so, may be.
    """
    manner = Manner(accept_rules, notices or NoticePolicy(), keep_package)
    isdr = await open_isdr(session.channel, session.quirks, segment_size)
    try:
        return await Download(session, await with_server(isdr, code), isdr, manner).run()
    finally:
        await isdr.close()


@define(eq=False)
class Download:
    """
    One download.
    """

    session: ISession
    code: ActivationCode
    isdr: Isdr
    manner: Manner = Factory(Manner)

    async def run(self) -> dict[str, Any]:
        """
        See L{download}.
        """
        kept = await take(self.session, self.isdr, self.code) if self.manner.keep_package else None
        result = None if kept is None else await self._load_kept(kept)
        if kept is not None and result is not None:
            return await self._conclude(kept.about, result)
        return await self._from_the_beginning()

    async def _from_the_beginning(self) -> dict[str, Any]:
        greeting = await greet(self.session, self.isdr)
        es9 = Es9(self.session.http, self.code.host, greeting.trusted, secret=self.code.matching_id)
        opening = await initiate(self.session, es9, self.code.host, greeting)
        transaction_id = opening.transaction_id
        try:
            agreed = await self._agree(es9, greeting, opening)
            del opening
            about = _about(agreed, es9)
            result = await self._load(about, transaction_id, await fetch(self.session, es9, agreed))
        except Exception as error:
            await cancel(self.session, self.isdr, es9, transaction_id, error)
            raise
        return await self._conclude(about, result)

    async def _agree(self, es9: Es9, greeting: Greeting, opening: InitiateAuthentication) -> Agreement:
        session, isdr, transaction_id = self.session, self.isdr, opening.transaction_id
        server = check_server(session, self.code, greeting, opening)
        card = await authenticate_card(session, isdr, self.code, opening)
        self._identified(card.eid)
        offer = await authenticate_client(session, es9, transaction_id, card)
        confirm = check_offer(session, self.code.host, card, server, offer)
        metadata = read_metadata(session, offer.metadata)
        check_memory(card.info2)
        await check_policy(session, isdr, metadata, card.info2, self.manner.accept_rules)
        hash_cc = await confirmation_hash(session, self.code, transaction_id, metadata) if confirm else b""
        prepared = await prepare(session, isdr, offer, hash_cc)
        return Agreement(transaction_id, metadata, card.eid, card.info2, prepared)

    def _identified(self, eid: str) -> None:
        """
        The eUICC's certificate has told its EID.  Where the job is for another card, it ends here: before the server binds the
        profile to this one.
        """
        if len(eid) == DIGITS and eid.isdecimal():
            self.session.identified(SCHEME + eid)

    async def _load(self, about: About, transaction_id: str, parts: tuple[bytes, ...]) -> InstallResult:
        script = self.isdr.package(parts)
        del parts  # the script holds the same bytes: a package of tens of kilobytes is not kept twice
        try:
            return await install(self.session, self.isdr, script, transaction_id)
        except InstallationInterrupted:
            if self.manner.keep_package:
                await keep(self.session, self.code, about, transaction_id, script)
            raise

    async def _load_kept(self, kept: KeptPackage) -> InstallResult | None:
        """
        Try a package again whose loading broke off.

        @return: the result of an installation that succeeded, now or, unheard, at the last visit.
        @raise ChannelError: the card was lost again.
        """
        session, isdr = self.session, self.isdr
        session.log.info("the loading of a kept package begins anew")
        try:
            result = await install(session, isdr, isdr.package(segments(kept.package)), kept.transaction_id)
        except (CardError, PackageError) as problem:
            session.log.info("the kept package is of no use any more: {problem}", problem=str(problem))
            return None
        except CancelledError as cancelled:
            es9 = Es9(session.http, kept.about.host, kept.about.trusted, secret=self.code.matching_id)
            await cancel(session, isdr, es9, kept.transaction_id, cancelled)
            raise
        if result.failure is not None:
            session.log.info("the kept package was not installed; the download begins anew")
            return None
        return result

    async def _conclude(self, about: About, result: InstallResult) -> dict[str, Any]:
        return await conclude(self.session, self.isdr, about, result, self.manner.notices.of(_INSTALL))


def _about(agreed: Agreement, es9: Es9) -> About:
    metadata = agreed.metadata
    return About(metadata.provider, metadata.name, metadata.iccid, agreed.eid, es9.host, es9.trusted)
