# -*- test-case-name: tests.test_psk_keys -*-
"""
Keys of TLS-PSK (RFC 4279) and who has them: one by one, or all of a fleet in a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import evolve

from cardgw.errors import SecretError
from cardgw.identities import agent_identity, psk_identity, psk_name
from cardgw.values import Psk

KEY_MIN, KEY_MAX = 16, 64
"""Bytes of a key: none is shorter with cards (SGP.02, 2.4.4.1), and all implementations take that much (RFC 4279, 5.3)."""
IDENTITY_MAX = 128
"""Bytes of an identity that every implementation takes (RFC 4279, 5.3)."""
HEXADECIMAL = "hex:"


def parse_identity(text: str) -> bytes:
    """
    An identity as settings write it: text, or C{hex:} and bytes in hexadecimal.

    @raise ValueError: it is none.
    """
    octets = bytes.fromhex(text.removeprefix(HEXADECIMAL)) if text.startswith(HEXADECIMAL) else text.encode()
    if not 1 <= len(octets) <= IDENTITY_MAX or b"\x00" in octets:
        raise ValueError(f"an identity has 1 to {IDENTITY_MAX} bytes, none of them zero")
    return octets


def parse_key(octets: bytes, where: str) -> bytes:
    """
    A key, of hexadecimal.

    @raise SecretError: it is none.
    """
    try:
        key = bytes.fromhex(octets.decode("ascii"))
    except ValueError:
        raise SecretError(f"{where}: expected a key in hexadecimal") from None  # Python's own words show a part of it
    if not KEY_MIN <= len(key) <= KEY_MAX:
        raise SecretError(f"{where}: a key of {len(key)} bytes; it has {KEY_MIN} to {KEY_MAX}")
    return key


def parse_fleet(octets: bytes, where: str) -> dict[bytes, Psk]:
    """
    The keys of many, one line each: C{identity:key}, as stunnel has them in C{PSKsecrets}, the key in hexadecimal.

    @raise SecretError: a line is something else; the text says which.
    """
    found: dict[bytes, Psk] = {}
    for number, line in enumerate(octets.split(b"\n"), 1):
        identity, colon, key = line.strip().rpartition(b":")
        place = f"{where}: line {number}"
        if not line.strip():
            continue
        if not colon or not 1 <= len(identity) <= IDENTITY_MAX or b"\x00" in identity:
            raise SecretError(f"{place}: expected identity:key")
        if identity in found:
            raise SecretError(f"{place}: this identity is there twice")
        found[identity] = Psk(parse_key(key, place))
    return found


def joined(tables: Mapping[str, Mapping[bytes, Psk]]) -> dict[bytes, Psk]:
    """
    The keys of all tables.  Whoever has one that is bound to nobody cannot say to be a card that has another one.

    @param tables: by the places of the settings.
    @raise SecretError: two have the same identity.
    """
    owners: dict[bytes, str] = {}
    for where, identity in _identities(tables):
        if identity in owners:
            raise SecretError(f"{where}: an identity of it is in {owners[identity]}, too")
        owners[identity] = where
    every = {identity: psk for table in tables.values() for identity, psk in table.items()}
    known = frozenset(who for identity, psk in every.items() for who in _cards(identity, psk))
    return {identity: psk if psk.agent else evolve(psk, others=known) for identity, psk in every.items()}


def _identities(tables: Mapping[str, Mapping[bytes, Psk]]) -> Iterator[tuple[str, bytes]]:
    for where, table in tables.items():
        for identity in table:
            yield where, identity


def _cards(identity: bytes, psk: Psk) -> tuple[str, str]:
    return psk_identity(identity), agent_identity(psk.agent or psk_name(identity))
