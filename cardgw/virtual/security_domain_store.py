# -*- test-case-name: tests.virtual.test_security_domain_store -*-
"""
STORE DATA of the software card (GlobalPlatform Card Specification 2.3.1, 11.11; for SCP11, Amendment F 1.3, 7): for the security
domain itself, or for what is personalised through it (7.3.3).

What is encrypted is so with the data encryption key of the session, in whole blocks from a vector of zeros: the value of each
data grouping or data object; without a structure, all of it.  A security domain takes padding (80 00) off what it gets so, if
there is any.
"""

from __future__ import annotations

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.gp.certificate_store import CERTIFICATES
from cardgw.gp.life_cycle import Kind
from cardgw.gp.load_file import LAST_BLOCK
from cardgw.gp.store_data import DataGroup, Encryption, Structure
from cardgw.scp.primitives import unpad
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
from cardgw.virtual.security_domain_data import CAPABILITIES, CARD_DATA, CIN, CONTROL, IIN, ISSUER, KEY, reference
from cardgw.virtual.security_domain_keys import KeyRing
from cardgw.virtual.security_domain_put_key import Unwrapping
from cardgw.virtual.security_domain_registry import Item
from cardgw.virtual.security_domain_state import Card, LogicalChannel, Storing, own, require_host
from cardgw.virtual.security_domain_values import SW_SECURITY

STORABLE = (IIN, CIN, CARD_DATA, CAPABILITIES, 0x5F50)
"""What is put in the place of what is there."""
_ON_CARD, _ALLOWED, _SERIAL, _COUNTER = 0x80, 0x70, 0x93, 0x92
_STRUCTURE = Structure.DGI | Structure.BER
_RESERVED = 0x06
_OBJECTS = 0x0070
"""The data grouping that has data objects in it."""
_MOST_STORED = 0x8000


def store_data(card: Card, channel: LogicalChannel, command: Command) -> Response:
    """
    One block.
    """
    require_host(channel)
    head = command.p1 & ~LAST_BLOCK
    storing, channel.storing = channel.storing, None
    if storing is None or command.p2 == 0:
        storing = Storing(head)
    if command.p2 != storing.number & 0xFF or head != storing.head or not _is_known(head):
        raise Refused(SW_PARAMETERS)
    if not command.data or len(command.data) > (_MOST_STORED if card.options.family.stores_whole else card.options.block):
        raise Refused(SW_WRONG_LENGTH)
    if len(storing.octets) + len(command.data) > _MOST_STORED:
        raise Refused(SW_DATA)
    storing.octets += command.data
    if command.p1 & LAST_BLOCK:
        item, channel.personalizing = channel.personalizing or channel.selected, None
        _store(item, storing.head, _decrypted(channel, storing))
    else:
        storing.number += 1
        channel.storing = storing
    return Response(b"", SW_OK)


def _is_known(head: int) -> bool:
    encryption = head & Encryption.ALL
    return head & _STRUCTURE != _STRUCTURE and not head & _RESERVED and encryption in set(Encryption)


def _decrypted(channel: LogicalChannel, storing: Storing) -> bytes:
    octets, head = storing.octets, storing.head
    if head & Encryption.ALL != Encryption.ALL:
        return octets
    dek = channel.session.dek
    if dek is None:
        raise Refused(SW_SECURITY)
    if head & Structure.DGI:
        groups = DataGroup.decode_all(octets)
        return b"".join(DataGroup(each.identifier, _plain(dek, each.value)).encode() for each in groups)
    if head & Structure.BER:
        return b"".join(tlv.encode(each.tag, _plain(dek, each.value)) for each in tlv.decode(octets))
    return _plain(dek, octets)


def _plain(dek: Unwrapping, octets: bytes) -> bytes:
    if not octets or len(octets) % dek.block:
        raise Refused(SW_DATA)
    return dek.decrypt(octets)


def _store(item: Item, head: int, octets: bytes) -> None:
    """
    An application keeps what comes as it comes; a security domain understands it.
    """
    if item.kind is Kind.APP:
        item.data[0] = item.data.get(0, b"") + octets
        return
    if head & Encryption.ALL == Encryption.APPLICATION:
        raise Refused(SW_PARAMETERS)
    padded = bool(head & Encryption.ALL)
    if head & Structure.DGI:
        groups = DataGroup.decode_all(octets)
        if any(each.identifier != _OBJECTS for each in groups):
            raise Refused(SW_REFERENCE)
        octets = b"".join(_bare(each.value) if padded else each.value for each in groups)
    elif padded and not head & Structure.BER:
        octets = _bare(octets)
    found = tlv.decode(octets)
    if found and found[0].tag == CONTROL:
        _store_for_key(own(item), found)
        return
    if not found or any(each.tag not in STORABLE for each in found):
        raise Refused(SW_DATA)
    unpadded = padded and head & Structure.BER
    item.data.update({each.tag: _bare(each.value) if unpadded else each.value for each in found})


def _bare(octets: bytes) -> bytes:
    """
    Without padding, where there is some.
    """
    try:
        return unpad(octets)
    except ValueError:
        return octets


def _store_for_key(ring: KeyRing, found: tlv.Tlvs) -> None:
    """
    What belongs to one key: certificates, who certifies, or whom to let in.
    """
    control = found[0].children()
    key = reference(control.value(KEY))
    issuer, certificates, allowed = control.find(ISSUER), found.find(CERTIFICATES), found.find(_ALLOWED)
    if issuer is not None:
        on_card = control.value(_ON_CARD) == b"\x01"
        (ring.card_issuers if on_card else ring.issuers)[key] = issuer.value
        return
    if not ring.has(key):
        raise Refused(SW_REFERENCE)
    if certificates is not None:
        ring.certificates[key] = tuple(each.raw for each in certificates.children())
    elif allowed is not None:
        _store_allowed(ring, key, allowed.children(), found.find(_COUNTER))
    else:
        raise Refused(SW_CONDITIONS)


def _store_allowed(ring: KeyRing, key: KeyReference, listed: tlv.Tlvs, counter: tlv.Tlv | None) -> None:
    """
    A list that was there already is not taken again, if lists are counted.
    """
    if counter is not None:
        number = int.from_bytes(counter.value, "big")
        if len(counter.value) != 2 or number <= ring.lists.get(key, 0):
            raise Refused(SW_CONDITIONS)
        ring.lists[key] = number
    serials = listed.every(_SERIAL)
    ring.allowed[key] = frozenset(each.value.lstrip(b"\0") for each in serials)
    if not serials:
        del ring.allowed[key]
