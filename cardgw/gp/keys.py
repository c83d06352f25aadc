# -*- test-case-name: tests.gp.test_keys -*-
"""
Keys as PUT KEY has them (GlobalPlatform Card Specification 2.3.1, 11.8.2.3 and 11.1.8; AES: Amendment D 1.1.1, 7.2; elliptic
curves: Amendment E 1.1, 4.6).

What is secret is encrypted by whoever knows the data encryption key: a callable of the secure channel.  No key is in a C{repr}.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, IntEnum
from typing import TypeAlias

from attrs import field, frozen
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from cardgw.apdu import tlv
from cardgw.errors import ParameterError
from cardgw.gp.commands import check_byte
from cardgw.gp.commands import field as with_length

Encrypt: TypeAlias = Callable[[bytes], bytes]
"""Encrypts a key with the data encryption key of a session: whole blocks in, as many bytes out."""
CHECK_LENGTH = 3
_EXTENDED = 0xFF
_AES_BLOCK, _DES_BLOCK = 16, 8
_AES_LENGTHS, _DES_LENGTHS = (16, 24, 32), (16, 24)
_UNCOMPRESSED = 0x04


class KeyType(IntEnum):
    """
    Types of key components (table 11-16).
    """

    DES = 0x80
    PSK_TLS = 0x85
    AES = 0x88
    HMAC_SHA1 = 0x90
    RSA_PUBLIC_EXPONENT = 0xA0
    RSA_MODULUS = 0xA1
    EC_PUBLIC = 0xB0
    EC_PRIVATE = 0xB1
    EC_PARAMETERS = 0xF0


class Curve(IntEnum):
    """
    Elliptic curves by their key parameter references (Amendment E 1.1, table 4-3).
    """

    P256 = 0x00
    P384 = 0x01
    P521 = 0x02
    BRAINPOOL_P256R1 = 0x03
    BRAINPOOL_P256T1 = 0x04
    BRAINPOOL_P384R1 = 0x05
    BRAINPOOL_P384T1 = 0x06
    BRAINPOOL_P512R1 = 0x07
    BRAINPOOL_P512T1 = 0x08

    @property
    def size(self) -> int:
        """
        Bytes of a coordinate.
        """
        return _COORDINATES[self]


_COORDINATES = {
    Curve.P256: 32,
    Curve.P384: 48,
    Curve.P521: 66,
    Curve.BRAINPOOL_P256R1: 32,
    Curve.BRAINPOOL_P256T1: 32,
    Curve.BRAINPOOL_P384R1: 48,
    Curve.BRAINPOOL_P384T1: 48,
    Curve.BRAINPOOL_P512R1: 64,
    Curve.BRAINPOOL_P512T1: 64,
}


class InnerLength(Enum):
    """
    Whether the length of an encrypted key stands before it: cards differ.
    """

    NEEDED = "only where padding hides it"
    ALWAYS = "always"


@frozen
class Component:
    """
    A part of a key, as it goes to the card.

    @ivar value: with what is secret encrypted.
    """

    type: int
    value: bytes = field(repr=False)

    def encode(self, *, extended: bool = False) -> bytes:
        """
        @param extended: with the type and length of the extended format.
        """
        if not extended:
            return bytes((self.type,)) + with_length(self.value)
        return bytes((_EXTENDED, self.type)) + len(self.value).to_bytes(2, "big") + self.value


@frozen
class KeyField:
    """
    The data field of one key in PUT KEY (tables 11-70 and 11-71).

    @ivar check: its check value; empty for none.
    @ivar usage: key usage and access (11.1.9, 11.1.10), which make it the extended format; C{None} for the basic one.
    """

    components: tuple[Component, ...]
    check: bytes = b""
    usage: tuple[bytes, bytes] | None = None

    def encode(self) -> bytes:
        """
        The bytes.
        """
        extended = self.usage is not None
        parts = [each.encode(extended=extended) for each in self.components]
        parts.append(with_length(self.check))
        parts += map(with_length, self.usage or ())
        return b"".join(parts)


def aes_check_value(key: bytes) -> bytes:
    """
    Of an AES key: three bytes of a block of 01, encrypted (Amendment D 1.1.1, 4.1.4).
    """
    return _first_bytes(AES(_sized(key, _AES_LENGTHS, "AES")), b"\x01" * _AES_BLOCK)


def des_check_value(key: bytes) -> bytes:
    """
    Of a key for Triple DES: three bytes of a block of zeros, encrypted (B.6).

    @param key: 16 or 24 bytes.
    """
    _sized(key, _DES_LENGTHS, "DES")
    return _first_bytes(TripleDES(key + key[: 24 - len(key)]), bytes(_DES_BLOCK))


def _first_bytes(algorithm: CipherAlgorithm, block: bytes) -> bytes:
    encryptor = Cipher(algorithm, ECB()).encryptor()  # noqa: S305 - what the specification says, of one known block
    return (encryptor.update(block) + encryptor.finalize())[:CHECK_LENGTH]


def aes_key(
    key: bytes,
    encrypt: Encrypt,
    inner: InnerLength = InnerLength.ALWAYS,
    *,
    block: int = _AES_BLOCK,
) -> KeyField:
    """
    An AES key, with its check value.

    @param encrypt: with AES, initial chaining vector 0.
    @param inner: Amendment D has the length always; many cards take the other form, and some nothing else.
    @param block: 8 where the session's own key is one of DES.
    @raise ParameterError: the key has no length that one can have.
    """
    check = aes_check_value(key)
    return KeyField((_secret(KeyType.AES, key, encrypt, block, always=inner is InnerLength.ALWAYS),), check)


def des_key(key: bytes, encrypt: Encrypt, inner: InnerLength = InnerLength.NEEDED, *, block: int = _DES_BLOCK) -> KeyField:
    """
    A key for Triple DES of 16 or 24 bytes, with its check value.

    @param block: 16 where the session's own key is one of AES.
    """
    check = des_check_value(key)
    return KeyField((_secret(KeyType.DES, key, encrypt, block, always=inner is InnerLength.ALWAYS),), check)


def rsa_public_key(modulus: int, exponent: int) -> KeyField:
    """
    A public RSA key, which is not encrypted and has no check value.
    """
    if modulus <= 0 or exponent <= 0:
        raise ParameterError("RSA key: modulus and exponent are positive numbers")
    return KeyField((Component(KeyType.RSA_MODULUS, _number(modulus)), Component(KeyType.RSA_PUBLIC_EXPONENT, _number(exponent))))


def ec_public_key(point: bytes, curve: Curve) -> KeyField:
    """
    A public key on an elliptic curve.

    @param point: uncompressed: 04, x, y.
    """
    if len(point) != 1 + 2 * curve.size or point[0] != _UNCOMPRESSED:
        raise ParameterError(f"EC key: a point on {curve.name} is 04 and {2 * curve.size} bytes")
    return KeyField((Component(KeyType.EC_PUBLIC, point), _parameters(curve)))


def ec_private_key(
    number: int, curve: Curve, encrypt: Encrypt, inner: InnerLength = InnerLength.NEEDED, *, block: int = _AES_BLOCK
) -> KeyField:
    """
    A private key on an elliptic curve.

    @param number: the secret one.
    """
    if not 0 < number < 1 << 8 * curve.size:
        raise ParameterError(f"EC key: the private key is no number for {curve.name}")
    secret = number.to_bytes(curve.size, "big")
    part = _secret(KeyType.EC_PRIVATE, secret, encrypt, block, always=inner is InnerLength.ALWAYS)
    return KeyField((part, _parameters(curve)))


def _parameters(curve: Curve) -> Component:
    return Component(KeyType.EC_PARAMETERS, bytes((curve,)))


def _secret(type: int, key: bytes, encrypt: Encrypt, block: int, *, always: bool) -> Component:
    check_byte(type, "key type")
    padded = key + bytes(-len(key) % block)
    encrypted = encrypt(padded)
    if len(encrypted) != len(padded):
        raise ParameterError("the encryption of keys gives as many bytes as it gets")
    return Component(type, (tlv.length(len(key)) if always or len(padded) > len(key) else b"") + encrypted)


def _number(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _sized(key: bytes, lengths: tuple[int, ...], name: str) -> bytes:
    if len(key) not in lengths:
        raise ParameterError(f"{name} key: expected {', '.join(map(str, lengths))} bytes, got {len(key)}")
    return key
