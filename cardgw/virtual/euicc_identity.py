# -*- test-case-name: tests.virtual.test_euicc_identity -*-
"""
Who the software eUICC is and whom it believes: its certificates and key, the CIs, and its checks of an SM-DP+'s certificate and
signatures (SGP.22 2.6.7, 4.5.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import field, frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from cardgw.apdu import tlv

DP_AUTH = x509.ObjectIdentifier("2.23.146.1.2.1.4")
"""C{id-rspRole-dp-auth} (SGP.22 annex H)."""
DP_PB = x509.ObjectIdentifier("2.23.146.1.2.1.5")
"""C{id-rspRole-dp-pb}."""
DS_AUTH = x509.ObjectIdentifier("2.23.146.1.2.1.7")
"""C{id-rspRole-ds-auth}: an SM-DS authenticates itself as an SM-DP+ does."""
CURVES: tuple[type[ec.EllipticCurve], ...] = (ec.SECP256R1, ec.BrainpoolP256R1)
"""SGP.22 2.6.5 (FRP256V1 is not offered)."""
COORDINATE = 32
"""Bytes of r, of s, and of a coordinate."""
SPARE_BITS = 64
"""Random bits more than the group order has, so that the remainder is as good as uniform (FIPS 186-5, A.2.1)."""

Random = Callable[[int], bytes]

UNUSABLE = (
    InvalidSignature,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What C{cryptography} raises about certificates that are malformed, odd, or not signed by their issuer."""


class CertificateRefused(Exception):
    """
    The certificate is not valid for its purpose.
    """


class CurveRefused(Exception):
    """
    The key in the certificate is on a curve that the eUICC does not have.
    """


class OidMissing(Exception):
    """
    The certificate does not say whose it is.
    """


@frozen
class Chain:
    """
    One identity of the eUICC.

    @ivar eum: the certificate of the manufacturer, DER.
    @ivar euicc: the eUICC's own, DER.
    """

    eum: bytes
    euicc: bytes
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def ci_id(self) -> bytes:
        """
        The key identifier of the CI that issued the manufacturer's certificate, 20 bytes.
        """
        extensions = x509.load_der_x509_certificate(self.eum).extensions
        return extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier or b""

    @property
    def eid(self) -> bytes:
        """
        The serial number in the subject of the eUICC's certificate, 16 bytes (SGP.22 4.5.2.1.0.3).
        """
        (number,) = x509.load_der_x509_certificate(self.euicc).subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        return bytes.fromhex(str(number.value))

    def sign(self, message: bytes) -> bytes:
        """
        ECDSA with SHA-256, raw: r and s, 64 bytes (SGP.22 2.6.7.2).
        """
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(COORDINATE, "big") + s.to_bytes(COORDINATE, "big")


@frozen
class Server:
    """
    Whom a certificate names.

    @ivar oid: the RegisteredID, dotted.
    """

    key: ec.EllipticCurvePublicKey
    oid: str

    def signed(self, signature: bytes, message: bytes) -> bool:
        """
        Whether a raw signature, 64 bytes, is right.
        """
        if len(signature) != 2 * COORDINATE:
            return False
        r, s = int.from_bytes(signature[:COORDINATE], "big"), int.from_bytes(signature[COORDINATE:], "big")
        try:
            self.key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


class Identity:
    """
    All that was put into the eUICC when it was made: one identity or more, one trusted CI or more.

    @ivar chains: key identifier of the CI to the identity below it, in their order.
    @ivar roots: key identifier to certificate of each trusted CI, in their order.
    @ivar eid: 16 bytes.
    """

    def __init__(self, chains: Iterable[Chain], roots: Iterable[x509.Certificate]) -> None:
        self.chains = {chain.ci_id: chain for chain in chains}
        self.roots = {key_id(root): root for root in roots}
        self.eid, *others = {chain.eid for chain in self.chains.values()}
        if others or len(self.eid) != 16:
            raise ValueError("the certificates of one eUICC name one EID of 32 digits")

    @property
    def main(self) -> Chain:
        """
        The identity for what does not belong to a session.
        """
        return next(iter(self.chains.values()))

    def choose(self, ci_id: bytes) -> tuple[Chain, x509.Certificate] | None:
        """
        Our identity below a CI and that CI's certificate, or C{None} unless we have both.
        """
        chain, root = self.chains.get(ci_id), self.roots.get(ci_id)
        return None if chain is None or root is None else (chain, root)


def key_id(certificate: x509.Certificate) -> bytes:
    """
    The subject key identifier of a CI.
    """
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def check_server(der: bytes, root: x509.Certificate, *policies: x509.ObjectIdentifier) -> Server:
    """
    Check the certificate of a server (SGP.22 4.5.2.2).  A card has no clock: validity is not checked.

    @param root: the CI that must have issued it.
    @param policies: the roles it may be for.
    @raise CertificateRefused: it was not issued by that CI, is for another role, or is malformed.
    @raise CurveRefused: see there.
    @raise OidMissing: it has no RegisteredID.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.verify_directly_issued_by(root)
        extensions = certificate.extensions
        key = certificate.public_key()
        _check_purpose(extensions, root, policies)
        _check_signature_bits(der)
    except UNUSABLE as problem:
        raise CertificateRefused(str(problem)) from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, CURVES):
        raise CurveRefused
    return Server(key, _registered_id(extensions))


def _check_purpose(extensions: x509.Extensions, root: x509.Certificate, policies: tuple[x509.ObjectIdentifier, ...]) -> None:
    if extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier != key_id(root):
        raise ValueError("another key issued it")
    if not extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature:
        raise ValueError("its key is not for signatures")
    named = {policy.policy_identifier for policy in extensions.get_extension_for_class(x509.CertificatePolicies).value}
    if named.isdisjoint(policies):
        raise ValueError("it is for another role")


def _check_signature_bits(der: bytes) -> None:
    """
    The one byte that neither the signature nor a parser covers: the number of unused bits in the signature.
    """
    _, _, signature = tlv.only(der, 0x30).children()
    if signature.value[:1] != b"\0":
        raise ValueError("its signature is not whole bytes")


def _registered_id(extensions: x509.Extensions) -> str:
    try:
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise OidMissing from None
    oids = names.get_values_for_type(x509.RegisteredID)
    if len(oids) != 1:
        raise OidMissing
    return oids[0].dotted_string


def make_key(curve: ec.EllipticCurve, random: Random) -> ec.EllipticCurvePrivateKey:
    """
    A private key from random bytes: the same bytes give the same key.
    """
    order = curve.group_order
    octets = random((order.bit_length() + SPARE_BITS) // 8)
    return ec.derive_private_key(int.from_bytes(octets, "big") % (order - 1) + 1, curve)
