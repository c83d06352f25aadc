# -*- test-case-name: tests.lpa.test_access -*-
"""
The way to the ISD-R: where the card's side has not selected it already, a logical channel is opened for it and closed afterwards
(SGP.22 5.7.1; ETSI TS 102 221, 11.1.1, 11.1.17 and 11.1.19).
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, OK, PROACTIVE, WARNINGS, Script, Step
from cardgw.errors import CardError, CardGatewayError, MalformedAnswer, NotSupported, UnexpectedStatus
from cardgw.interfaces import ICardChannel
from cardgw.lpa.isdr import CLA_STORE_DATA, ISD_R, SEGMENT_SIZE, Isdr
from cardgw.quirks import Quirks
from cardgw.values import Feature

OTHER_AIDS = tuple(
    bytes.fromhex(aid)
    for aid in (
        "A06573746B6D65FFFF4953442D522030",
        "A06573746B6D65FFFF4953442D522031",
        "A06573746B6D65FFFFFFFF4953442D52",
        "A0000005591010000000008900000300",
        "A0000005591010FFFFFFFF8900050500",
        "A0000005591010FFFFFFFF8900000177",
        "A000000559104C696E6B736669656C64",
    )
)
"""AIDs of the ISD-R on cards that do not use the standard one: eSTK.me, eSIM.me, 5ber, Xesim, LinksField."""
TERMINAL_CAPABILITY = Command(0x80, 0xAA, 0x00, 0x00, bytes.fromhex("A9088100820101830107"))
"""Extended logical channels, and an LPA in the device (ETSI TS 102 221, 11.1.19; SGP.22 3.4.2)."""
OPEN_CHANNEL = Command(0x00, 0x70, 0x00, 0x00, expected=1)
MAX_CHANNEL = 19
"""ISO/IEC 7816-4, 5.4.1: channels 0 to 3 and 4 to 19."""
BASIC_CHANNELS = 4

_MORE = range(0x6100, 0x6200)
_SELECTED = (OK, PROACTIVE, WARNINGS, _MORE)
"""The answer to SELECT itself is of no interest, so it is not fetched after 61xx."""


class NoIsdr(CardError):
    """
    The card has no ISD-R: it is not an eUICC, or hides it from this reader.
    """

    hint = "If the card uses an AID of its own, set it as isd-r in [[quirks]]."


def class_byte(cla: int, channel: int) -> int:
    """
    A class byte with a logical channel in it (ISO/IEC 7816-4, 5.4.1).

    @param channel: 0 to 19.
    """
    if channel < BASIC_CHANNELS:
        return cla & 0xBC | channel
    return cla & 0xB0 | 0x40 | (channel - BASIC_CHANNELS)


async def open_isdr(channel: ICardChannel, quirks: Quirks, segment_size: int = SEGMENT_SIZE) -> Isdr:
    """
    Get at the ISD-R.  Its C{close} must be called in the end.

    @param quirks: C{isd_r} is tried before all other AIDs, C{segment_size} overrides the one given.
    @raise NotSupported: the channel is bound to something else.
    @raise NoIsdr: the card has none.
    @raise UnexpectedStatus: the card refuses a logical channel.
    """
    aids = (*((quirks.isd_r,) if quirks.isd_r else ()), ISD_R, *OTHER_AIDS)
    size = quirks.segment_size or segment_size
    if channel.info.application in aids:
        return Isdr(channel, size)
    if Feature.SELECT not in channel.info.offers:
        raise NotSupported(f"{channel.info.transport}: selecting the ISD-R")
    await channel.exchange(Script((Step(TERMINAL_CAPABILITY, (ANY,)),)))
    number = await _open(channel)
    leave = Script((Step(Command(0x00, 0x70, 0x80, number), (ANY,)),)) if number else None
    isdr = Isdr(channel, size, class_byte(CLA_STORE_DATA, number), leave)
    try:
        await _select(channel, number, aids)
    except (CardGatewayError, CancelledError):
        await isdr.close()
        raise
    return isdr


async def _open(channel: ICardChannel) -> int:
    if Feature.LOGICAL_CHANNELS not in channel.info.offers:
        return 0
    (response,) = await channel.exchange(Script.of(OPEN_CHANNEL))
    if response.status not in OK:
        raise UnexpectedStatus(response, "MANAGE CHANNEL")
    if len(response.data) != 1 or not 0 < response.data[0] <= MAX_CHANNEL:
        raise MalformedAnswer(
            f"MANAGE CHANNEL: expected a channel from 1 to {MAX_CHANNEL}, got {response.data.hex() or 'nothing'}"
        )
    return response.data[0]


async def _select(channel: ICardChannel, number: int, aids: tuple[bytes, ...]) -> None:
    answer: Response | None = None
    for aid in dict.fromkeys(aids):
        select = Command(class_byte(0x00, number), 0xA4, 0x04, 0x00, aid)
        (answer,) = await channel.exchange(Script((Step(select, _SELECTED),)))
        if any(answer.status in statuses for statuses in _SELECTED):
            return
    raise NoIsdr("" if answer is None else str(UnexpectedStatus(answer, "SELECT").detail))
