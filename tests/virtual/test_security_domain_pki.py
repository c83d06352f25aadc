# -*- test-case-name: tests.virtual.test_security_domain_pki -*-
"""
Tests for L{cardgw.virtual.security_domain_pki}.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.get_status import get_status
from cardgw.gp.registry import Scope
from cardgw.scp.blocking import open_session
from cardgw.scp.chain import check_chain
from cardgw.scp.scp11 import Host, LocalKey, Scp11Plan, scp11
from cardgw.scp.scp11_terms import Terms, Variant
from cardgw.scp.store import KeyReference
from cardgw.scp.x509_certificate import X509Certificate
from cardgw.virtual.certificates import Identity
from cardgw.virtual.security_domain import VirtualSecurityDomain
from cardgw.virtual.security_domain_pki import (
    HOST,
    HOST_AUTHORITY,
    Scp11Pki,
    load_authority,
    load_scp11_pki,
    make_scp11_pki,
    open_scp11_pki,
)
from tests.virtual.security_domain_rig import Wire

AUTHORITY = KeyReference(0x10, 3)


def certificate(identity: Identity) -> X509Certificate:
    """
    As secure channels have it.
    """
    return X509Certificate.decode(identity.der)


def plan(pki: Scp11Pki, variant: Variant) -> Scp11Plan:
    """
    What the host of a PKI does.
    """
    accept = partial(check_chain, roots=(certificate(pki.card_root),), now=datetime.now(UTC))
    host = Host(LocalKey(pki.host.key), (certificate(pki.host),), AUTHORITY)
    return Scp11Plan(Terms(variant), 3, accept, None if variant is Variant.B else host)


class PkiTests(SynchronousTestCase):
    """
    Made, written and read.
    """

    def test_session(self) -> None:
        """
        Its host and its card open a session in each variant, on several curves.
        """
        for curve in (ec.SECP256R1(), ec.SECP384R1(), ec.BrainpoolP256R1()):
            pki = make_scp11_pki(curve)
            card = VirtualSecurityDomain()
            for kid, identity in pki.card.items():
                card.add_own_key(KeyReference(kid, 3), identity.key, [identity.der])
            card.add_authority(AUTHORITY, pki.host_authority.key.public_key(), pki.host_authority.key_id)
            for variant in Variant:
                card.reset()
                connection = open_session(Wire(card), scp11(plan(pki, variant)))
                expected = 0x6982 if variant is Variant.B else 0x9000
                self.assertEqual(connection.exchange(get_status(Scope.ISD)).status, expected)

    def test_files(self) -> None:
        """
        What was written is read; keys are their owner's alone.
        """
        directory = Path(self.mktemp()) / "scp11"
        made = open_scp11_pki(directory)
        for read in (open_scp11_pki(directory), load_scp11_pki(directory)):
            self.assertEqual(read.host.certificate, made.host.certificate)
            self.assertEqual(set(read.card), {0x11, 0x13, 0x15})
        self.assertEqual((directory / f"{HOST}.key").stat().st_mode & 0o777, 0o600)
        (directory / f"{HOST}.key").unlink()
        self.assertRaises(OSError, open_scp11_pki, directory)

    def test_authority(self) -> None:
        """
        From a certificate, or from a public key; nothing else.
        """
        directory = Path(self.mktemp())
        made = open_scp11_pki(directory).host_authority
        expected = (made.key.public_key(), made.key_id)
        self.assertEqual(load_authority(directory / f"{HOST_AUTHORITY}.pem"), expected)
        path = directory / "public.pem"
        path.write_bytes(made.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        self.assertEqual(load_authority(path), expected)
        other = rsa.generate_private_key(65537, 2048).public_key()
        path.write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        self.assertIn("not of an elliptic curve", str(self.assertRaises(ValueError, load_authority, path)))
        path.write_bytes(b"something")
        self.assertIn("expected a certificate or a public key", str(self.assertRaises(ValueError, load_authority, path)))
