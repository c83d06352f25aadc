"""
TLS in memory, from end to end.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from OpenSSL import SSL


def shake(client: Any, server: Any) -> str:
    """
    Let both ends talk until they have shaken hands.

    @return: why they could not; empty if they could.
    """
    client.set_connect_state()
    server.set_accept_state()
    for _ in range(6):
        for one, other in ((client, server), (server, client)):
            try:
                one.do_handshake()
            except SSL.WantReadError:
                pass
            except SSL.Error as problem:
                move(one, other)
                return str(problem)
            move(one, other)
    return ""


def move(one: Any, other: Any) -> bytes:
    """
    Carry what one end has written to the other one.
    """
    try:
        octets: bytes = one.bio_read(1 << 16)
    except SSL.WantReadError:
        return b""
    other.bio_write(octets)
    return octets


def certificate(path: Path, name: str, *, password: bytes = b"") -> tuple[Path, Path]:
    """
    A certificate that vouches for itself, and its key.

    @param path: without a suffix.
    @return: the two files.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 4711, now - timedelta(hours=1), now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    files = path.with_suffix(".crt"), path.with_suffix(".key")
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return files
