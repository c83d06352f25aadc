# -*- test-case-name: tests.virtual.test_certificates -*-
"""
Issues the certificates of SGP.22 4.5.2, right ones and, for tests, wrong ones.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import TypeAlias

from attrs import evolve, field, frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PublicKey: TypeAlias = ec.EllipticCurvePublicKey
COORDINATE = 32
"""Bytes in one half of a raw signature; both curves of SGP.22 2.6.5 have 256 bits."""


class Policy(Enum):
    """
    The roles that a certificate policy names (SGP.22, annex H: C{id-rspRole}).
    """

    CI = "2.23.146.1.2.1.0"
    EUICC = "2.23.146.1.2.1.1"
    EUM = "2.23.146.1.2.1.2"
    DP_TLS = "2.23.146.1.2.1.3"
    DP_AUTH = "2.23.146.1.2.1.4"
    DP_PB = "2.23.146.1.2.1.5"
    DS_TLS = "2.23.146.1.2.1.6"
    DS_AUTH = "2.23.146.1.2.1.7"


TLS_POLICIES = frozenset({Policy.DP_TLS, Policy.DS_TLS})


@frozen
class Identity:
    """
    A certificate and its private key.
    """

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def der(self) -> bytes:
        """
        The certificate, DER.
        """
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def key_id(self) -> bytes:
        """
        The subject key identifier: SHA-1 of the public point, 20 bytes (RFC 5280, 4.2.1.2, method 1).
        """
        return key_id(self.key.public_key())

    def sign(self, message: bytes) -> bytes:
        """
        ECDSA with SHA-256, raw: r and s, 64 bytes (SGP.22 2.6.7.2).
        """
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(COORDINATE, "big") + s.to_bytes(COORDINATE, "big")


def key_id(key: PublicKey) -> bytes:
    """
    SHA-1 of the uncompressed point, 20 bytes.
    """
    return x509.SubjectKeyIdentifier.from_public_key(key).digest


def verify(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """
    Whether a raw signature (r and s, 64 bytes) of ECDSA with SHA-256 is right.
    """
    if len(signature) != 2 * COORDINATE:
        return False
    r, s = (int.from_bytes(half, "big") for half in (signature[:COORDINATE], signature[COORDINATE:]))
    try:
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


@frozen
class Plan:
    """
    What a certificate is to say.

    @ivar subject: (attribute, value) pairs in their order.
    @ivar oid: the RegisteredID among the alternative names, or C{None}.
    @ivar host: the DNS name among them, or C{None}.
    @ivar path_length: C{None} for end entities; CAs below the CI have 0; -1 stands for a CA without a limit.
    @ivar constraint: the organization and IIN that names below must have (EUM only, SGP.22 4.5.2.1.0.2), or C{None}.
    """

    policy: Policy
    subject: tuple[tuple[x509.ObjectIdentifier, str], ...]
    not_before: datetime
    not_after: datetime
    oid: str | None = None
    host: str | None = None
    path_length: int | None = None
    constraint: tuple[str, str] | None = None
    crl: str | None = "http://ci.example.test/crl-a.crl"

    @property
    def name(self) -> x509.Name:
        """
        The subject.
        """
        return _name(self.subject)

    @property
    def is_ca(self) -> bool:
        """
        Whether it may sign certificates.
        """
        return self.path_length is not None


def _name(pairs: tuple[tuple[x509.ObjectIdentifier, str], ...]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])


def issue(plan: Plan, key: ec.EllipticCurvePrivateKey, issuer: Identity | None = None) -> Identity:
    """
    Make a certificate.

    @param issuer: who signs; C{None} for a self-signed one.
    """
    signer = issuer.key if issuer is not None else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(plan.name)
        .issuer_name(issuer.certificate.subject if issuer is not None else plan.name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(plan.not_before)
        .not_valid_after(plan.not_after)
    )
    for extension, critical in _extensions(plan, key.public_key(), None if issuer is None else issuer.key.public_key()):
        builder = builder.add_extension(extension, critical)
    return Identity(builder.sign(signer, SHA256()), key)


def _extensions(plan: Plan, key: PublicKey, issuer: PublicKey | None) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = [(x509.SubjectKeyIdentifier.from_public_key(key), False)]
    if issuer is not None:
        found.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), False))
    policy = x509.PolicyInformation(x509.ObjectIdentifier(plan.policy.value), None)
    found += [(_usage(plan), True), (x509.CertificatePolicies([policy]), plan.policy not in TLS_POLICIES)]
    if plan.path_length is not None:
        found.append((x509.BasicConstraints(True, plan.path_length if plan.path_length >= 0 else None), True))
    if plan.constraint is not None:
        found.append((_constraints(*plan.constraint), True))
    if plan.policy in TLS_POLICIES or plan.host is not None:
        found.append((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), True))
    names = _alternative_names(plan)
    if names:
        found.append((x509.SubjectAlternativeName(names), False))
    if plan.crl is not None:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(plan.crl)], None, None, None)
        found.append((x509.CRLDistributionPoints([point]), False))
    return found


def _usage(plan: Plan) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not plan.is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=plan.is_ca,
        crl_sign=plan.policy is Policy.CI,
        encipher_only=False,
        decipher_only=False,
    )


def _constraints(organization: str, iin: str) -> x509.NameConstraints:
    permitted = _name(((NameOID.ORGANIZATION_NAME, organization), (NameOID.SERIAL_NUMBER, iin)))
    return x509.NameConstraints([x509.DirectoryName(permitted)], None)


def _alternative_names(plan: Plan) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [] if plan.host is None else [x509.DNSName(plan.host)]
    if plan.oid is not None:
        names.append(x509.RegisteredID(x509.ObjectIdentifier(plan.oid)))
    return names


class Fault(Enum):
    """
    Ways in which a certificate can be wrong while its signature is right.
    """

    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    WRONG_HOST = "for another host name"
    OTHER_CA = "from another CI of the same name"
    WRONG_POLICY = "for another role"
    OTHER_OID = "of another SM-DP+"


def spoil(plan: Plan, fault: Fault) -> Plan:
    """
    The same plan with a fault.  L{Fault.OTHER_CA} changes nothing here: it is a matter of who signs.
    """
    year = timedelta(days=365)
    if fault is Fault.EXPIRED:
        return evolve(plan, not_before=plan.not_before - year, not_after=plan.not_before)
    if fault is Fault.NOT_YET_VALID:
        return evolve(plan, not_before=plan.not_before + year, not_after=plan.not_after + year)
    if fault is Fault.WRONG_HOST:
        return evolve(plan, host="other." + (plan.host or "example.test"))
    if fault is Fault.WRONG_POLICY:
        return evolve(plan, policy=Policy.DP_PB if plan.policy is Policy.DP_AUTH else Policy.DP_AUTH)
    if fault is Fault.OTHER_OID:
        return evolve(plan, oid=f"{plan.oid}.1")
    return plan
