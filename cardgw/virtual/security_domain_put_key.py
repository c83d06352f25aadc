# -*- test-case-name: tests.virtual.test_security_domain_put_key -*-
"""
The data of PUT KEY as the software card reads them (GlobalPlatform Card Specification 2.3.1, 11.8.2.3).
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Protocol

from cardgw.gp.commands import split_field
from cardgw.gp.keys import KeyType
from cardgw.scp.keys import AES_LENGTHS, DES_LENGTHS, AesKey, DesKey
from cardgw.virtual.euicc_values import SW_DATA, Refused
from cardgw.virtual.security_domain_keys import StoredKey, check_key
from cardgw.virtual.security_domain_values import SW_ALGORITHM, SW_CHECK_VALUE

_EXTENDED, _LEAST_TYPE = 0xFF, 0x80
_DES_TYPES = (0x80, 0x82)
_SECRET = (*_DES_TYPES, KeyType.AES, KeyType.EC_PRIVATE)
_EC = (KeyType.EC_PRIVATE, KeyType.EC_PUBLIC)
_RSA = (KeyType.RSA_MODULUS, KeyType.RSA_PUBLIC_EXPONENT)


class Unwrapping(Protocol):
    """
    The data encryption key of a session, as the card has it.
    """

    @property
    def block(self) -> int:
        """
        Bytes in a block.
        """

    def decrypt(self, data: bytes) -> bytes:
        """
        @param data: whole blocks.
        """


def read_keys(octets: bytes, dek: Unwrapping, *, short: bool = False) -> tuple[StoredKey, ...]:
    """
    All keys of one command.

    @param octets: what follows the key version number.
    @param short: no length stands before what is encrypted.
    @raise Refused: they cannot be read, or a check value is wrong.
    """
    found, at = [], 0
    try:
        while at < len(octets):
            key, at = _read_key(octets, at, dek, short=short)
            found.append(key)
    except (ValueError, IndexError):
        raise Refused(SW_DATA) from None
    if not found:
        raise Refused(SW_DATA)
    return tuple(found)


def _read_key(octets: bytes, at: int, dek: Unwrapping, *, short: bool) -> tuple[StoredKey, int]:
    extended = octets[at] == _EXTENDED
    parts: dict[int, bytes] = {}
    first = octets[at + 1] if extended else octets[at]
    while at < len(octets) and octets[at] >= _LEAST_TYPE:
        kind, value, at = _component(octets, at, extended=extended)
        parts[kind] = value
    check, at = split_field(octets, at)
    if extended:
        _, at = split_field(octets, at)
        _, at = split_field(octets, at)
    return _key(first, parts, check, dek, short=short), at


def _component(octets: bytes, at: int, *, extended: bool) -> tuple[int, bytes, int]:
    if not extended:
        value, end = split_field(octets, at + 1)
        return octets[at], value, end
    start = at + 4
    end = start + int.from_bytes(octets[at + 2 : start], "big")
    if octets[at] != _EXTENDED or end > len(octets):
        raise ValueError("a key component is cut short")
    return octets[at + 1], octets[start:end], end


def _key(kind: int, parts: dict[int, bytes], check: bytes, dek: Unwrapping, *, short: bool) -> StoredKey:
    if kind in _RSA:
        kind = KeyType.RSA_MODULUS
    value = parts.pop(kind, b"")
    if not value:
        raise ValueError("a key has a component at least, which is not empty")
    if kind in _SECRET:
        value = _secret(value, dek, short=short)
    if kind in _EC:
        parameters = parts.pop(KeyType.EC_PARAMETERS, b"\0")
        made = check_key(StoredKey(kind, value, parameters[0]))
    elif kind == KeyType.RSA_MODULUS:
        made = check_key(StoredKey(kind, value, exponent=parts.pop(KeyType.RSA_PUBLIC_EXPONENT, b"")))
    else:
        made = StoredKey(kind, value, check=_check_value(kind, value))
    if parts:
        raise ValueError("components that do not belong together")
    if check and not compare_digest(check, made.check):
        raise Refused(SW_CHECK_VALUE)
    return made


def _secret(value: bytes, dek: Unwrapping, *, short: bool) -> bytes:
    """
    Decrypted, with or without its length before it.
    """
    if len(value) % dek.block == 0 and value:
        return dek.decrypt(value)
    if short:
        raise ValueError("a length stands before an encrypted key")
    size, body = value[0], value[1:]
    if not body or len(body) % dek.block or not 0 <= len(body) - size < dek.block:
        raise ValueError("an encrypted key has another length")
    return dek.decrypt(body)[:size]


def _check_value(kind: int, value: bytes) -> bytes:
    if kind == KeyType.AES:
        if len(value) not in AES_LENGTHS:
            raise ValueError("no AES key has this length")
        return AesKey(value).kcv()
    if kind in _DES_TYPES:
        if len(value) not in DES_LENGTHS:
            raise ValueError("no DES key has this length")
        return DesKey(value).kcv()
    raise Refused(SW_ALGORITHM)
