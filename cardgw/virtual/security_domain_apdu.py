# -*- test-case-name: tests.virtual.test_security_domain_apdu -*-
"""
The way of a command through the software card: class byte, logical channel, segments, secure channel, and what carries it out
(GlobalPlatform Card Specification 2.3.1, 11.1.4 and 11.1.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cardgw.apdu.command import SHORT_LE, Command
from cardgw.apdu.iso7816 import channel_number
from cardgw.apdu.response import Response
from cardgw.gp.commands import Ins
from cardgw.gp.life_cycle import CardState
from cardgw.scp.class_byte import FURTHER, PROPRIETARY, is_marked
from cardgw.virtual.euicc_values import (
    SW_CHANNEL,
    SW_CLA,
    SW_CONDITIONS,
    SW_DATA,
    SW_INS,
    SW_PARAMETERS,
    SW_WRONG_LENGTH,
    Refused,
)
from cardgw.virtual.security_domain_data import generate_key, get_data, put_key
from cardgw.virtual.security_domain_delete import delete
from cardgw.virtual.security_domain_install import install
from cardgw.virtual.security_domain_load import abandon, load
from cardgw.virtual.security_domain_options import GENERATE_KEY
from cardgw.virtual.security_domain_select import manage_channel, select
from cardgw.virtual.security_domain_state import Card, Handler, LogicalChannel, require_host
from cardgw.virtual.security_domain_status import get_status, set_status
from cardgw.virtual.security_domain_store import store_data
from cardgw.virtual.security_domain_values import (
    GET_RESPONSE,
    MANAGE_CHANNEL,
    PERFORM_SECURITY_OPERATION,
    SELECT,
    SW_SECURE_MESSAGING,
)

HANDLERS: Mapping[int, Handler] = MappingProxyType(
    {
        Ins.GET_DATA: get_data,
        Ins.PUT_KEY: put_key,
        Ins.STORE_DATA: store_data,
        Ins.DELETE: delete,
        Ins.INSTALL: install,
        Ins.LOAD: load,
        Ins.SET_STATUS: set_status,
        Ins.GET_STATUS: get_status,
        GENERATE_KEY: generate_key,
    }
)
"""What a security domain does."""
OF_CARD: Mapping[int, Handler] = MappingProxyType({SELECT: select, MANAGE_CHANNEL: manage_channel})
"""What the card does itself, of interindustry class."""
_WITHOUT_END = (Ins.LOAD, Ins.GET_DATA)
"""What does not end a loading that has begun."""
_CHANGES = (Ins.PUT_KEY, Ins.STORE_DATA, Ins.DELETE, Ins.INSTALL, Ins.LOAD, GENERATE_KEY)
"""What a card that is locked does not do (5.1.1.4)."""
_MARKS, _OWN_MARK, _RESERVED = 0x0C, 0x04, 0x20


def transmit(card: Card, apdu: bytes) -> bytes:
    """
    One command APDU.

    @return: the response APDU.
    """
    try:
        command = Command.decode(apdu)
    except ValueError:
        return SW_WRONG_LENGTH.to_bytes(2, "big")
    try:
        channel = _channel(card, command)
        if command.ins == GET_RESPONSE and (channel.outgoing.waits or not command.cla & _MARKS):
            return _get_response(channel, command)
        channel.outgoing.clear()
        response = _answer(card, channel, command)
    except Refused as refused:
        return refused.status.to_bytes(2, "big")
    if command.expected is not None and command.expected > SHORT_LE:
        return response.encode()
    return channel.outgoing.begin(response.data, response.status)


def _channel(card: Card, command: Command) -> LogicalChannel:
    if command.is_extended and not card.options.extended:
        raise Refused(card.options.family.wrong_length)
    cla = command.cla
    if not cla & FURTHER:
        if cla & _RESERVED:
            raise Refused(SW_CLA)
        if cla & _MARKS not in (0, _OWN_MARK):
            raise Refused(SW_SECURE_MESSAGING)
    channel = card.channels.get(channel_number(cla))
    if channel is None:
        raise Refused(SW_CHANNEL)
    return channel


def _get_response(channel: LogicalChannel, command: Command) -> bytes:
    """
    While something waits it belongs to the transport, as with T=0: whatever its class says of protection, and without Le for all.
    """
    if command.p1 or command.p2:
        raise Refused(SW_PARAMETERS)
    if command.data:
        raise Refused(SW_WRONG_LENGTH)
    return channel.outgoing.fetch(min(command.expected or SHORT_LE, SHORT_LE))


def _answer(card: Card, channel: LogicalChannel, command: Command) -> Response:
    marked = _is_protected(command)
    if not marked and not command.cla & PROPRIETARY and command.ins in OF_CARD:
        channel.segments.forget()
        return _of_card(card, channel, command)
    if marked or command.ins != PERFORM_SECURITY_OPERATION:
        whole = channel.segments.take(command)
        if isinstance(whole, Response):
            return whole
        command = whole
    if not channel.selected.is_domain:
        raise Refused(SW_INS)
    if channel.selected.is_locked or (card.registry.card_state == CardState.TERMINATED and command.ins != Ins.GET_DATA):
        raise Refused(SW_CONDITIONS)
    plain = channel.session.take(command)
    if isinstance(plain, Response):
        if not channel.session.authenticated:
            _forget(card, channel)
        return plain
    return channel.session.answer(_carried_out(card, channel, plain))


def _is_protected(command: Command) -> bool:
    """
    Whether it is, with other segments of it to come or without.
    """
    return is_marked(command.cla & ~0x10)


def _forget(card: Card, channel: LogicalChannel) -> None:
    """
    There is no session: what was half done in it is not to be gone on with.
    """
    abandon(card, channel.loading)
    channel.loading = channel.listing = channel.storing = channel.personalizing = channel.installing = None


def _of_card(card: Card, channel: LogicalChannel, command: Command) -> Response:
    if card.registry.card_state == CardState.TERMINATED:
        raise Refused(SW_CONDITIONS)
    return OF_CARD[command.ins](card, channel, command)


def _carried_out(card: Card, channel: LogicalChannel, command: Command) -> Response:
    try:
        if not command.cla & PROPRIETARY and command.ins in OF_CARD:
            return _of_card(card, channel, command)
        handler = HANDLERS.get(command.ins)
        if handler is None or command.ins in card.options.family.without:
            raise Refused(SW_INS)
        if not command.cla & PROPRIETARY and command.ins != Ins.GET_DATA and not card.options.family.interindustry:
            raise Refused(SW_CLA)
        if card.registry.card_state >= CardState.CARD_LOCKED and command.ins in _CHANGES:
            require_host(channel)
            raise Refused(SW_CONDITIONS)
        if command.ins not in _WITHOUT_END and channel.loading is not None:
            abandon(card, channel.loading)
            channel.loading = None
        return handler(card, channel, command)
    except Refused as refused:
        return Response(b"", refused.status)
    except ValueError:
        return Response(b"", SW_DATA)
