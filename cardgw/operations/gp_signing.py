# -*- test-case-name: tests.operations.test_gp_signing -*-
"""
Signatures of load files, tokens and receipts with the keys that settings name (GlobalPlatform Card Specification 2.3.1, B and C):

  - RSA of 1024 bits or less: PKCS#1 1.5 and SHA-1; longer ones: PSS and SHA-256;
  - ECDSA: the hash as long as the curve wants, r and s one after the other;
  - AES: CMAC, with the MAC key of the set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hmac import compare_digest
from typing import Any, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from cardgw.errors import ParameterError
from cardgw.gp.cap import Hash
from cardgw.scp.aside import Aside, aside_of, at_once
from cardgw.scp.curves import curve_of, is_signature
from cardgw.scp.diversification import DATA_LENGTH
from cardgw.scp.key_pair import KeyPair, PublicKey, rsa_padding
from cardgw.scp.keys import StaticKey
from cardgw.scp.primitives import BLOCK

KeySource: TypeAlias = Callable[[str], Any]
"""L{cardgw.interfaces.ISession.keys}."""
SHORT_RSA = 1024
"""Bits; up to here cards want the older signature."""
NOBODY = bytes(DATA_LENGTH)


def aside_for(keys: KeySource, names: Iterable[str]) -> Aside:
    """
    Where work with some key sets is done: aside, where one of them is in a token.

    @param names: of the key sets; empty ones do not count.
    @raise SecretError: there is none of a name.
    """
    places = [aside_of(keys(name)) for name in names if name]
    return next((each for each in places if each is not at_once), at_once)


def pair_of(found: Any) -> KeyPair | None:
    """
    The key pair of what settings name; C{None} where it has none.
    """
    pair: KeyPair | None = getattr(found, "pair", None)
    return pair


def public_of(found: Any) -> PublicKey | None:
    """
    The public key of what settings name, with the private one or alone; C{None} where it has none.
    """
    pair = pair_of(found)
    public: PublicKey | None = getattr(found, "public", None) if pair is None else pair.public
    return public


def _aes(found: Any, name: str, diversification: bytes) -> StaticKey:
    if not hasattr(found, "for_card"):
        raise ParameterError(f"{name}: it is a public key alone, which signs nothing")
    key: StaticKey = found.for_card(diversification).mac
    if key.block != BLOCK:
        raise ParameterError(f"{name}: expected keys of AES, RSA or an elliptic curve, not of triple DES")
    return key


def _way(public: PublicKey) -> tuple[HashAlgorithm, bool]:
    if not isinstance(public, rsa.RSAPublicKey):
        return curve_of(public).digest, False
    short = public.key_size <= SHORT_RSA
    return (SHA1(), False) if short else (SHA256(), True)  # noqa: S303 - what the specification says of short keys


def signer(name: str, keys: KeySource, diversification: bytes = NOBODY) -> Callable[[bytes], bytes]:
    """
    What signs with a key set.

    @param name: of the key set.
    @param diversification: of the card, for AES keys that each card has of its own.
    @raise ParameterError: it cannot sign.
    @raise SecretError: there is none.
    """
    found = keys(name)
    pair = pair_of(found)
    if pair is None:
        return _aes(found, name, diversification).cmac
    algorithm, pss = _way(pair.public)
    return lambda data: pair.sign(data, algorithm, pss=pss)


def verifier(name: str, keys: KeySource, diversification: bytes = NOBODY) -> Callable[[bytes, bytes], bool]:
    """
    What tells whether a signature, given first, is that of data, given second; likewise.
    """
    found = keys(name)
    public = public_of(found)
    if public is None:
        key = _aes(found, name, diversification)
        return lambda signature, data: compare_digest(signature, key.cmac(data))
    if not isinstance(public, rsa.RSAPublicKey):
        curve = public
        return lambda signature, data: is_signature(curve, signature, data)
    return lambda signature, data: _is_rsa(public, signature, data)


def _is_rsa(public: rsa.RSAPublicKey, signature: bytes, data: bytes) -> bool:
    algorithm, pss = _way(public)
    if len(signature) * 8 < public.key_size:  # OpenSSL puts back the zeros that a signature begins with
        return False
    try:
        public.verify(signature, data, rsa_padding(algorithm, pss), algorithm)
    except InvalidSignature:
        return False
    return True


def usual_hash(name: str, keys: KeySource) -> Hash:
    """
    The hash of a load file that goes with signatures of a key set.
    """
    pair = pair_of(keys(name))
    old = pair is not None and isinstance(pair.public, rsa.RSAPublicKey) and pair.public.key_size <= SHORT_RSA
    return Hash.SHA1 if old else Hash.SHA256
