"""
Tests for L{cardgw.virtual.smdp_server}: real TLS on loopback, with a client that is not ours.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

from attrs import evolve
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

import cardgw
from cardgw.virtual.pki import Fault, Pki, load_pki, make_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_orders import Order
from cardgw.virtual.smdp_server import SmdpServer
from cardgw.virtual.smdp_web import Misbehaviour
from tests.virtual.card import Card
from tests.virtual.test_pki import SGP26

HEADERS = {"Content-Type": "application/json", "X-Admin-Protocol": "gsma/rsp/v2.2.2", "User-Agent": "gsma-rsp-lpad"}


class Client:
    """
    ES9+ with the standard library; stands where a card's LPA expects the server.
    """

    def __init__(self, pki: Pki, port: int, directory: str, host: str | None = None) -> None:
        pki.save(Path(directory))
        self.context = ssl.create_default_context(cafile=str(Path(directory) / "roots" / "tls_ci.pem"))
        self.host, self.port = host or pki.host, port
        self.connection: http.client.HTTPSConnection | None = None

    def open(self) -> http.client.HTTPSConnection:
        """
        Connect to loopback, and check the certificate for the real name.
        """
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=10)
        connection.sock = self.context.wrap_socket(
            socket.create_connection(("127.0.0.1", self.port), 10), server_hostname=self.host
        )
        return connection

    def handle(self, function: str, request: dict[str, Any]) -> dict[str, Any] | None:
        """
        One call on a connection that stays.
        """
        self.connection = self.connection or self.open()
        self.connection.request("POST", f"/gsma/rsp2/es9plus/{function}", json.dumps(request), HEADERS)
        answer = self.connection.getresponse()
        body = answer.read()
        return json.loads(body) if answer.status == 200 else None

    def close(self) -> None:
        """
        Hang up.
        """
        if self.connection is not None:
            self.connection.close()


def download(pki: Pki, client: Client) -> bytes:
    """
    A whole download, in a thread.
    """
    card = Card(pki, client)  # type: ignore[arg-type]
    card.initiate()
    card.authenticate()
    card.prepare()
    package = card.unpack()[2]
    card.call("handleNotification", pendingNotification=card.result())
    client.close()
    return package


class SmdpServerTests(TestCase):
    """
    The server as clients see it.
    """

    timeout = 60

    async def serve(self, pki: Pki, **tls: Any) -> SmdpServer:
        """
        A server on a free port.
        """
        smdp = Smdp(pki)
        smdp.add(Order("PROFILE-1", make_package(make_iccid(1), 2000)))
        self.events: list[dict[str, Any]] = []
        server = SmdpServer(smdp, reactor, self.events.append)
        await server.listen(TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1"), **tls)
        self.addCleanup(server.stop)
        return server

    async def test_download(self) -> None:
        """
        A whole download needs one connection and one handshake; the notification arrives verified.
        """
        for pki in (make_pki(), make_pki("brainpool")):
            server = await self.serve(pki)
            client = Client(pki, server.port, self.mktemp())
            package = await deferToThread(download, pki, client)
            self.assertEqual(package, make_package(make_iccid(1), 2000))
            self.assertEqual((server.connections, server.handshakes, server.web.requests.total()), (1, 1, 4))
            self.assertEqual([event["event"] for event in self.events], ["request"] * 3 + ["notification", "request"])
            self.assertEqual((self.events[3]["iccid"], self.events[3]["verified"]), ("0" * 20, True))

    async def test_sgp26(self) -> None:
        """
        The same with the GSMA's test certificates.
        """
        pki = load_pki(SGP26)
        server = await self.serve(pki)
        client = Client(pki, server.port, self.mktemp())
        self.assertEqual(len(await deferToThread(download, pki, client)), 2000)

    if not SGP26.is_dir():
        test_sgp26.skip = "the SGP.26 certificates are not beside the checkout"  # type: ignore[attr-defined]

    async def test_wrongCertificates(self) -> None:
        """
        An ordinary TLS client refuses what is wrong with a TLS certificate, but for the policy, which it does not look at.
        """
        pki = make_pki()
        found = {}
        for fault in Fault:
            server = await self.serve(pki, tls=pki.replaced("dp_tls", fault).dp_tls)
            client = Client(pki, server.port, self.mktemp())
            try:
                connection = await deferToThread(client.open)
                found[fault] = "accepted"
                connection.close()
            except ssl.SSLCertVerificationError as error:
                found[fault] = error.verify_message.partition(",")[0]
        accepted = {fault for fault, what in found.items() if what == "accepted"}
        self.assertEqual(accepted, {Fault.WRONG_POLICY, Fault.OTHER_OID})
        self.assertEqual(found[Fault.EXPIRED], "certificate has expired")
        self.assertEqual(found[Fault.NOT_YET_VALID], "certificate is not yet valid")
        self.assertIn("Hostname mismatch", found[Fault.WRONG_HOST])

    async def test_drop(self) -> None:
        """
        A dropped connection is dropped for the client too.
        """
        pki = make_pki()
        server = await self.serve(pki)
        server.web.misbehave["initiateAuthentication"] = Misbehaviour(drop=True)
        client = Client(pki, server.port, self.mktemp())
        dropped = deferToThread(client.handle, "initiateAuthentication", {})
        await self.assertFailure(dropped, http.client.RemoteDisconnected, ConnectionResetError, ssl.SSLError)
        client.close()

    async def test_oldTls(self) -> None:
        """
        TLS 1.1 and older is not spoken.
        """
        pki = make_pki()
        server = await self.serve(pki)
        client = Client(evolve(pki), server.port, self.mktemp())
        client.context.minimum_version = ssl.TLSVersion.TLSv1
        client.context.maximum_version = ssl.TLSVersion.TLSv1_1
        await self.assertFailure(deferToThread(client.open), ssl.SSLError)


class Lines(ProcessProtocol):
    """
    A process that prints JSON lines.
    """

    def __init__(self) -> None:
        self.first: Deferred[dict[str, Any]] = Deferred()
        self.ended: Deferred[None] = Deferred()
        self.output = b""

    def outReceived(self, data: bytes) -> None:
        """
        Keep it, and tell of the first line.
        """
        self.output += data
        if b"\n" in self.output and not self.first.called:
            self.first.callback(json.loads(self.output.split(b"\n")[0]))

    def processEnded(self, reason: object) -> None:
        """
        It is over.
        """
        self.ended.callback(None)
        if not self.first.called:
            self.first.errback(RuntimeError("ended without a line"))


class CommandTests(TestCase):
    """
    C{python -m cardgw.virtual.smdp_server}.
    """

    timeout = 60

    async def test_process(self) -> None:
        """
        It says where it listens, serves a download, reports it line by line, and ends on SIGTERM.
        """
        directory = self.mktemp()
        pki = make_pki()
        pki.save(Path(directory))
        lines = Lines()
        arguments = [sys.executable, "-m", "cardgw.virtual.smdp_server", "--pki", directory, "--size", "2000"]
        environment = os.environ | {"PYTHONPATH": str(Path(cardgw.__file__).parents[1])}
        process = reactor.spawnProcess(lines, sys.executable, arguments, env=environment)
        ready = await lines.first
        self.assertEqual((ready["event"], ready["ci"], ready["host"]), ("ready", pki.ci_id.hex(), pki.host))
        client = Client(pki, ready["port"], self.mktemp())
        await deferToThread(download, pki, client)
        process.signalProcess("TERM")
        await lines.ended
        events = [json.loads(line)["event"] for line in lines.output.splitlines()]
        self.assertEqual(events, ["ready", *["request"] * 3, "notification", "request"])
