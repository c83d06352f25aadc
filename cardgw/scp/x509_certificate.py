# -*- test-case-name: tests.scp.test_x509_certificate -*-
"""
X.509 certificates of SCP11 (GlobalPlatform Card Specification 2.3 Amendment F, 6.6; RFC 5280).
"""

from __future__ import annotations

from typing import Self, TypeVar

from attrs import field, frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

from cardgw.scp.certificate import Facts, Usage
from cardgw.scp.certificate_errors import ScpCertificateMalformed, ScpCertificateMisused
from cardgw.scp.curves import PublicKey, curve_of

TAG = 0x30
UNDERSTOOD = (
    x509.KeyUsage,
    x509.BasicConstraints,
    x509.CertificatePolicies,
    x509.SubjectAlternativeName,
    x509.ExtendedKeyUsage,
    x509.SubjectKeyIdentifier,
    x509.AuthorityKeyIdentifier,
)
"""Extensions that may be critical; any other critical one makes a certificate useless (RFC 5280, 4.2)."""
DIGESTS = (SHA256, SHA384, SHA512)
"""What is signed is hashed with one of these."""
UNREADABLE = (ValueError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
"""What the library says of octets that are no certificate."""
LONGEST_NAME = 100
ELSEWHERE = "1.3.6.1.5.5.7.3."
"""How the purposes begin that are not those of cards: servers, clients, mail, code (RFC 5280, 4.2.1.12)."""
_E = TypeVar("_E", bound=x509.ExtensionType)


@frozen
class X509Certificate:
    """
    One X.509 certificate.

    @ivar raw: DER.
    """

    raw: bytes = field(repr=False)
    facts: Facts
    _parsed: x509.Certificate = field(repr=False, eq=False)

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        @param octets: DER.
        @raise ScpCertificateMalformed: it is none, or one of another kind of key.
        @raise ScpCertificateMisused: it demands what is not understood.
        """
        try:
            parsed = x509.load_der_x509_certificate(octets)
            if not octets.endswith(b"\0" + parsed.signature):
                raise ValueError("its signature is not of whole bytes")
            return cls(octets, _facts(parsed), parsed)
        except UNREADABLE as problem:
            raise ScpCertificateMalformed(f"X.509: {problem}") from None

    def is_signed_with(self, key: PublicKey) -> bool:
        """
        See L{cardgw.scp.certificate.Certificate.is_signed_with}.
        """
        try:
            digest = self._parsed.signature_hash_algorithm
            if not isinstance(digest, DIGESTS):
                return False
            key.verify(self._parsed.signature, self._parsed.tbs_certificate_bytes, ec.ECDSA(digest))
        except (InvalidSignature, UnsupportedAlgorithm):
            return False
        return True


def _facts(parsed: x509.Certificate) -> Facts:
    key = parsed.public_key()
    if not isinstance(key, PublicKey):
        raise ValueError("its key is not of an elliptic curve")
    curve_of(key)
    if parsed.serial_number <= 0:
        raise ValueError("its serial number is not positive")
    name = _called(parsed.subject.rfc4514_string())
    for extension in parsed.extensions:
        if extension.critical and not isinstance(extension.value, UNDERSTOOD):
            raise ScpCertificateMisused(f"{name} has the critical extension {extension.oid.dotted_string}")
    own, above = _extension(parsed, x509.SubjectKeyIdentifier), _extension(parsed, x509.AuthorityKeyIdentifier)
    constraints = _extension(parsed, x509.BasicConstraints)
    return Facts(
        name=name,
        subject=parsed.subject.public_bytes(),
        issuer=parsed.issuer.public_bytes(),
        serial=parsed.serial_number.to_bytes((parsed.serial_number.bit_length() + 7) // 8, "big"),
        key=key,
        usage=_usage(_extension(parsed, x509.KeyUsage), constraints, _extension(parsed, x509.ExtendedKeyUsage)),
        begins=parsed.not_valid_before_utc,
        ends=parsed.not_valid_after_utc,
        below=constraints.path_length if constraints else None,
        key_identifier=own.digest if own else b"",
        issuer_key_identifier=(above.key_identifier or b"") if above else b"",
    )


def _called(subject: str) -> str:
    """
    A card may write anything there.
    """
    shown = "".join(letter if letter.isprintable() else "?" for letter in subject[:LONGEST_NAME])
    return f"the certificate of {shown or 'nobody'}"


def _extension(parsed: x509.Certificate, kind: type[_E]) -> _E | None:
    try:
        return parsed.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _usage(
    key_usage: x509.KeyUsage | None, constraints: x509.BasicConstraints | None, purposes: x509.ExtendedKeyUsage | None
) -> Usage:
    """
    What is not said is not allowed, but two things: a certificate of an authority without key usage may sign (RFC 5280, 4.2.1.3),
    and one without purposes is for any; one with others than those of RFC 5280 may be for cards, which have no common ones.
    """
    authority = constraints is not None and constraints.ca
    usage = Usage.CERTIFICATES if authority and (key_usage is None or key_usage.key_cert_sign) else Usage.NOTHING
    elsewhere = purposes is not None and all(each.dotted_string.startswith(ELSEWHERE) for each in purposes)
    return usage | Usage.AGREEMENT if key_usage is not None and key_usage.key_agreement and not elsewhere else usage
