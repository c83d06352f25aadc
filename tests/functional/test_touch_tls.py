# -*- test-case-name: tests.functional.test_touch_tls -*-
"""
A card here lent to a server with TLS, over real sockets: who is believed, and who is let in.
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from twisted.internet import reactor as reactor_
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import SSL4ServerEndpoint
from twisted.internet.interfaces import IListeningPort
from twisted.internet.ssl import Certificate, CertificateOptions, PrivateCertificate, trustRootFromCertificates
from twisted.trial.unittest import TestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.bridges.touch import Outcome, touch
from cardgw.bridges.touch_errors import TouchServerError, TouchServerNotTrusted
from cardgw.bridges.touch_http import HttpLine
from cardgw.bridges.touch_session import parse
from cardgw.bridges.touch_tls import policy
from cardgw.virtual.ram_server import RamServer
from cardgw.virtual.ram_session import command, play
from tests.bridges.test_touch_tls import made
from tests.bridges.touches import INFO, FakeWatcher

reactor: Any = reactor_
SERVER = "127.0.0.1"


def options(own: Path, clients: Path | None) -> CertificateOptions:
    """
    @param own: the server's certificate and key.
    @param clients: the certificate that clients must have; C{None} where they need none.
    """
    pair = PrivateCertificate.loadPEM(own.read_bytes())
    roots = None if clients is None else trustRootFromCertificates([Certificate.loadPEM(clients.read_bytes())])
    return CertificateOptions(pair.privateKey.original, pair.original, trustRoot=roots)


class TlsTests(TestCase):
    """
    L{policy} and L{HttpLine}.
    """

    timeout = 30

    def setUp(self) -> None:
        """
        Certificates.
        """
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        self.here = made(self.directory / "here.pem", x509.IPAddress(ip_address(SERVER)))
        self.there = made(self.directory / "there.pem", x509.DNSName("cards.example"))
        self.client = made(self.directory / "client.pem")

    async def serve(self, own: Path, clients: Path | None = None) -> None:
        """
        Listen.  See L{options}.
        """
        server = RamServer(reactor, {"test": play(command(bytes.fromhex("0084000008")))})
        port: IListeningPort = await SSL4ServerEndpoint(reactor, 0, options(own, clients), interface=SERVER).listen(server)
        self.addCleanup(port.stopListening)
        self.addCleanup(server.stop)
        self.url = f"https://{SERVER}:{port.getHost().port}/rt/test"  # type: ignore[attr-defined]

    def lend(self, **files: Path) -> Deferred[Outcome]:
        """
        Lend a card.
        """
        channel = MemoryChannel(INFO, lambda _: b"\x90\x00")
        return touch(channel, HttpLine(reactor, parse(self.url), policy(**files)), reactor, FakeWatcher())

    async def test_trusted(self) -> None:
        """
        A server that is vouched for gets the card.
        """
        await self.serve(self.here)
        self.assertEqual(await self.lend(ca=self.here), Outcome(1))

    async def test_notTrusted(self) -> None:
        """
        One that nobody vouches for does not, nor one that is another than it says.
        """
        await self.serve(self.here)
        error = await self.assertFailure(self.lend(), TouchServerNotTrusted)
        self.assertIn("certificate verify failed", str(error))
        await self.serve(self.there)
        error = await self.assertFailure(self.lend(ca=self.there), TouchServerNotTrusted)
        self.assertIn("the certificate is not for this server", str(error))

    async def test_noTls(self) -> None:
        """
        A server that speaks no TLS does not get it, either.
        """
        await self.serve(self.here)
        self.url = self.url.replace("https", "http")
        await self.assertFailure(self.lend(ca=self.here), TouchServerError)

    async def test_client(self) -> None:
        """
        A server may want to know who this is.
        """
        await self.serve(self.here, self.client)
        self.assertEqual(await self.lend(ca=self.here, certificate=self.client), Outcome(1))
        await self.assertFailure(self.lend(ca=self.here), TouchServerError)
        await self.assertFailure(self.lend(ca=self.here, certificate=self.there), TouchServerError)
