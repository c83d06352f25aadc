# -*- test-case-name: tests.virtual.test_security_domain_install -*-
"""
INSTALL of the software card in all its forms (GlobalPlatform Card Specification 2.3.1, 11.5).
"""

from __future__ import annotations

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.gp.commands import split_field, split_fields
from cardgw.gp.life_cycle import INSTALLED, SELECTABLE, Kind
from cardgw.gp.parameters import APPLICATION, IMPLICIT_SELECTION, NON_VOLATILE, RESERVED_NON_VOLATILE, SYSTEM
from cardgw.gp.privileges import Privilege, decode_privileges
from cardgw.virtual.euicc_values import SW_CONDITIONS, SW_DATA, SW_OK, SW_PARAMETERS, SW_REFERENCE, Refused
from cardgw.virtual.security_domain_delegated import Request, confirm, permitted
from cardgw.virtual.security_domain_keys import KeyRing
from cardgw.virtual.security_domain_load import begin_load, check_aid
from cardgw.virtual.security_domain_registry import Item
from cardgw.virtual.security_domain_state import Card, LogicalChannel, require_authority, require_host
from cardgw.virtual.security_domain_values import DOMAIN_MODULE, confirmed

_LOAD, _INSTALL, _SELECTABLE, _EXTRADITE, _PERSONALIZE, _UPDATE = 0x02, 0x04, 0x08, 0x10, 0x20, 0x40
_BOTH, _ALL = 0x0C, 0x0E
_WHOLE, _BEGIN, _END = 0x00, 0x01, 0x03
_FIELDS, _LOAD_FIELDS = 6, 5
_OF_DOMAINS = (
    Privilege.DAPVerification
    | Privilege.DelegatedManagement
    | Privilege.MandatedDAPVerification
    | Privilege.AuthorizedManagement
    | Privilege.TokenVerification
    | Privilege.ReceiptGeneration
    | Privilege.CipheredLoadFileDataBlock
)
"""Without being one, nobody has these (6.6.1)."""


def install(card: Card, channel: LogicalChannel, command: Command) -> Response:
    """
    Any INSTALL.
    """
    fields = _read(command)
    if command.p1 == _PERSONALIZE:
        return _personalize(card, channel, fields)
    *_, parameters, token = fields
    permit = permitted(card, channel, Request(command, _before_token(command.data), token, parameters))
    if command.p1 == _ALL and permit.delegated:
        raise Refused(SW_CONDITIONS)
    if command.p1 == _LOAD or (command.p1, command.p2) == (_ALL, _BEGIN):
        begin_load(card, channel, fields[:-1], permit, combined=command.p1 == _ALL)
        return Response(confirmed(), SW_OK)
    return Response(confirm(card, permit, *_changed(card, channel, command, fields)), SW_OK)


def _before_token(data: bytes) -> bytes:
    at = last = 0
    while at < len(data):
        last = at
        _, at = split_field(data, at)
    return data[:last]


def _changed(card: Card, channel: LogicalChannel, command: Command, fields: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """
    @return: what a receipt tells of it.
    """
    if command.p1 & _INSTALL:
        if command.p1 == _ALL and channel.installing != fields[0]:
            raise Refused(SW_CONDITIONS)
        channel.installing = None
        return _install(card, channel, fields, selectable=bool(command.p1 & _SELECTABLE))
    if command.p1 == _SELECTABLE:
        return _make_selectable(card, channel, fields)
    return (_extradite if command.p1 == _EXTRADITE else _update)(card, channel, fields)


def _read(command: Command) -> tuple[bytes, ...]:
    parts = (_BEGIN, _END) if command.p1 == _ALL else (_WHOLE,)
    if (
        command.p1 not in (_LOAD, _INSTALL, _SELECTABLE, _BOTH, _ALL, _EXTRADITE, _PERSONALIZE, _UPDATE)
        or command.p2 not in parts
    ):
        raise Refused(SW_PARAMETERS)
    fields = split_fields(command.data)
    if len(fields) != (_LOAD_FIELDS if command.p1 == _LOAD or command.p2 == _BEGIN else _FIELDS):
        raise Refused(SW_DATA)
    return fields


def _privileges(card: Card, octets: bytes, item: Item | None, *, domain: bool) -> Privilege:
    """
    @param item: who has them already.
    """
    granted = decode_privileges(octets)
    if bool(granted & Privilege.SecurityDomain) != domain or (granted & _OF_DOMAINS and not domain):
        raise Refused(SW_DATA)
    if granted & Privilege.MandatedDAPVerification and not granted & Privilege.DAPVerification:
        raise Refused(SW_DATA)
    if granted & Privilege.CardReset:
        others = (each for each in card.registry.items.values() if each is not item and each.kind is not Kind.ISD)
        if any(each.privileges & Privilege.CardReset for each in others):
            raise Refused(SW_CONDITIONS)
    return granted


def _install(card: Card, channel: LogicalChannel, fields: tuple[bytes, ...], *, selectable: bool) -> tuple[bytes, ...]:
    file, module, aid, privileges, parameters, _ = fields
    package = card.registry.find(file)
    if package.kind is not Kind.PKG or module not in package.modules:
        raise Refused(SW_REFERENCE)
    require_authority(card, channel, package, Privilege.AuthorizedManagement)
    if check_aid(aid) in card.registry.items:
        raise Refused(SW_CONDITIONS)
    domain = module == DOMAIN_MODULE
    granted = _privileges(card, privileges, None, domain=domain)
    told = tlv.decode(parameters)
    if card.options.family.needs_parameters and told.find(APPLICATION) is None:
        raise Refused(SW_DATA)
    system = tlv.decode(told.value(SYSTEM))
    sizes = [int.from_bytes(system.value(tag), "big") for tag in (NON_VOLATILE, RESERVED_NON_VOLATILE)]
    made = Item(
        aid,
        Kind.SSD if domain else Kind.APP,
        SELECTABLE if selectable else INSTALLED,
        channel.selected.aid,
        granted,
        file,
        size=max(sizes),
        implicit=tuple(each.value[0] for each in system.every(IMPLICIT_SELECTION) if each.value),
        ring=KeyRing(card.options.key_versions) if domain else None,
    )
    card.registry.add(made)
    return file, aid


def _application(card: Card, channel: LogicalChannel, aid: bytes) -> Item:
    found = card.registry.find(aid)
    if found.kind not in (Kind.SSD, Kind.APP):
        raise Refused(SW_CONDITIONS)
    require_authority(card, channel, found, Privilege.GlobalRegistry)
    return found


def _make_selectable(card: Card, channel: LogicalChannel, fields: tuple[bytes, ...]) -> tuple[bytes, ...]:
    found = _application(card, channel, fields[2])
    if found.state != INSTALLED:
        raise Refused(SW_CONDITIONS)
    if fields[3]:
        found.privileges |= _privileges(card, fields[3], found, domain=found.is_domain) if any(fields[3]) else Privilege(0)
    found.state = SELECTABLE
    return found.load_file, found.aid


def _extradite(card: Card, channel: LogicalChannel, fields: tuple[bytes, ...]) -> tuple[bytes, ...]:
    target = card.registry.domain(fields[0])
    item = card.registry.find(fields[2])
    require_authority(card, channel, item, Privilege.GlobalRegistry)
    before = item.domain
    _move(card, item, target)
    return before, item.aid, target.aid


def _move(card: Card, item: Item, target: Item) -> None:
    """
    A security domain may belong to itself, once it can be entered with its own keys.
    """
    if item.kind is Kind.ISD or target.is_locked:
        raise Refused(SW_CONDITIONS)
    if target is item:
        if item.ring is None or not item.ring.opens:
            raise Refused(SW_CONDITIONS)
    elif item in card.registry.above(target):
        raise Refused(SW_CONDITIONS)
    item.domain = target.aid


def _update(card: Card, channel: LogicalChannel, fields: tuple[bytes, ...]) -> tuple[bytes, ...]:
    domain, _, aid, privileges, parameters, _ = fields
    item = card.registry.find(aid) if aid else channel.selected
    require_authority(card, channel, item, Privilege.GlobalRegistry)
    if item.kind is Kind.PKG:
        raise Refused(SW_CONDITIONS)
    granted = _privileges(card, privileges, item, domain=item.is_domain) if privileges else item.privileges
    before = item.domain if domain else b""
    if domain:
        _move(card, item, card.registry.domain(domain))
    item.privileges = granted
    return before, item.aid, domain, privileges, parameters


def _personalize(card: Card, channel: LogicalChannel, fields: tuple[bytes, ...]) -> Response:
    require_host(channel)
    found = card.registry.find(fields[2])
    if found.domain != channel.selected.aid or found.kind in (Kind.PKG, Kind.ISD) or found.is_locked:
        raise Refused(SW_CONDITIONS)
    channel.personalizing = found
    return Response(confirmed(), SW_OK)
