# -*- test-case-name: tests.scp.test_keys -*-
"""
Static keys: what a secure channel is opened with.  A key is what can be done with it, not its bytes, so that one that never
leaves a token can stand in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from attrs import field, frozen
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC

from cardgw.errors import ParameterError
from cardgw.scp.primitives import BLOCK, ZERO_BLOCK, Cbc, Cmac

AES_LENGTHS = (16, 24, 32)
DES_LENGTHS = (16, 24)
DES_BLOCK = 8
KCV_LENGTH = 3
_DES_ZERO = bytes(DES_BLOCK)
_T = TypeVar("_T")


class StaticKey(Protocol):
    """
    A key that stays where it is.
    """

    @property
    def length(self) -> int:
        """
        Bytes of the key.
        """

    @property
    def block(self) -> int:
        """
        Bytes in a block of its cipher: 16 for AES, 8 for DES.
        """

    def cmac(self, data: bytes) -> bytes:
        """
        CMAC: 16 bytes for AES, 8 for DES.
        """

    def encrypt(self, data: bytes) -> bytes:
        """
        CBC with an initial chaining vector of zeros.

        @param data: whole blocks.
        """

    def kcv(self) -> bytes:
        """
        The key check value: 3 bytes, of a block of ones for AES (Amendment D, 4.1.4), of zeros for DES (GlobalPlatform Card
        Specification 2.3.1, B.6).
        """


class AesKey:
    """
    An AES key in this process.
    """

    __slots__ = ("_cbc", "_cmac", "_key", "_length")

    block = BLOCK

    def __init__(self, key: bytes) -> None:
        """
        @raise ParameterError: it is not 16, 24 or 32 bytes.
        """
        if len(key) not in AES_LENGTHS:
            raise ParameterError(f"an AES key has 16, 24 or 32 bytes, not {len(key)}")
        self._key = key
        self._length = len(key)
        self._cmac = Cmac(key)
        self._cbc = Cbc(key)

    @property
    def length(self) -> int:
        """
        See L{StaticKey}.
        """
        return self._length

    def cmac(self, data: bytes) -> bytes:
        """
        See L{StaticKey.cmac}.
        """
        return self._cmac(data)

    def encrypt(self, data: bytes) -> bytes:
        """
        See L{StaticKey.encrypt}.
        """
        return self._cbc.encrypt(ZERO_BLOCK, data)

    def decrypt(self, data: bytes) -> bytes:
        """
        The other way round, which only the card's side needs.
        """
        return self._cbc.decrypt(ZERO_BLOCK, data)

    def kcv(self) -> bytes:
        """
        See L{StaticKey.kcv}.
        """
        return self._cbc.block(b"\x01" * BLOCK)[:KCV_LENGTH]

    def put(self, make: Callable[[bytes], _T]) -> _T:
        """
        What is made of the key to put it on a card, which is encrypted.  Keys that stay in a token do not have this.
        """
        return make(self._key)

    def __repr__(self) -> str:
        return f"<AES key of {self._length} bytes>"


class DesKey:
    """
    A triple DES key in this process, for SCP02 and for older diversifications.
    """

    __slots__ = ("_des", "_key", "_length")

    block = DES_BLOCK

    def __init__(self, key: bytes) -> None:
        """
        @raise ParameterError: it is not 16 or 24 bytes.
        """
        if len(key) not in DES_LENGTHS:
            raise ParameterError(f"a triple DES key has 16 or 24 bytes, not {len(key)}")
        self._key = key
        self._length = len(key)
        self._des = TripleDES(key if len(key) == max(DES_LENGTHS) else key + key[:DES_BLOCK])

    @property
    def length(self) -> int:
        """
        See L{StaticKey}.
        """
        return self._length

    def cmac(self, data: bytes) -> bytes:
        """
        See L{StaticKey.cmac}.
        """
        mac = CMAC(self._des)
        mac.update(data)
        return mac.finalize()

    def encrypt(self, data: bytes) -> bytes:
        """
        See L{StaticKey.encrypt}.
        """
        encryptor = Cipher(self._des, CBC(_DES_ZERO)).encryptor()
        return encryptor.update(data) + encryptor.finalize()

    def decrypt(self, data: bytes) -> bytes:
        """
        The other way round, which only the card's side needs.
        """
        decryptor = Cipher(self._des, CBC(_DES_ZERO)).decryptor()
        return decryptor.update(data) + decryptor.finalize()

    def kcv(self) -> bytes:
        """
        See L{StaticKey.kcv}.
        """
        return self.encrypt(_DES_ZERO)[:KCV_LENGTH]

    def put(self, make: Callable[[bytes], _T]) -> _T:
        """
        What is made of the key to put it on a card, which is encrypted.  Keys that stay in a token do not have this.
        """
        return make(self._key)

    def __repr__(self) -> str:
        return f"<triple DES key of {self._length} bytes>"


class Keys(Protocol):
    """
    Where the keys of a card come from, once it has said who it is.
    """

    @property
    def version(self) -> int:
        """
        The key version number to ask for, 0 to 255; 0 for whichever the card uses first.
        """

    def for_card(self, diversification: bytes) -> KeySet:
        """
        @param diversification: the key diversification data of the card, 10 bytes.
        @return: its keys.
        """


@frozen
class KeySet:
    """
    The three keys of one version on one card, or on all cards.

    @ivar version: 0 to 255; 0 for whichever the card uses first.
    """

    version: int
    enc: StaticKey = field(repr=False)
    mac: StaticKey = field(repr=False)
    dek: StaticKey = field(repr=False)

    @classmethod
    def of_aes(cls, version: int, enc: bytes, mac: bytes | None = None, dek: bytes | None = None) -> KeySet:
        """
        Of AES keys; those that are not given are the same as the first.

        @raise ParameterError: not the length of an AES key.
        """
        return cls(version, *(AesKey(enc if key is None else key) for key in (enc, mac, dek)))

    @classmethod
    def of_des(cls, version: int, enc: bytes, mac: bytes | None = None, dek: bytes | None = None) -> KeySet:
        """
        Of triple DES keys, likewise.

        @raise ParameterError: not the length of a triple DES key.
        """
        return cls(version, *(DesKey(enc if key is None else key) for key in (enc, mac, dek)))

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.version <= 0xFF:
            raise ParameterError(f"a key version number is 0 to 255, not {self.version}")

    def for_card(self, diversification: bytes) -> KeySet:
        """
        The same for every card.
        """
        return self

    def check_values(self) -> tuple[bytes, bytes, bytes]:
        """
        The check values of ENC, MAC and DEK, which may be shown.
        """
        return self.enc.kcv(), self.mac.kcv(), self.dek.kcv()
