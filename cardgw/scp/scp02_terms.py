# -*- test-case-name: tests.scp.test_scp02_terms -*-
"""
What both sides of SCP02 compute (GlobalPlatform Card Specification 2.3.1, annexes B.1 and E): MACs of DES, session keys,
cryptograms.  SCP02 is deprecated; it is here for cards that have nothing better.
"""

from __future__ import annotations

from enum import IntEnum

from attrs import frozen
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from cardgw.scp.errors import LevelNotPossible
from cardgw.scp.kdf import SessionKeys
from cardgw.scp.keys import DesKey, KeySet, StaticKey
from cardgw.scp.level import Level
from cardgw.scp.primitives import pad

PROTOCOL = 0x02
BLOCK, MAC, KEY = 8, 8, 16
"""Bytes."""
CHALLENGE, CARD_CHALLENGE, COUNTER = 8, 6, 2
ZERO_BLOCK = bytes(BLOCK)
LEVELS = tuple(Level(value) for value in (0x00, 0x01, 0x03, 0x11, 0x13))


@frozen
class Scp02Implementation:
    """
    The parameter i (table E-1).  Cards do not tell it in the answer to INITIALIZE UPDATE; it stands in the card data.
    """

    value: int = 0x15

    @property
    def supported(self) -> bool:
        """
        Whether this is a form that is known here: the host begins explicitly, and the first chaining vector is zero.
        """
        return self.value & 0x8C == 0x04

    @property
    def unmodified(self) -> bool:
        """
        The MAC is over the command as it is before it is protected.
        """
        return bool(self.value & 0x02)

    @property
    def encrypts_vector(self) -> bool:
        """
        The chaining vector of C-MACs is encrypted.
        """
        return bool(self.value & 0x10)

    @property
    def r_mac(self) -> bool:
        """
        Answers can be protected.
        """
        return bool(self.value & 0x20)

    @property
    def pseudo_random(self) -> bool:
        """
        The card challenge follows from the keys, the counter and the AID.
        """
        return bool(self.value & 0x40)

    @property
    def most(self) -> Level:
        """
        The highest level that it has.
        """
        return Level.C_MAC | Level.C_DECRYPTION | (Level.R_MAC if self.r_mac else Level.NONE)

    def refuse(self, level: Level) -> None:
        """
        @raise LevelNotPossible: SCP02 has no such level, or this form has not.
        """
        if not self.supported:
            raise LevelNotPossible(f"the form i={self.value:02X} of SCP02 is not known here")
        if level not in LEVELS:
            raise LevelNotPossible(f"SCP02 has no level {level:02X}; there are {', '.join(each.hexadecimal for each in LEVELS)}")
        if level & Level.R_MAC and not self.r_mac:
            raise LevelNotPossible(f"level {level.hexadecimal} is wanted, but i={self.value:02X} means unprotected answers")


class DesMac:
    """
    The MACs of SCP02 under one key of 16 bytes.
    """

    __slots__ = ("_double", "_single")

    def __init__(self, key: bytes) -> None:
        self._single = TripleDES(key[:BLOCK] * 3)
        self._double = TripleDES(key + key[:BLOCK])

    def full(self, data: bytes) -> bytes:
        """
        Triple DES in every block (B.1.2.1), of data that are padded here; 8 bytes.
        """
        return _last(self._double, ZERO_BLOCK, pad(data, BLOCK))

    def retail(self, vector: bytes, data: bytes) -> bytes:
        """
        Single DES, and triple DES in the last block (B.1.2.2), of data that are padded here; 8 bytes.

        @param vector: the initial chaining vector, 8 bytes.
        """
        padded = pad(data, BLOCK)
        head, tail = padded[:-BLOCK], padded[-BLOCK:]
        return _last(self._double, _last(self._single, vector, head) if head else vector, tail)

    def vector(self, mac: bytes) -> bytes:
        """
        The chaining vector for the next C-MAC where it is encrypted (E.3.4): single DES of the last one.
        """
        return Cipher(self._single, ECB()).encryptor().update(mac)  # noqa: S305 - one block


def _last(cipher: TripleDES, vector: bytes, blocks: bytes) -> bytes:
    return Cipher(cipher, CBC(vector)).encryptor().update(blocks)[-BLOCK:]


class DesCbc:
    """
    Triple DES in CBC mode from a vector of zeros, under one key of 16 bytes.
    """

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = Cipher(TripleDES(key + key[:BLOCK]), CBC(ZERO_BLOCK))

    def encrypt(self, data: bytes) -> bytes:
        """
        @param data: of any length: padded here.
        """
        return self._cipher.encryptor().update(pad(data, BLOCK))

    def decrypt(self, data: bytes) -> bytes:
        """
        @raise ValueError: not whole blocks, or not padded.
        """
        if not data or len(data) % BLOCK:
            raise ValueError("encrypted data come in whole blocks")
        padded = self._cipher.decryptor().update(data)
        bare = padded.rstrip(b"\0")
        if not bare.endswith(b"\x80") or len(padded) - len(bare) >= BLOCK:
            raise ValueError("the padding is wrong")
        return bare[:-1]


class SessionDek(DesKey):
    """
    The data encryption key of a session.  It encrypts each block by itself (E.4.7), other than L{DesKey}.
    """

    __slots__ = ()

    def encrypt(self, data: bytes) -> bytes:
        """
        ECB.

        @param data: whole blocks.
        """
        return b"".join(super(SessionDek, self).encrypt(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK))

    def decrypt(self, data: bytes) -> bytes:
        """
        ECB, too.
        """
        return b"".join(super(SessionDek, self).decrypt(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK))


class Purpose(IntEnum):
    """
    What a session key is for: the constant that it is derived with (table E-7).
    """

    C_MAC = 0x0101
    R_MAC = 0x0102
    DEK = 0x0181
    ENC = 0x0182


def session_key(static: StaticKey, purpose: Purpose, counter: bytes) -> bytes:
    """
    16 bytes (E.4.1).

    @param counter: the sequence counter, 2 bytes.
    """
    return static.encrypt(purpose.to_bytes(2, "big") + counter + bytes(12))


def session_keys(keys: KeySet, counter: bytes) -> SessionKeys:
    """
    All of them.
    """
    return SessionKeys(
        session_key(keys.enc, Purpose.ENC, counter),
        session_key(keys.mac, Purpose.C_MAC, counter),
        session_key(keys.mac, Purpose.R_MAC, counter),
        SessionDek(session_key(keys.dek, Purpose.DEK, counter)),
    )


def card_cryptogram(s_enc: bytes, host_challenge: bytes, counter: bytes, card_challenge: bytes) -> bytes:
    """
    By which the card shows that it has the keys (E.4.2.1); 8 bytes.
    """
    return DesMac(s_enc).full(host_challenge + counter + card_challenge)


def host_cryptogram(s_enc: bytes, host_challenge: bytes, counter: bytes, card_challenge: bytes) -> bytes:
    """
    By which the host does (E.4.2.2); 8 bytes.
    """
    return DesMac(s_enc).full(counter + card_challenge + host_challenge)


def pseudo_random_challenge(s_mac: bytes, application: bytes) -> bytes:
    """
    The card challenge of a card that makes it so (E.4.2.3); 6 bytes.

    @param application: the AID of the application that is selected.
    """
    return DesMac(s_mac).retail(ZERO_BLOCK, application)[:CARD_CHALLENGE]
