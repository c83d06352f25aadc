# -*- test-case-name: tests.lpa.test_certificates -*-
"""
What a certificate of SGP.22 says (4.5.2), and whether it is fit for its part in a chain.  Nothing here asks who issued it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from hashlib import sha1, sha256
from pathlib import Path

from attrs import field, frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from cardgw.errors import SettingsError
from cardgw.lpa.server_errors import CertificateExpired, CertificateNotYetValid, MalformedCertificate, WrongCertificate, shown

RSP_ROLES = "2.23.146.1.2.1."
"""Certificate policies of the GSMA's roles begin so (SGP.22 annex H, id-rspRole)."""

_UNDERSTOOD = {
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
}
"""Extensions that may be critical; a critical one outside this set forbids the use of the certificate (RFC 5280, 4.2)."""


class Role(Enum):
    """
    What a server's certificate is good for: its certificate policy (SGP.22 annex H, id-rspRole-dp-tls-v2 and so on).
    """

    TLS = RSP_ROLES + "3"
    DP_AUTH = RSP_ROLES + "4"
    DP_PB = RSP_ROLES + "5"
    DS_TLS = RSP_ROLES + "6"
    DS_AUTH = RSP_ROLES + "7"


NEWER_POLICIES = {
    Role.TLS: RSP_ROLES + "0.0.1.0",
    Role.DP_AUTH: RSP_ROLES + "0.0.1.1",
    Role.DP_PB: RSP_ROLES + "0.0.1.2",
    Role.DS_TLS: RSP_ROLES + "0.0.2.0",
    Role.DS_AUTH: RSP_ROLES + "0.0.2.1",
}
"""The same roles in the hierarchies with intermediate issuers (SGP.22 v3, variants A to C)."""

TLS_ROLES = frozenset({Role.TLS, Role.DS_TLS})
DISCOVERY_ROLES = frozenset({Role.DS_TLS, Role.DS_AUTH})

ISSUER_POLICIES = {RSP_ROLES + "0", RSP_ROLES + "0.0", "2.5.29.32.0"}
"""
What an issuer between a server and the CI may be: CI, CI SubCA, or any (RFC 5280, 4.2.1.4); and the SubCA of its kind of server,
see L{SUB_ISSUERS}.  A card manufacturer (EUM) is a certificate issuer below the same CI; it must not be able to make itself an
SM-DP+.
"""
SUB_ISSUERS = {role: RSP_ROLES + ("0.0.2" if role in DISCOVERY_ROLES else "0.0.1") for role in Role}
"""DP SubCA and DS SubCA."""

WORDS = {
    RSP_ROLES + "0": "a certificate issuer",
    RSP_ROLES + "1": "an eUICC",
    RSP_ROLES + "2": "a card manufacturer",
    Role.TLS.value: "an SM-DP+'s TLS connection",
    Role.DP_AUTH.value: "an SM-DP+'s authentication",
    Role.DP_PB.value: "an SM-DP+'s profile binding",
    Role.DS_TLS.value: "an SM-DS's TLS connection",
    Role.DS_AUTH.value: "an SM-DS's authentication",
}
"""The roles in words."""


@frozen(eq=False)
class Facts:
    """
    What a certificate says.

    @ivar fingerprint: SHA-256 of the certificate.
    @ivar since: start of validity, seconds since 1970.
    @ivar until: end of validity, likewise.
    @ivar policies: certificate policies, dotted.
    @ivar authority: the issuer's key identifier, or C{b""}.
    @ivar identifier: the subject's key identifier: the stated one, else the SHA-1 of its public key.
    @ivar oid: the SM-DP+ OID (a C{registeredID} among the alternative names), or C{None}.
    @ivar authority_allowed: it may issue certificates.
    @ivar path_length: how many issuers may stand between it and the last certificate, or C{None}.
    @ivar serves: its extended key usage, if any, allows a TLS server.
    @ivar unfit: why it may not be used for signatures at all, or an empty string.
    """

    certificate: x509.Certificate = field(repr=False)
    fingerprint: bytes
    name: str
    since: float
    until: float
    policies: frozenset[str]
    authority: bytes
    identifier: bytes
    oid: str | None
    authority_allowed: bool
    path_length: int | None
    serves: bool
    unfit: str

    @property
    def self_issued(self) -> bool:
        """
        It names itself as its issuer: a root.
        """
        return self.certificate.issuer == self.certificate.subject

    @property
    def gsma(self) -> bool:
        """
        It has a role among those of the GSMA.
        """
        return any(each.startswith(RSP_ROLES) for each in self.policies)

    def issued(self, other: Facts) -> bool:
        """
        Whether this one's name and key are those that signed the other one.
        """
        if other.authority and self.identifier != other.authority:
            return False
        try:
            other.certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return False
        return True


def key_identifier(key: EllipticCurvePublicKey) -> bytes:
    """
    The SHA-1 of the uncompressed point (RFC 5280, 4.2.1.2, method 1), 20 bytes.
    """
    return sha1(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint), usedforsecurity=False).digest()


UNREADABLE: tuple[type[Exception], ...] = (
    ValueError,
    TypeError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
)
"""What C{cryptography} raises for broken certificates."""


def examine(der: bytes) -> Facts:
    """
    Read a certificate.

    @raise MalformedCertificate: it is not one, or a broken one.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        _read_all(certificate)
        return _facts(certificate, sha256(der).digest())
    except UNREADABLE as problem:
        raise MalformedCertificate(shown(str(problem))) from None


def _read_all(certificate: x509.Certificate) -> None:
    """
    The library reads these only when it is asked for them; then a broken one would be found in the midst of something else.
    """
    for name in ("issuer", "signature_hash_algorithm", "signature_algorithm_parameters"):
        getattr(certificate, name)
    certificate.public_key()


def _facts(certificate: x509.Certificate, fingerprint: bytes) -> Facts:
    found = {each.oid: each.value for each in certificate.extensions}
    authority = found.get(ExtensionOID.AUTHORITY_KEY_IDENTIFIER)
    constraints = found.get(ExtensionOID.BASIC_CONSTRAINTS)
    policies = found.get(ExtensionOID.CERTIFICATE_POLICIES)
    return Facts(
        certificate=certificate,
        fingerprint=fingerprint,
        name=shown(certificate.subject.rfc4514_string()),
        since=certificate.not_valid_before_utc.timestamp(),
        until=certificate.not_valid_after_utc.timestamp(),
        policies=frozenset(each.policy_identifier.dotted_string for each in policies)
        if isinstance(policies, x509.CertificatePolicies)
        else frozenset(),
        authority=(authority.key_identifier or b"") if isinstance(authority, x509.AuthorityKeyIdentifier) else b"",
        identifier=_identifier(certificate, found.get(ExtensionOID.SUBJECT_KEY_IDENTIFIER)),
        oid=_oid(found.get(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)),
        authority_allowed=isinstance(constraints, x509.BasicConstraints) and constraints.ca and _may_certify(found),
        path_length=constraints.path_length if isinstance(constraints, x509.BasicConstraints) else None,
        serves=_serves(found),
        unfit=_unfit(certificate, found),
    )


def _identifier(certificate: x509.Certificate, stated: object) -> bytes:
    if isinstance(stated, x509.SubjectKeyIdentifier):
        return stated.digest
    key = certificate.public_key()
    return key_identifier(key) if isinstance(key, EllipticCurvePublicKey) else b""


def _oid(names: object) -> str | None:
    if not isinstance(names, x509.SubjectAlternativeName):
        return None
    return next((each.dotted_string for each in names.get_values_for_type(x509.RegisteredID)), None)


def _may_certify(found: dict[x509.ObjectIdentifier, x509.ExtensionType]) -> bool:
    usage = found.get(ExtensionOID.KEY_USAGE)
    return usage.key_cert_sign if isinstance(usage, x509.KeyUsage) else True


def _unfit(certificate: x509.Certificate, found: dict[x509.ObjectIdentifier, x509.ExtensionType]) -> str:
    if certificate.version is not x509.Version.v3:
        return "it is not of version 3"
    if strange := _strange(certificate):
        return strange
    usage = found.get(ExtensionOID.KEY_USAGE)
    if isinstance(usage, x509.KeyUsage) and not usage.digital_signature:
        return "its key usage has no digitalSignature"
    return ""


def _strange(certificate: x509.Certificate) -> str:
    unknown = [each.oid.dotted_string for each in certificate.extensions if each.critical and each.oid not in _UNDERSTOOD]
    return f"its critical extension {unknown[0]} is not known" if unknown else ""


def _serves(found: dict[x509.ObjectIdentifier, x509.ExtensionType]) -> bool:
    purposes = found.get(ExtensionOID.EXTENDED_KEY_USAGE)
    server = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    return not isinstance(purposes, x509.ExtendedKeyUsage) or bool(server & set(purposes))


def check_role(facts: Facts, role: Role, *, gsma: bool = True) -> None:
    """
    Check that a certificate is an end's, and has the policy of its role.

    @param gsma: the chain is one of the GSMA's; otherwise a certificate without any of its roles is good for TLS.
    @raise WrongCertificate: it is not.
    """
    if facts.unfit:
        raise WrongCertificate(f"{facts.name}: {facts.unfit}")
    if role in TLS_ROLES and not facts.serves:
        raise WrongCertificate(f"{facts.name}: its extended key usage has no serverAuth")
    needed = gsma or facts.gsma or role not in TLS_ROLES
    if needed and not facts.policies & {role.value, NEWER_POLICIES[role]}:
        raise WrongCertificate(f"{facts.name} is for {_purpose(facts)}, not for {WORDS[role.value]}")
    if needed and facts.authority_allowed:
        raise WrongCertificate(f"{facts.name} is a certificate issuer's")


def _purpose(facts: Facts) -> str:
    return " and ".join(sorted(WORDS.get(each, each) for each in facts.policies if each.startswith(RSP_ROLES))) or "no GSMA role"


def check_issuer(facts: Facts, below: int, role: Role, *, gsma: bool = True) -> None:
    """
    Check that a certificate between the end and the root may stand there.

    @param below: how many other issuers stand between it and the end.
    @param role: of the end.
    @param gsma: the chain is one of the GSMA's.
    @raise WrongCertificate: it may not issue certificates, or not such ones, or not for so long a chain.
    """
    if not facts.authority_allowed:
        raise WrongCertificate(f"{facts.name} may not issue certificates")
    if gsma and not facts.policies & (ISSUER_POLICIES | {SUB_ISSUERS[role], role.value, NEWER_POLICIES[role]}):
        raise WrongCertificate(f"{facts.name} is for {_purpose(facts)}; it may not issue certificates for {WORDS[role.value]}")
    if facts.path_length is not None and below > facts.path_length:
        raise WrongCertificate(f"{facts.name} may not issue to further issuers")
    if strange := _strange(facts.certificate):
        raise WrongCertificate(f"{facts.name}: {strange}")


def check_dates(facts: Facts, now: float) -> None:
    """
    Check that a certificate is valid now.

    @param now: seconds since 1970.
    @raise CertificateExpired: no longer.
    @raise CertificateNotYetValid: not yet.
    """
    if now > facts.until:
        raise CertificateExpired(f"{facts.name}, on {_day(facts.until)}")
    if now < facts.since:
        raise CertificateNotYetValid(f"{facts.name}, before {_day(facts.since)}")


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


def load_roots(directory: str, where: str) -> tuple[Facts, ...]:
    """
    All certificates in the PEM files (C{.pem}, C{.crt}, C{.cer}) of a directory.

    @param directory: a path; an empty one has no certificates.
    @param where: names the setting in errors.
    @raise SettingsError: it cannot be read, or has no certificate.
    """
    if not directory:
        return ()
    found: list[Facts] = []
    try:
        for path in sorted(Path(directory).iterdir()):
            if path.suffix in {".pem", ".crt", ".cer"}:
                found += [examine(each.public_bytes(Encoding.DER)) for each in x509.load_pem_x509_certificates(path.read_bytes())]
    except MalformedCertificate as problem:
        raise _no_roots(where, directory, problem.detail) from None
    except OSError as problem:
        raise _no_roots(where, directory, (problem.strerror or "it cannot be read").lower()) from None
    except ValueError:
        raise _no_roots(where, directory, "a file in it has none") from None
    if not found:
        raise SettingsError(f"{where}: there is no certificate in {directory} (files *.pem, *.crt, *.cer)")
    return tuple(found)


def _no_roots(where: str, directory: str, reason: str) -> SettingsError:
    return SettingsError(f"{where}: expected a directory of PEM certificates, got {directory} ({reason})")
