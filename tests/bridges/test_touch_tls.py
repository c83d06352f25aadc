"""
Tests for L{cardgw.bridges.touch_tls}.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_tls import policy
from cardgw.errors import SettingsError


def made(path: Path, *names: x509.GeneralName, password: bytes = b"") -> Path:
    """
    A file with a key, and a certificate that vouches for itself.

    @param names: whose it is.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, path.stem)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    path.write_bytes(certificate + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return path


class PolicyTests(SynchronousTestCase):
    """
    L{policy}.
    """

    def setUp(self) -> None:
        """
        A directory.
        """
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        self.both = made(self.directory / "both.pem")

    def test_used(self) -> None:
        """
        All of it makes a context of OpenSSL's for any server.
        """
        for each in (policy(), policy(self.both), policy(self.both, self.both), policy(None, self.both, self.both)):
            self.assertIsNotNone(each.creatorForNetloc(b"cards.example", 443))
            self.assertIsNotNone(each.creatorForNetloc(b"127.0.0.1", 443))

    def test_refused(self) -> None:
        """
        Files that cannot be used are named.
        """
        empty = self.directory / "empty.pem"
        empty.write_bytes(b"")
        locked = made(self.directory / "locked.pem", password=b"geheim")
        for arguments, text in (
            ((self.directory / "none.pem",), "none.pem: No such file"),
            ((empty,), "empty.pem: there is no certificate"),
            ((None, self.both, empty), "empty.pem: there is no private key"),
            ((None, locked), "locked.pem: the private key has a password"),
            ((None, None, self.both), "--key: it needs --cert"),
        ):
            self.assertIn(text, str(self.assertRaises(SettingsError, policy, *arguments)))
