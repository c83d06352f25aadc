# -*- test-case-name: tests.functional.test_ramhttp -*-
"""
The transport ramhttp over real sockets, with clients that have nothing of ours: Python's and curl.  Where it listens, who may
come, what is too much, and how it ends.
"""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from cardgw.errors import ChannelError, GatewayStopping
from cardgw.interfaces import ICardChannel
from cardgw.transports.ramhttp.wire import Initiation, Notify, decode_request, encode_initiation, encode_response
from cardgw.virtual.ram_kinds import OURS, RAM_CLIENT
from tests.functional.ramhttp import ATR, CHALLENGE, RamHttpTestCase, day, reactor, run
from tests.transports.ramhttp.tls import certificate

T = TypeVar("T")
HELLO = encode_initiation(Initiation(ATR))
EMPTY = encode_response((), 0)
KEEP_ALIVE = b"\xaa\x00"
BEARER = {"Authorization": "Bearer opensesame"}


@frozen
class Heard:
    """
    An answer.
    """

    status: int
    body: bytes
    headers: http.client.HTTPMessage

    @property
    def cookie(self) -> dict[str, str]:
        """
        What is sent back.
        """
        return {"Cookie": str(self.headers["Set-Cookie"]).partition(";")[0]}

    @property
    def texts(self) -> list[tuple[int, str]]:
        """
        What the card holder reads.
        """
        return [(each.id, each.text) for each in decode_request(self.body) if isinstance(each, Notify)]


class LocalConnection(http.client.HTTPConnection):
    """
    HTTP over a local socket.
    """

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        """
        See L{http.client.HTTPConnection}.
        """
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(str(self._path))


async def stay(channel: ICardChannel) -> ChannelError | None:
    """
    Do nothing until the card goes.
    """
    gone: ChannelError | None = await channel.when_gone()
    return gone


class SocketsTestCase(RamHttpTestCase):
    """
    One connection after the other, each in a thread.
    """

    def setUp(self) -> None:
        """
        A place for files.
        """
        self.place = Path(self.mktemp())
        self.place.mkdir()

    def connection(self, port: int = 0, context: ssl.SSLContext | None = None) -> http.client.HTTPConnection:
        """
        A new one.
        """
        port = port or self.port
        made = (
            http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            if context is None
            else http.client.HTTPSConnection("localhost", port, timeout=10, context=context)
        )
        self.addCleanup(made.close)
        return made

    async def ask(
        self,
        body: bytes | None = None,
        connection: http.client.HTTPConnection | None = None,
        path: str = "/rt",
        headers: Mapping[str, str] = {},
    ) -> Heard:
        """
        POST a body, or GET.
        """
        used = connection or self.connection()

        def talk() -> Heard:
            used.request("GET" if body is None else "POST", path, body, {**headers})
            answer = used.getresponse()
            return Heard(answer.status, answer.read(), answer.headers)

        return await self.aside(talk)

    async def aside(self, work: Callable[[], T]) -> T:
        """
        Do what blocks.
        """
        done: Deferred[T] = deferToThread(work)
        return await done

    async def pause(self, seconds: float) -> None:
        """
        Let time pass.
        """
        await deferLater(reactor, seconds)


class ListeningTests(SocketsTestCase):
    """
    Where it listens.
    """

    async def test_several(self) -> None:
        """
        At several endpoints at once, a local socket among them; what is shown of each is what it is called there.
        """
        path = self.place / "s"
        self.start(stay, listen=("tcp:0:interface=127.0.0.1", "tcp6:0:interface=\\:\\:1", f"unix:{path}"), prefix="/cards")
        four, six, _ = (each.getHost() for each in self.service.ports)
        for connection, name in (
            (LocalConnection(path), "localhost"),
            (self.connection(four.port), f"127.0.0.1:{four.port}"),
            (http.client.HTTPConnection("::1", six.port, timeout=10), f"[::1]:{six.port}"),
        ):
            self.addCleanup(connection.close)
            heard = await self.ask(None, connection, "/cards/hsm")
            self.assertIn(f"cardgw touch http://{name}/cards/hsm\n".encode(), heard.body)
            self.assertEqual((await self.ask(HELLO, connection, "/cards")).body, KEEP_ALIVE)
        self.assertEqual(self.service.link_url("t"), f"http://127.0.0.1:{four.port}/cards/link/t")

    async def test_tls(self) -> None:
        """
        Over TLS, by its own endpoint string and by Twisted's; without TLS, nobody is heard there.
        """
        files = certificate(self.place / "server", "localhost")
        context = ssl.create_default_context(cafile=files[0])
        context.check_hostname = False
        context.set_alpn_protocols(["h2", "http/1.1"])  # as curl does
        for text in (
            f"tls:tcp:0:interface=127.0.0.1:certificate={files[0]}:key={files[1]}",
            f"ssl:0:interface=127.0.0.1:certKey={files[0]}:privateKey={files[1]}",
        ):
            self.start(stay, listen=(text,))
            connection = self.connection(context=context)
            heard = await self.ask(None, connection)
            self.assertIn(f"cardgw touch https://localhost:{self.port}/rt\n".encode(), heard.body)
            first = await self.ask(HELLO, connection)
            self.assertEqual((first.status, first.body), (200, KEEP_ALIVE))
            self.assertEqual((await self.ask(EMPTY, connection, headers=first.cookie)).body, KEEP_ALIVE)
            self.assertTrue(self.service.link_url("t").startswith("https://"))
            await self.assertFailure(self.plain(), http.client.HTTPException, OSError)
            connection.close()
            await self.stop()

    def plain(self) -> Deferred[Any]:
        """
        Speak without TLS.
        """
        return Deferred.fromCoroutine(self.ask(HELLO))

    async def test_certificates(self) -> None:
        """
        Where clients need certificates, one of them opens the door, also where others need a token; without, there is no
        connection.
        """
        files, client = certificate(self.place / "server", "localhost"), certificate(self.place / "client", "reader 1")
        listen = f"tls:tcp:0:interface=127.0.0.1:certificate={files[0]}:key={files[1]}:clients={client[0]}"
        self.start(stay, listen=(listen, "tcp:0:interface=127.0.0.1"), tokens=("t",))
        context = ssl.create_default_context(cafile=files[0])
        context.check_hostname = False
        await self.assertFailure(
            Deferred.fromCoroutine(self.ask(HELLO, self.connection(context=context))), OSError, http.client.HTTPException
        )
        context.load_cert_chain(*client)
        self.assertEqual((await self.ask(HELLO, self.connection(context=context))).status, 200)
        self.assertEqual((await self.ask(HELLO, self.connection(self.service.ports[1].getHost().port))).status, 401)
        (session,) = self.service.crowd.here
        self.assertEqual(session.user, "tls:CN=reader 1")


class AccessTests(SocketsTestCase):
    """
    Who may come.
    """

    async def test_tokens(self) -> None:
        """
        With a token; a session that one has begun is not another's, though it has the cookie.
        """
        self.start(stay, tokens=("t",), users={"anna": "p"})
        stranger = await self.ask(HELLO)
        self.assertEqual((stranger.status, stranger.headers["WWW-Authenticate"][:5]), (401, "Basic"))
        self.assertTrue(stranger.body)
        first = await self.ask(HELLO, headers=BEARER)
        self.assertEqual(first.status, 200)
        self.assertEqual((await self.ask(EMPTY, headers=first.cookie)).status, 401)
        anna = {"Authorization": "Basic YW5uYTpvcGVuc2VzYW1l"}
        other = await self.ask(EMPTY, headers={**first.cookie, **anna})
        self.assertEqual((other.status, bool(other.body)), (403, True))
        self.assertEqual((await self.ask(EMPTY, headers={**first.cookie, **BEARER})).body, KEEP_ALIVE)

    async def test_guessing(self) -> None:
        """
        Whoever guesses is stopped, on one connection as on many.
        """
        self.start(stay, tokens=("t",))
        connection = self.connection()
        found = []
        for number in range(12):
            heard = await self.ask(HELLO, connection if number % 2 else None, headers={"Authorization": f"Bearer {number}"})
            found.append(heard.status)
        self.assertEqual(found, [401] * 10 + [429] * 2)
        self.assertEqual((await self.ask(HELLO, headers=BEARER)).status, 429)
        self.assertEqual(self.gateway.requests, [])

    async def test_links(self) -> None:
        """
        Nobody comes by a link without its token, whatever the path looks like.
        """
        self.start(stay)
        self.gateway.links["secret"] = "card-1"
        for path in (
            "/rt/link",
            "/rt/link/",
            "/rt//link",
            "/rt/link/card-1",
            "/rt//link/card-1",
            "/rt/link//card-1",
            "/rt/%6cink/card-1",
        ):
            self.assertEqual((await self.ask(HELLO, path=path)).status, 404, path)
        self.assertEqual(self.gateway.requests, [])
        self.assertEqual((await self.ask(HELLO, path="/rt//link/secret")).status, 200)
        self.assertEqual(self.gateway.requests, [("link", "card-1")])


class LimitTests(SocketsTestCase):
    """
    What is too much.
    """

    async def test_body(self) -> None:
        """
        A client that sends too much reads why, though it only listens when it has sent all.
        """
        self.start(stay, max_body=2000)
        for size in (2001, 100_000):
            heard = await self.ask(bytes(size))
            self.assertEqual((heard.status, bool(heard.body)), (413, True))

    async def test_slow(self) -> None:
        """
        A request that does not come to its end is answered in time, and the connection ends.
        """
        self.start(stay, timeout=0.2)

        def talk() -> bytes:
            heard = b""
            with socket.create_connection(("127.0.0.1", self.port), 10) as wire:
                wire.sendall(b"POST /rt HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n\xe8")
                while data := wire.recv(1000):
                    heard += data
            return heard

        heard = await self.aside(talk)
        self.assertTrue(heard.startswith(b"HTTP/1.1 408 "), heard)

    async def test_silent(self) -> None:
        """
        Whoever connects and says nothing is hung up on, also where TLS is waited for, and also in the midst of that.
        """
        files = certificate(self.place / "server", "localhost")
        tls = f"tls:tcp:0:interface=127.0.0.1:certificate={files[0]}:key={files[1]}"
        self.start(stay, timeout=0.2, listen=("tcp:0:interface=127.0.0.1", tls))

        def talk(port: int, octets: bytes) -> bytes:
            with socket.create_connection(("127.0.0.1", port), 10) as wire:
                wire.sendall(octets)
                try:
                    return wire.recv(1000)
                except ConnectionResetError:
                    return b""

        for port, octets in ((0, b""), (1, b""), (1, b"\x16\x03\x01\x02\x00")):
            number: int = self.service.ports[port].getHost().port
            self.assertEqual(await self.aside(partial(talk, number, octets)), b"")
        self.assertEqual(self.service.site.connections.here, set())

    async def test_connections(self) -> None:
        """
        No more connections than are allowed; when one goes, there is room again.
        """
        self.start(stay, max_connections=1)
        one = self.connection()
        self.assertEqual((await self.ask(None, one)).status, 200)
        await self.assertFailure(Deferred.fromCoroutine(self.ask()), OSError, http.client.HTTPException)
        one.close()
        await self.pause(0.05)
        self.assertEqual((await self.ask()).status, 200)

    async def test_sessions(self) -> None:
        """
        Nor more cards of one address; the others are told when to come again.
        """
        self.start(stay, max_sessions_per_address=1)
        self.assertEqual((await self.ask(HELLO)).status, 200)
        heard = await self.ask(HELLO)
        self.assertEqual((heard.status, heard.headers["Retry-After"]), (503, "60"))
        self.assertTrue(heard.body)


class EndTests(SocketsTestCase):
    """
    How it ends, and begins anew.
    """

    async def test_waiting(self) -> None:
        """
        A card for which there is nothing to do is told goodbye when its grace is over; then nobody listens any more.
        """
        self.start(stay, grace=0.2)
        ended = self.client(OURS).run()
        coming: Deferred[Any] = Deferred.fromCoroutine(ended)
        while not self.gateway.requests:
            await self.pause(0.01)
        await self.service.stopService()
        outcome = await coming
        self.assertEqual(self.problems(outcome), [])
        self.assertIsInstance(self.gateway.ends[0], (GatewayStopping, type(None)))
        await self.assertFailure(Deferred.fromCoroutine(self.ask()), OSError)

    async def test_grace(self) -> None:
        """
        A job that is being done comes to its end.
        """
        going: Deferred[None] = Deferred()

        async def work(channel: ICardChannel) -> int:
            await run(channel, CHALLENGE)
            going.callback(None)
            await deferLater(reactor, 0.3)
            return sum(await day(channel))

        self.start(work, grace=10.0)
        coming = Deferred.fromCoroutine(self.client(RAM_CLIENT).run())
        await going
        await self.service.stopService()
        outcome = await coming
        self.assertEqual((outcome.text, self.problems(outcome)), ("Completed", []))
        self.assertIsInstance(self.gateway.results[0], int)

    async def test_restart(self) -> None:
        """
        After a restart, a client that comes with its old cookie is told that its session is over, and then that there is no
        more; then it may begin anew.
        """
        self.start(stay, grace=0.1)
        first = await self.ask(HELLO)
        port = self.port
        await self.service.stopService()
        self.start(stay, listen=(f"tcp:{port}:interface=127.0.0.1",))
        connection = self.connection()
        told = await self.ask(EMPTY, connection, headers=first.cookie)
        self.assertEqual((told.status, [number for number, _ in told.texts]), (200, [-1]))
        self.assertEqual((await self.ask(EMPTY, connection, headers=first.cookie)).status, 204)
        self.assertEqual((await self.ask(HELLO, connection, headers=first.cookie)).status, 200)


class CurlTests(SocketsTestCase):
    """
    What ram-client is built upon, as a program.
    """

    if shutil.which("curl") is None:
        skip = "there is no curl"

    async def curl(self, body: bytes, *arguments: str, path: str = "/rt") -> tuple[bytes, str]:
        """
        POST a body.

        @return: the body of the answer; its status, version, and length.
        """
        source, target = self.place / "in", self.place / "out"
        source.write_bytes(body)
        target.write_bytes(b"")
        command = [
            *("curl", "-sS", "--noproxy", "*", "-m", "20", "-o", str(target)),
            *("-w", "%{http_code} %{http_version} %header{content-length}"),
            *("--data-binary", f"@{source}", *arguments, f"http://127.0.0.1:{self.port}{path}"),
        ]  # fmt: skip
        done = await self.aside(lambda: subprocess.run(command, capture_output=True, timeout=30, check=False))
        self.assertEqual(done.stderr, b"")
        return target.read_bytes(), done.stdout.decode()

    async def test_ways(self) -> None:
        """
        With a length, in chunks, after asking whether it is wanted, and as HTTP/1.0: the answer always has a length.
        """
        self.start(stay)
        for arguments in (
            (),
            ("-H", "Transfer-Encoding: chunked"),
            ("-H", "Expect: 100-continue"),
            ("--http1.0",),
            ("-H", "Connection: close"),
        ):
            self.assertEqual(await self.curl(HELLO, *arguments), (KEEP_ALIVE, "200 1.1 2"), arguments)

    async def test_errors(self) -> None:
        """
        Errors have bodies; redirections there are none, also not of doubled slashes.
        """
        self.start(stay)
        for body, path, status in (
            (b"x", "/rt", "415"),
            (HELLO, "/x", "404"),
            (EMPTY, "/rt", "400"),
            (b"\xe8\x01", "/rt", "400"),
        ):
            found, told = await self.curl(body, path=path)
            self.assertTrue(found and told.startswith(status), told)
        self.assertEqual((await self.curl(HELLO, "--path-as-is", path="/rt//hsm//"))[0], KEEP_ALIVE)
        self.assertEqual(self.gateway.requests, [("hsm", "")])
