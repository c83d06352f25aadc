"""
Programs for HTTP that were not written here, in front of the transport ramhttp and as its clients.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import UNIXClientEndpoint
from twisted.internet.utils import getProcessOutputAndValue

from cardgw.interfaces import ICardChannel
from cardgw.virtual.ram_client import Outcome, RamClient
from cardgw.virtual.ram_kinds import MEDIA_TYPE, Kind
from cardgw.virtual.ram_slot import Slot
from cardgw.virtual.ram_tlv import COUNT, INITIATION, RESET, RESPONSE, RESPONSES, tlv
from tests.functional.cli_process import Running
from tests.functional.commands import ROOT, environment
from tests.functional.foreign import missing
from tests.functional.operators import until
from tests.functional.ramhttp import ALL, ATR, CHALLENGE, DAY, GOOD, SELECT, UNKNOWN, RamHttpTestCase, card, day, reactor, run

TIMES = 8
PAGE = ROOT / "docs" / "ramhttp.md"
FRAME = """
daemon off; master_process off; pid {place}/pid; error_log {place}/errors;
events {{}}
http {{
    access_log off;
    client_body_temp_path {place}/1; proxy_temp_path {place}/2; fastcgi_temp_path {place}/3;
    uwsgi_temp_path {place}/4; scgi_temp_path {place}/5;
{settings}
}}
"""


def example() -> str:
    """
    The settings for nginx in the documentation.
    """
    text = PAGE.read_text()
    return text[text.index("    upstream cardgw") : text.index("and for the gateway")]


async def same(channel: ICardChannel) -> int:
    """
    Commands whose answers are all the same.
    """
    return sum([(await run(channel, SELECT))[0].status == 0x9000 for _ in range(TIMES)])


class NginxTests(RamHttpTestCase):
    """
    nginx as a proxy.
    """

    skip = missing("nginx")

    async def proxy(self, settings: str) -> None:
        """
        Start it in front of the transport.
        """
        place = Path(tempfile.mkdtemp(prefix="cardgw-"))  # the name of a socket must be short
        self.addCleanup(shutil.rmtree, place)
        self.socket = place / "socket"
        for before, after in (
            ("listen 443 ssl;", f"listen unix:{self.socket};"),
            ("127.0.0.1:8080", f"127.0.0.1:{self.port}"),
        ):
            self.assertIn(before, settings)
            settings = settings.replace(before, after)
        config = place / "nginx.conf"
        config.write_text(FRAME.format(place=place, settings=settings))
        nginx, program = Running(None), str(shutil.which("nginx"))
        process = reactor.spawnProcess(nginx, program, [program, "-e", f"{place}/errors", "-c", str(config)], environment())
        self.addCleanup(lambda: nginx.done)
        self.addCleanup(lambda: None if nginx.done.called else process.signalProcess("KILL"))
        await until(lambda: self.socket.exists() or nginx.done.called)
        self.assertFalse(nginx.done.called, nginx.err)

    async def through(self, kind: Kind, slot: Slot | None = None) -> Outcome:
        """
        A session through it, which goes well.
        """
        endpoint = UNIXClientEndpoint(reactor, str(self.socket))
        outcome = await RamClient(reactor, endpoint, "http://cards.example.com/rt", slot or self.slot(), kind).run()
        self.assertEqual((outcome.text, outcome.good), (GOOD[kind], True), kind.name)
        return outcome

    async def test_example(self) -> None:
        """
        With the settings of the documentation, all clients are served.
        """
        self.start(day)
        await self.proxy(example())
        for kind in ALL:
            await self.through(kind)
        self.assertEqual(self.gateway.results, [DAY] * len(ALL))

    async def test_plain(self) -> None:
        """
        With the connections that they let nginx keep there is one request for each command; without, there may be more, but
        nothing is lost or done twice either.
        """
        counts = []
        for settings in (example(), "server { listen 443 ssl; location /rt { proxy_pass http://127.0.0.1:8080; } }"):
            self.start(same)
            await self.proxy(settings)
            slot = self.slot()
            counts.append(len((await self.through(ALL[0], slot)).exchanges))
            self.assertEqual((self.gateway.results, slot.apdus), ([TIMES], TIMES))
            await self.stop()
        self.assertEqual((counts[0], min(counts)), (TIMES + 3, counts[0]))


class CurlTests(RamHttpTestCase):
    """
    curl, whose library is that of ram-client.
    """

    skip = missing("curl")

    def file(self, octets: bytes) -> str:
        """
        The name of a file.
        """
        path = Path(self.mktemp()).absolute()
        path.write_bytes(octets)
        return str(path)

    async def curl(self, *bodies: bytes, path: str = "") -> list[str]:
        """
        Post one body after another, with the cookies that come.

        @return: of each reply, its status, and how many connections had to be made for it.
        """
        arguments: list[str] = []
        for body in bodies:
            arguments += ["--next"] if arguments else []
            arguments += ["--silent", "--noproxy", "*", "--cookie", "", "--output", "/dev/null"]
            arguments += ["--write-out", "%{http_code} %{num_connects}\n", "--header", f"Content-Type: {MEDIA_TYPE}"]
            arguments += ["--data-binary", f"@{self.file(body)}", f"http://127.0.0.1:{self.port}/rt{path}"]
        result: Any = await getProcessOutputAndValue(str(shutil.which("curl")), arguments, environment(), reactor=reactor)
        out, errors, status = result
        self.assertEqual(status, 0, errors)
        return str(out.decode()).splitlines()

    async def test_day(self) -> None:
        """
        A whole session over one connection; two answers of the same bytes are two answers there.
        """
        self.start(day)
        answers = [card(each.encode()) for each in (UNKNOWN, SELECT, CHALLENGE, CHALLENGE)]
        bodies = [tlv(RESPONSES, tlv(RESPONSE, each), tlv(COUNT, b"\x01")) for each in answers]
        begin = [tlv(INITIATION, tlv(RESET, ATR)), tlv(RESPONSES, tlv(RESET, ATR), tlv(COUNT, b"\x00"))]
        said = await self.curl(*begin, *bodies, tlv(RESPONSES, tlv(COUNT, b"\x00")))
        self.assertEqual(said, ["200 1", *["200 0"] * (len(said) - 2), "204 0"])
        self.assertEqual(self.gateway.results, [DAY])

    async def test_refusals(self) -> None:
        """
        What is no template, what is too long, and what is somewhere else is refused; the connection can be used again where
        all has been read.
        """
        self.start(day, max_body=1024)
        self.assertEqual(await self.curl(b"hello", b"hello"), ["415 1", "415 0"])
        self.assertEqual(await self.curl(bytes(4096)), ["413 1"])
        self.assertEqual(await self.curl(tlv(INITIATION, tlv(RESET, ATR)), path="/../else"), ["404 1"])
        self.assertEqual(self.gateway.results, [])
