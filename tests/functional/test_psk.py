"""
TLS with pre-shared keys against the OpenSSL of the system: what a card sees on the wire.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

from OpenSSL import SSL
from twisted.internet.threads import deferToThread

from cardgw.transports.ramhttp.tls_psk import PskClient
from tests.functional.amdb import AGENT, EID, KEY, OTHER_AGENT, OVER_TLS, WHO, AmdbTestCase
from tests.functional.operators import until

DATA, ALERT = 23, 21
"""Types of records (RFC 5246, 6.2.1)."""
MANY = 1 << 16
INITIATION = "\u00e8\x04\u00c0\x02;\0"
"""What a CardContact client begins with."""
REQUEST = (
    "POST /rt HTTP/1.1\r\nHost: localhost\r\nX-Admin-Protocol: globalplatform-remote-admin/1.0\r\n"
    "X-Admin-From: {agent}\r\n{more}\r\n"
)


class OpensslTests(AmdbTestCase):
    """
    C{openssl s_client}.
    """

    if shutil.which("openssl") is None:
        skip = "there is no openssl"

    async def talk(self, text: str, *arguments: str, identity: str = "card-1", key: str = KEY) -> str:
        """
        Say something, and hear what comes until the connection ends.
        """
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-psk_identity", identity, "-psk", key]

        def run() -> str:
            done = subprocess.run(
                [*command, "-ign_eof", *arguments], input=text.encode("latin-1"), capture_output=True, timeout=30, check=False
            )
            return (done.stdout + done.stderr).decode("utf-8", "replace").replace("\r\n", "\n")

        heard: str = await deferToThread(run)
        return heard

    def post(self, more: str = "", agent: str = AGENT) -> str:
        """
        The first request of a card.
        """
        return REQUEST.format(agent=agent, more=more)

    async def test_suites(self) -> None:
        """
        Both suites of SGP.02 are there, with TLS 1.2, without a ticket and without encrypt-then-MAC; the dialogue ends with 204.
        """
        await self.start()
        for suite in ("PSK-AES128-GCM-SHA256", "PSK-AES128-CBC-SHA256"):
            heard = await self.talk(self.post(), "-tls1_2", "-cipher", suite, "-tlsextdebug")
            self.assertIn(f"Cipher is {suite}", heard)
            self.assertIn("HTTP/1.1 204 No Content", heard)
            self.assertIn("Connection: close", heard)
            for word in ("session ticket", "encrypt-then-mac", "TLS session ticket:"):
                self.assertNotIn(f'server extension "{word}"', heard)

    async def test_defaults(self) -> None:
        """
        A client that has TLS 1.3 and all suites gets TLS 1.2; older versions and suites without encryption are refused.
        """
        await self.start()
        self.assertIn("Protocol  : TLSv1.2", await self.talk(self.post()))
        for arguments in (
            ("-tls1_3",),
            ("-tls1_1", "-cipher", "PSK:@SECLEVEL=0"),
            ("-tls1_2", "-cipher", "PSK-NULL-SHA256:@SECLEVEL=0"),
            ("-tls1_2", "-cipher", "PSK-AES128-CBC-SHA"),
        ):
            heard = await self.talk(self.post(), *arguments)
            self.assertNotIn("HTTP/1.1", heard, arguments)

    async def test_strangers(self) -> None:
        """
        A stranger is told so, with the alert for it; so is one with another key, in the ordinary way.
        """
        await self.start()
        self.assertIn("SSL alert number 115", await self.talk(self.post(), "-tls1_2", identity="nobody"))
        heard = await self.talk(self.post(), "-tls1_2", key="00" * 16)
        self.assertIn("alert", heard)
        self.assertNotIn("HTTP/1.1", heard)

    async def test_records(self) -> None:
        """
        A reply is one record; the last one comes with close_notify in one piece.
        """
        await self.start()
        for begin, types in (("HTTP/1.1 204 No Content", [DATA, ALERT]), ("HTTP/1.1 200 OK", [DATA])):
            came, text = await deferToThread(self.first_piece)
            self.assertTrue(text.startswith(begin), text)
            self.assertEqual(came, types)
            self.assertEqual("X-Admin-Next-URI: /rt?s=" in text, types == [DATA])
            await self.submit(WHO, "gp.registry", **OVER_TLS)

    def first_piece(self) -> tuple[list[int], str]:
        """
        Ask as a card does.

        @return: the types of the records that come first, and what is in them.
        """
        client = PskClient(b"card-1", bytes.fromhex(KEY)).clientConnectionForTLS(None)
        client.set_connect_state()
        with socket.create_connection(("127.0.0.1", self.port), 20) as connection:
            shake_hands(client, connection)
            client.send(self.post().encode())
            connection.sendall(client.bio_read(MANY))
            octets = connection.recv(MANY)
        client.bio_write(octets)
        return list(types_of(octets)), client.recv(MANY).decode("latin-1")

    async def test_chunks(self) -> None:
        """
        A body in chunks is read; an answer to nothing is refused in words.
        """
        await self.start()
        chunks = "X-Admin-Script-Status: ok\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nAF\x00\r\n0\r\n"
        heard = await self.talk(self.post(chunks), "-tls1_2")
        self.assertIn("HTTP/1.1 204", heard)

    async def test_otherDialect(self) -> None:
        """
        A reader, which could hold any card, does not come with the key of one.
        """
        await self.start()
        initiation = f"POST /rt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\nConnection: close\r\n\r\n{INITIATION}"
        heard = await self.talk(initiation, "-tls1_2")
        self.assertIn("HTTP/1.1 403", heard)
        self.assertIn("Amendment B alone", heard)

    async def test_reload(self) -> None:
        """
        A connection that was made with a key that is gone by now is no card's any more.
        """
        await self.start()
        client = PskClient(b"card-1", bytes.fromhex(KEY)).clientConnectionForTLS(None)
        client.set_connect_state()
        with socket.create_connection(("127.0.0.1", self.port), 20) as connection:
            await deferToThread(shake_hands, client, connection)
            before, _, after = self.config.read_text().partition('[keys."card-1"]')
            self.config.write_text(before + after[after.index("[keys") :])
            self.gateway.process.process.send_signal(signal.SIGHUP)
            await until(lambda: [each for each in self.gateway.events if each["event"] == "reloaded"])
            client.send(self.post(agent=OTHER_AGENT).encode())
            connection.sendall(client.bio_read(MANY))
            client.bio_write(await deferToThread(connection.recv, MANY))
        self.assertIn(b"403 Forbidden", client.recv(MANY))

    async def test_identity(self) -> None:
        """
        An identity of SGP.02 says which card it is; another card's name is refused with it.
        """
        identity = f"800281108110{EID}4F10A0000005591010FFFFFFFF8900000100820101830140"
        await self.start()
        with (self.keys / "psk.txt").open("a") as file:
            file.write(f"{identity}:{KEY}\n")
        await self.gateway.stop()
        self.restart()
        self.port = self.gateway.ports["ramhttp-listening"]
        for agent, status in ((AGENT, "204"), (OTHER_AGENT, "403"), ("//aa-id/aid/A000000559/1010", "204")):
            heard = await self.talk(self.post("Connection: close\r\n", agent), "-tls1_2", identity=identity)
            self.assertIn(f"HTTP/1.1 {status}", heard)


def shake_hands(client: Any, connection: socket.socket) -> None:
    """
    Over a connection that waits.
    """
    done = False
    while not done:
        try:
            client.do_handshake()
            done = True
        except SSL.WantReadError:
            pass
        with contextlib.suppress(SSL.WantReadError):
            connection.sendall(client.bio_read(MANY))
        if not done:
            client.bio_write(connection.recv(MANY))


def types_of(octets: bytes) -> Iterator[int]:
    """
    The types of some records.
    """
    while octets:
        yield octets[0]
        octets = octets[5 + int.from_bytes(octets[3:5], "big") :]
