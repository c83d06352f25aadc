# -*- test-case-name: tests.apdu.test_logical -*-
"""
Logical channels (ISO/IEC 7816-4, 5.4.1 and 11.1.2; ETSI TS 102 221, 11.1.17): opened and closed.
"""

from __future__ import annotations

from contextlib import suppress

from twisted.internet.defer import CancelledError

from cardgw.apdu.base import Answers
from cardgw.apdu.command import Command
from cardgw.apdu.iso7816 import BASIC, INS_MANAGE_CHANNEL, MAX_CHANNEL, P1_CLOSE
from cardgw.apdu.script import ANY, OK, Script, Step
from cardgw.apdu.unbroken import to_its_end
from cardgw.errors import CardGatewayError, MalformedAnswer, UnexpectedStatus
from cardgw.interfaces import ICardChannel
from cardgw.values import Feature

OPEN_CHANNEL = Command(0x00, INS_MANAGE_CHANNEL, 0x00, 0x00, expected=1)
_NONE = frozenset((0x6881, 0x6986, 0x6D00, 0x6E00))
"""What cards answer that have the basic channel alone; the second those that ask an application, and have none selected."""


async def open_channel(channel: ICardChannel, before: Command | None = None) -> int:
    """
    Open a logical channel, where there are any.  Who cancels this leaves none behind.

    @param before: a command without data in its answer that is sent first, whatever comes of it.  Both go together where the
        channel carries many commands at once: a channel is opened, and closed in the end, just the same where the card does not
        know that command.
    @return: its number; L{BASIC} where C{info.offers} has no C{Feature.LOGICAL_CHANNELS}.
    @raise UnexpectedStatus: the card refuses.
    @raise MalformedAnswer: its answer is no number of a channel.
    """
    first = () if before is None else (Step(before, (ANY,), data=False),)
    if Feature.LOGICAL_CHANNELS not in channel.info.offers:
        if first:
            await channel.exchange(Script(first))
        return BASIC
    answers, cancelled = await to_its_end(_opened(channel, first))
    if not cancelled:
        return _number(answers)
    with suppress(CardGatewayError):  # none was opened
        await close_channel(channel, _number(answers))
    raise CancelledError


async def open_any(channel: ICardChannel) -> int:
    """
    Open a logical channel; or find out that the card has the basic one alone, which not every answer to reset tells.

    @return: as L{open_channel}.
    @raise UnexpectedStatus: the card has logical channels, and refuses.
    @raise MalformedAnswer: as L{open_channel}.
    """
    try:
        return await open_channel(channel)
    except UnexpectedStatus as refused:
        if refused.response.status in _NONE:
            return BASIC
        raise


def _number(answers: Answers) -> int:
    (response,) = answers
    if response.status not in OK:
        raise UnexpectedStatus(response, "MANAGE CHANNEL")
    if len(response.data) != 1 or not BASIC < response.data[0] <= MAX_CHANNEL:
        raise MalformedAnswer(
            f"MANAGE CHANNEL: expected a channel from 1 to {MAX_CHANNEL}, got {response.data.hex() or 'nothing'}"
        )
    return response.data[0]


async def close_channel(channel: ICardChannel, number: int) -> None:
    """
    Close a logical channel; the basic one stays open.  Never fails, and is done to its end also where it is cancelled.
    """
    if number == BASIC:
        return
    try:
        _, cancelled = await to_its_end(_exchange(channel, Script((closing(number),))))
    except CardGatewayError:
        return  # a card that is gone has closed it
    if cancelled:
        raise CancelledError


def closing(number: int) -> Step:
    """
    What closes a logical channel.
    """
    return Step(Command(0x00, INS_MANAGE_CHANNEL, P1_CLOSE, number), (ANY,))


async def _opened(channel: ICardChannel, first: tuple[Step, ...]) -> Answers:
    script = Script((*first, Step(OPEN_CHANNEL)), pipelined=bool(first))
    answers = await channel.exchange(script)
    if len(answers) < len(script.steps):  # an answer to the first one that nobody expected
        return await channel.exchange(Script.of(OPEN_CHANNEL))
    return answers[len(first) :]


async def _exchange(channel: ICardChannel, script: Script) -> Answers:
    return await channel.exchange(script)
