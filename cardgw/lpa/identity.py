# -*- test-case-name: tests.lpa.test_identity -*-
"""
Who an eUICC is: by its EID (ES10c.GetEID, SGP.22 5.7.20).
"""

from __future__ import annotations

from cardgw.apdu.tlv import only
from cardgw.errors import CardGatewayError, ChannelError
from cardgw.interfaces import ICardChannel, ISession
from cardgw.lpa.access import open_isdr
from cardgw.lpa.eid import eid_digits
from cardgw.lpa.es10 import reading
from cardgw.lpa.isdr import Isdr
from cardgw.quirks import Quirks

GET_EID = bytes.fromhex("BF3E035C015A")
SCHEME = "eid:"


def parse_eid(answer: bytes) -> str:
    """
    GetEuiccDataResponse.

    @return: the EID, 32 digits.
    @raise MalformedAnswer: it cannot be read.
    """
    with reading("GetEID"):
        return eid_digits(only(answer, 0xBF3E).children().need(0x5A).value)


async def read_eid(isdr: Isdr) -> str:
    """
    The EID, asked of the card: 32 digits.

    @raise CardGatewayError: it does not tell.
    """
    return parse_eid(await isdr.command(GET_EID))


async def identify(session: ISession, isdr: Isdr) -> str:
    """
    Who the card of a session is.  The card is asked only if nobody knows it; then the session is told.

    @return: its identity: C{"eid:"} and 32 digits.
    @raise CardGatewayError: the card does not tell.
    """
    if not session.identity:
        session.stage("es10c_get_eid")
        session.identified(SCHEME + await read_eid(isdr))
    return session.identity


class EidReader:
    """
    Finds out who a card is that has just come.
    """

    async def __call__(self, channel: ICardChannel, quirks: Quirks) -> str:
        """
        @param channel: one that repairs 61xx below, held by the caller.
        @return: the card's identity; empty where it is no eUICC, or does not tell.
        @raise ChannelError: the card was lost.
        """
        try:
            isdr = await open_isdr(channel, quirks)
            try:
                return SCHEME + await read_eid(isdr)
            finally:
                await isdr.close()
        except ChannelError:
            raise
        except CardGatewayError:
            return ""
