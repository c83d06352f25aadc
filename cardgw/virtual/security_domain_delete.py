# -*- test-case-name: tests.virtual.test_security_domain_delete -*-
"""
DELETE of the software card: keys, applications and load files (GlobalPlatform Card Specification 2.3.1, 11.2).
"""

from __future__ import annotations

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.gp.commands import AID
from cardgw.gp.delete import KEY_IDENTIFIER, KEY_VERSION, RELATED, TOKEN
from cardgw.gp.life_cycle import Kind
from cardgw.gp.privileges import Privilege
from cardgw.virtual.euicc_values import SW_CONDITIONS, SW_DATA, SW_OK, SW_PARAMETERS, Refused
from cardgw.virtual.security_domain_delegated import Request, confirm, permitted
from cardgw.virtual.security_domain_registry import Item
from cardgw.virtual.security_domain_state import Card, LogicalChannel, own_ring, require_authority, require_host
from cardgw.virtual.security_domain_values import DOMAIN_FILE, confirmed

_LAST_KEY = 0x01
"""In P2 on cards of some families: also if that leaves none."""


def delete(card: Card, channel: LogicalChannel, command: Command) -> Response:
    """
    DELETE, of keys or of what is on the card.
    """
    require_host(channel)
    known = RELATED | (_LAST_KEY if card.options.family.deletes_last else 0)
    if command.p1 or command.p2 & ~known:
        raise Refused(SW_PARAMETERS)
    found = tlv.decode(command.data)
    if found.find(KEY_IDENTIFIER) or found.find(KEY_VERSION):
        _delete_key(card, channel, found, last=bool(command.p2 & _LAST_KEY))
        return Response(confirmed(), SW_OK)
    token = found.find(TOKEN)
    about = command.data if token is None else command.data[: -len(token.raw)]
    request = Request(command, about, b"" if token is None else token.value, about)
    permit = permitted(card, channel, request, Privilege.GlobalDelete)
    if len(found.every(AID)) != 1 or (token is not None and found[-1] is not token):
        raise Refused(SW_DATA)
    item = card.registry.find(found.value(AID))
    require_authority(card, channel, item, Privilege.GlobalDelete)
    gone = [item, *_related(card, item)]
    if (len(gone) > 1 and not command.p2 & RELATED) or any(_stays(card, each) for each in gone):
        raise Refused(SW_CONDITIONS)
    for each in gone:
        del card.registry.items[each.aid]
    return Response(confirm(card, permit, item.aid), SW_OK)


def _delete_key(card: Card, channel: LogicalChannel, found: tlv.Tlvs, *, last: bool) -> None:
    identifier, version = (_number(found.find(tag)) for tag in (KEY_IDENTIFIER, KEY_VERSION))
    ring = own_ring(channel)
    ring.delete(identifier, version, None if last else channel.session.version)
    if card.options.family.deletes_last and ring.first is None:
        ring.restore()


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
