# -*- test-case-name: tests.operations.test_gp_new_keys -*-
"""
Keys of the settings as PUT KEY has them: the three of a secure channel, one of them, or a key pair or its public half.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, runtime_checkable

from attrs import field, frozen
from cryptography.hazmat.primitives.asymmetric import rsa

from cardgw.errors import ParameterError
from cardgw.gp.keys import (
    Curve,
    Encrypt,
    InnerLength,
    KeyField,
    aes_key,
    des_key,
    ec_private_key,
    ec_public_key,
    rsa_public_key,
)
from cardgw.operations.gp_signing import pair_of, public_of
from cardgw.scp.curves import curve_of, encode_point
from cardgw.scp.families import YUBIKEY
from cardgw.scp.key_pair import PrivateKey, PublicKey
from cardgw.scp.keys import DES_BLOCK, KeySet, StaticKey

ALL, AUTO, PRIVATE, PUBLIC = "all", "auto", "private", "public"
SINGLE = ("enc", "mac", "dek")
OWN_KEYS = (0x11, 0x13, 0x15)
"""Identifiers of the card's own key pairs for SCP11a, b and c (GlobalPlatform Card Specification 2.3 Amendment F, 7)."""
LONE = frozenset({0x70, 0x71, 0x73, 0x74, 0x75})
"""Versions that have one key, the first: for tokens, receipts, signatures of load files (DAP, CASD), and ciphered load files."""
ALWAYS, NEEDED = "always", "needed"
_INNER = {ALWAYS: InnerLength.ALWAYS, NEEDED: InnerLength.NEEDED}


@runtime_checkable
class Puttable(Protocol):
    """
    A key, or a key pair, that can be put on a card: it does not stay in a token.
    """

    def put(self, make: Callable[[Any], KeyField]) -> KeyField:
        """
        See L{cardgw.scp.keys.AesKey.put}.
        """


@frozen
class Form:
    """
    How keys are put.

    @ivar dek: what encrypts them for the card.
    @ivar inner: C{always}, C{needed}, or C{auto}: what most cards want of a key of this kind.
    @ivar family: what kind of card it is.
    """

    dek: StaticKey = field(repr=False)
    inner: str = AUTO
    family: str = ""

    def three(self, keys: KeySet) -> tuple[KeyField, ...]:
        """
        Those of a secure channel.

        @raise ParameterError: one does not leave its token.
        """
        return tuple(self.one(each) for each in (keys.enc, keys.mac, keys.dek))

    def one(self, key: StaticKey) -> KeyField:
        """
        A key for AES or triple DES.  By itself an AES key has its length before it, as in Amendment D, but for YubiKeys.

        @raise ParameterError: it does not leave its token.
        """
        encrypt: Encrypt = self.dek.encrypt
        if key.block == DES_BLOCK:
            return _put(key, partial(des_key, encrypt=encrypt, inner=self._inner(NEEDED), block=self.dek.block))
        usual = NEEDED if self.family == YUBIKEY.name else ALWAYS
        return _put(key, partial(aes_key, encrypt=encrypt, inner=self._inner(usual), block=self.dek.block))

    def private(self, pair: object) -> KeyField:
        """
        The private key of a pair on an elliptic curve.

        @raise ParameterError: it does not leave its token, or is an RSA key.
        """
        return _put(pair, self._private)

    def _private(self, key: PrivateKey) -> KeyField:
        if isinstance(key, rsa.RSAPrivateKey):
            raise ParameterError("new: the private half of an RSA key cannot be put on a card")
        number, curve = key.private_numbers().private_value, Curve(curve_of(key).reference)
        return ec_private_key(number, curve, self.dek.encrypt, self._inner(NEEDED), block=self.dek.block)

    def _inner(self, usual: str) -> InnerLength:
        return _INNER[usual if self.inner == AUTO else self.inner]


def public_key(key: PublicKey) -> KeyField:
    """
    A public key, which is not encrypted.
    """
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return rsa_public_key(numbers.n, numbers.e)
    return ec_public_key(encode_point(key), Curve(curve_of(key).reference))


@frozen
class Choice:
    """
    Which of what settings name is put.

    @ivar key: C{all}, or one of L{SINGLE}.
    @ivar part: of a key pair: C{private}, C{public}, or C{auto}: the private half where the identifier is one of L{OWN_KEYS}.
    @ivar identifier: of the first key; C{None} where it was not said.
    """

    key: str = ALL
    part: str = AUTO
    identifier: int | None = None

    def check(self, found: Any) -> None:
        """
        @param found: what settings name.
        @raise ParameterError: it takes an identifier, and there is none.
        """
        if self.identifier is None and not hasattr(found, "for_card"):
            raise ParameterError(
                "identifier: missing",
                hint="17, 19 and 21 are those of the card's own for SCP11a, b and c, 16 and 32 to 47 of who certifies hosts.",
            )
        if self.identifier is None and self.key != ALL:
            raise ParameterError("identifier: missing; a single key has one")

    def fields(self, found: Any, form: Form, diversification: bytes) -> tuple[KeyField, ...]:
        """
        @param found: what settings name.
        @param diversification: of the card.
        @raise ParameterError: there is no such part, or no identifier for it, or it does not leave its token.
        """
        self.check(found)
        if not hasattr(found, "for_card"):
            return (self._of_pair(found, form),)
        keys: KeySet = found.for_card(diversification)
        if self.key == ALL:
            return form.three(keys)
        return (form.one(getattr(keys, self.key)),)

    def _of_pair(self, found: Any, form: Form) -> KeyField:
        pair, public = pair_of(found), public_of(found)
        private = self.part == PRIVATE or (self.part == AUTO and self.identifier in OWN_KEYS)
        if private and pair is not None:
            return form.private(pair)
        if private or public is None:
            raise ParameterError(f"new: it has no {'private' if private else 'public'} key")
        return public_key(public)


def _put(key: object, make: Callable[[Any], KeyField]) -> KeyField:
    if not isinstance(key, Puttable):
        raise ParameterError("new: a key that does not leave its token cannot be put on a card")
    return key.put(make)
