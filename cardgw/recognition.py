# -*- test-case-name: tests.test_recognition -*-
"""
Who a card is that has just come, and of what kind: an eUICC, another card of GlobalPlatform, a contactless card of which only the
UID is known, or none of these.  It is asked in this order, as little as possible; afterwards it is as if nothing had been done.
"""

from __future__ import annotations

from contextlib import suppress

from twisted.internet.defer import CancelledError

from cardgw.apdu.atr import Atr
from cardgw.apdu.iso7816 import BASIC
from cardgw.apdu.logical import close_channel, open_channel
from cardgw.errors import CardError, CardGatewayError
from cardgw.gp.identity import gp_identity
from cardgw.gp.isd import read_card_data
from cardgw.identities import uid_identity
from cardgw.interfaces import ICardChannel
from cardgw.lpa.identity import euicc_identity
from cardgw.quirks import Quirks
from cardgw.values import CONTACTLESS, EUICC, GLOBALPLATFORM, ChannelInfo, Feature, Recognised, Reset


async def recognise(channel: ICardChannel, quirks: Quirks) -> Recognised:
    """
    Find out.  A card that refuses a question, or answers nonsense, is not of that kind.

    @param channel: one that repairs 61xx below, held by the caller.
    @raise ChannelError: the card was lost.
    """
    info = channel.info
    if info.application is not None or Feature.SELECT not in info.offers:
        return _euicc(await euicc_identity(channel, quirks))
    storage, contactless = _before_an_antenna(info)
    found = Recognised() if storage else await _asked(channel, quirks, contactless)
    if not contactless:
        return found
    return Recognised(found.identity or uid_identity(info.uid), found.kind or CONTACTLESS)


def _before_an_antenna(info: ChannelInfo) -> tuple[bool, bool]:
    """
    @return: whether it is a contactless storage card, which understands no commands at all; whether it is contactless.
    """
    try:
        atr = Atr.decode(info.atr or b"")
    except ValueError:
        return False, info.uid is not None
    return atr.storage, atr.contactless or info.uid is not None


async def _asked(channel: ICardChannel, quirks: Quirks, contactless: bool) -> Recognised:
    try:
        number = await open_channel(channel)
    except CardError:
        number = BASIC
    try:
        found = await _of_which_kind(channel, quirks, number, contactless)
    except (CardGatewayError, CancelledError):
        with suppress(CardGatewayError):
            await _leave(channel, number)
        raise
    await _leave(channel, number)
    return found


async def _of_which_kind(channel: ICardChannel, quirks: Quirks, number: int, contactless: bool) -> Recognised:
    """
    A contactless card is not asked for an ISD-R: eUICCs have contacts (SGP.22 2.4.1: they are UICCs; ETSI TS 102 221, 4).
    """
    found = Recognised() if contactless else _euicc(await euicc_identity(channel, quirks, number))
    if found.kind:
        return found
    data = await read_card_data(channel, number)
    return Recognised() if data is None else Recognised(gp_identity(data), GLOBALPLATFORM)


async def _leave(channel: ICardChannel, number: int) -> None:
    """
    What was selected on the basic channel stays selected until the card starts anew.
    """
    await close_channel(channel, number)
    if number == BASIC and Reset.WARM in channel.info.resets:
        await channel.reset(Reset.WARM)


def _euicc(identity: str) -> Recognised:
    return Recognised(identity, EUICC) if identity else Recognised()
