# -*- test-case-name: tests.functional.test_gp_scp11,tests.functional.test_pkcs11 -*-
"""
A small PKI for SCP11 that is valid now: of a card in software and of a host, and the files that settings name.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cardgw.scp.certificate import Usage
from cardgw.scp.curves import PrivateKey
from cardgw.scp.scp11_terms import Variant
from cardgw.scp.store import KeyReference
from cardgw.scp.x509_certificate import X509Certificate
from cardgw.virtual.security_domain import VirtualSecurityDomain
from tests.scp.scp11_rig import X509Plan

KVN = 0x03
DAY = timedelta(days=1)


@frozen
class Owner:
    """
    A root, and a leaf below it.
    """

    root: X509Certificate
    leaf: X509Certificate
    key: PrivateKey

    @classmethod
    def make(cls, name: str, key: PrivateKey | None = None) -> Owner:
        """
        @param key: of the leaf.
        """
        above, own = ec.generate_private_key(ec.SECP256R1()), key or ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC).replace(microsecond=0)
        top = X509Plan(f"{name} root", f"{name} root", Usage.CERTIFICATES, now - DAY, now + DAY)
        leaf = X509Plan(name, f"{name} root", Usage.AGREEMENT, now - DAY, now + DAY)
        return cls(top.issue(above.public_key(), above), leaf.issue(own.public_key(), above), own)

    def write(self, directory: Path) -> None:
        """
        Files C{key.pem}, C{leaf.pem} and C{root.pem}.
        """
        directory.mkdir(parents=True)
        key = directory / "key.pem"
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        key.chmod(0o600)
        for name, certificate in {"leaf": self.leaf, "root": self.root}.items():
            parsed = x509.load_der_x509_certificate(certificate.raw)
            (directory / f"{name}.pem").write_bytes(parsed.public_bytes(Encoding.PEM))


def make_card(own: Owner, host: Owner) -> VirtualSecurityDomain:
    """
    A card with keys of all variants, that knows a host's root.
    """
    card = VirtualSecurityDomain()
    for variant in Variant:
        card.add_own_key(KeyReference(variant.kid, KVN), own.key, [own.leaf.raw])
    card.add_authority(KeyReference(0x10, KVN), host.root.facts.key, host.root.facts.key_identifier)
    return card
