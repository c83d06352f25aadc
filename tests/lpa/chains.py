"""
Certificates for the tests of L{cardgw.lpa}: hierarchies that L{cardgw.virtual.pki} has no use for.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import SkipTest

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cardgw.virtual.certificates import Identity

SGP26 = Path(__file__).resolve().parents[3] / "shared" / "sgp26"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ROLE = "2.23.146.1.2.1."


def sgp26(name: str) -> bytes:
    """
    A certificate of SGP.26, DER, where they lie beside the checkout.
    """
    path = SGP26 / f"CERT_{name}.der"
    if not path.exists():
        raise SkipTest(f"the SGP.26 test certificates are not at {SGP26}")
    return path.read_bytes()


def make(
    name: str,
    issuer: Identity | None = None,
    *,
    policies: tuple[str, ...] = (),
    ca: bool = False,
    path_length: int | None = None,
    host: str = "",
    curve: ec.EllipticCurve | None = None,
    digest: hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None = None,
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    since: datetime = NOW - DAY,
    until: datetime = NOW + DAY,
    authority: bool = True,
) -> Identity:
    """
    A certificate with exactly this in it.
    """
    key = ec.generate_private_key(curve or ec.SECP256R1())
    signer = issuer.key if issuer else key
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if authority:
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    if policies:
        policy = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(each), None) for each in policies])
        builder = builder.add_extension(policy, critical=True)
    if host:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical=critical)
    return Identity(builder.sign(signer, digest or hashes.SHA256()), key)


def usage(*, signature: bool = False, certificates: bool = False) -> x509.KeyUsage:
    """
    A key usage with only these.
    """
    return x509.KeyUsage(
        digital_signature=signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
