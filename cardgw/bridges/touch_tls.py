# -*- test-case-name: tests.bridges.test_touch_tls,tests.functional.test_touch_tls -*-
"""
TLS to a RAMOverHTTP server: whom this side believes, and how it says who it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import crypto
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import Certificate, optionsForClientTLS, platformTrust, trustRootFromCertificates
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from cardgw.errors import SettingsError


@implementer(IPolicyForHTTPS)
@frozen
class Policy:
    """
    What L{twisted.web.client.Agent} asks for each server.

    @ivar roots: whom it believes.
    @ivar own: certificate and key of this side, as C{CertificateOptions} takes them.
    """

    roots: Any
    own: dict[str, Any]

    def creatorForNetloc(self, hostname: bytes, port: int) -> IOpenSSLClientConnectionCreator:
        """
        See L{IPolicyForHTTPS}.
        """
        creator: IOpenSSLClientConnectionCreator = optionsForClientTLS(
            hostname.decode("ascii"), self.roots, extraCertificateOptions=self.own
        )
        return creator


def policy(ca: Path | None = None, certificate: Path | None = None, key: Path | None = None) -> Policy:
    """
    @param ca: certificates (PEM) of authorities that are believed instead of those of this machine.
    @param certificate: of this side (PEM), with those above it; C{None} for none.
    @param key: its private key (PEM), without a password; C{None} where it is in the same file.
    @raise SettingsError: a file cannot be used.
    """
    if key is not None and certificate is None:
        raise SettingsError("--key: it needs --cert")
    roots = platformTrust() if ca is None else trustRootFromCertificates([Certificate(each) for each in _certificates(ca)])
    if certificate is None:
        return Policy(roots, {})
    own, *above = _certificates(certificate)
    return Policy(roots, {"certificate": own, "privateKey": _key(key or certificate), "extraCertChain": above})


def _certificates(path: Path) -> list[crypto.X509]:
    try:
        return [crypto.X509.from_cryptography(each) for each in x509.load_pem_x509_certificates(_read(path))]
    except ValueError:
        raise SettingsError(f"{path}: there is no certificate (PEM) in it") from None


def _key(path: Path) -> crypto.PKey:
    try:
        return crypto.PKey.from_cryptography_key(load_pem_private_key(_read(path), None))  # type: ignore[arg-type]
    except TypeError:
        raise SettingsError(f"{path}: the private key has a password") from None
    except ValueError:
        raise SettingsError(f"{path}: there is no private key (PEM) in it") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise SettingsError(f"{path}: {problem.strerror}") from None
