# -*- test-case-name: tests.virtual.test_smdp_binding -*-
"""
Binds a profile package to one eUICC (SGP.22 2.5.4, 5.5): key agreement, and the protected sequences of a bound package.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cardgw.apdu import tlv
from cardgw.virtual.bsp import Bsp, BspKeys, derive_keys
from cardgw.virtual.certificates import Identity
from cardgw.virtual.smdp_sessions import Session

KEY_TYPE_AES = 0x88
"""C{keyType} of the control reference template (SGP.22 5.5.1)."""
KEY_LENGTH = 16
HOST_ID = b"virtual SM-DP+"
INSTALL = b"\x01"
"""C{RemoteOpId.installBoundProfilePackage} (SGP.22 annex H)."""
SEGMENT_MAX = 1020
"""Most bytes in one protected data object, header and MAC included (SGP.22 2.5.3)."""
HEADER_BYTES, MAC_BYTES, BLOCK = 4, 8, 16
ENCRYPTED_MAX = (SEGMENT_MAX - HEADER_BYTES - MAC_BYTES) // BLOCK * BLOCK - 1
"""Most plain bytes in an encrypted data object: one byte of padding is always there."""
MACED_MAX = SEGMENT_MAX - HEADER_BYTES - MAC_BYTES
TRANSACTION_ID_BYTES, POINT_BYTES, SIGNATURE_BYTES = 16, 65, 64
CONFIGURE_ISDP, REPLACE_SESSION_KEYS = 0xBF24, 0xBF26


def bind(
    session: Session, package: bytes, metadata: bytes, euicc_point: bytes, entropy: Callable[[int], bytes] | None = None
) -> bytes:
    """
    Make a bound profile package.

    @param session: whose transaction, eUICC and DPpb identity (with its curve) it is for.
    @param package: the unprotected profile package.
    @param metadata: the whole BF25.
    @param euicc_point: otPK.EUICC.ECKA, the uncompressed point.
    @param entropy: gives random bytes for new session keys; C{None} keeps the agreed ones.
    @return: the whole BF36.
    @raise ValueError: the point is not on the curve.
    """
    signer = session.pki.dp_pb
    one_time = ec.generate_private_key(signer.key.curve)
    euicc_key = ec.EllipticCurvePublicKey.from_encoded_point(signer.key.curve, euicc_point)
    bsp = Bsp(derive_keys(one_time.exchange(ec.ECDH(), euicc_key), KEY_TYPE_AES, KEY_LENGTH, HOST_ID, session.eid))
    point = one_time.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    parts = [
        initialise(session.transaction_id, point, euicc_point, signer),
        tlv.encode(0xA0, bsp.protect(0x87, tlv.encode(CONFIGURE_ISDP))),
        tlv.encode(0xA1, *(bsp.protect(0x88, piece, mac_only=True) for piece in cut(metadata, MACED_MAX))),
    ]
    if entropy is not None:
        parts.append(tlv.encode(0xA2, _replace_keys(bsp, entropy)))
    parts.append(tlv.encode(0xA3, *(bsp.protect(0x86, piece) for piece in cut(package, ENCRYPTED_MAX))))
    return tlv.encode(0xBF36, *parts)


def initialise(transaction_id: bytes, point: bytes, euicc_point: bytes, signer: Identity) -> bytes:
    """
    InitialiseSecureChannel, the whole BF23, signed (SGP.22 5.5.1).
    """
    template = (tlv.encode(0x80, bytes((KEY_TYPE_AES,))), tlv.encode(0x81, bytes((KEY_LENGTH,))), tlv.encode(0x84, HOST_ID))
    body = b"".join(
        (tlv.encode(0x82, INSTALL), tlv.encode(0x80, transaction_id), tlv.encode(0xA6, *template), tlv.encode(0x5F49, point))
    )
    signature = signer.sign(body + tlv.encode(0x5F49, euicc_point))
    return tlv.encode(0xBF23, body, tlv.encode(0x5F37, signature))


def bound_size(package: int, metadata: int) -> int:
    """
    The size of a bound profile package, with the agreed keys.

    @param package: bytes of the unprotected profile package.
    @param metadata: bytes of the whole BF25.
    """
    template = _size(1) + _size(1) + _size(len(HOST_ID))
    channel = _size(1) + _size(TRANSACTION_ID_BYTES) + _size(template) + _size(POINT_BYTES, 2) + _size(SIGNATURE_BYTES, 2)
    stored = _pieces(metadata, MACED_MAX, lambda size: size)
    elements = _pieces(package, ENCRYPTED_MAX, lambda size: (size // BLOCK + 1) * BLOCK)
    configured = _pieces(len(tlv.encode(CONFIGURE_ISDP)), ENCRYPTED_MAX, lambda size: BLOCK)
    return _size(_size(channel, 2) + sum(_size(part) for part in (configured, stored, elements)), 2)


def _size(value: int, tag: int = 1) -> int:
    return tag + len(tlv.length(value)) + value


def _pieces(total: int, most: int, padded: Callable[[int], int]) -> int:
    sizes = [min(most, total - at) for at in range(0, total, most)]
    return sum(_size(padded(size) + MAC_BYTES) for size in sizes)


def package_size(bound: int, metadata: int) -> int:
    """
    The largest unprotected profile package whose bound form has at most C{bound} bytes.

    @param metadata: bytes of the whole BF25.
    @raise ValueError: not even an empty one fits.
    """
    if bound_size(0, metadata) > bound:
        raise ValueError(f"a bound profile package has more than {bound} bytes")
    return bisect_right(range(bound), bound, key=lambda size: bound_size(size, metadata)) - 1


def cut(octets: bytes, size: int) -> list[bytes]:
    """
    Pieces of at most C{size} bytes.
    """
    return [octets[at : at + size] for at in range(0, len(octets), size)]


def _replace_keys(bsp: Bsp, entropy: Callable[[int], bytes]) -> bytes:
    keys = BspKeys(entropy(KEY_LENGTH), entropy(KEY_LENGTH), entropy(KEY_LENGTH))
    values = zip((0x80, 0x81, 0x82), (keys.initial_mcv, keys.s_enc, keys.s_mac), strict=True)
    command = bsp.protect(0x87, tlv.encode(REPLACE_SESSION_KEYS, *(tlv.encode(tag, value) for tag, value in values)))
    bsp.replace_keys(keys)
    return command
