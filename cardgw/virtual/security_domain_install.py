# -*- test-case-name: tests.virtual.test_security_domain_install -*-
"""
INSTALL of the software card in all its forms (GlobalPlatform Card Specification 2.3.1, 11.5), and DELETE (11.2).
"""

from __future__ import annotations

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.gp.commands import split_fields
from cardgw.gp.delete import KEY_IDENTIFIER, KEY_VERSION, RELATED
from cardgw.gp.life_cycle import INSTALLED, SELECTABLE, Kind
from cardgw.gp.parameters import APPLICATION, IMPLICIT_SELECTION, NON_VOLATILE, RESERVED_NON_VOLATILE, SYSTEM
from cardgw.gp.privileges import Privilege, decode_privileges
from cardgw.virtual.euicc_values import SW_CONDITIONS, SW_DATA, SW_OK, SW_PARAMETERS, SW_REFERENCE, Refused
from cardgw.virtual.security_domain_keys import KeyRing
from cardgw.virtual.security_domain_load import begin_load, check_aid
from cardgw.virtual.security_domain_registry import Item
from cardgw.virtual.security_domain_state import (
    Card,
    LogicalChannel,
    own_ring,
    require_authority,
    require_host,
    require_manager,
)
from cardgw.virtual.security_domain_values import DOMAIN_FILE, DOMAIN_MODULE, confirmed

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
    require_manager(card, channel)
    if command.p1 == _LOAD or (command.p1, command.p2) == (_ALL, _BEGIN):
        begin_load(card, channel, fields[:-1], combined=command.p1 == _ALL)
    elif command.p1 & _INSTALL:
        if command.p1 == _ALL and channel.installing != fields[0]:
            raise Refused(SW_CONDITIONS)
        channel.installing = None
        _install(card, channel, fields, selectable=bool(command.p1 & _SELECTABLE))
    elif command.p1 == _SELECTABLE:
        _make_selectable(card, channel, fields)
    elif command.p1 == _EXTRADITE:
        _extradite(card, channel, fields)
    else:
        _update(card, channel, fields)
    return Response(confirmed(), SW_OK)


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
    if granted & Privilege.CardReset:
        others = (each for each in card.registry.items.values() if each is not item and each.kind is not Kind.ISD)
        if any(each.privileges & Privilege.CardReset for each in others):
            raise Refused(SW_CONDITIONS)
    return granted


def _install(card: Card, channel: LogicalChannel, fields: tuple[bytes, ...], *, selectable: bool) -> None:
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


def _application(card: Card, channel: LogicalChannel, aid: bytes) -> Item:
    found = card.registry.find(aid)
    if found.kind not in (Kind.SSD, Kind.APP):
        raise Refused(SW_CONDITIONS)
    require_authority(card, channel, found, Privilege.GlobalRegistry)
    return found


def _make_selectable(card: Card, channel: LogicalChannel, fields: tuple[bytes, ...]) -> None:
    found = _application(card, channel, fields[2])
    if found.state != INSTALLED:
        raise Refused(SW_CONDITIONS)
    if fields[3]:
        found.privileges |= _privileges(card, fields[3], found, domain=found.is_domain) if any(fields[3]) else Privilege(0)
    found.state = SELECTABLE


def _extradite(card: Card, channel: LogicalChannel, fields: tuple[bytes, ...]) -> None:
    target = card.registry.domain(fields[0])
    item = card.registry.find(fields[2])
    require_authority(card, channel, item, Privilege.GlobalRegistry)
    _move(card, item, target)


def _move(card: Card, item: Item, target: Item) -> None:
    if item.kind is Kind.ISD or target is item or item in card.registry.above(target) or target.is_locked:
        raise Refused(SW_CONDITIONS)
    item.domain = target.aid


def _update(card: Card, channel: LogicalChannel, fields: tuple[bytes, ...]) -> None:
    domain, _, aid, privileges, _, _ = fields
    item = card.registry.find(aid) if aid else channel.selected
    require_authority(card, channel, item, Privilege.GlobalRegistry)
    if item.kind is Kind.PKG:
        raise Refused(SW_CONDITIONS)
    granted = _privileges(card, privileges, item, domain=item.is_domain) if privileges else item.privileges
    if domain:
        _move(card, item, card.registry.domain(domain))
    item.privileges = granted


def _personalize(card: Card, channel: LogicalChannel, fields: tuple[bytes, ...]) -> Response:
    require_host(channel)
    found = card.registry.find(fields[2])
    if found.domain != channel.selected.aid or not found.is_selectable or found.kind is Kind.PKG:
        raise Refused(SW_CONDITIONS)
    channel.personalizing = found
    return Response(confirmed(), SW_OK)


def delete(card: Card, channel: LogicalChannel, command: Command) -> Response:
    """
    DELETE, of keys or of what is on the card.
    """
    require_host(channel)
    if command.p1 or command.p2 & ~RELATED:
        raise Refused(SW_PARAMETERS)
    found = tlv.decode(command.data)
    if found.find(KEY_IDENTIFIER) or found.find(KEY_VERSION):
        identifier, version = (_number(found.find(tag)) for tag in (KEY_IDENTIFIER, KEY_VERSION))
        own_ring(channel).delete(identifier, version, channel.session.version)
        return Response(confirmed(), SW_OK)
    require_manager(card, channel)
    if len(found.every(0x4F)) != 1:
        raise Refused(SW_DATA)
    item = card.registry.find(found.value(0x4F))
    require_authority(card, channel, item, Privilege.GlobalDelete)
    gone = [item, *_related(card, item)]
    if (len(gone) > 1 and not command.p2 & RELATED) or any(_stays(card, each) for each in gone):
        raise Refused(SW_CONDITIONS)
    for each in gone:
        del card.registry.items[each.aid]
    return Response(confirmed(), SW_OK)


def _number(found: tlv.Tlv | None) -> int | None:
    return None if found is None else int.from_bytes(found.value, "big")


def _related(card: Card, item: Item) -> list[Item]:
    """
    What cannot be there without it.
    """
    registry = card.registry
    found = registry.belonging(item) if item.is_domain else []
    files = {each.aid for each in (item, *found) if each.kind is Kind.PKG}
    applications = [each for each in registry.items.values() if each.load_file in files and each not in found]
    below = [one for each in applications if each.is_domain for one in registry.belonging(each)]
    every = dict.fromkeys((*found, *applications, *below))
    return [each for each in every if each is not item]


def _stays(card: Card, item: Item) -> bool:
    return item.kind is Kind.ISD or item.aid == DOMAIN_FILE or card.is_selected(item)
