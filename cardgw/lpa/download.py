# -*- test-case-name: tests.lpa.test_download -*-
"""
A profile download from the activation code to the delivered notification (SGP.22 3.1.3).  The steps are in

  1. L{cardgw.lpa.authenticate}: eUICC and server show each other who they are;
  2. L{cardgw.lpa.bind}: the offer is checked, the package fetched;
  3. L{cardgw.lpa.install}: the package is loaded;
  4. L{cardgw.lpa.deliver}: the server hears of the result;

and L{cardgw.lpa.cancel} gives up what was begun.  Stages have the names that lpac uses.
"""

from __future__ import annotations

from typing import Any

from attrs import define
from twisted.internet.defer import CancelledError

from cardgw.errors import CardGatewayError
from cardgw.interfaces import ISession
from cardgw.lpa.access import open_isdr
from cardgw.lpa.activation import ActivationCode
from cardgw.lpa.addresses import with_server
from cardgw.lpa.authenticate import Greeting, authenticate_card, authenticate_client, check_server, greet, initiate
from cardgw.lpa.bind import Agreement, check_memory, check_offer, confirmation_hash, fetch, prepare, read_metadata
from cardgw.lpa.cancel import cancel
from cardgw.lpa.deliver import forget, send
from cardgw.lpa.errors import installation_failure
from cardgw.lpa.es9 import Es9, InitiateAuthentication
from cardgw.lpa.install import install
from cardgw.lpa.isdr import SEGMENT_SIZE, Isdr
from cardgw.lpa.notification import InstallResult
from cardgw.lpa.policy import check_policy

DELIVERED = "delivered"
PENDING = "pending"


async def download(
    session: ISession, code: ActivationCode, segment_size: int = SEGMENT_SIZE, *, accept_rules: bool = False
) -> dict[str, Any]:
    """
    Download a profile and install it.

    @param code: without a host, the default SM-DP+ of the eUICC is asked.
    @param segment_size: most data bytes in one STORE DATA block.
    @param accept_rules: the end user agrees to policy rules.
    @return: C{iccid}, C{provider}, C{name}, C{eid}, and C{notification}: C{"delivered"}, or C{"pending"} with a C{reason}.
    @raise CardGatewayError: the profile is not installed, or, where the text says so, may be.
    """
    isdr = await open_isdr(session.channel, session.quirks, segment_size)
    try:
        return await Download(session, await with_server(isdr, code), isdr, accept_rules).run()
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
    accept_rules: bool = False

    async def run(self) -> dict[str, Any]:
        """
        See L{download}.
        """
        greeting = await greet(self.session, self.isdr)
        es9 = Es9(self.session.http, self.code.host, greeting.trusted)
        opening = await initiate(self.session, es9, self.code.host, greeting)
        transaction_id = opening.transaction_id
        try:
            agreed = await self._agree(es9, greeting, opening)
            del opening
            result = await install(self.session, self.isdr, await fetch(self.session, es9, agreed), transaction_id)
        except Exception as error:
            await cancel(self.session, self.isdr, es9, transaction_id, error)
            raise
        return await self._conclude(es9, agreed, result)

    async def _agree(self, es9: Es9, greeting: Greeting, opening: InitiateAuthentication) -> Agreement:
        session, isdr, transaction_id = self.session, self.isdr, opening.transaction_id
        server = check_server(session, self.code, greeting, opening)
        card = await authenticate_card(session, isdr, self.code, opening)
        offer = await authenticate_client(session, es9, transaction_id, card)
        confirm = check_offer(session, self.code.host, card, server, offer)
        metadata = read_metadata(session, offer.metadata)
        check_memory(card.info2)
        await check_policy(session, isdr, metadata, card.info2, self.accept_rules)
        hash_cc = await confirmation_hash(session, self.code, transaction_id, metadata) if confirm else b""
        prepared = await prepare(session, isdr, offer, hash_cc)
        return Agreement(transaction_id, metadata, card.eid, card.info2, prepared)

    async def _conclude(self, es9: Es9, agreed: Agreement, result: InstallResult) -> dict[str, Any]:
        reason = await self._notify(es9, result)
        if result.failure is not None:
            error = installation_failure(*result.failure)
            error.detail += f"; the card had answered: {result.instead}" if result.instead else ""
            raise error
        metadata, iccid = agreed.metadata, result.metadata.iccid or agreed.metadata.iccid
        facts = {"iccid": iccid, "provider": metadata.provider, "name": metadata.name, "eid": agreed.eid}
        named = " ".join(part for part in (metadata.provider, metadata.name) if part) or iccid
        later = " The provider will be told later." if reason else ""
        self.session.farewell(f"Installed: {named}. Enable it in the profile menu.{later}")
        return facts | ({"notification": PENDING, "reason": reason} if reason else {"notification": DELIVERED})

    async def _notify(self, es9: Es9, result: InstallResult) -> str:
        """
        Deliver the result, whatever it is.

        @return: why the server could not be told; empty if it was.
        """
        address = result.metadata.address or es9.host
        server = es9 if address == es9.host else Es9(self.session.http, address, es9.trusted)
        try:
            await send(self.session, server, result.raw)
        except (CardGatewayError, CancelledError) as problem:
            reason = str(problem) or "cancelled"
            self.session.log.warn("the notification stays on the eUICC: {reason}", reason=reason)
            return reason
        try:
            await forget(self.session, self.isdr, result.metadata.sequence)
        except (CardGatewayError, CancelledError) as problem:
            self.session.log.warn("a delivered notification stays on the eUICC: {reason}", reason=str(problem) or "cancelled")
        return ""
