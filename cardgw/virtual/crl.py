# -*- test-case-name: tests.virtual.test_crl -*-
"""
Issues lists of revoked certificates (SGP.22 4.6): whole ones, parts, and those that only add to another.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from cardgw.apdu.tlv import encode
from cardgw.virtual.certificates import Identity

TOTAL_PARTS = x509.ObjectIdentifier("2.23.146.1.2.0.2")
"""C{id-rsp-totalPartialCrlNumber} (SGP.22 annex H)."""
PART_NUMBER = x509.ObjectIdentifier("2.23.146.1.2.0.3")
"""C{id-rsp-partialCrlNumber}."""
LIFETIME = timedelta(days=30)
HOUR = timedelta(hours=1)


def issue_crl(
    issuer: Identity,
    revoked: Iterable[Identity] = (),
    *,
    number: int | None = 1,
    now: datetime | None = None,
    part: tuple[int, int] | None = None,
    adds_to: int | None = None,
    extra: Iterable[x509.ExtensionType] = (),
) -> bytes:
    """
    Make a list.

    @param revoked: whose certificates it names.
    @param number: its CRL number; C{None} leaves it out, which is wrong.
    @param now: it is valid from an hour before on, for thirty days.
    @param part: which of how many it is, counted from 1.
    @param adds_to: the number of the list of which it says only what is new (RFC 5280, 5.2.4).
    @param extra: further critical extensions.
    @return: DER.
    """
    moment = (now or datetime.now(UTC)).replace(microsecond=0)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(moment - HOUR)
        .next_update(moment + LIFETIME)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
    )
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    if part is not None:
        for oid, value in zip((PART_NUMBER, TOTAL_PARTS), part, strict=True):
            builder = builder.add_extension(x509.UnrecognizedExtension(oid, _integer(value)), critical=True)
    if adds_to is not None:
        builder = builder.add_extension(x509.DeltaCRLIndicator(adds_to), critical=True)
    for each in extra:
        builder = builder.add_extension(each, critical=True)
    for identity in revoked:
        builder = builder.add_revoked_certificate(_entry(identity, moment))
    return builder.sign(issuer.key, SHA256()).public_bytes(Encoding.DER)


def _entry(identity: Identity, moment: datetime) -> x509.RevokedCertificate:
    entry = x509.RevokedCertificateBuilder().serial_number(identity.certificate.serial_number).revocation_date(moment - HOUR)
    return entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False).build()


def _integer(number: int) -> bytes:
    return encode(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))
