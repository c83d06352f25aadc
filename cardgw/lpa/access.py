# -*- test-case-name: tests.lpa.test_access -*-
"""
The way to the ISD-R: where the card's side has not selected it already, a logical channel is opened for it and closed afterwards
(SGP.22 5.7.1; ETSI TS 102 221, 11.1.1, 11.1.17 and 11.1.19).
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError

from cardgw.apdu.command import SHORT_LE, Command
from cardgw.apdu.iso7816 import BASIC, class_byte
from cardgw.apdu.logical import close_channel, open_channel
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, OK, PROACTIVE, WARNINGS, Script, Step
from cardgw.apdu.tlv import only
from cardgw.apdu.wrong_length import WrongLength
from cardgw.errors import CardError, CardGatewayError, NotSupported, UnexpectedStatus
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
INS_SELECT, BY_NAME = 0xA4, 0x04
MF = bytes.fromhex("3F00")
BY_FILE, FCP_WANTED = 0x00, 0x04
"""P1 and P2 of SELECT of the master file (ETSI TS 102 221, 11.1.1.2)."""
FCP, OF_THE_CARD, SUPPORTED_COMMANDS, KNOWS_CAPABILITY = 0x62, 0xA5, 0x87, 0x01
"""In the answer to it: supported system commands, and the bit of TERMINAL CAPABILITY (ETSI TS 102 221, 11.1.1.4.6.8)."""

_MORE = range(0x6100, 0x6200)
_SELECTED = (OK, PROACTIVE, WARNINGS, _MORE)
"""The answer to SELECT itself is of no interest, so it is not fetched after 61xx."""
_REFUSED = (range(0x6100), range(0x6400, OK.start), range(OK.stop, PROACTIVE.start), range(PROACTIVE.stop, 0x10000))
"""All others: the search goes on."""


class NoIsdr(CardError):
    """
    The card has no ISD-R: it is not an eUICC, or hides it from this reader.
    """

    hint = "If the card uses an AID of its own, set it as isd-r in [[quirks]]."


async def open_isdr(channel: ICardChannel, quirks: Quirks, segment_size: int = SEGMENT_SIZE) -> Isdr:
    """
    Get at the ISD-R of a card that should be an eUICC.  Its C{close} must be called in the end.

    @param quirks: C{isd_r} is tried before all other AIDs, C{segment_size} overrides the one given.
    @raise NotSupported: the channel is bound to something else.
    @raise NoIsdr: the card has none.
    @raise UnexpectedStatus: the card refuses a logical channel.
    """
    bound = _bound(channel, quirks, segment_size)
    if bound is not None:
        return bound
    number = await open_channel(channel, TERMINAL_CAPABILITY)
    try:
        await _select(channel, number, _aids(quirks))
    except (CardGatewayError, CancelledError):
        await close_channel(channel, number)
        raise
    return Isdr(channel, quirks.segment_size or segment_size, class_byte(CLA_STORE_DATA, number), number)


async def look_for_isdr(channel: ICardChannel, quirks: Quirks, number: int = BASIC) -> Isdr:
    """
    Get at the ISD-R of a card that may be anything: it is told and asked nothing that its kind might take for something else.

    @param number: a logical channel that is open, and remains so.
    @raise NotSupported: the channel is bound to something else.
    @raise NoIsdr: the card has none.
    """
    bound = _bound(channel, quirks, SEGMENT_SIZE)
    if bound is not None:
        return bound
    if await _knows_capability(channel, number):
        await channel.exchange(Script((Step(TERMINAL_CAPABILITY, (ANY,)),)))
    await _select(channel, number, _aids(quirks))
    return Isdr(channel, quirks.segment_size or SEGMENT_SIZE, class_byte(CLA_STORE_DATA, number))


def _aids(quirks: Quirks) -> tuple[bytes, ...]:
    return (*((quirks.isd_r,) if quirks.isd_r else ()), ISD_R, *OTHER_AIDS)


def _bound(channel: ICardChannel, quirks: Quirks, segment_size: int) -> Isdr | None:
    if channel.info.application in _aids(quirks):
        return Isdr(channel, quirks.segment_size or segment_size)
    if Feature.SELECT not in channel.info.offers:
        raise NotSupported(f"{channel.info.transport}: selecting the ISD-R")
    return None


async def _knows_capability(channel: ICardChannel, number: int) -> bool:
    """
    Whether the card says that it knows TERMINAL CAPABILITY.  It shall not be sent to others, and before the first application is
    selected (ETSI TS 102 221, 11.1.19.1 and 11.1.19.2).  A card without an MF is no UICC.
    """
    select = Command(class_byte(0x00, number), INS_SELECT, BY_FILE, FCP_WANTED, MF, SHORT_LE)
    (answer,) = await WrongLength(channel).exchange(Script((Step(select, (OK, PROACTIVE)),)))
    try:
        proprietary = only(answer.data, FCP).children().need(OF_THE_CARD).children()
    except ValueError:
        return False
    return bool(int.from_bytes(proprietary.value(SUPPORTED_COMMANDS)[:1]) & KNOWS_CAPABILITY)


async def _select(channel: ICardChannel, number: int, aids: tuple[bytes, ...]) -> None:
    """
    Those that any card may have are tried one by one.  Those of single makers go together where the channel carries many commands
    at once: most cards have none of them, and a SELECT of what is not there changes nothing (ISO/IEC 7816-4, 11.2.1).
    """
    tried = tuple(dict.fromkeys(aids))
    usual = tried.index(ISD_R) + 1
    answer: Response | None = None
    for together in (*((each,) for each in tried[:usual]), tried[usual:]):
        answers = await channel.exchange(_search(together, number))
        found = next((at for at, answer in enumerate(answers) if _is_selected(answer)), None)
        if found is None:
            answer = answers[-1]
            continue
        if found < len(answers) - 1:  # others were tried after it
            (answer,) = await channel.exchange(_search(together[found : found + 1], number))
            if not _is_selected(answer):
                continue
        return
    raise NoIsdr("" if answer is None else str(UnexpectedStatus(answer, "SELECT").detail))


def _search(aids: tuple[bytes, ...], number: int) -> Script:
    """
    Select one of these: the script ends with the one that is there.
    """
    commands = [Command(class_byte(0x00, number), INS_SELECT, BY_NAME, 0x00, aid) for aid in aids]
    if len(commands) == 1:
        return Script((Step(commands[0], _SELECTED),))
    return Script(tuple(Step(each, _REFUSED, data=False) for each in commands), pipelined=True)


def _is_selected(answer: Response) -> bool:
    return any(answer.status in statuses for statuses in _SELECTED)
