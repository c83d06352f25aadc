# -*- test-case-name: tests.virtual.test_security_domain_data -*-
"""
GET DATA and PUT KEY of the software card (GlobalPlatform Card Specification 2.3.1, 11.3, 11.8 and H; for SCP11, Amendment F 1.3,
7).
"""

from __future__ import annotations

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.gp.certificate_store import CERTIFICATES, OFF_CARD_ISSUERS, ON_CARD_ISSUERS
from cardgw.gp.keys import KeyType
from cardgw.gp.life_cycle import DomainState, Kind
from cardgw.gp.resources import Resources
from cardgw.scp.curves import curve_by_reference, encode_point
from cardgw.scp.store import KeyReference
from cardgw.virtual.euicc_values import SW_DATA, SW_OK, SW_PARAMETERS, SW_REFERENCE, SW_WRONG_LENGTH, Refused
from cardgw.virtual.security_domain_keys import OWN_KEYS, KeyRing, check_version, stored_pair
from cardgw.virtual.security_domain_put_key import read_keys
from cardgw.virtual.security_domain_recognition import capabilities, recognition_data
from cardgw.virtual.security_domain_registry import Item
from cardgw.virtual.security_domain_state import Card, LogicalChannel, own, own_ring, require_host
from cardgw.virtual.security_domain_values import SW_SECURITY

IIN, CIN, CARD_DATA, CAPABILITIES, DIVERSIFICATION, KEYS = 0x42, 0x45, 0x66, 0x67, 0xCF, 0xE0
COUNTER, RECEIPTS = 0xC1, 0xC2
CPLC, APPLICATIONS, RESOURCES = 0x9F7F, 0x2F00, 0xFF21
BARE = (CARD_DATA, KEYS, OFF_CARD_ISSUERS, ON_CARD_ISSUERS)
"""Data objects that cards of some families tell the values of."""
SEVERAL = 0x80
CONTROL, KEY, ISSUER = 0xA6, 0x83, 0x42
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
    return Response(tlv.only(data, tag).value if card.options.family.bare and tag in BARE else data, SW_OK)


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
            return tlv.encode(tag, *(tlv.encode(ISSUER, name) + key.encode() for key, name in issuers.items()))
    return None


def _of_card(card: Card, tag: int) -> bytes | None:
    options, items = card.options, card.registry.items.values()
    if tag == APPLICATIONS:
        found = [tlv.encode(0x61, tlv.encode(0x4F, each.aid)) for each in items if each.kind in (Kind.SSD, Kind.APP)]
        return tlv.encode(tag, *found)
    if tag == RESOURCES:
        count = sum(each.kind in (Kind.SSD, Kind.APP) for each in items)
        return Resources(count, max(0, card.registry.free), _VOLATILE).encode()
    if tag == RECEIPTS:
        return tlv.encode(tag, card.receipts.to_bytes(2, "big"))
    if tag == CAPABILITIES:
        return capabilities(options)
    plain = {IIN: options.iin, CIN: options.cin, CPLC: options.cplc, DIVERSIFICATION: options.diversification}.get(tag)
    return tlv.encode(tag, plain) if plain else None


def reference(octets: bytes) -> KeyReference:
    """
    @param octets: of a data object 83.
    @raise Refused: they are none.
    """
    if len(octets) != 2:
        raise Refused(SW_DATA)
    return KeyReference(*octets)


def _certificates(card: Card, ring: KeyRing, data: bytes) -> bytes:
    key = reference(tlv.only(data, CONTROL).children().value(KEY))
    found = ring.certificates.get(key)
    if found is None or not ring.has(key):
        raise Refused(SW_REFERENCE)
    return b"".join(found) if card.options.family.bare else tlv.encode(CERTIFICATES, *found)


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
    keys = read_keys(command.data[1:], dek, short=card.options.family.short_keys)
    if (len(keys) > 1) != bool(command.p2 & SEVERAL):
        raise Refused(SW_DATA)
    domain = channel.selected
    own_ring(channel).put(replaced, command.data[0], first, keys)
    _personalized(domain)
    return Response(command.data[:1] + b"".join(each.check for each in keys), SW_OK)


def _personalized(domain: Item) -> None:
    """
    A domain that can be entered with its own keys is ready (5.3.2.3).
    """
    if domain.kind is Kind.SSD and domain.state == DomainState.SELECTABLE and own(domain).opens:
        domain.state = DomainState.PERSONALIZED


def generate_key(card: Card, channel: LogicalChannel, command: Command) -> Response:
    """
    GENERATE EC KEY, which cards of some families have: a key pair that the card makes; its public key is told.
    """
    require_host(channel)
    if command.p2 not in OWN_KEYS:
        raise Refused(SW_PARAMETERS)
    version, parameters = command.data[:1], tlv.only(command.data[1:], KeyType.EC_PARAMETERS).value
    if not version or len(parameters) != 1:
        raise Refused(SW_DATA)
    private = card.chance.make_key(curve_by_reference(parameters[0]).group)
    own_ring(channel).put(check_version(command.p1), version[0], command.p2, (stored_pair(private),))
    _personalized(channel.selected)
    return Response(tlv.encode(KeyType.EC_PUBLIC, encode_point(private.public_key())), SW_OK)
