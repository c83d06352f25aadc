# -*- test-case-name: tests.virtual.test_security_domain_signatures -*-
"""
Signatures that the software card checks and makes with keys that were put on it: of load files, tokens, receipts (GlobalPlatform
Card Specification 2.3.1, B.1.2, B.3 and C; Amendment D 1.1.1, 4.1; Amendment E 1.1, 4).

With RSA: PKCS#1 v1.5 with SHA-1 or SHA-256, or PSS with SHA-256, whatever the length of the key.  With elliptic curves: r and s,
with the hash that suits the curve.  With AES: CMAC, 16 bytes.  With DES: single DES and triple DES in the last block, 8 bytes.
"""

from __future__ import annotations

import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from cardgw.gp.keys import KeyType
from cardgw.scp.curves import is_signature, sign
from cardgw.scp.keys import AesKey, DesKey
from cardgw.scp.scp02_terms import DesMac
from cardgw.virtual.security_domain_keys import StoredKey, private_key, public_key, rsa_key

_DES_KEY = 16
_ZERO = bytes(8)


def is_signed(stored: StoredKey, signature: bytes, data: bytes) -> bool:
    """
    Whether this is the signature of data with this key, or with the private one that belongs to it.
    """
    if stored.type == KeyType.RSA_MODULUS:
        return any(_is_rsa(rsa_key(stored), signature, data, *each) for each in _rsa_schemes())
    if stored.type == KeyType.EC_PUBLIC:
        return is_signature(public_key(stored), signature, data)
    expected = _mac(stored, data)
    return expected is not None and hmac.compare_digest(signature, expected)


def signed(stored: StoredKey, data: bytes) -> bytes | None:
    """
    The signature of data; C{None} where the key is of a kind that makes none.
    """
    return sign(private_key(stored), data) if stored.type == KeyType.EC_PRIVATE else _mac(stored, data)


def _rsa_schemes() -> tuple[tuple[AsymmetricPadding, HashAlgorithm], ...]:
    sha1, sha256 = SHA1(), SHA256()  # noqa: S303 - what the specification says
    return (PKCS1v15(), sha1), (PKCS1v15(), sha256), (PSS(MGF1(sha256), PSS.AUTO), sha256)


def _is_rsa(key: RSAPublicKey, signature: bytes, data: bytes, padding: AsymmetricPadding, digest: HashAlgorithm) -> bool:
    try:
        key.verify(signature, data, padding, digest)
    except (InvalidSignature, ValueError):
        return False
    return True


def _mac(stored: StoredKey, data: bytes) -> bytes | None:
    key = stored.static()
    if isinstance(key, AesKey):
        return key.cmac(data)
    if isinstance(key, DesKey) and len(stored.value) == _DES_KEY:
        return DesMac(stored.value).retail(_ZERO, data)
    return None
