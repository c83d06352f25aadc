# -*- test-case-name: tests.gp.test_isd -*-
"""
The issuer security domain of a card, and its card data (GlobalPlatform Card Specification 2.3.1, 11.3 and 11.9).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from cardgw.apdu.command import EXTENDED_DATA, SHORT_LE, Command
from cardgw.apdu.iso7816 import BASIC, class_byte
from cardgw.apdu.response import Response
from cardgw.apdu.script import OK, PROACTIVE, WARNINGS, Script, Step
from cardgw.apdu.tlv import only
from cardgw.apdu.wrong_length import WrongLength
from cardgw.errors import CardError, MalformedAnswer, UnexpectedStatus
from cardgw.gp import commands
from cardgw.gp.card_data import CIN, CPLC, IIN, CardData, parse_cplc, parse_number
from cardgw.identities import MOST_CIN, MOST_IIN
from cardgw.interfaces import ICardChannel

AIDS = tuple(bytes.fromhex(aid) for aid in ("", "A000000151000000", "A000000003000000", "A0000001510000"))
"""
What selects it: nothing at all (11.9.2.3); the AID that it has unless its issuer gave it another; that of Visa, which older cards
have; and a shorter one that there is, too.
"""
INS_SELECT, BY_NAME = 0xA4, 0x04
FCI, DF_NAME = 0x6F, 0x84
"""In the answer to SELECT: file control information, and the AID of what was selected (11.9.3.1)."""
PROPRIETARY, MOST_DATA = 0xA5, 0x9F65
"""There, too: most bytes of data in a command."""
LEAST_MOST_DATA = 32
"""Less than this is no limit that a card can have."""
_SELECTED = (OK, PROACTIVE, WARNINGS)
"""A locked card answers with a warning (11.9.3.2)."""
_NOT_HELD = (range(0x6100), range(0x6200, 0x6C00), range(0x6D00, 0x10000))
"""All but those that say that there is an answer, to be fetched or asked for otherwise."""
_T = TypeVar("_T")


async def read_card_data(channel: ICardChannel, number: int = BASIC) -> CardData | None:
    """
    Select the issuer security domain, and have it tell about the card.

    @param channel: one that repairs 61xx below, held by the caller.
    @param number: a logical channel that is open, and remains so.
    @return: C{None} where there is no such domain.
    @raise ChannelError: the card was lost.
    """
    repaired = WrongLength(channel)
    for aid in AIDS:
        select = Command(class_byte(0x00, number), INS_SELECT, BY_NAME, 0x00, aid, SHORT_LE)
        answer = await _ask(repaired, Step(select, _SELECTED))
        if not any(answer.status in statuses for statuses in _SELECTED):
            continue
        data = await _card_data(repaired, number)
        if aid or data != CardData() or _names_itself(answer.data):
            return data
    return None


def _names_itself(information: bytes) -> bool:
    """
    Whether an answer to SELECT tells the AID of what was selected.  What was selected without a name could be anything.
    """
    try:
        return bool(only(information, FCI).children().value(DF_NAME))
    except ValueError:
        return False


def most_data(information: bytes) -> int | None:
    """
    Most bytes of data in a command, protected where it is, as the answer to SELECT tells.

    @return: C{None} where it tells nothing, or nothing that can be.
    """
    try:
        most = int.from_bytes(only(information, FCI).children().need(PROPRIETARY).children().value(MOST_DATA), "big")
    except ValueError:
        return None
    return most if LEAST_MOST_DATA <= most <= EXTENDED_DATA else None


async def _card_data(channel: ICardChannel, number: int) -> CardData:
    cplc, iin, cin = await _read_all(channel, number, CPLC, IIN, CIN)
    return CardData(
        _parsed(cplc, CPLC, parse_cplc, None),
        _parsed(iin, IIN, lambda answer: parse_number(answer, IIN, MOST_IIN), b""),
        _parsed(cin, CIN, lambda answer: parse_number(answer, CIN, MOST_CIN), b""),
    )


async def _read_all(channel: ICardChannel, number: int, *tags: int) -> Sequence[Response]:
    """
    GET DATA of several, together where the channel carries many commands at once: it changes nothing, so it does not matter
    whether one before was refused, and one whose answer was lost that way can be asked again.
    """
    steps = [Step(_get_data(tag, number), _NOT_HELD) for tag in tags]
    answers = await channel.exchange(Script(tuple(steps), pipelined=True))
    given = [*answers, *[None] * (len(steps) - len(answers))]
    return [
        await _ask(channel, step) if answer is None or not step.allows(answer) else answer
        for step, answer in zip(steps, given, strict=True)
    ]


def _parsed(answer: Response, tag: int, parse: Callable[[bytes], _T], default: _T) -> _T:
    try:
        return parse(_content(answer, tag))
    except CardError:
        return default


async def get_data(channel: ICardChannel, tag: int, number: int = BASIC) -> bytes:
    """
    GET DATA (11.3), of what is selected.

    @param channel: one that repairs 61xx and 6Cxx.
    @param tag: of the data object, two bytes at most.
    @return: the answer as it comes: with tag and length, or without.
    @raise UnexpectedStatus: there is no such object, or it is not for everybody.
    @raise MalformedAnswer: the answer is empty.
    """
    return _content(await _ask(channel, Step(_get_data(tag, number))), tag)


def _get_data(tag: int, number: int) -> Command:
    return commands.get_data(tag, cla=class_byte(commands.CLA, number))


def _content(answer: Response, tag: int) -> bytes:
    if answer.status not in OK:
        raise UnexpectedStatus(answer, f"GET DATA of {tag:04X}")
    if not answer.data:
        raise MalformedAnswer(f"GET DATA of {tag:04X}: the answer is empty")
    return answer.data


async def _ask(channel: ICardChannel, step: Step) -> Response:
    (answer,) = await channel.exchange(Script((step,)))
    return answer
