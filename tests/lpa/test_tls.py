# -*- test-case-name: tests.lpa.test_tls -*-
"""
Tests for L{cardgw.lpa.tls}: handshakes in memory.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from typing import Any, cast

from cryptography import x509
from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from cardgw.lpa.certificates import Role
from cardgw.lpa.server_errors import (
    CertificateExpired,
    CertificateNotYetValid,
    CertificateRefused,
    CiNotTrusted,
    WrongCertificate,
    WrongHostName,
)
from cardgw.lpa.settings import HttpsSettings
from cardgw.lpa.tls import Tls, check_host_name, is_address
from cardgw.lpa.trust import Trust
from cardgw.virtual.certificates import Identity
from cardgw.virtual.pki import Fault, make_pki
from tests.lpa.chains import DAY, make

HOST = "smdp.example.test"


def server(identity: Identity, *more: Identity, newest: int = SSL.TLS1_3_VERSION) -> SSL.Connection:
    """
    A TLS server in memory.
    """
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_max_proto_version(newest)
    context.use_privatekey(crypto.PKey.from_cryptography_key(identity.key))
    context.use_certificate(identity.certificate)
    for each in more:
        context.add_extra_chain_cert(each.certificate)
    connection = SSL.Connection(context, None)
    connection.set_accept_state()
    return connection


def shake(client: SSL.Connection, other: SSL.Connection) -> None:
    """
    Carry bytes between two ends until both have finished the handshake.
    """
    for _ in range(6):
        for end, peer in ((client, other), (other, client)):
            with contextlib.suppress(SSL.WantReadError):
                end.do_handshake()
            with contextlib.suppress(SSL.WantReadError):
                peer.bio_write(end.bio_read(1 << 16))


class TlsTests(SynchronousTestCase):
    """
    L{Tls}.
    """

    def setUp(self) -> None:
        """
        Make a hierarchy.
        """
        self.pki = make_pki(host=HOST)

    def tls(self, *ci: bytes, system_roots: bool = False) -> Tls:
        """
        TLS that trusts these CIs.
        """
        settings = HttpsSettings(trusted_ci=ci, system_roots=system_roots)
        return Tls(settings, Trust(settings))

    def verify(
        self,
        tls: Tls,
        *chain: Identity,
        host: str = HOST,
        card: frozenset[bytes] = frozenset(),
        role: Role = Role.TLS,
    ) -> bool:
        """
        Connect to a server with this chain, and verify it.
        """
        client = self.connection(tls, host)
        shake(client, server(*chain))
        return tls.verify(client, host, card, role)

    def connection(self, tls: Tls, host: str) -> SSL.Connection:
        """
        The client's end.
        """
        return tls.creator(host).clientConnectionForTLS(cast("Any", None))

    def test_interface(self) -> None:
        """
        The creator is what Twisted's TLS asks for.
        """
        self.assertTrue(verifyObject(IOpenSSLClientConnectionCreator, self.tls().creator(HOST)))

    def test_trusted(self) -> None:
        """
        A server whose certificate comes from a trusted CI is good for all cards; handshakes are counted.
        """
        tls = self.tls(self.pki.ci_id)
        self.assertFalse(self.verify(tls, self.pki.dp_tls))
        self.assertFalse(self.verify(tls, self.pki.dp_tls, self.pki.ci))
        self.assertEqual(tls.handshakes, 2)

    def test_discovery(self) -> None:
        """
        An SM-DS is good where one is expected, and not where an SM-DP+ is; and the other way round.
        """
        tls, host = self.tls(self.pki.ci_id), self.pki.smds_host
        self.assertFalse(self.verify(tls, self.pki.ds_tls, host=host, role=Role.DS_TLS))
        wrong = ((self.pki.ds_tls, host, Role.TLS), (self.pki.dp_tls, HOST, Role.DS_TLS))
        for identity, name, role in wrong:
            self.assertRaises(WrongCertificate, self.verify, tls, identity, host=name, role=role)

    def test_card(self) -> None:
        """
        One that only the card vouches for is good for this card alone.
        """
        tls = self.tls()
        self.assertTrue(self.verify(tls, self.pki.dp_tls, card=frozenset({self.pki.ci_id})))
        self.assertRaises(CiNotTrusted, self.verify, tls, self.pki.dp_tls)

    def test_faults(self) -> None:
        """
        Each fault of a certificate has its own error, also the policy, which ordinary TLS does not look at.
        """
        for fault, error in (
            (Fault.EXPIRED, CertificateExpired),
            (Fault.NOT_YET_VALID, CertificateNotYetValid),
            (Fault.WRONG_HOST, WrongHostName),
            (Fault.OTHER_CA, CiNotTrusted),
            (Fault.WRONG_POLICY, WrongCertificate),
        ):
            for system_roots in (False, True):
                tls = self.tls(self.pki.ci_id, system_roots=system_roots)
                self.assertRaises(error, self.verify, tls, self.pki.replaced("dp_tls", fault).dp_tls)

    def test_systemRoots(self) -> None:
        """
        A chain that OpenSSL accepts is an ordinary HTTPS server's: no role needed, but the right host, and no wrong role.
        """
        today = datetime.now(UTC).replace(microsecond=0)
        issue = partial(make, since=today - DAY, until=today + DAY)
        root = issue("root", ca=True)
        tls = self.tls(system_roots=True)
        store = tls._context.get_cert_store()
        assert store is not None
        store.add_cert(crypto.X509.from_cryptography(root.certificate))
        self.assertFalse(self.verify(tls, issue("web", root, host=HOST)))
        self.assertRaises(WrongHostName, self.verify, tls, issue("web", root, host="other.example"))
        wrong = issue("auth", root, host=HOST, policies=("2.23.146.1.2.1.4",))
        self.assertRaises(WrongCertificate, self.verify, tls, wrong)
        off = Tls(HttpsSettings(system_roots=False), tls.trust)
        off._context = tls._context
        self.assertRaises(CiNotTrusted, self.verify, off, issue("web", root, host=HOST))

    def test_nothingVerified(self) -> None:
        """
        Without a certificate there is nothing to believe.
        """
        tls = self.tls(system_roots=True)
        self.assertRaises(CertificateRefused, tls.verify, self.connection(tls, HOST), HOST, frozenset())

    def test_serverName(self) -> None:
        """
        The host's name is sent in the first message, an IP address is not.
        """
        for host, sent in ((HOST, HOST.encode()), ("127.0.0.1", None)):
            end = server(self.pki.dp_tls)
            shake(self.connection(self.tls(), host), end)
            self.assertEqual(end.get_servername(), sent)

    def test_version(self) -> None:
        """
        A server that only speaks TLS 1.1 is refused.
        """
        tls = self.tls(self.pki.ci_id)
        old = server(self.pki.dp_tls, newest=SSL.TLS1_1_VERSION)
        self.assertRaises(SSL.Error, shake, self.connection(tls, HOST), old)
        client = self.connection(tls, HOST)
        shake(client, server(self.pki.dp_tls, newest=SSL.TLS1_2_VERSION))
        self.assertFalse(tls.verify(client, HOST, frozenset()))
        self.assertEqual(client.get_protocol_version_name(), "TLSv1.2")


class HostNameTests(SynchronousTestCase):
    """
    L{check_host_name}.
    """

    def test_names(self) -> None:
        """
        A certificate is good for its names, with a wildcard for one label; the common name does not count.
        """
        wild = make("w", extra=((x509.SubjectAlternativeName([x509.DNSName("*.example.test"), x509.DNSName("a.b")]), False),))
        for host in ("smdp.example.test", "SMDP.example.test", "a.b"):
            check_host_name(wild.certificate, host)
        for host in ("example.test", "x.smdp.example.test", "127.0.0.1"):
            error = self.assertRaises(WrongHostName, check_host_name, wild.certificate, host)
            self.assertIn(f"not to {host} but to *.example.test, a.b", str(error))
        self.assertRaises(WrongHostName, check_host_name, make("smdp.example.test").certificate, "smdp.example.test")

    def test_address(self) -> None:
        """
        An IP address must be in the certificate as one.
        """
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        identity = make("w", extra=((names, False),))
        check_host_name(identity.certificate, "127.0.0.1")
        self.assertRaises(WrongHostName, check_host_name, identity.certificate, "127.0.0.2")
        self.assertRaises(WrongHostName, check_host_name, identity.certificate, "a.example")

    def test_isAddress(self) -> None:
        """
        Addresses are told from names.
        """
        self.assertEqual([is_address(each) for each in ("127.0.0.1", "::1", "a.example", "127.1")], [True, True, False, False])
