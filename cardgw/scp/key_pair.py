# -*- test-case-name: tests.scp.test_key_pair -*-
"""
Key pairs of whoever administers: for SCP11, and for signatures of load files and tokens.  As with L{cardgw.scp.keys} a private
key is what can be done with it, not its bytes, so that one that never leaves a token can stand in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, TypeVar

from attrs import frozen
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from cardgw.errors import ParameterError
from cardgw.scp.curves import CURVES, agree, curve_of

PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
LEAST_RSA = 1024
"""Bits of the shortest RSA key that cards still have."""
_T = TypeVar("_T")


class KeyPair(Protocol):
    """
    A private key, wherever it is kept: RSA, or one of the curves of SCP11.
    """

    @property
    def public(self) -> PublicKey:
        """
        Its public half.
        """

    def agree(self, other: ec.EllipticCurvePublicKey) -> bytes:
        """
        ECDH: the x coordinate of the common point, as long as the curve wants.

        @raise ParameterError: it is an RSA key.
        @raise ValueError: the keys are of two curves.
        """

    def sign(self, data: bytes, algorithm: HashAlgorithm, *, pss: bool = False) -> bytes:
        """
        @return: ECDSA: r and s, each as long as the curve wants; RSA: PKCS#1 1.5, or PSS with a salt as long as the hash.
        """


class LocalKeyPair:
    """
    One in this process.
    """

    __slots__ = ("_private",)

    def __init__(self, private: PrivateKey) -> None:
        """
        @raise ParameterError: it is of another curve than SCP11 has, or of RSA and shorter than L{LEAST_RSA}.
        """
        check_public(private.public_key())
        self._private = private

    @property
    def public(self) -> PublicKey:
        """
        See L{KeyPair}.
        """
        return self._private.public_key()

    def agree(self, other: ec.EllipticCurvePublicKey) -> bytes:
        """
        See L{KeyPair.agree}.
        """
        if isinstance(self._private, rsa.RSAPrivateKey):
            raise no_agreement()
        return agree(self._private, other)

    def sign(self, data: bytes, algorithm: HashAlgorithm, *, pss: bool = False) -> bytes:
        """
        See L{KeyPair.sign}.
        """
        if isinstance(self._private, rsa.RSAPrivateKey):
            return self._private.sign(data, rsa_padding(algorithm, pss), algorithm)
        return plain_signature(self._private.sign(data, ec.ECDSA(algorithm)), self._private.public_key())

    def put(self, make: Callable[[PrivateKey], _T]) -> _T:
        """
        What is made of the key to put it on a card, which is encrypted.  Pairs that stay in a token do not have this.
        """
        return make(self._private)

    def __repr__(self) -> str:
        return f"<key pair of {called(self.public)}>"


@frozen(repr=False)
class EllipticPair:
    """
    A key pair that keys can be agreed on with: a L{cardgw.scp.scp11.HostKey}.
    """

    pair: KeyPair
    public: ec.EllipticCurvePublicKey

    @classmethod
    def of(cls, pair: KeyPair) -> EllipticPair:
        """
        @raise ParameterError: it is an RSA key.
        """
        if isinstance(pair.public, rsa.RSAPublicKey):
            raise no_agreement()
        return cls(pair, pair.public)

    def agree(self, other: ec.EllipticCurvePublicKey) -> bytes:
        """
        See L{KeyPair.agree}.
        """
        return self.pair.agree(other)

    def __repr__(self) -> str:
        return repr(self.pair)


def no_agreement() -> ParameterError:
    """
    What is raised where a key should be agreed on with RSA.
    """
    return ParameterError("with an RSA key no secret can be agreed on", hint="SCP11 needs a key of an elliptic curve.")


def rsa_padding(algorithm: HashAlgorithm, pss: bool) -> padding.PKCS1v15 | padding.PSS:
    """
    How RSA signatures are padded.
    """
    return padding.PSS(padding.MGF1(algorithm), algorithm.digest_size) if pss else padding.PKCS1v15()


def plain_signature(signature: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """
    A signature as X.509 has it, as the numbers r and s, each as long as the curve wants.
    """
    size = curve_of(key).size
    return b"".join(number.to_bytes(size, "big") for number in decode_dss_signature(signature))


def called(key: PublicKey) -> str:
    """
    What kind of key it is, for people: C{RSA 2048}, C{secp256r1}.
    """
    return f"RSA {key.key_size}" if isinstance(key, rsa.RSAPublicKey) else key.curve.name


def check_public(key: object) -> PublicKey:
    """
    @raise ParameterError: it is neither RSA nor of a curve of SCP11.
    """
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size >= LEAST_RSA:
            return key
        raise ParameterError(f"an RSA key of {key.key_size} bits is too short")
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES:
        return key
    raise ParameterError(f"the key is neither RSA nor of one of the curves {', '.join(CURVES)}")


def load_private(octets: bytes, passphrase: bytes | None = None) -> LocalKeyPair:
    """
    @param octets: PKCS#8 or the older forms, as PEM or DER.
    @raise ParameterError: it is no such key, or the passphrase is not right.
    """
    load = load_pem_private_key if b"-----BEGIN" in octets else load_der_private_key
    try:
        found = load(octets, passphrase)
    except TypeError:
        words = "it is encrypted, without a passphrase" if passphrase is None else "it has a passphrase, but is not encrypted"
        raise ParameterError(words) from None
    except (ValueError, UnsupportedAlgorithm):
        words = "it is no private key" if passphrase is None else "it is no private key, or the passphrase is not right"
        raise ParameterError(f"{words} (PKCS#8, PEM or DER)") from None  # the library's own words may show a part of it
    if not isinstance(found, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise ParameterError("the key is neither RSA nor of an elliptic curve")
    return LocalKeyPair(found)
