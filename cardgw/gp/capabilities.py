# -*- test-case-name: tests.gp.test_capabilities -*-
"""
Card capability information (GlobalPlatform Card Specification 2.3.1, H.4): what a card could do, beyond what it does.
"""

from __future__ import annotations

from enum import IntFlag
from typing import Self

from attrs import frozen

from cardgw.apdu import tlv
from cardgw.errors import MalformedAnswer
from cardgw.gp.cap import Hash
from cardgw.gp.privileges import NONE, Privilege, decode_privileges

CAPABILITIES, CHANNEL = 0x67, 0xA0
_PROTOCOL, _OPTIONS, _KEY_SIZES, _TLS_SUITES, _PSK_LENGTH = 0x80, 0x81, 0x82, 0x83, 0x84
"""Tags in A0 (table H-5)."""
_DOMAIN, _APPLICATION, _HASHES, _CIPHERS, _TOKENS, _RECEIPTS, _DAPS, _CURVES = range(0x81, 0x89)
"""Tags beside it (table H-4)."""
_AES = (16, 24, 32)
_MOST_SUITES = 2


class Suite(IntFlag):
    """
    Ways to make signatures (tables H-9 and H-10); of two bytes, the first one lower.  Bits without a name are kept.
    """

    RSA1024_SHA1 = 0x0001
    RSA_PSS_SHA256 = 0x0002
    DES_MAC = 0x0004
    CMAC_AES128 = 0x0008
    CMAC_AES192 = 0x0010
    CMAC_AES256 = 0x0020
    ECC256_SHA256 = 0x0040
    ECC384_SHA384 = 0x0080
    ECC512_SHA512 = 0x0100
    ECC521_SHA512 = 0x0200


class CodeCipher(IntFlag):
    """
    Ways to cipher load files (table H-8).
    """

    TRIPLE_DES = 0x01
    AES128 = 0x02
    AES192 = 0x04
    AES256 = 0x08
    ICV = 0x80


_NO_SUITE, _NO_CIPHER = Suite(0), CodeCipher(0)


@frozen
class ChannelCapability:
    """
    A secure channel protocol that the card could have.

    @ivar options: the parameters "i", as the card gives them: a byte each, or two with SCP11.
    @ivar key_sizes: of AES, in bytes.
    @ivar tls_suites: of SCP81, two bytes each.
    @ivar psk_length: most bytes of a pre-shared key of SCP81; C{None} where it does not tell.
    """

    protocol: int
    options: bytes = b""
    key_sizes: tuple[int, ...] = ()
    tls_suites: bytes = b""
    psk_length: int | None = None

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        @param octets: of a data object A0.
        @raise ValueError: they are malformed.
        """
        found = tlv.decode(octets)
        sizes, psk = found.find(_KEY_SIZES), found.find(_PSK_LENGTH)
        return cls(
            _one(found.need(_PROTOCOL)),
            found.value(_OPTIONS),
            () if sizes is None else tuple(size for bit, size in enumerate(_AES) if _one(sizes) >> bit & 1),
            found.value(_TLS_SUITES),
            None if psk is None else int.from_bytes(psk.value[:4], "big"),
        )


@frozen
class Capabilities:
    """
    What a card could do.

    @ivar curves: key parameter references, as in L{cardgw.gp.keys.Curve}, a byte each.
    """

    channels: tuple[ChannelCapability, ...] = ()
    domain_privileges: Privilege = NONE
    application_privileges: Privilege = NONE
    hashes: tuple[Hash, ...] = ()
    ciphers: CodeCipher = _NO_CIPHER
    tokens: Suite = _NO_SUITE
    receipts: Suite = _NO_SUITE
    daps: Suite = _NO_SUITE
    curves: bytes = b""

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        @param octets: of a data object 67.
        @raise ValueError: they are malformed.
        """
        found = tlv.decode(octets)
        known = set(Hash)
        return cls(
            channels=tuple(ChannelCapability.decode(each.value) for each in found.every(CHANNEL)),
            domain_privileges=_privileges(found.value(_DOMAIN)),
            application_privileges=_privileges(found.value(_APPLICATION)),
            hashes=tuple(Hash(each) for each in found.value(_HASHES) if each in known),
            ciphers=CodeCipher(int.from_bytes(found.value(_CIPHERS)[:1], "big")),
            tokens=_suites(found.value(_TOKENS)),
            receipts=_suites(found.value(_RECEIPTS)),
            daps=_suites(found.value(_DAPS)),
            curves=found.value(_CURVES),
        )


def parse_capabilities(answer: bytes) -> Capabilities:
    """
    The answer to GET DATA for the card capability information.  Some cards put it into another data object of the same tag.

    @raise MalformedAnswer: it is something else.
    """
    try:
        value = tlv.only(answer, CAPABILITIES).value
        if value[:1] == bytes((CAPABILITIES,)):
            value = tlv.only(value, CAPABILITIES).value
        return Capabilities.decode(value)
    except ValueError as problem:
        raise MalformedAnswer(f"GET DATA of 0067: {problem}") from None


def _one(found: tlv.Tlv) -> int:
    if len(found.value) != 1:
        raise ValueError(f"data object {found.tag:X}: one byte is expected, not {len(found.value)}")
    return found.value[0]


def _privileges(octets: bytes) -> Privilege:
    return decode_privileges(octets) if octets else NONE


def _suites(octets: bytes) -> Suite:
    return Suite(int.from_bytes(octets[:_MOST_SUITES], "little"))
