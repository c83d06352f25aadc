"""
Tests of L{cardgw.transports.ramhttp.tls_endpoint}.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.listening import Listeners
from cardgw.testing.gateway import FakeGateway
from cardgw.transports.ramhttp import tls_psk
from cardgw.transports.ramhttp.tls_endpoint import schemes
from cardgw.transports.ramhttp.tls_psk import PskClient
from cardgw.values import Psk
from tests.transports.ramhttp.tls import certificate, shake

KEY = bytes(range(16))


class EndpointTests(SynchronousTestCase):
    """
    Endpoint strings.
    """

    def setUp(self) -> None:
        """
        A gateway that knows one key.
        """
        self.reactor = MemoryReactorClock()
        self.gateway = FakeGateway(self.reactor)
        self.gateway.keys[b"card-1"] = Psk(KEY)
        self.directory = Path(self.mktemp())
        self.directory.mkdir()

    def listeners(self, *texts: str) -> Listeners:
        """
        For these strings.
        """
        where, nothing, example = "[transports.ramhttp] listen", "there is no endpoint", "tcp:8080"
        return Listeners(self.reactor, texts, where, nothing, example, lambda *_: None, schemes(self.gateway))

    def refused(self, text: str) -> str:
        """
        Why one is refused.
        """
        return str(self.assertRaises(SettingsError, self.listeners(text).check))

    def creator(self, text: str) -> Any:
        """
        What makes TLS connections at this endpoint.
        """
        endpoint: Any = self.listeners().endpoint(text)
        self.assertTrue(IStreamServerEndpoint.providedBy(endpoint))
        return endpoint._creator

    def test_psk(self) -> None:
        """
        Cards come in with the keys that the gateway has at that time.
        """
        creator, client = self.creator("psk:tcp:8443:interface=127.0.0.1"), PskClient(b"card-2", KEY)
        self.assertNotEqual(shake(client.clientConnectionForTLS(None), creator.serverConnectionForTLS(None)), "")
        self.gateway.keys[b"card-2"] = Psk(KEY)
        self.assertEqual(shake(client.clientConnectionForTLS(None), creator.serverConnectionForTLS(None)), "")

    def test_listen(self) -> None:
        """
        The connection below is an ordinary endpoint, with our backlog.
        """
        listeners = self.listeners("psk:tcp:8443:interface=127.0.0.1:minimum=1.0:suites=PSK-AES128-CBC-SHA,PSK-AES128-CBC-SHA256")
        listeners.check()
        listeners.open(Factory())
        ((port, _, backlog, interface),) = self.reactor.tcpServers
        self.assertEqual((port, backlog, interface), (8443, 1024, "127.0.0.1"))

    def test_pskRefused(self) -> None:
        """
        What is wrong is told with the place.
        """
        self.assertIn("listen: psk:tcp:1:minimum=1.3: minimum=1.3: expected one of 1.0", self.refused("psk:tcp:1:minimum=1.3"))
        self.assertIn("AES128-SHA is no suite with a pre-shared key", self.refused("psk:tcp:1:suites=AES128-SHA"))
        self.assertIn('"psk:carrier-pigeon:5" is no endpoint', self.refused("psk:carrier-pigeon:5"))
        self.assertIn("a port is at most 65535", self.refused("psk:tcp:70000"))

    def test_pskMissing(self) -> None:
        """
        Where the library cannot do that, the setting says what can.
        """
        self.patch(tls_psk, "available", lambda: "this pyOpenSSL has no PSK")
        told = self.refused("psk:tcp:8443")
        self.assertIn("this pyOpenSSL has no PSK", told)
        self.assertIn("etc/stunnel-ramhttp.conf", told)

    def test_certificate(self) -> None:
        """
        TLS with a certificate; a client needs none.
        """
        file, key = certificate(self.directory / "server", "cards.example")
        creator = self.creator(f"tls:tcp:8444:certificate={file}:key={key}")
        client = SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)
        self.assertEqual(shake(client, self.server(creator)), "")
        peer = client.get_peer_certificate()
        assert peer is not None
        self.assertEqual(peer.get_subject().CN, "cards.example")

    def server(self, creator: Any) -> SSL.Connection:
        """
        The server's end.
        """
        return SSL.Connection(creator.getContext(), None)

    def test_clients(self) -> None:
        """
        With roots for clients, one needs a certificate, and the right one.
        """
        file, key = certificate(self.directory / "server", "cards.example")
        mine, other = (certificate(self.directory / name, name) for name in ("reader-1", "reader-2"))
        creator = self.creator(f"tls:tcp:8444:certificate={file}:key={key}:clients={mine[0]}")
        for files, good in ((mine, True), (other, False), (None, False)):
            context = SSL.Context(SSL.TLS_METHOD)
            context.set_max_proto_version(SSL.TLS1_2_VERSION)
            if files is not None:
                context.use_certificate_file(str(files[0]))
                context.use_privatekey_file(str(files[1]))
            server = self.server(creator)
            self.assertEqual(not shake(SSL.Connection(context, None), server), good)
            if good:
                peer = server.get_peer_certificate()
                assert peer is not None
                self.assertEqual(peer.get_subject().CN, "reader-1")

    def test_colon(self) -> None:
        """
        A colon in a path is written with a backslash.
        """
        file, key = certificate(self.directory / "a:b", "cards.example")
        escaped = str(file).replace(":", "\\:"), str(key).replace(":", "\\:")
        self.creator("tls:tcp:8444:certificate={}:key={}".format(*escaped))

    def test_certificateRefused(self) -> None:
        """
        What is wrong with a file is told; what is in it is not.
        """
        file, key = certificate(self.directory / "server", "cards.example")
        _, other = certificate(self.directory / "other", "other.example")
        _, locked = certificate(self.directory / "locked", "locked.example", password=b"geheim")
        for text, told in (
            ("tls:tcp:8444", "certificate is missing"),
            (f"tls:tcp:8444:certificate={file}", "key is missing"),
            (f"tls:tcp:8444:certificate={file}:key=/no/such", "no such file or directory: /no/such"),
            (f"tls:tcp:8444:certificate={key}:key={key}", "has no certificate in PEM in it"),
            (f"tls:tcp:8444:certificate={file}:key={file}", "has no key in PEM in it"),
            (f"tls:tcp:8444:certificate={file}:key={locked}", "has no key in PEM in it that has no passphrase"),
            (f"tls:tcp:8444:certificate={file}:key={other}", "is not the key of"),
            (f"tls:tcp:8444:certificate={file}:key={key}:clients={key}", "has no certificate in PEM in it"),
        ):
            self.assertIn(told, self.refused(text))

    @given(st.text(max_size=20) | st.text(":=tcp\\\\0", max_size=20))
    def test_anything(self, text: str) -> None:
        """
        Any text is an endpoint or refused.
        """
        for scheme in ("psk:", "tls:"):
            try:
                self.listeners().endpoint(scheme + text)
            except SettingsError as error:
                self.assertTrue(error.detail)
