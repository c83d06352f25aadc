# -*- test-case-name: tests.scp.test_scp11_terms -*-
"""
What both sides of SCP11 write and compute (GlobalPlatform Card Specification 2.3 Amendment F): the terms of a key agreement, the
keys that follow, and the receipt.
"""

from __future__ import annotations

from enum import Enum
from hmac import compare_digest
from typing import Self

from attrs import field, frozen
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

from cardgw.apdu import tlv
from cardgw.errors import ParameterError
from cardgw.scp.kdf import SessionKeys
from cardgw.scp.keys import AES_LENGTHS, AesKey
from cardgw.scp.level import Level
from cardgw.scp.primitives import Cmac

INS_PERFORM_SECURITY_OPERATION, INS_MUTUAL_AUTHENTICATE, INS_INTERNAL_AUTHENTICATE = 0x2A, 0x82, 0x88
CONTROL_REFERENCE, PUBLIC_KEY, RECEIPT = 0xA6, 0x5F49, 0x86
IDENTIFIER, USAGE, KEY_TYPE, KEY_LENGTH, HOST_ID = 0x90, 0x95, 0x80, 0x81, 0x84
"""In the control reference."""
SCP11 = 0x11
AES = 0x88
"""Key type (GlobalPlatform Card Specification 2.3.1, table 11-16)."""
WITH_HOST_ID = 0x04
"""In the parameter byte: identifiers of host and card go into the keys."""
MOST_IDENTIFIER = 255
RECEIPT_LENGTH = 16
USAGES = {Level.FULL: 0x3C, Level.C_MAC | Level.R_MAC: 0x34}
"""Key usage qualifiers (GlobalPlatform Card Specification 2.3.1, table 11-17) of the levels that there are."""
KEYS = 5
"""Receipt key, S-ENC, S-MAC, S-RMAC and S-DEK, in this order."""


class Variant(Enum):
    """
    Who authenticates whom, and how.
    """

    A = "a"
    """Each authenticates the other."""
    B = "b"
    """The card authenticates itself; the host could be anybody."""
    C = "c"
    """As a, but the card takes no part in making the keys, so that scripts can be made beforehand, for many cards."""

    @property
    def kid(self) -> int:
        """
        The identifier of the card's key.
        """
        return {Variant.A: 0x11, Variant.B: 0x13, Variant.C: 0x15}[self]

    @property
    def parameter(self) -> int:
        """
        The parameter byte, without identifiers of host and card.
        """
        return {Variant.A: 0x01, Variant.B: 0x00, Variant.C: 0x03}[self]

    @property
    def instruction(self) -> int:
        """
        INS of the command that agrees on keys.
        """
        return INS_INTERNAL_AUTHENTICATE if self is Variant.B else INS_MUTUAL_AUTHENTICATE

    @property
    def authenticates_host(self) -> bool:
        """
        Whether the card knows who administers it.
        """
        return self is not Variant.B


@frozen
class Terms:
    """
    What is agreed on.

    @ivar level: C{Level.FULL}, or C-MAC with R-MAC.
    @ivar key_length: of the session keys: 16, 24 or 32 bytes.
    @ivar host_id: who the host says it is, up to 255 bytes; C{b""} for no identifiers.
    @ivar card_ids: what the card is or belongs to, which the host must know: its SIN and SDIN, or its card group; up to 255 bytes
        each.  They are not sent.
    """

    variant: Variant
    level: Level = Level.FULL
    key_length: int = 16
    host_id: bytes = b""
    card_ids: tuple[bytes, ...] = ()

    def __attrs_post_init__(self) -> None:
        if self.level not in USAGES:
            raise ParameterError(f"SCP11 has the levels 33 and 11, not {self.level.hexadecimal}")
        if self.key_length not in AES_LENGTHS:
            raise ParameterError(f"an AES key has 16, 24 or 32 bytes, not {self.key_length}")
        if any(len(each) > MOST_IDENTIFIER for each in (self.host_id, *self.card_ids)):
            raise ParameterError(f"identifiers of host and card have at most {MOST_IDENTIFIER} bytes")
        if self.card_ids and not self.host_id:
            raise ParameterError("identifiers of the card need one of the host")

    def encode(self) -> bytes:
        """
        The control reference, data object A6.
        """
        parameter = self.variant.parameter | (WITH_HOST_ID if self.host_id else 0)
        return tlv.encode(
            CONTROL_REFERENCE,
            tlv.encode(IDENTIFIER, bytes((SCP11, parameter))),
            tlv.encode(USAGE, bytes((USAGES[self.level],))),
            tlv.encode(KEY_TYPE, bytes((AES,))),
            tlv.encode(KEY_LENGTH, bytes((self.key_length,))),
            tlv.encode(HOST_ID, self.host_id) if self.host_id else b"",
        )

    @classmethod
    def decode(cls, value: bytes, card_ids: tuple[bytes, ...] = ()) -> Self:
        """
        @param value: of the data object A6.
        @param card_ids: used where the host names itself.
        @raise ValueError: these are no terms of SCP11.
        """
        items = tlv.decode(value)
        identifier, usage, length = items.value(IDENTIFIER), items.value(USAGE), items.value(KEY_LENGTH)
        if len(identifier) != 2 or identifier[0] != SCP11 or items.value(KEY_TYPE) != bytes((AES,)):
            raise ValueError("not SCP11 with AES")
        host_id = items.value(HOST_ID)
        if bool(identifier[1] & WITH_HOST_ID) != bool(host_id):
            raise ValueError("the parameter byte and the identifier of the host contradict each other")
        variant = next((each for each in Variant if each.parameter == identifier[1] & ~WITH_HOST_ID), None)
        level = next((each for each, code in USAGES.items() if bytes((code,)) == usage), None)
        if variant is None or level is None or len(length) != 1 or length[0] not in AES_LENGTHS:
            raise ValueError("unknown parameter, key usage or key length")
        return cls(variant, level, length[0], host_id, card_ids if host_id else ())

    @property
    def shared_info(self) -> bytes:
        """
        What goes into the keys besides the secrets.
        """
        identifiers = (self.host_id, *self.card_ids) if self.host_id else ()
        fixed = bytes((USAGES[self.level], AES, self.key_length))
        return fixed + b"".join(bytes((len(each),)) + each for each in identifiers)


@frozen
class Agreement:
    """
    The outcome of a key agreement.

    @ivar receipt_key: what the receipt is made with.
    """

    keys: SessionKeys = field(repr=False)
    receipt_key: bytes = field(repr=False)

    def receipt(self, command_data: bytes, public_key: bytes) -> bytes:
        """
        16 bytes.

        @param command_data: all of it.
        @param public_key: the data object 5F49 of the answer.
        """
        return Cmac(self.receipt_key)(command_data, public_key)

    def is_receipt(self, receipt: bytes, command_data: bytes, public_key: bytes) -> bool:
        """
        Whether the other side has the same keys.
        """
        return compare_digest(self.receipt(command_data, public_key), receipt)


def agree_on_keys(terms: Terms, ephemeral: bytes, static: bytes) -> Agreement:
    """
    ANSI X9.63 with SHA-256.

    @param ephemeral: the secret of both ephemeral keys (ShSee).
    @param static: that of the card's static key with the host's static one, or with its ephemeral one in SCP11b (ShSes).
    """
    size = terms.key_length
    octets = X963KDF(SHA256(), KEYS * size, terms.shared_info).derive(ephemeral + static)
    receipt_key, s_enc, s_mac, s_rmac, s_dek = (octets[at : at + size] for at in range(0, KEYS * size, size))
    return Agreement(SessionKeys(s_enc, s_mac, s_rmac, AesKey(s_dek)), receipt_key)
