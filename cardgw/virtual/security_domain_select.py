# -*- test-case-name: tests.virtual.test_security_domain_select -*-
"""
SELECT and MANAGE CHANNEL of the software card (GlobalPlatform Card Specification 2.3.1, 6.3, 11.7 and 11.9).
"""

from __future__ import annotations

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.gp.life_cycle import CardState
from cardgw.gp.privileges import Privilege
from cardgw.scp.card_chaining import Segments
from cardgw.virtual.euicc_answer import Outgoing
from cardgw.virtual.euicc_values import SW_CHANNEL, SW_FUNCTION, SW_NOT_FOUND, SW_OK, SW_PARAMETERS, Refused
from cardgw.virtual.security_domain_load import abandon
from cardgw.virtual.security_domain_registry import Item
from cardgw.virtual.security_domain_state import Card, LogicalChannel
from cardgw.virtual.security_domain_values import SW_IS_LOCKED

OPEN, CLOSE = 0x00, 0x80
BY_NAME, NEXT, NOTHING = 0x04, 0x02, 0x0C


def open_channel(card: Card, number: int, item: Item | None = None) -> LogicalChannel:
    """
    A new one.

    @param item: what is selected on it; C{None} for what the card selects by itself.
    """
    selected = item or _default(card)
    options = card.options
    channel = LogicalChannel(
        number, selected, card.session(selected), Outgoing(options.delivery), Segments(p1=options.family.cut_by_p1)
    )
    card.channels[number] = channel
    return channel


def _default(card: Card) -> Item:
    if card.registry.card_state >= CardState.CARD_LOCKED:
        return card.registry.isd
    found = (each for each in card.registry.items.values() if each.privileges & Privilege.CardReset and each.is_selectable)
    return max(found, key=lambda each: each is not card.registry.isd, default=card.registry.isd)


def end(card: Card, channel: LogicalChannel) -> None:
    """
    What is selected on it is so no more.
    """
    abandon(card, channel.loading)
    channel.end()


def select(card: Card, channel: LogicalChannel, command: Command) -> Response:
    """
    By name; an empty one is the issuer security domain's.
    """
    if command.p1 != BY_NAME or command.p2 not in (0x00, NEXT, NOTHING):
        raise Refused(SW_PARAMETERS)
    found = _find(card, channel, command)
    end(card, channel)
    channel.selected, channel.session = found, card.session(found)
    status = SW_IS_LOCKED if card.registry.card_state == CardState.CARD_LOCKED else SW_OK
    return Response(b"" if command.p2 == NOTHING or not found.is_domain else _information(card, found), status)


def _find(card: Card, channel: LogicalChannel, command: Command) -> Item:
    if not command.data:
        return card.registry.isd
    open_to_all = card.registry.card_state < CardState.CARD_LOCKED
    every = [
        each
        for each in card.registry.items.values()
        if each.aid.startswith(command.data)
        and each.is_selectable
        and (open_to_all or each is card.registry.isd or each.privileges & Privilege.FinalApplication)
    ]
    if command.p2 == NEXT and channel.selected in every:
        every = every[every.index(channel.selected) + 1 :]
    if not every:
        raise Refused(SW_NOT_FOUND)
    return next((each for each in every if each.aid == command.data), every[0])


def _information(card: Card, item: Item) -> bytes:
    most = card.options.block.to_bytes(1 if card.options.block <= 0xFF else 2, "big")
    return tlv.encode(0x6F, tlv.encode(0x84, item.aid), tlv.encode(0xA5, tlv.encode(0x9F65, most)))


def manage_channel(card: Card, channel: LogicalChannel, command: Command) -> Response:
    """
    Open one or close one.
    """
    if command.data or command.p1 not in (OPEN, CLOSE):
        raise Refused(SW_PARAMETERS)
    if command.p1 == CLOSE:
        _close(card, command.p2)
        return Response(b"", SW_OK)
    most = card.options.channels
    number = command.p2 or next((each for each in range(1, most + 1) if each not in card.channels), 0)
    if not 1 <= number <= most or number in card.channels:
        raise Refused(SW_FUNCTION)
    open_channel(card, number, channel.selected if channel.number else None)
    return Response(b"" if command.p2 else bytes((number,)), SW_OK)


def _close(card: Card, number: int) -> None:
    if not number:
        raise Refused(SW_PARAMETERS)
    gone = card.channels.pop(number, None)
    if gone is None:
        raise Refused(SW_CHANNEL)
    end(card, gone)
