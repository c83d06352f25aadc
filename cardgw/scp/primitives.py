# -*- test-case-name: tests.scp.test_primitives -*-
"""
What both sides of a secure channel compute with: AES in its modes, CMAC, padding.  Keys that are kept here are never shown.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from cryptography.hazmat.primitives.cmac import CMAC

BLOCK: Final = 16
"""Bytes in an AES block."""
ZERO_BLOCK: Final = bytes(BLOCK)
_PAD = b"\x80" + bytes(BLOCK - 1)


class Cmac:
    """
    AES-CMAC (NIST SP 800-38B) under one key.
    """

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        self._keyed = CMAC(AES(key))

    def __call__(self, *parts: bytes) -> bytes:
        """
        @return: 16 bytes, over all parts one after another.
        """
        mac = self._keyed.copy()
        for part in parts:
            mac.update(part)
        return mac.finalize()


class Cbc:
    """
    AES in CBC mode under one key, and the single blocks that initial chaining vectors are made of.
    """

    __slots__ = ("_aes", "_single")

    def __init__(self, key: bytes) -> None:
        self._aes = AES(key)
        self._single = Cipher(self._aes, ECB()).encryptor()  # noqa: S305 - single blocks

    def block(self, block: bytes) -> bytes:
        """
        @param block: 16 bytes.
        @return: 16 bytes, encrypted.
        """
        return self._single.update(block)

    def encrypt(self, initial: bytes, data: bytes) -> bytes:
        """
        @param initial: 16 bytes, the initial chaining vector.
        @param data: whole blocks.
        """
        encryptor = Cipher(self._aes, CBC(initial)).encryptor()
        return encryptor.update(data) + encryptor.finalize()

    def decrypt(self, initial: bytes, data: bytes) -> bytes:
        """
        The other way round.
        """
        decryptor = Cipher(self._aes, CBC(initial)).decryptor()
        return decryptor.update(data) + decryptor.finalize()


def pad(data: bytes, block: int = BLOCK) -> bytes:
    """
    C{80 00…} up to whole blocks, always at least one byte (ISO/IEC 9797-1, padding method 2).

    @param block: at most 16 bytes.
    """
    return data + _PAD[: block - len(data) % block]


def unpad(data: bytes) -> bytes:
    """
    Take that off.  There are cards that pad with a block more than they need.

    @raise ValueError: there is no such padding.
    """
    bare = data.rstrip(b"\0")
    if not bare.endswith(b"\x80"):
        raise ValueError("the padding is wrong")
    return bare[:-1]
