# -*- test-case-name: tests.lpa.test_recovery -*-
"""
The issuer's public key out of what it signed.  A GSMA CI's certificate is never sent, but an ECDSA signature together with the
signed bytes fits very few public keys (SEC 1, 4.1.6); the one whose SHA-1 is the authority key identifier is the issuer's.  That
a signature fits this key is the same as that it verifies with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from ecdsa import BRAINPOOLP256r1, NIST256p, NIST384p, VerifyingKey
from ecdsa.curves import Curve
from ecdsa.util import sigdecode_der

from cardgw.lpa.certificates import key_identifier

CURVES: tuple[tuple[ec.EllipticCurve, Curve], ...] = (
    (ec.SECP256R1(), NIST256p),
    (ec.BrainpoolP256R1(), BRAINPOOLP256r1),
    (ec.SECP384R1(), NIST384p),
)
HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384}


def candidates(certificate: x509.Certificate) -> Iterator[ec.EllipticCurvePublicKey]:
    """
    The public keys that may have signed a certificate, those on its own key's curve first.  Each takes milliseconds to find.
    """
    algorithm = certificate.signature_hash_algorithm
    hashed = HASHES.get(algorithm.name) if algorithm is not None else None
    if hashed is None or not certificate.signature_algorithm_oid.dotted_string.startswith("1.2.840.10045.4."):
        return
    own = getattr(certificate.public_key(), "curve", None)
    for curve, parameters in sorted(CURVES, key=lambda each: each[0].name != getattr(own, "name", "")):
        yield from _on(curve, parameters, certificate, hashed)


def _on(
    curve: ec.EllipticCurve, parameters: Curve, certificate: x509.Certificate, hashed: object
) -> list[ec.EllipticCurvePublicKey]:
    digest = hashed(certificate.tbs_certificate_bytes).digest()  # type: ignore[operator]
    try:
        found = VerifyingKey.from_public_key_recovery_with_digest(
            certificate.signature, digest, parameters, hashfunc=hashed, sigdecode=sigdecode_der, allow_truncate=True
        )
        return [ec.EllipticCurvePublicKey.from_encoded_point(curve, each.to_string("uncompressed")) for each in found]
    except Exception:  # the library raises errors of many kinds where the numbers do not fit the curve
        return []


def recover(certificate: x509.Certificate, identifier: bytes) -> ec.EllipticCurvePublicKey | None:
    """
    The key that signed a certificate.

    @param identifier: the SHA-1 that the key must have, 20 bytes.
    @return: C{None}: no key with this identifier signed it.
    """
    return next((each for each in candidates(certificate) if key_identifier(each) == identifier), None)


def signed_by(certificate: x509.Certificate, key: ec.EllipticCurvePublicKey) -> bool:
    """
    Whether a known key signed a certificate.
    """
    algorithm = certificate.signature_hash_algorithm
    if not isinstance(algorithm, (hashes.SHA256, hashes.SHA384, hashes.SHA512)):
        return False
    try:
        key.verify(certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(algorithm))
    except (InvalidSignature, ValueError):
        return False
    return True
