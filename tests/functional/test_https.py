# -*- test-case-name: tests.functional.test_https -*-
"""
L{cardgw.lpa.https} against real servers on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import TestCase

from cardgw.lpa.es9 import Es9, Es9Error
from cardgw.lpa.https import HttpsClient
from cardgw.lpa.server_errors import (
    AddressRefused,
    AnswerTooLarge,
    CertificateExpired,
    CertificateNotYetValid,
    CiNotTrusted,
    NotHttp,
    ServerRedirected,
    WrongCertificate,
    WrongHostName,
)
from cardgw.lpa.settings import HostSettings, HttpsSettings
from cardgw.lpa.trust import Trust
from cardgw.testing.http import HTTPClientTestsMixin
from cardgw.virtual.certificates import Identity
from cardgw.virtual.pki import Fault, Pki, make_pki
from tests.functional.web_server import Behaviour, ReactorWithDns, ServerProtocol, WebServer, answer, echo

HOST = "smdp.example.test"
URL = f"https://{HOST}/gsma"


class HttpsTestCase(TestCase):
    """
    A client, and servers as a test wants them.
    """

    timeout = 30
    pki: Pki

    def setUp(self) -> None:
        """
        Make a hierarchy.
        """
        self.pki = make_pki(host=HOST)

    def serve(self, behaviour: Behaviour = echo, identity: Identity | None = None, *, plain: bool = False) -> WebServer:
        """
        Start a server.
        """
        server = WebServer(reactor, None if plain else identity or self.pki.dp_tls, behaviour)
        self.addCleanup(server.stop)
        return server

    def client(self, server: WebServer | None, *, trusted: bool = True, dns: str = "", **options: Any) -> HttpsClient:
        """
        Make a client for it.
        """
        if server is not None and not dns:
            options.setdefault("hosts", {HOST: HostSettings(address="127.0.0.1", port=server.port)})
        ci = (self.pki.ci_id,) if trusted else ()
        settings = HttpsSettings(trusted_ci=ci, system_roots=options.pop("system_roots", False), **options)
        client = HttpsClient(ReactorWithDns(reactor, dns) if dns else reactor, settings, Trust(settings))
        self.addCleanup(client.stop)
        return client

    async def refused(self, client: HttpsClient, kind: type[Exception], url: str = URL) -> str:
        """
        The text with which a request fails.
        """
        error = await self.assertFailure(client.post(url, b"x", {}), kind)
        return str(error)


class ContractTests(HTTPClientTestsMixin, HttpsTestCase):
    """
    What every L{IHTTPClient} does.
    """

    url = URL
    unreachable_url = "https://localhost/"

    def make_client(self) -> HttpsClient:
        """
        See L{HTTPClientTestsMixin}.
        """
        self.server = self.serve(lambda connection, request: None)
        return self.client(self.server)

    def respond(self, status: int, body: bytes) -> None:
        """
        See L{HTTPClientTestsMixin}.
        """
        self.server.behaviour = lambda connection, request: connection.send(answer(body, f"{status} X"))

    def received(self) -> list[tuple[bytes, Mapping[str, str]]]:
        """
        See L{HTTPClientTestsMixin}.
        """
        found: list[tuple[bytes, Mapping[str, str]]] = []
        for each in self.server.requests:
            head, _, body = each.partition(b"\r\n\r\n")
            lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
            found.append((body, {name.lower(): value for name, _, value in lines}))
        return found


class AnswerTests(HttpsTestCase):
    """
    Servers as they should be, and others.
    """

    async def test_keepAlive(self) -> None:
        """
        Requests one after another, of different cards, use one connection; each is sent with its headers and body.
        """
        server = self.serve()
        client = self.client(server, system_roots=True)
        for number in range(5):
            body = b"x" * number * 10000
            answered = await client.post(URL, body, {"User-Agent": "gsma-rsp-lpad"}, frozenset({bytes([number])}))
            self.assertEqual(answered, (200, body))
        self.assertEqual((client.handshakes, client.requests, server.most), (1, 5, 1))
        head = server.requests[1].split(b"\r\n")
        self.assertEqual(
            head[:4], [b"POST /gsma HTTP/1.1", b"Host: smdp.example.test", b"User-Agent: gsma-rsp-lpad", b"Content-Length: 10000"]
        )

    async def test_es9(self) -> None:
        """
        ES9+ through it: a refusal of the server arrives as one.
        """
        status = {"status": "Failed", "statusCodeData": {"subjectCode": "8.8.1", "reasonCode": "3.8"}}
        refusal = json.dumps({"header": {"functionExecutionStatus": status}}).encode()
        client = self.client(self.serve(lambda connection, request: connection.send(answer(refusal))))
        calling = Deferred.fromCoroutine(Es9(client, HOST).initiate_authentication(bytes(16), b"\xbf\x20\x00"))
        error: Any = await self.assertFailure(calling, Es9Error)
        self.assertEqual((error.subject, error.reason), ("8.8.1", "3.8"))

    async def test_limit(self) -> None:
        """
        Of 50 requests at once, 16 are under way, and the others wait; all are answered.
        """
        held: list[tuple[ServerProtocol, bytes]] = []

        def hold(connection: ServerProtocol, request: bytes) -> None:
            held.append((connection, request))
            if len(held) == 16:
                server.behaviour = echo
                for each in held:
                    echo(*each)

        server = self.serve(hold)
        client = self.client(server)
        answers = await gatherResults([client.post(URL, b"%d" % number, {}) for number in range(50)])
        self.assertEqual(answers, [(200, b"%d" % number) for number in range(50)])
        self.assertEqual((server.most, client.handshakes), (16, 16))
        self.assertEqual(len(server.requests), 50)

    async def test_large(self) -> None:
        """
        Large answers arrive; those above the limit end the connection, announced or not.
        """
        body = bytes(HttpsSettings().max_body)
        server = self.serve(lambda connection, request: connection.send(answer(body)))
        client = self.client(server)
        self.assertEqual(await client.post(URL, b"", {}), (200, body))
        body += b"x"
        self.assertIn(f"{len(body)} bytes from smdp.example.test", await self.refused(client, AnswerTooLarge))

        def endless(connection: ServerProtocol, request: bytes) -> None:
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(40):
                connection.send(b"8000\r\n" + bytes(0x8000) + b"\r\n")

        server.behaviour = endless
        await self.refused(client, AnswerTooLarge)

    async def test_garbage(self) -> None:
        """
        A server that speaks something else is told so.
        """
        server = self.serve(lambda connection, request: connection.send(b"220 mail.example ESMTP\r\n"))
        await self.refused(self.client(server), NotHttp)

    async def test_redirect(self) -> None:
        """
        A redirect, even to the same host, is not followed.
        """
        where = answer(b"", "302 Found", f"Location: {URL}\r\n")
        server = self.serve(lambda connection, request: connection.send(where))
        await self.refused(self.client(server), ServerRedirected)
        self.assertEqual(len(server.requests), 1)

    async def test_status(self) -> None:
        """
        Any other status is an answer.
        """
        server = self.serve(lambda connection, request: connection.send(answer(b"no", "503 Service Unavailable")))
        self.assertEqual(await self.client(server).post(URL, b"", {}), (503, b"no"))
        server.behaviour = lambda connection, request: connection.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        self.assertEqual(await self.client(server).post(URL, b"", {}), (204, b""))


class TrustTests(HttpsTestCase):
    """
    Servers with certificates of all kinds.
    """

    async def test_faults(self) -> None:
        """
        Expired, not yet valid, wrong host, other CA, wrong policy: refused by name before anything is sent, whether the system's
        roots count or not.
        """
        for fault, kind in (
            (Fault.EXPIRED, CertificateExpired),
            (Fault.NOT_YET_VALID, CertificateNotYetValid),
            (Fault.WRONG_HOST, WrongHostName),
            (Fault.OTHER_CA, CiNotTrusted),
            (Fault.WRONG_POLICY, WrongCertificate),
        ):
            for system_roots in (False, True):
                server = self.serve(identity=self.pki.replaced("dp_tls", fault).dp_tls)
                await self.refused(self.client(server, system_roots=system_roots), kind)
                self.assertEqual(server.requests, [])

    async def test_notTrusted(self) -> None:
        """
        A CI that nobody trusts is named.
        """
        self.assertIn(self.pki.ci_id.hex(), await self.refused(self.client(self.serve(), trusted=False), CiNotTrusted))

    async def test_cardAlone(self) -> None:
        """
        A connection that only a card vouched for serves its requests, is kept, and serves no other card.
        """
        server = self.serve()
        client = self.client(server, trusted=False)
        card = frozenset({self.pki.ci_id})
        for _ in range(3):
            self.assertEqual(await client.post(URL, b"x", {}, card), (200, b"x"))
        self.assertEqual(client.handshakes, 1)
        await self.refused(client, CiNotTrusted)
        self.assertEqual(len(server.requests), 3)
        other = frozenset({self.pki.ci_id, bytes(20)})
        self.assertEqual(await client.post(URL, b"y", {}, other), (200, b"y"))
        self.assertEqual(client.handshakes, 3)

    async def test_roots(self) -> None:
        """
        A directory of roots for one host is enough.
        """
        directory = Path(self.mktemp())
        self.pki.save(directory)
        server = self.serve()
        hosts = {HOST: HostSettings(address="127.0.0.1", port=server.port, roots=str(directory / "roots"))}
        client = self.client(server, trusted=False, hosts=hosts)
        self.assertEqual(await client.post(URL, b"x", {}), (200, b"x"))


class AddressTests(HttpsTestCase):
    """
    Who may be contacted.
    """

    async def test_loopback(self) -> None:
        """
        By default nobody can make the gateway talk to its own machine, neither by name nor by address nor through DNS.
        """
        server = self.serve()
        client = self.client(server, dns="127.0.0.1", allow_ports=(server.port,))
        for host in ("localhost", "127.0.0.1", "[::1]", HOST):
            await self.refused(client, AddressRefused, f"https://{host}:{server.port}/")
        self.assertEqual((server.requests, server.most), ([], 0))

    async def test_allowed(self) -> None:
        """
        Settings may allow it: the host, or the network.
        """
        server = self.serve()
        url = f"https://{HOST}:{server.port}/"
        for allowed in ({"allow_hosts": (HOST,)}, {"allow_networks": (ip_network("127.0.0.0/8"),)}):
            client = self.client(server, dns="127.0.0.1", allow_ports=(server.port,), **allowed)
            self.assertEqual(await client.post(url, b"x", {}), (200, b"x"))
