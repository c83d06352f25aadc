# -*- test-case-name: tests.functional.test_https_failures -*-
"""
L{cardgw.lpa.https} against servers that are slow, silent, or hang up.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred, gatherResults

from cardgw.lpa.server_errors import (
    ServerHungUp,
    ServerSilent,
    ServerUnreachable,
    TlsFailed,
)
from tests.functional.test_https import URL, HttpsTestCase
from tests.functional.web_server import ServerProtocol, answer, echo


class FailureTests(HttpsTestCase):
    """
    Servers that are slow, silent, or hang up.
    """

    async def test_silent(self) -> None:
        """
        A server that does not answer, or stops in the midst of it, is given up after the time limit.
        """
        for start in (b"", b"HTTP/1.1 200 OK\r\n", answer(b"hello")[:-1]):
            server = self.serve(lambda connection, request, start=start: connection.send(start))  # type: ignore[misc]
            client = self.client(server, request_timeout=0.2)
            self.assertIn("smdp.example.test (0.2 s)", await self.refused(client, ServerSilent))

    async def test_silentHandshake(self) -> None:
        """
        So is one that accepts the connection and never speaks TLS.
        """
        await self.refused(self.client(self.serve(plain=True), connect_timeout=0.2), ServerSilent)

    async def test_hangsUp(self) -> None:
        """
        A server that hangs up on the first request of a connection is not asked again.
        """
        for leave in (ServerProtocol.close, ServerProtocol.abort):
            server = self.serve(lambda connection, request, leave=leave: leave(connection))  # type: ignore[misc]
            await self.refused(self.client(server), ServerHungUp)
            self.assertEqual(len(server.requests), 1)

    async def test_hangsUpInBetween(self) -> None:
        """
        So is one that hangs up in the midst of an answer.
        """

        def half(connection: ServerProtocol, request: bytes) -> None:
            connection.send(answer(b"hello")[:-1])
            connection.close()

        self.assertIn("in the middle", await self.refused(self.client(self.serve(half)), ServerHungUp))

    async def test_keptConnectionDies(self) -> None:
        """
        A server may close a kept connection, at rest or when the next request comes: that request is sent again on a new one.
        """
        server = self.serve()
        client = self.client(server)
        await client.post(URL, b"1", {})

        def leave(connection: ServerProtocol, request: bytes) -> None:
            server.behaviour = echo
            connection.close()

        server.behaviour = leave
        self.assertEqual(await client.post(URL, b"2", {}), (200, b"2"))
        (connection,) = server.open
        connection.close()
        await connection.gone
        self.assertEqual(await client.post(URL, b"3", {}), (200, b"3"))
        self.assertEqual(client.handshakes, 3)
        self.assertEqual([each[-1:] for each in server.requests], [b"1", b"2", b"2", b"3"])

    async def test_notTls(self) -> None:
        """
        A server that does not speak TLS is told so.
        """
        server = self.serve(plain=True)
        server.protocol = Rude
        self.assertIn("smdp.example.test", await self.refused(self.client(server), TlsFailed))

    async def test_nobodyThere(self) -> None:
        """
        A closed port is told with its number.
        """
        server = self.serve()
        client, port = self.client(server), server.port
        await server.listening.stopListening()
        self.assertIn(f"smdp.example.test port {port}", await self.refused(client, ServerUnreachable))

    async def test_cancel(self) -> None:
        """
        A request that is cancelled ends its connection, and no other.
        """
        arrived: Deferred[ServerProtocol] = Deferred()
        server = self.serve()
        client = self.client(server)
        server.behaviour = lambda connection, request: arrived.callback(connection)
        posting = client.post(URL, b"", {})
        connection = await arrived
        posting.cancel()
        await self.assertFailure(posting, CancelledError)
        await connection.gone
        server.behaviour = echo
        self.assertEqual(await client.post(URL, b"x", {}), (200, b"x"))

    async def test_stop(self) -> None:
        """
        Stopping closes kept connections and ends requests.
        """
        server = self.serve()
        client = self.client(server)
        await gatherResults([client.post(URL, b"", {}) for _ in range(5)])
        arrived: Deferred[None] = Deferred()
        server.behaviour = lambda connection, request: arrived.callback(None)
        posting = client.post(URL, b"", {})
        await arrived
        gone = gatherResults([each.gone for each in server.open])
        await client.stop()
        await self.assertFailure(posting, CancelledError)
        await gone
        self.assertEqual(client.connections, 0)


class Rude(ServerProtocol):
    """
    Greets without being asked, and not in TLS.
    """

    def connectionMade(self) -> None:
        """
        See L{ServerProtocol}.
        """
        super().connectionMade()
        self.send(b"220 mail.example ESMTP\r\n")

    def dataReceived(self, data: bytes) -> None:
        """
        See L{ServerProtocol}.
        """
