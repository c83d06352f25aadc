# -*- test-case-name: tests.virtual.test_security_domain_load_file -*-
"""
The load file as it came, opened by the software card: deciphered, compared with its hash, its signatures verified, and read
(GlobalPlatform Card Specification 2.3.1, 9.2.1, 11.6.2.3, C.2, C.3 and C.6).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from hashlib import new
from types import MappingProxyType

from attrs import frozen

from cardgw.gp.cap_components import Component, Header, framed, parse_applets, parse_header
from cardgw.gp.load_file import Dap, LoadFile
from cardgw.gp.privileges import Privilege
from cardgw.scp.keys import AesKey, DesKey
from cardgw.scp.primitives import unpad
from cardgw.virtual.euicc_values import SW_CONDITIONS, SW_DATA, Refused
from cardgw.virtual.security_domain_registry import Item
from cardgw.virtual.security_domain_signatures import is_signed
from cardgw.virtual.security_domain_state import Card, Loading
from cardgw.virtual.security_domain_values import CIPHER_VERSION, DAP_VERSION, SW_SECURITY

HASHES: Mapping[int, str] = MappingProxyType({20: "sha1", 32: "sha256", 48: "sha384", 64: "sha512"})
"""By the bytes that they have."""


@frozen
class Contents:
    """
    What is in a load file.

    @ivar version: two bytes.
    @ivar size: bytes of its data block.
    """

    version: bytes
    modules: tuple[bytes, ...]
    size: int


def verifiers(card: Card, owner: Item) -> tuple[Item, ...]:
    """
    The security domains without whose signatures nothing is loaded: the one that the load file will belong to, where it has the
    privilege for that, and those that must verify all.
    """
    mandated = [each for each in card.registry.items.values() if each.privileges & Privilege.MandatedDAPVerification]
    first = [owner] if owner.privileges & Privilege.DAPVerification else []
    return tuple(dict.fromkeys((*first, *mandated)))


def read_load_file(card: Card, loading: Loading) -> Contents:
    """
    @raise Refused: 6A80: it is not what it was said to be; 6985: a signature is missing, or nobody can verify it, or nobody can
        decipher it; 6982: a signature is wrong.
    @raise ValueError: it is malformed.
    """
    file = LoadFile.decode(loading.octets)
    owner = card.registry.domain(loading.domain)
    code = _deciphered(card, owner, file) if file.ciphered else file.code
    if loading.file_hash and not hmac.compare_digest(new(HASHES[len(loading.file_hash)], code).digest(), loading.file_hash):
        raise Refused(SW_DATA)
    missing = {each.aid for each in verifiers(card, owner)} - {each.domain for each in file.daps}
    if missing or (file.daps and not loading.file_hash):
        raise Refused(SW_CONDITIONS)
    for each in file.daps:
        _verify(card, each, loading.file_hash)
    header, modules = _read(code)
    if header.package.aid != loading.aid:
        raise Refused(SW_DATA)
    return Contents(bytes(header.package.version), modules, len(code))


def _verify(card: Card, dap: Dap, file_hash: bytes) -> None:
    domain = card.registry.items.get(dap.domain)
    if domain is None or domain.ring is None or domain.is_locked or not domain.privileges & Privilege.DAPVerification:
        raise Refused(SW_CONDITIONS)
    keys = domain.ring.of_version(DAP_VERSION)
    if not keys:
        raise Refused(SW_CONDITIONS)
    if not any(is_signed(each, dap.signature, file_hash) for each in keys):
        raise Refused(SW_SECURITY)


def _deciphered(card: Card, owner: Item, file: LoadFile) -> bytes:
    """
    CBC; the initial chaining vector is zeros where none came; padded to whole blocks with 80 00.
    """
    able = (each for each in (owner, *card.registry.above(owner)) if each.privileges & Privilege.CipheredLoadFileDataBlock)
    domain = next(able, None)
    keys = () if domain is None or domain.ring is None else domain.ring.of_version(CIPHER_VERSION)
    key = next((each.static() for each in keys), None)
    if not isinstance(key, (AesKey, DesKey)):
        raise Refused(SW_CONDITIONS)
    if len(file.code) % key.block or len(file.icv) not in (0, key.block):
        raise Refused(SW_DATA)
    plain = key.decrypt(file.code)
    first = bytes(one ^ other for one, other in zip(plain, file.icv or bytes(key.block), strict=False))
    return unpad(first + plain[key.block :])


def _read(code: bytes) -> tuple[Header, tuple[bytes, ...]]:
    try:
        components = dict(_components(code))
        header = parse_header(components[Component.Header])
        applets = components.get(Component.Applet)
        return header, () if applets is None else parse_applets(applets, extended=header.is_extended)
    except (ValueError, KeyError):
        raise Refused(SW_DATA) from None


def _components(code: bytes) -> Iterator[tuple[Component, bytes]]:
    at, extended = 0, False
    while at < len(code):
        component, end = framed(code, at, extended=extended)
        if component is Component.Header:
            extended = parse_header(code[at:end]).is_extended
        yield component, code[at:end]
        at = end
