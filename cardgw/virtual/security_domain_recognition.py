# -*- test-case-name: tests.virtual.test_security_domain_recognition -*-
"""
What the software card says that it can do (GlobalPlatform Card Specification 2.3.1, H.2 and H.4).
"""

from __future__ import annotations

from cardgw.apdu import tlv
from cardgw.scp.primitives import BLOCK
from cardgw.virtual.security_domain_keys import OWN_KEYS, KeyRing
from cardgw.virtual.security_domain_options import SecurityDomainOptions

_GP = bytes.fromhex("2A864886FC6B")
_SCP02, _SCP03, _SCP11 = 2, 3, 0x11
_VARIANT_BITS = dict(zip(OWN_KEYS, (0x01, 0x02, 0x10), strict=True))
_CHAINS, _S16 = 0x08, 0x40


def recognition_data(options: SecurityDomainOptions, ring: KeyRing) -> bytes:
    """
    The data object 66, with the secure channels that keys are there for.
    """
    parts = [
        _oid(1),
        tlv.encode(0x60, _oid(2, 2, 3, 1)),
        tlv.encode(0x63, _oid(3)),
        *(tlv.encode(0x64, _oid(4, protocol, form)) for protocol, form in _channels(options, ring)),
    ]
    return tlv.encode(0x66, tlv.encode(0x73, *parts))


def _channels(options: SecurityDomainOptions, ring: KeyRing) -> list[tuple[int, int]]:
    found = []
    for version in ring.versions:
        keys = ring.channel_keys(version)
        if keys is not None:
            found.append((_SCP03, options.implementation) if keys.enc.block == BLOCK else (_SCP02, options.scp02))
    variants = sum(_VARIANT_BITS[kid] for kid in {each.kid for each in ring.own_keys()})
    if variants:
        told = options.family.scp11
        found.append((_SCP11, variants | _CHAINS | (_S16 if options.implementation & 1 else 0) if told is None else told))
    return list(dict.fromkeys(found))


def _oid(*arcs: int) -> bytes:
    """
    Below 1.2.840.114283.
    """
    return tlv.encode(0x06, _GP + b"".join(bytes((0x80 | arc >> 7, arc & 0x7F)) if arc > 0x7F else bytes((arc,)) for arc in arcs))


def capabilities(options: SecurityDomainOptions) -> bytes:
    """
    The data object 67.
    """
    scp03 = tlv.encode(0xA0, bytes.fromhex("800103"), tlv.encode(0x81, bytes((options.implementation,))), bytes.fromhex("820107"))
    scp02 = tlv.encode(0xA0, bytes.fromhex("800102"), tlv.encode(0x81, bytes((options.scp02,))))
    return tlv.encode(0x67, scp03, scp02, bytes.fromhex("81039EFE80 82031E0600 830401020304"))
