# -*- test-case-name: tests.virtual.test_security_domain_status -*-
"""
GET STATUS and SET STATUS of the software card (GlobalPlatform Card Specification 2.3.1, 11.4 and 11.10, 5).
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.gp.commands import AID
from cardgw.gp.get_status import NEXT, TAG_LIST, TAGGED
from cardgw.gp.life_cycle import LOCKED, CardState, DomainState, Kind
from cardgw.gp.privileges import Privilege
from cardgw.gp.registry import ENTRY, MODULE, Scope
from cardgw.gp.set_status import APPLICATION, CARD, DOMAIN_AND_APPLICATIONS
from cardgw.virtual.euicc_values import SW_CONDITIONS, SW_DATA, SW_OK, SW_PARAMETERS, SW_REFERENCE, Refused
from cardgw.virtual.security_domain_registry import Item
from cardgw.virtual.security_domain_state import Card, Listing, LogicalChannel, require_authority, require_host
from cardgw.virtual.security_domain_values import SW_ENTRIES

_KINDS = {
    Scope.ISD: (Kind.ISD,),
    Scope.APPLICATIONS: (Kind.SSD, Kind.APP),
    Scope.LOAD_FILES: (Kind.PKG,),
    Scope.LOAD_FILES_AND_MODULES: (Kind.PKG,),
}
_FORWARD = (CardState.OP_READY, CardState.INITIALIZED, CardState.SECURED)
_DOMAIN_FORWARD = (DomainState.INSTALLED, DomainState.SELECTABLE, DomainState.PERSONALIZED)
_TAG_BYTES = 0x1F


def get_status(card: Card, channel: LogicalChannel, command: Command) -> Response:
    """
    Entries, as many as fit into an answer.
    """
    require_host(channel)
    if command.p1 not in set(Scope) or command.p2 & ~(TAGGED | NEXT):
        raise Refused(SW_PARAMETERS)
    tagged = bool(command.p2 & TAGGED)
    if tagged and not card.options.family.tagged:
        raise Refused(SW_PARAMETERS)
    question = (command.p1, command.p2 & TAGGED, command.data)
    last, channel.listing = channel.listing, None
    if command.p2 & NEXT:
        if last is None or last.question != question:
            raise Refused(SW_CONDITIONS)
        entries = last.left
    else:
        entries = tuple(_found(card, channel, Scope(command.p1), command.data, tagged=tagged))
        if not entries:
            raise Refused(SW_REFERENCE)
    return _page(card, channel, question, entries)


def _page(card: Card, channel: LogicalChannel, question: tuple[int, int, bytes], entries: tuple[bytes, ...]) -> Response:
    count, size = 1, len(entries[0])
    while count < len(entries) and size + len(entries[count]) <= card.options.entries:
        size += len(entries[count])
        count += 1
    left = entries[count:]
    channel.listing = Listing(question, left) if left else None
    return Response(b"".join(entries[:count]), SW_ENTRIES if left else SW_OK)


def _found(card: Card, channel: LogicalChannel, scope: Scope, data: bytes, *, tagged: bool) -> Iterator[bytes]:
    criteria = tlv.decode(data)
    if not criteria or criteria[0].tag != AID or (len(criteria) > 1 and criteria[1].tag != TAG_LIST):
        raise Refused(SW_DATA)
    beginning, tags = criteria[0].value, _tags(criteria.value(TAG_LIST))
    for item in card.registry.items.values():
        if item.kind in _KINDS[scope] and item.aid.startswith(beginning) and _sees(card, channel.selected, item):
            yield _entry(item, scope, tags) if tagged else item.entry().encode_record(scope)


def _sees(card: Card, domain: Item, item: Item) -> bool:
    return bool(domain.privileges & Privilege.GlobalRegistry) or domain is item or domain in card.registry.above(item)


def _entry(item: Item, scope: Scope, tags: frozenset[int]) -> bytes:
    entry = item.entry()
    if scope is not Scope.LOAD_FILES_AND_MODULES:
        entry = evolve(entry, modules=())
    parts = tlv.only(entry.encode(), ENTRY).children()
    wanted = tags | ({MODULE} if scope is Scope.LOAD_FILES_AND_MODULES else set())
    return tlv.encode(ENTRY, *(each.raw for each in parts if not tags or each.tag in wanted))


def _tags(octets: bytes) -> frozenset[int]:
    found, at = set(), 0
    while at < len(octets):
        size = 2 if octets[at] & _TAG_BYTES == _TAG_BYTES else 1
        found.add(int.from_bytes(octets[at : at + size], "big"))
        at += size
    return frozenset(found)


def set_status(card: Card, channel: LogicalChannel, command: Command) -> Response:
    """
    A state of the card, or of what is on it.
    """
    require_host(channel)
    if command.p1 == CARD:
        _set_card(card, channel.selected, command.p2)
    elif command.p1 in (APPLICATION, DOMAIN_AND_APPLICATIONS):
        item = card.registry.find(command.data)
        require_authority(card, channel, item, Privilege.GlobalLock)
        if item.kind not in (Kind.SSD, Kind.APP):
            raise Refused(SW_CONDITIONS)
        if command.p1 == APPLICATION:
            _set(item, command.p2)
        else:
            _set_all(card, item, command.p2)
    else:
        raise Refused(SW_PARAMETERS)
    return Response(b"", SW_OK)


def _set_card(card: Card, domain: Item, state: int) -> None:
    isd = card.registry.isd
    if state not in set(CardState):
        raise Refused(SW_DATA)
    if state == CardState.TERMINATED:
        allowed = bool(domain.privileges & Privilege.CardTerminate)
    elif {isd.state, state} == {CardState.SECURED, CardState.CARD_LOCKED}:
        allowed = bool(domain.privileges & Privilege.CardLock)
    else:
        forward = isd.state in _FORWARD and state in _FORWARD
        allowed = forward and domain is isd and _FORWARD.index(CardState(state)) == _FORWARD.index(CardState(isd.state)) + 1
    if not allowed:
        raise Refused(SW_CONDITIONS)
    isd.state = state


def _set(item: Item, state: int) -> None:
    """
    Lock, unlock, or bring a domain on.  The other states of an application are its own affair.
    """
    if state & LOCKED:
        if item.is_locked:
            raise Refused(SW_CONDITIONS)
        item.state |= LOCKED
    elif item.is_locked:
        item.state &= ~LOCKED
    elif item.kind is Kind.SSD and state in _DOMAIN_FORWARD and state > item.state:
        item.state = state
    else:
        raise Refused(SW_CONDITIONS)


def _set_all(card: Card, domain: Item, state: int) -> None:
    if not domain.is_domain or state & ~LOCKED:
        raise Refused(SW_CONDITIONS)
    for item in (domain, *card.registry.belonging(domain)):
        if item.kind in (Kind.SSD, Kind.APP) and item.is_locked != bool(state):
            item.state ^= LOCKED
