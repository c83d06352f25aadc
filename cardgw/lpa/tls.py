# -*- test-case-name: tests.lpa.test_tls -*-
"""
TLS to SM-DP+ and SM-DS servers.  OpenSSL makes the connection and tells whether the system's roots vouch for the server; if they
do not, L{cardgw.lpa.trust} decides about the chain that the server sent.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import verify_certificate_hostname, verify_certificate_ip_address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from zope.interface import implementer

from cardgw.lpa.certificates import Role, check_role, examine
from cardgw.lpa.server_errors import CertificateRefused, WrongHostName, shown
from cardgw.lpa.settings import HttpsSettings
from cardgw.lpa.trust import Trust

if TYPE_CHECKING:
    from twisted.protocols.tls import TLSMemoryBIOProtocol


class _Connection(SSL.Connection):
    """
    A connection that knows what OpenSSL found while it verified the chain with the system's roots.
    """

    finished = False
    failed = False

    @property
    def verified(self) -> bool:
        """
        OpenSSL looked at the server's certificate and all above it, and found nothing wrong.
        """
        return self.finished and not self.failed


def _note(connection: SSL.Connection, certificate: Any, error: int, depth: int, ok: int) -> bool:
    """
    OpenSSL's verification callback: goes on in any case, L{Tls.verify} decides.
    """
    assert isinstance(connection, _Connection)
    connection.failed = connection.failed or not ok
    connection.finished = connection.finished or depth == 0
    return True


def make_context(*, system_roots: bool) -> SSL.Context:
    """
    What all connections share.
    """
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_verify(SSL.VERIFY_PEER, _note)
    if system_roots:
        context.set_default_verify_paths()
    return context


@implementer(IOpenSSLClientConnectionCreator)
@frozen
class _Creator:
    """
    Makes the TLS state of connections to one host.
    """

    context: SSL.Context
    host: str

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: N803 - Twisted names it
        """
        See L{IOpenSSLClientConnectionCreator}.
        """
        connection = _Connection(self.context, None)
        if not is_address(self.host):
            connection.set_tlsext_host_name(self.host.encode("ascii"))
        connection.set_connect_state()
        return connection


@define(eq=False, repr=False)
class Tls:
    """
    TLS for all connections of one client.

    @ivar handshakes: how many have been completed.
    """

    settings: HttpsSettings
    trust: Trust
    handshakes: int = 0
    _context: SSL.Context = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._context = make_context(system_roots=self.settings.system_roots)

    def creator(self, host: str) -> IOpenSSLClientConnectionCreator:
        """
        What L{twisted.internet.endpoints.wrapClientTLS} needs for one host.
        """
        return _Creator(self._context, host)

    def verify(self, connection: SSL.Connection, host: str, card: frozenset[bytes], role: Role = Role.TLS) -> bool:
        """
        Decide about a server, after the handshake and before anything is sent.

        @param card: see L{cardgw.interfaces.ITrust.check}.
        @param role: what kind of server it must be.
        @return: whether only this card vouches for the server.
        @raise CertificateRefused: it is not to be trusted.
        """
        self.handshakes += 1
        chain = connection.get_peer_cert_chain(as_cryptography=True)
        if not chain:
            raise CertificateRefused(f"{host} sent none")
        ders = [each.public_bytes(Encoding.DER) for each in chain]
        if self.settings.system_roots and getattr(connection, "verified", False):
            facts = examine(ders[0])
            if facts.gsma:
                check_role(facts, role)
            card_only = False
        else:
            card_only = self.trust.judge(ders, role, host, card).card_only
        check_host_name(chain[0], host)
        return card_only


def is_address(host: str) -> bool:
    """
    Whether this is an IP address and not a name.
    """
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def check_host_name(certificate: x509.Certificate, host: str) -> None:
    """
    Check that a certificate belongs to a host (RFC 9525).

    @param host: a name or an IP address.
    @raise WrongHostName: it does not.
    """
    verify = verify_certificate_ip_address if is_address(host) else verify_certificate_hostname
    try:
        verify(certificate, host)
    except VerificationError:
        raise WrongHostName(f"not to {host} but to {_names(certificate)}") from None
    except (CertificateError, ValueError) as problem:
        raise WrongHostName(f"{host} ({problem})") from None


def _names(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return "none"
    found = [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
    return shown(", ".join(found[:5])) or "none"
