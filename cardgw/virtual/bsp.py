# -*- test-case-name: tests.virtual.test_bsp -*-
"""
The BSP protection of bound profile packages (SGP.22 2.6.4): AES-128 in CBC mode, CMAC chained from
one data object to the next, keys from an ECDH secret.

A L{Bsp} is one end of it.  Its counter and its MAC chain go on with every data object, encrypted or not.
"""

from __future__ import annotations

import hmac
from typing import NoReturn

from attrs import field, frozen
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

from cardgw.apdu import tlv
from cardgw.errors import CardGatewayError

BLOCK = 16
"""Bytes in an AES block."""
MAC_BYTES = 8
"""Bytes of the CMAC that are sent (SGP.22 2.6.4)."""
FIRST_COUNTER = 1
"""The first value of the counter for the initial chaining vectors (SGP.22 2.6.4)."""


class BspError(CardGatewayError):
    """
    A protected data object was refused.
    """


class BspStructureError(BspError):
    """
    A protected data object has the wrong shape.
    """


class BspSecurityError(BspError):
    """
    The MAC of a protected data object is wrong.
    """


@frozen
class BspKeys:
    """
    Session keys.

    @ivar initial_mcv: 16 bytes, the MAC chaining value before the first data object.
    @ivar s_enc: 16 bytes, for encryption.
    @ivar s_mac: 16 bytes, for MACs.
    """

    initial_mcv: bytes = field(repr=False)
    s_enc: bytes = field(repr=False)
    s_mac: bytes = field(repr=False)


def derive_keys(shared: bytes, key_type: int, key_length: int, host_id: bytes, eid: bytes) -> BspKeys:
    """
    Session keys from a shared secret (SGP.22 annex G: ANSI X9.63 with SHA-256, as BSI TR-03111 has it).

    @param shared: the x coordinate that ECDH gave.
    @param key_type: 0x88, AES, as in the control reference template.
    @param key_length: bytes of each key.
    @param host_id: up to 255 bytes, of the control reference template.
    @param eid: 16 bytes.
    @raise ValueError: a number does not fit into its byte.
    """
    info = bytes((key_type, key_length, len(host_id))) + host_id + bytes((len(eid),)) + eid
    octets = X963KDF(SHA256(), 3 * key_length, info).derive(shared)
    return BspKeys(octets[:key_length], octets[key_length : 2 * key_length], octets[2 * key_length :])


class Bsp:
    """
    One end of a protected sequence of data objects.
    """

    def __init__(self, keys: BspKeys) -> None:
        self.replace_keys(keys)

    def replace_keys(self, keys: BspKeys) -> None:
        """
        Go on with other keys; counter and chain begin anew (SGP.22 5.5.4, ReplaceSessionKeys).
        """
        self._chain = keys.initial_mcv
        self._aes = AES(keys.s_enc)
        self._mac_key = AES(keys.s_mac)
        self._counter = FIRST_COUNTER

    def protect(self, tag: int, plaintext: bytes, mac_only: bool = False) -> bytes:
        """
        Protect one value.

        @return: the whole data object.
        """
        body = plaintext if mac_only else self._crypt(_pad(plaintext), encrypt=True)
        head = tlv.encode(tag)[:-1] + tlv.length(len(body) + MAC_BYTES)
        chain = self._mac(head + body)
        self._advance(chain)
        return head + body + chain[:MAC_BYTES]

    def unprotect(self, tlv_raw: bytes, mac_only: bool = False) -> bytes:
        """
        Check one data object and get its value.  A refused one leaves counter and chain as they were.

        @raise BspStructureError: it is not one data object, is too short, or is not padded.
        @raise BspSecurityError: its MAC is wrong.
        """
        body = _body(tlv_raw, mac_only)
        chain = self._mac(tlv_raw[:-MAC_BYTES])
        if not hmac.compare_digest(chain[:MAC_BYTES], tlv_raw[-MAC_BYTES:]):
            raise BspSecurityError
        plaintext = body if mac_only else _unpad(self._crypt(body, encrypt=False))
        self._advance(chain)
        return plaintext

    def _advance(self, chain: bytes) -> None:
        self._chain = chain
        self._counter += 1

    def _mac(self, octets: bytes) -> bytes:
        cmac = CMAC(self._mac_key)
        cmac.update(self._chain + octets)
        return cmac.finalize()

    def _crypt(self, octets: bytes, *, encrypt: bool) -> bytes:
        counter = self._counter.to_bytes(BLOCK, "big")
        icv = Cipher(self._aes, ECB()).encryptor().update(counter)  # noqa: S305  (one block, as SGP.22 2.6.4 says)
        cipher = Cipher(self._aes, CBC(icv))
        context = cipher.encryptor() if encrypt else cipher.decryptor()
        return context.update(octets) + context.finalize()


def _body(tlv_raw: bytes, mac_only: bool) -> bytes:
    try:
        _, size, start = tlv.header(tlv_raw)
    except ValueError as reason:
        _refuse(str(reason))
    if start + size != len(tlv_raw):
        _refuse(f"{size} bytes announced, {len(tlv_raw) - start} present")
    if size < MAC_BYTES:
        _refuse(f"{size} bytes are less than a MAC")
    body = tlv_raw[start:-MAC_BYTES]
    if not mac_only and (not body or len(body) % BLOCK):
        _refuse(f"{len(body)} encrypted bytes are not whole blocks")
    return body


def _pad(octets: bytes) -> bytes:
    return octets + b"\x80" + bytes(-(len(octets) + 1) % BLOCK)


def _unpad(octets: bytes) -> bytes:
    plaintext = octets.rstrip(b"\0")
    if not plaintext.endswith(b"\x80") or len(octets) - len(plaintext) >= BLOCK:
        _refuse("the padding is wrong")
    return plaintext[:-1]


def _refuse(detail: str) -> NoReturn:
    raise BspStructureError(detail)
