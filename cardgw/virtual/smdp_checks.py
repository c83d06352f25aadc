# -*- test-case-name: tests.virtual.test_smdp_checks -*-
"""
What an SM-DP+ verifies about an eUICC: its certificate chain (SGP.22 4.5.2.2), its EID, its signatures.
"""

from __future__ import annotations

from datetime import datetime

from attrs import frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cardgw.apdu.tlv import Tlv
from cardgw.virtual.certificates import Identity, Policy, PublicKey, verify
from cardgw.virtual.smdp_answers import (
    CERTIFICATE_EXPIRED,
    CI_PUBLIC_KEY,
    EUICC,
    EUICC_CERTIFICATE,
    EUM_CERTIFICATE,
    UNKNOWN,
    VERIFICATION_FAILED,
    Refusal,
)

EID_DIGITS = 32
UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What C{cryptography} raises for certificates that are broken or strange."""


@frozen
class Euicc:
    """
    An eUICC whose certificates are right.

    @ivar eid: 16 bytes.
    """

    eid: bytes
    key: PublicKey


def check_euicc(euicc: bytes, eum: bytes, ci: Identity, now: datetime) -> Euicc:
    """
    Check a chain.

    @param euicc: the eUICC certificate, DER.
    @param eum: its issuer's, DER.
    @raise Refusal: 8.1.2 or 8.1.3 with 6.1 or 6.3, or 8.11.1/3.9: what is wrong with it.
    """
    maker = _parse(eum, EUM_CERTIFICATE)
    if _authority(maker) != ci.key_id:
        raise Refusal(CI_PUBLIC_KEY, UNKNOWN, "the EUM certificate was issued by an unknown CI")
    _check(maker, ci.certificate, Policy.EUM, EUM_CERTIFICATE, now)
    card = _parse(euicc, EUICC_CERTIFICATE)
    _check(card, maker, Policy.EUICC, EUICC_CERTIFICATE, now)
    digits = _one(card.subject, NameOID.SERIAL_NUMBER)
    if len(digits) != EID_DIGITS or not digits.isdigit() or not _permitted(card.subject, maker):
        raise Refusal(EUICC_CERTIFICATE, VERIFICATION_FAILED, "the EUM may not issue this EID")
    key = card.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return Euicc(bytes.fromhex(digits), key)


def check_signature(key: PublicKey, signature: Tlv, *signed: bytes) -> None:
    """
    Check a signature of the eUICC's over some data objects as received.

    @raise Refusal: 8.1/6.1.
    """
    if not verify(key, signature.value, b"".join(signed)):
        raise Refusal(EUICC, VERIFICATION_FAILED, "the signature of the eUICC is wrong")


def _parse(der: bytes, subject: str) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(der)
        # Fields are decoded when they are first looked at.
        fields = (certificate.subject, certificate.issuer, certificate.extensions, certificate.not_valid_before_utc)
        if all(field is not None for field in fields) and isinstance(certificate.public_key(), ec.EllipticCurvePublicKey):
            return certificate
    except UNREADABLE:
        pass
    raise Refusal(subject, VERIFICATION_FAILED, "the certificate cannot be read")


def _authority(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return None


def _check(certificate: x509.Certificate, issuer: x509.Certificate, policy: Policy, subject: str, now: datetime) -> None:
    try:
        certificate.verify_directly_issued_by(issuer)
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except (InvalidSignature, x509.ExtensionNotFound, *UNREADABLE):
        raise Refusal(subject, VERIFICATION_FAILED, "the certificate was not issued by the one above it") from None
    if policy.value not in {item.policy_identifier.dotted_string for item in policies}:
        raise Refusal(subject, VERIFICATION_FAILED, f"the certificate does not have the policy {policy.value}")
    if policy is Policy.EUM and not _may_sign(certificate):
        raise Refusal(subject, VERIFICATION_FAILED, "the certificate may not issue others")
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Refusal(subject, CERTIFICATE_EXPIRED, "the certificate is expired or not yet valid")


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return basic.ca and usage.key_cert_sign


def _one(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    values = name.get_attributes_for_oid(oid)
    return str(values[0].value) if len(values) == 1 else ""


def _permitted(subject: x509.Name, eum: x509.Certificate) -> bool:
    """
    SGP.22 4.5.2.1.0.2: the organization is equal, and the EID begins with the IIN.
    """
    try:
        permitted = eum.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
    except x509.ExtensionNotFound:
        return False
    names = [each.value for each in permitted or () if isinstance(each, x509.DirectoryName)]
    return any(
        _one(subject, NameOID.ORGANIZATION_NAME) == _one(name, NameOID.ORGANIZATION_NAME)
        and bool(_one(name, NameOID.SERIAL_NUMBER))
        and _one(subject, NameOID.SERIAL_NUMBER).startswith(_one(name, NameOID.SERIAL_NUMBER))
        for name in names
    )
