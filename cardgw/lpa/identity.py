# -*- test-case-name: tests.lpa.test_identity -*-
"""
Who an eUICC is: by its EID (ES10c.GetEID, SGP.22 5.7.20).
"""

from __future__ import annotations

from cardgw.apdu.iso7816 import BASIC
from cardgw.apdu.tlv import only
from cardgw.errors import CardGatewayError, ChannelError
from cardgw.interfaces import ICardChannel, ISession
from cardgw.lpa.access import look_for_isdr
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
    Who the eUICC of a session is.  The card is asked only if nobody knows it; then the session is told.  That includes a card
    which was taken for one of another kind when it came: it did not show its ISD-R, and is known by its chip.

    @return: its identity: C{"eid:"} and 32 digits.
    @raise CardGatewayError: the card does not tell.
    """
    if session.identity.startswith(SCHEME):
        return session.identity
    session.stage("es10c_get_eid")
    identity = SCHEME + await read_eid(isdr)
    session.identified(identity)
    return identity


async def euicc_identity(channel: ICardChannel, quirks: Quirks, number: int = BASIC) -> str:
    """
    Find out who a card is that has just come, and may be anything.

    @param channel: one that repairs 61xx below, held by the caller.
    @param number: a logical channel that is open, and remains so.
    @return: the card's identity; empty where it is no eUICC, or does not tell.
    @raise ChannelError: the card was lost.
    """
    try:
        return SCHEME + await read_eid(await look_for_isdr(channel, quirks, number))
    except ChannelError:
        raise
    except CardGatewayError:
        return ""
