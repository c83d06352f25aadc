# -*- test-case-name: tests.scp.test_curves -*-
"""
The elliptic curves of SCP11 (GlobalPlatform Card Specification 2.3 Amendment F, and Amendment E table 4-3): their key parameter
references, and what goes over the wire: points without compression, signatures as r and s.
"""

from __future__ import annotations

from attrs import frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

PublicKey = ec.EllipticCurvePublicKey
PrivateKey = ec.EllipticCurvePrivateKey


@frozen
class Curve:
    """
    One curve.

    @ivar reference: its key parameter reference, one byte.
    @ivar group: the curve itself.
    @ivar digest: what is signed with it is hashed with this.
    """

    reference: int
    group: ec.EllipticCurve
    digest: HashAlgorithm

    @property
    def size(self) -> int:
        """
        Bytes of a coordinate.
        """
        return (self.group.key_size + 7) // 8


CURVES = {
    curve.group.name: curve
    for curve in (
        Curve(0x00, ec.SECP256R1(), SHA256()),
        Curve(0x01, ec.SECP384R1(), SHA384()),
        Curve(0x02, ec.SECP521R1(), SHA512()),
        Curve(0x03, ec.BrainpoolP256R1(), SHA256()),
        Curve(0x05, ec.BrainpoolP384R1(), SHA384()),
        Curve(0x07, ec.BrainpoolP512R1(), SHA512()),
    )
}
"""By name."""


def curve_of(key: PublicKey | PrivateKey) -> Curve:
    """
    @raise ValueError: no curve of SCP11.
    """
    try:
        return CURVES[key.curve.name]
    except KeyError:
        raise ValueError(f"{key.curve.name} is no curve of SCP11") from None


def curve_by_reference(reference: int) -> Curve:
    """
    @raise ValueError: no curve of SCP11 has this key parameter reference.
    """
    for curve in CURVES.values():
        if curve.reference == reference:
            return curve
    raise ValueError(f"no curve of SCP11 has the key parameter reference {reference:02X}")


def encode_point(key: PublicKey) -> bytes:
    """
    04, x and y, each as long as the curve wants.
    """
    size, numbers = curve_of(key).size, key.public_numbers()
    return b"\x04" + numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")


def decode_point(curve: Curve, octets: bytes) -> PublicKey:
    """
    @raise ValueError: it is no point of this curve, or has another form than L{encode_point} gives.
    """
    if len(octets) != 1 + 2 * curve.size or octets[0] != 0x04:
        raise ValueError(
            f"a point of {curve.group.name} has 04 and {2 * curve.size} bytes, not {octets[:1].hex()} and {len(octets) - 1}"
        )
    try:
        return PublicKey.from_encoded_point(curve.group, octets)
    except ValueError:
        raise ValueError(f"the point is not on {curve.group.name}") from None


def sign(key: PrivateKey, message: bytes) -> bytes:
    """
    The numbers r and s, each as long as the curve wants.
    """
    curve = curve_of(key)
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(curve.digest)))
    return r.to_bytes(curve.size, "big") + s.to_bytes(curve.size, "big")


def is_signature(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """
    Whether r and s are the key's signature of the message.
    """
    size = curve_of(key).size
    if len(signature) != 2 * size:
        return False
    r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
    return is_der_signature(key, encode_dss_signature(r, s), message)


def is_der_signature(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """
    Likewise, of a signature as X.509 has it: r and s in a SEQUENCE.
    """
    try:
        key.verify(signature, message, ec.ECDSA(curve_of(key).digest))
    except InvalidSignature:
        return False
    return True


def agree(private: PrivateKey, public: PublicKey) -> bytes:
    """
    ECDH: the x coordinate of the common point.

    @raise ValueError: the keys are of two curves.
    """
    if private.curve.name != public.curve.name:
        raise ValueError(f"a key of {private.curve.name} and one of {public.curve.name} have no secret in common")
    return private.exchange(ec.ECDH(), public)
