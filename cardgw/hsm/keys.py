# -*- test-case-name: tests.hsm.test_keys -*-
"""
Static keys in a token, as L{cardgw.scp.keys.StaticKey}.  CMAC is the token's where it has it, and else made of its CBC (NIST SP
800-38B, 6.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from cardgw.hsm.errors import TokenUnusable
from cardgw.hsm.token import Token
from cardgw.hsm.uri import TokenUri
from cardgw.scp.aside import Aside
from cardgw.scp.keys import DES_BLOCK, KCV_LENGTH
from cardgw.scp.primitives import BLOCK, pad

_REDUCTION: Mapping[int, int] = {BLOCK: 0x87, DES_BLOCK: 0x1B}
"""The polynomials of the subkeys (NIST SP 800-38B, 5.3)."""
_BITS = 8


@frozen(eq=False)
class Cipher:
    """
    What PKCS#11 calls the modes of a block cipher.

    @ivar types: key types, and the bytes of such a key; 0 where it has to be asked.
    """

    block: int
    types: Mapping[str, int]
    cbc: str
    ecb: str
    cmac: str


CIPHERS: Mapping[str, Cipher] = {
    "aes": Cipher(BLOCK, {"AES": 0}, "AES_CBC", "AES_ECB", "AES_CMAC"),
    "des": Cipher(DES_BLOCK, {"DES2": 16, "DES3": 24}, "DES3_CBC", "DES3_ECB", "DES3_CMAC"),
}
"""By the words of the settings."""


class TokenKey:
    """
    One key.

    @ivar aside: see L{cardgw.scp.aside}.
    """

    def __init__(self, token: Token, uri: TokenUri, where: str, cipher: Cipher, aside: Aside) -> None:
        """
        @param where: what errors begin with: the place in the settings.
        """
        self.aside = aside
        self._token = token
        self._uri = uri
        self._where = where
        self._cipher = cipher
        self._length: int | None = None

    @property
    def block(self) -> int:
        """
        See L{cardgw.scp.keys.StaticKey}.
        """
        return self._cipher.block

    @property
    def length(self) -> int:
        """
        See L{cardgw.scp.keys.StaticKey}.

        @raise TokenUnusable: it is a key of another kind, or the token does not answer.
        """
        if self._length is None:
            self._length = int(self._with(self._measure))
        return self._length

    def cmac(self, data: bytes) -> bytes:
        """
        See L{cardgw.scp.keys.StaticKey.cmac}.
        """
        mac: bytes = self._with(lambda key: self._cmac(key, data))
        return mac

    def encrypt(self, data: bytes) -> bytes:
        """
        See L{cardgw.scp.keys.StaticKey.encrypt}.
        """
        done: bytes = self._with(lambda key: self._encrypt(key, data))
        return done

    def kcv(self) -> bytes:
        """
        See L{cardgw.scp.keys.StaticKey.kcv}.
        """
        return self.encrypt((b"\x01" if self.block == BLOCK else b"\0") * self.block)[:KCV_LENGTH]

    def __repr__(self) -> str:
        return f"<key in a token: {self._uri}>"

    def _with(self, work: Any) -> Any:
        import pkcs11

        return self._token.with_key(self._where, self._uri, pkcs11.ObjectClass.SECRET_KEY, work)

    def _measure(self, key: Any) -> int:
        import pkcs11

        for name, length in self._cipher.types.items():
            if key[pkcs11.Attribute.KEY_TYPE] == pkcs11.KeyType[name]:
                return length or int(key[pkcs11.Attribute.VALUE_LEN])
        raise TokenUnusable(f"{self._where}: the key in the token is for another cipher")

    def _encrypt(self, key: Any, data: bytes) -> bytes:
        import pkcs11

        zeros = bytes(self.block)
        if self._token.has(key.session, pkcs11.Mechanism[self._cipher.cbc]):
            return bytes(key.encrypt(data, mechanism=pkcs11.Mechanism[self._cipher.cbc], mechanism_param=zeros))
        done, chain = b"", zeros
        for at in range(0, len(data), self.block):
            mixed = _xor(chain, data[at : at + self.block])
            chain = bytes(key.encrypt(mixed, mechanism=pkcs11.Mechanism[self._cipher.ecb]))
            done += chain
        return done

    def _cmac(self, key: Any, data: bytes) -> bytes:
        import pkcs11

        mechanism = pkcs11.Mechanism[self._cipher.cmac]
        if self._token.has(key.session, mechanism) and key[pkcs11.Attribute.SIGN]:
            return bytes(key.sign(data, mechanism=mechanism))
        subkey = _double(self._encrypt(key, bytes(self.block)))
        whole = data and len(data) % self.block == 0
        padded = data if whole else pad(data, self.block)
        last = _xor(padded[-self.block :], subkey if whole else _double(subkey))
        return self._encrypt(key, padded[: -self.block] + last)[-self.block :]


def _double(block: bytes) -> bytes:
    number, bits = int.from_bytes(block, "big") << 1, len(block) * _BITS
    if number >> bits:
        number = number & (1 << bits) - 1 ^ _REDUCTION[len(block)]
    return number.to_bytes(len(block), "big")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))
