# -*- test-case-name: tests.virtual.test_security_domain_pki -*-
"""
A small PKI for SCP11 (GlobalPlatform Card Specification 2.3 Amendment F, 6.6), made at run time: who certifies the card, the
card's own keys for SCP11a, b and c, who certifies hosts, and one host.

    >>> pki = make_scp11_pki()
    >>> pki.save(Path("/tmp/scp11"))

Its keys are for trials: they lie in files as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key
from cryptography.x509.oid import NameOID

from cardgw.scp.curves import PublicKey, curve_of
from cardgw.virtual.certificates import Identity
from cardgw.virtual.pki import load_identity, write_secret
from cardgw.virtual.security_domain_keys import OWN_KEYS

CARD_ROOT, HOST_AUTHORITY, HOST = "card-root", "oce-ca", "oce"
"""Names of files, each C{.pem} and C{.key}; those of the card are C{card-11}, C{card-13} and C{card-15}."""
_DAY = timedelta(days=1)
_LIFETIME = 3650 * _DAY


@frozen
class Scp11Pki:
    """
    All identities.

    @ivar card: by key identifier.
    """

    card_root: Identity
    card: Mapping[int, Identity]
    host_authority: Identity
    host: Identity

    def identities(self) -> dict[str, Identity]:
        """
        By the names of their files.
        """
        card = {card_name(kid): each for kid, each in self.card.items()}
        return {CARD_ROOT: self.card_root, **card, HOST_AUTHORITY: self.host_authority, HOST: self.host}

    def save(self, directory: Path) -> None:
        """
        Write all certificates and keys, keys readable by their owner alone.
        """
        directory.mkdir(parents=True, exist_ok=True)
        for name, identity in self.identities().items():
            (directory / f"{name}.pem").write_bytes(identity.certificate.public_bytes(Encoding.PEM))
            write_secret(directory / f"{name}.key", identity.key)


def card_name(kid: int) -> str:
    """
    The name of the files of a key of the card.
    """
    return f"card-{kid:02X}"


def make_scp11_pki(curve: ec.EllipticCurve | None = None, now: datetime | None = None) -> Scp11Pki:
    """
    A new one.

    @param curve: by default P-256.
    @param now: certificates are valid from the day before on, for ten years.
    """
    group, moment = curve or ec.SECP256R1(), (now or datetime.now(UTC)).replace(microsecond=0)
    root = _issue("Card root", ec.generate_private_key(group), None, moment)
    card = {kid: _issue(f"Card key {kid:02X}", ec.generate_private_key(group), root, moment) for kid in OWN_KEYS}
    authority = _issue("Off-card entity CA", ec.generate_private_key(group), None, moment)
    host = _issue("Off-card entity", ec.generate_private_key(group), authority, moment)
    return Scp11Pki(root, card, authority, host)


def _issue(name: str, key: ec.EllipticCurvePrivateKey, issuer: Identity | None, now: datetime) -> Identity:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Example {name}")])
    signer, above = (key, subject) if issuer is None else (issuer.key, issuer.certificate.subject)
    usage = x509.KeyUsage(False, False, False, False, issuer is not None, issuer is None, False, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(issuer is None, None), True)
        .add_extension(usage, True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)
    )
    return Identity(builder.sign(signer, SHA256()), key)


def load_scp11_pki(directory: Path) -> Scp11Pki:
    """
    Read what L{Scp11Pki.save} wrote.

    @raise OSError: a file is missing.
    @raise ValueError: one is not what it should be.
    """

    def read(name: str) -> Identity:
        return load_identity(directory / f"{name}.pem", directory / f"{name}.key")

    return Scp11Pki(read(CARD_ROOT), {kid: read(card_name(kid)) for kid in OWN_KEYS}, read(HOST_AUTHORITY), read(HOST))


def open_scp11_pki(directory: Path) -> Scp11Pki:
    """
    That of a directory; a new one is written where there is none yet.

    @raise OSError: files cannot be read or written.
    @raise ValueError: one is not what it should be.
    """
    if not (directory / f"{CARD_ROOT}.pem").exists():
        made = make_scp11_pki()
        made.save(directory)
        return made
    return load_scp11_pki(directory)


def load_authority(path: Path) -> tuple[PublicKey, bytes]:
    """
    Somebody who certifies hosts.

    @param path: PEM: a certificate, or a public key.
    @return: the key and its identifier.
    @raise OSError: it cannot be read.
    @raise ValueError: it is something else, or on no curve of SCP11.
    """
    octets = path.read_bytes()
    try:
        certificate = x509.load_pem_x509_certificate(octets) if b"BEGIN CERTIFICATE" in octets else None
        key: object = load_pem_public_key(octets) if certificate is None else certificate.public_key()
    except ValueError:
        raise ValueError(f"{path}: expected a certificate or a public key, as PEM") from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError(f"{path}: the key is not of an elliptic curve")
    curve_of(key)
    return key, _identifier(certificate) or x509.SubjectKeyIdentifier.from_public_key(key).digest


def _identifier(certificate: x509.Certificate | None) -> bytes:
    if certificate is None:
        return b""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return b""
