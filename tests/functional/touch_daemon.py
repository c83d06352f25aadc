# -*- test-case-name: tests.functional.test_touch_daemon -*-
"""
The daemon that lends a card here to the servers of web pages, as a process; a server in software, and a card with a PIN in a
reader of a pcscd of its own.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import define
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.web.client import Agent, readBody
from twisted.web.http_headers import Headers

from cardgw.virtual.ram_server import RamServer
from cardgw.virtual.ram_session import RESET_CARD, Script, command, play
from cardgw.virtual.ram_tlv import notification
from cardgw.virtual.vicc import Vicc
from tests.functional.cli_process import Running
from tests.functional.commands import TWISTD, environment
from tests.functional.operators import reactor, until
from tests.functional.pcscd import PcscdTestCase, PrivatePcscd
from tests.functional.vpcd import vicc_of

ATR = bytes.fromhex("3BFE1800008131FE458031815448534D31738021408107FA")
SELECT = bytes.fromhex("00A404000BE82B0601040181C31F0201")
CHALLENGE = bytes.fromhex("0084000008")
PIN = "648219"
GREETING: Script = play(RESET_CARD, notification(1, "Test"), command(SELECT + b"\0"), command(CHALLENGE))


class PinCard:
    """
    A card with a PIN, as a SmartCard-HSM has it.

    @ivar commands: what it got.
    @ivar verified: whether the PIN was.
    @ivar tries: how many are left.
    """

    def __init__(self) -> None:
        self.commands: list[bytes] = []
        self.verified = False
        self.tries = 3

    def transmit(self, octets: bytes) -> bytes:
        """
        A command comes.
        """
        self.commands.append(octets)
        if octets[1] == 0x20:
            return self._verify(octets[5:])
        return (b"\x01" * 8 if octets[1] == 0x84 else b"") + b"\x90\x00"

    def _verify(self, pin: bytes) -> bytes:
        if pin:
            self.verified = pin == PIN.encode()
            self.tries = 3 if self.verified else self.tries - 1
        return b"\x90\x00" if self.verified else bytes((0x63, 0xC0 | self.tries))

    def reset(self) -> None:
        """
        It starts anew.
        """
        self.verified = False


@define
class Answer:
    """
    What came back from the daemon.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> str | None:
        """
        The code of what went wrong.
        """
        return self.headers.get("x-cardgw-error")

    @property
    def json(self) -> Any:
        """
        The body as JSON.
        """
        return json.loads(self.body)


class Daemon(Running):
    """
    The process.  What it logs is on its standard output; on a terminal, what it asks is there, too.
    """

    def __init__(self) -> None:
        super().__init__(None)
        self.port = 0

    @property
    def events(self) -> list[dict[str, Any]]:
        """
        What it has logged.
        """
        return [json.loads(line) for line in self.out.splitlines()[: self.out.count("\n")] if line.startswith("{")]

    def logged(self, event: str) -> list[dict[str, Any]]:
        """
        The events of this name.
        """
        return [each for each in self.events if each.get("event") == event]

    async def ask(self, url: str, *, path: str = "1.png", method: str = "GET", **headers: str) -> Answer:
        """
        Be a page.

        @param url: of the server.
        """
        return await self.get(f"{path}?url={quote(url, safe='')}", method=method, **headers)

    async def get(self, target: str, *, method: str = "GET", **headers: str) -> Answer:
        """
        The same, with any address.
        """
        given = Headers({name.replace("_", "-"): [value] for name, value in headers.items()})
        where = f"http://127.0.0.1:{self.port}/{target}"
        response: Any = await Agent(reactor).request(method.encode(), where.encode(), given)
        told = {name.decode().lower(): values[0].decode() for name, values in response.headers.getAllRawHeaders()}
        return Answer(response.code, told, await readBody(response))


class TouchDaemonTestCase(PcscdTestCase):
    """
    The daemon, a server, a card.

    @ivar pages: what the server knows.
    """

    timeout = 120

    def setUp(self) -> None:
        self.home = Path(self.mktemp()).resolve()
        self.home.mkdir(parents=True)
        self.cards = PinCard()

    async def serve(self, script: Script = GREETING, poll: float = 20.0) -> tuple[RamServer, str]:
        """
        Start a server.

        @return: it, and its address.
        """
        server = RamServer(reactor, {"hsm": script}, poll=poll)
        port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(server)
        self.addCleanup(port.stopListening)
        self.addCleanup(server.stop)
        return server, f"http://127.0.0.1:{port.getHost().port}/rt/hsm"

    async def put_in(self, daemon: PrivatePcscd, card: PinCard | None = None, slot: int = 0) -> Vicc:
        """
        Put a card into a reader.
        """
        card = card or self.cards
        vicc = await daemon.insert(vicc_of(card.transmit, ATR, card.reset), slot)
        self.addCleanup(vicc.drop)
        return vicc

    async def run_daemon(self, *arguments: str, terminal: bool = False, **environ: str) -> Daemon:
        """
        Start the daemon, and wait until it listens.
        """
        daemon = Daemon()
        kept = {**environment(HOME=str(self.home), XDG_STATE_HOME=str(self.home), TERM="xterm"), **environ}
        kept.pop("DBUS_SESSION_BUS_ADDRESS", None)
        options = ("-n", "--pidfile=", "--logger", "cardgw.log.json_observer", "cardgw-touch", "--listen", "127.0.0.1:0")
        command = [sys.executable, *TWISTD, *options, *arguments]
        reactor.spawnProcess(daemon, sys.executable, command, kept, os.fspath(self.home), usePTY=terminal)
        self.addCleanup(self._end_daemon, daemon)
        (event,) = await until(lambda: daemon.logged("touch-listening") or self._failed(daemon))
        daemon.port = event["port"]
        return daemon

    def _failed(self, daemon: Daemon) -> list[Any]:
        if daemon.done.called:
            raise AssertionError(daemon.out + daemon.err)
        return []

    async def _end_daemon(self, daemon: Daemon) -> None:
        daemon.end()
        await daemon.done
        self.assertNotIn("Traceback", daemon.out + daemon.err)


def coming(work: Any) -> Deferred[Any]:
    """
    Have a coroutine done, meanwhile.
    """
    return Deferred.fromCoroutine(work)
