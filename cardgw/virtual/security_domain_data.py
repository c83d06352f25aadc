# -*- test-case-name: tests.virtual.test_security_domain_data -*-
"""
GET DATA, STORE DATA and PUT KEY of the software card (GlobalPlatform Card Specification 2.3.1, 11.3, 11.8, 11.11 and H;
for SCP11, Amendment F 1.3, 7).
"""

from __future__ import annotations

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.gp.certificate_store import CERTIFICATES, OFF_CARD_ISSUERS, ON_CARD_ISSUERS
from cardgw.gp.life_cycle import DomainState, Kind
from cardgw.gp.resources import Resources
from cardgw.gp.store_data import DataGroup
from cardgw.scp.store import KeyReference
from cardgw.virtual.euicc_values import (
    SW_CONDITIONS,
    SW_DATA,
    SW_OK,
    SW_PARAMETERS,
    SW_REFERENCE,
    SW_WRONG_LENGTH,
    Refused,
)
from cardgw.virtual.security_domain_keys import KeyRing, check_version
from cardgw.virtual.security_domain_put_key import read_keys
from cardgw.virtual.security_domain_recognition import capabilities, recognition_data
from cardgw.virtual.security_domain_state import Card, LogicalChannel, Storing, own_ring, require_host
from cardgw.virtual.security_domain_values import SW_SECURITY

IIN, CIN, CARD_DATA, CAPABILITIES, DIVERSIFICATION, KEYS, COUNTER = 0x42, 0x45, 0x66, 0x67, 0xCF, 0xE0, 0xC1
CPLC, APPLICATIONS, RESOURCES = 0x9F7F, 0x2F00, 0xFF21
STORABLE = (IIN, CIN, CARD_DATA, CAPABILITIES, 0x5F50)
"""What STORE DATA puts in the place of what is there."""
SEVERAL, LAST = 0x80, 0x80
_CONTROL, _KEY, _ISSUER, _ON_CARD, _ALLOWED, _SERIAL = 0xA6, 0x83, 0x42, 0x80, 0x70, 0x93
_ENCRYPTED, _DGI, _STRUCTURE, _RESPONSE = 0x60, 0x08, 0x18, 0x01
_OBJECTS = 0x0070
"""The data grouping that has data objects in it."""
_MOST_STORED = 0x8000
_VOLATILE = 2048


def get_data(card: Card, channel: LogicalChannel, command: Command) -> Response:
    """
    One data object.
    """
    tag = command.p1 << 8 | command.p2
    stored = channel.selected.data.get(tag)
    if stored is not None:
        return Response(tlv.encode(tag, stored), SW_OK)
    if tag == CERTIFICATES:
        return Response(_certificates(card, own_ring(channel), command.data), SW_OK)
    data = _of_domain(card, channel, tag) or _of_card(card, tag)
    if data is None:
        raise Refused(SW_REFERENCE)
    return Response(data, SW_OK)


def _of_domain(card: Card, channel: LogicalChannel, tag: int) -> bytes | None:
    ring = own_ring(channel)
    if tag == KEYS:
        return ring.information()
    if tag == CARD_DATA:
        return recognition_data(card.options, card.registry.ring(channel.selected))
    if tag == COUNTER:
        first = card.registry.ring(channel.selected).first
        counter = card.registry.ring(channel.selected).counters.get(first or 0, 0)
        return tlv.encode(COUNTER, counter.to_bytes(2 if card.options.family.des else 3, "big"))
    if tag in (OFF_CARD_ISSUERS, ON_CARD_ISSUERS):
        issuers = ring.issuers if tag == OFF_CARD_ISSUERS else ring.card_issuers
        if issuers:
            return tlv.encode(tag, *(tlv.encode(_ISSUER, name) + key.encode() for key, name in issuers.items()))
    return None


def _of_card(card: Card, tag: int) -> bytes | None:
    options, items = card.options, card.registry.items.values()
    if tag == APPLICATIONS:
        found = [tlv.encode(0x61, tlv.encode(0x4F, each.aid)) for each in items if each.kind in (Kind.SSD, Kind.APP)]
        return tlv.encode(tag, *found)
    if tag == RESOURCES:
        count = sum(each.kind in (Kind.SSD, Kind.APP) for each in items)
        return Resources(count, max(0, card.registry.free), _VOLATILE).encode()
    if tag == CAPABILITIES:
        return capabilities(options)
    plain = {IIN: options.iin, CIN: options.cin, CPLC: options.cplc, DIVERSIFICATION: options.diversification}.get(tag)
    return tlv.encode(tag, plain) if plain else None


def _reference(octets: bytes) -> KeyReference:
    if len(octets) != 2:
        raise Refused(SW_DATA)
    return KeyReference(*octets)


def _certificates(card: Card, ring: KeyRing, data: bytes) -> bytes:
    reference = _reference(tlv.only(data, _CONTROL).children().value(_KEY))
    found = ring.certificates.get(reference)
    if found is None or not ring.has(reference):
        raise Refused(SW_REFERENCE)
    return b"".join(found) if card.options.family.bare_certificates else tlv.encode(CERTIFICATES, *found)


def put_key(card: Card, channel: LogicalChannel, command: Command) -> Response:
    """
    Keys come, encrypted; the answer has their check values.
    """
    require_host(channel)
    dek = channel.session.dek
    if dek is None:
        raise Refused(SW_SECURITY)
    if not command.data:
        raise Refused(SW_WRONG_LENGTH)
    replaced, first = check_version(command.p1), command.p2 & ~SEVERAL
    keys = read_keys(command.data[1:], dek)
    if (len(keys) > 1) != bool(command.p2 & SEVERAL):
        raise Refused(SW_DATA)
    domain = channel.selected
    own_ring(channel).put(replaced, command.data[0], first, keys)
    if domain.kind is Kind.SSD and domain.state == DomainState.SELECTABLE:
        domain.state = DomainState.PERSONALIZED
    return Response(command.data[:1] + b"".join(each.check for each in keys), SW_OK)


def store_data(card: Card, channel: LogicalChannel, command: Command) -> Response:
    """
    One block.
    """
    require_host(channel)
    head = command.p1 & ~LAST
    storing, channel.storing = channel.storing, None
    if storing is None or command.p2 == 0:
        storing = Storing(head)
    if command.p2 != storing.number & 0xFF or head != storing.head or head & _STRUCTURE == _STRUCTURE:
        raise Refused(SW_PARAMETERS)
    if not command.data or len(command.data) > card.options.block:
        raise Refused(SW_WRONG_LENGTH)
    if len(storing.octets) + len(command.data) > _MOST_STORED:
        raise Refused(SW_DATA)
    storing.octets += command.data
    if not command.p1 & LAST:
        storing.number += 1
        channel.storing = storing
    elif channel.personalizing is not None:
        item, channel.personalizing = channel.personalizing, None
        item.data[0] = item.data.get(0, b"") + storing.octets
    else:
        _store(channel, storing)
    return Response(b"", SW_OK)


def _store(channel: LogicalChannel, storing: Storing) -> None:
    if storing.head & (_ENCRYPTED | _RESPONSE):
        raise Refused(SW_PARAMETERS)
    octets = storing.octets
    if storing.head & _DGI:
        groups = DataGroup.decode_all(octets)
        if any(each.identifier != _OBJECTS for each in groups):
            raise Refused(SW_REFERENCE)
        octets = b"".join(each.value for each in groups)
    found = tlv.decode(octets)
    if found and found[0].tag == _CONTROL:
        _store_for_key(own_ring(channel), found)
        return
    if not found or any(each.tag not in STORABLE for each in found):
        raise Refused(SW_DATA)
    channel.selected.data.update({each.tag: each.value for each in found})


def _store_for_key(ring: KeyRing, found: tlv.Tlvs) -> None:
    """
    What belongs to one key: certificates, who certifies, or whom to let in.
    """
    control = found[0].children()
    reference = _reference(control.value(_KEY))
    issuer, certificates, allowed = control.find(_ISSUER), found.find(CERTIFICATES), found.find(_ALLOWED)
    if issuer is not None:
        on_card = control.value(_ON_CARD) == b"\x01"
        (ring.card_issuers if on_card else ring.issuers)[reference] = issuer.value
        return
    if not ring.has(reference):
        raise Refused(SW_REFERENCE)
    if certificates is not None:
        ring.certificates[reference] = tuple(each.raw for each in certificates.children())
    elif allowed is not None:
        serials = allowed.children().every(_SERIAL)
        ring.allowed[reference] = frozenset(each.value.lstrip(b"\0") for each in serials)
        if not serials:
            del ring.allowed[reference]
    else:
        raise Refused(SW_CONDITIONS)
