# -*- test-case-name: tests.functional.test_operators -*-
"""
What the functional tests for operators have in common: the service as a process of its own, an SM-DP+, phones with cards in them,
and clients of the HTTP API, all over loopback.
"""

from __future__ import annotations

import inspect
import re
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from attrs import evolve
from twisted.internet import reactor as reactor_
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint, connectProtocol
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from cardgw.transports.estk.wire import Tag, encode
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Faults, Options
from cardgw.virtual.pki import Pki, make_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_notifications import Notification
from cardgw.virtual.smdp_orders import Order
from cardgw.virtual.smdp_server import SmdpServer
from cardgw.virtual.terminal import Manners, Outcome, Terminal, request_frame
from tests.functional.api_client import Api, Json
from tests.functional.commands import LOOPBACK, Process

reactor: Any = reactor_
HOST = "smdp.example.test"
ONE, TWO, NEW = make_iccid(101), make_iccid(102), make_iccid(1)
"""Profiles: the two that each card has, and the first that is ordered."""
PATIENCE = 20.0
"""Seconds after which something does not happen any more."""
PAUSE = 0.01
LOST = b"\x6f\x00"
"""An answer that goes nowhere."""
CODE = re.compile(r"Code: (\w{6})\n")
ENDED = ("done", "failed", "cancelled")
SETTINGS = """\
[store]
url = "sqlite:///{directory}/cardgw.sqlite"

[https]
trusted_ci = ["{ci}"]
system_roots = false

[https.hosts."{host}"]
address = "127.0.0.1"
port = {port}

[transports.estk]
listen = ["{listen}"]
close_timeout = 0.2
"""


@cache
def pki() -> Pki:
    """
    One test PKI per process.
    """
    return make_pki(host=HOST)


@cache
def card_pki(number: int) -> Pki:
    """
    The same with another eUICC.
    """
    return pki().another_euicc(number)


def activation_code(matching_id: str) -> str:
    """
    What a card holder or an operator types.
    """
    return f"LPA:1${HOST}${matching_id}"


async def until(find: Callable[[], Any]) -> Any:
    """
    Look again and again until something is there.

    @param find: gives it, or something false; may be a coroutine function.
    @raise AssertionError: it does not come.
    """
    end = reactor.seconds() + PATIENCE
    while reactor.seconds() < end:
        found = find()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        await deferLater(reactor, PAUSE)
    raise AssertionError(f"{inspect.getsource(find).strip()}: not within {PATIENCE:g} s")


class Gateway:
    """
    The service as a process.

    @ivar ports: where it listens, by the event that says so.
    @ivar cards: the TCP port for eSTK.me cards.
    @ivar web: that of the HTTP API.
    @ivar events: what it has logged since it is ready.
    """

    def __init__(self, test: OperatorsTestCase, config: Path, *arguments: str) -> None:
        self.process = Process(test, "--config", str(config), *arguments, environ=test.environ)
        self.ports = self._ports()
        self.cards, self.web = self.ports.get("listening", 0), self.ports["api-listening"]
        self.events: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        test.addCleanup(self._end)

    def _ports(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for event in self.process.remaining():
            if event["event"].endswith("listening"):
                found[event["event"]] = int(event["port"])
            if event["event"] == "ready":
                return found
        raise AssertionError("the process ended before it was ready")

    def _read(self) -> None:
        with suppress(ValueError):  # it may be killed in the midst of a line
            for event in self.process.remaining():
                self.events.append(event)

    def _end(self) -> None:
        self.process.process.kill()
        self._reader.join()

    @property
    def url(self) -> str:
        """
        Where the API is.
        """
        return f"http://127.0.0.1:{self.web}"

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """
        Send a signal that ends it.

        @return: its exit status.
        """
        status: int = await deferToThread(self.process.stop, number)
        return status


def begins(command: bytes, sign: bytes) -> bool:
    """
    Whether a command begins so, or its data do.  Elsewhere any bytes may be by chance: in keys, certificates and signatures.
    """
    return sign in (command[: len(sign)], command[5 : 5 + len(sign)])


class Phone:
    """
    A phone with a card in it, that has asked for something.

    @ivar boxes: the texts shown so far.
    @ivar leave_at: at a command whose data begin so, the connection is lost, and the card does not get it.
    @ivar done: C{Deferred[Outcome]}.
    """

    def __init__(self, card: VirtualEuicc, request: bytes, manners: Manners | None = None) -> None:
        self.card = card
        self.boxes: list[str] = []
        self.leave_at = b""
        self.terminal = Terminal(reactor, self._transmit, request, manners, self._watch)
        self.done: Deferred[Outcome] = self.terminal.done

    def _transmit(self, command: bytes) -> bytes:
        if self.leave_at and begins(command, self.leave_at):
            self.drop()
            return LOST
        return self.card.transmit(command)

    def _watch(self, what: str, facts: dict[str, Any]) -> None:
        if what == "box":
            self.boxes.append(facts["text"])

    def drop(self) -> None:
        """
        The network is gone.
        """
        transport: Any = self.terminal.transport
        transport.abortConnection()

    def say_goodbye(self) -> None:
        """
        The holder ends it (FC).
        """
        transport: Any = self.terminal.transport
        transport.write(encode(Tag.CLOSE, b""))


class OperatorsTestCase(TestCase):
    """
    A service, an SM-DP+, and an administrator's client of the API.
    """

    timeout = 100
    environ: Mapping[str, str] = {}
    """What the service is told besides."""

    async def start(self, settings: str = "") -> None:
        """
        Start all of them.

        @param settings: in TOML, besides L{SETTINGS}.
        """
        self.directory = self._new_directory()
        self.smdp = Smdp(pki())
        self.server = SmdpServer(self.smdp, reactor)
        port = await self.server.listen(TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1"))
        self.addCleanup(self.server.stop)
        self.config = self.directory / "cardgw.toml"
        facts = {"directory": self.directory, "ci": pki().ci_id.hex(), "host": HOST, "listen": LOOPBACK}
        self.config.write_text(SETTINGS.format(port=port.getHost().port, **facts) + settings)
        self.gateway = Gateway(self, self.config)
        self.api = Api(reactor, self.gateway.url, self.gateway.process.token())

    def _new_directory(self) -> Path:
        directory = Path(self.mktemp()).absolute()
        directory.mkdir(parents=True)
        return directory

    def restart(self) -> None:
        """
        Start the service again, with the same store; the API is where it was.
        """
        web = f"tcp:{self.gateway.web}:interface=127.0.0.1"
        self.gateway = Gateway(self, self.config, "--web", web)
        self.gateway.web = int(web.split(":")[1])

    def order(self, matching_id: str = "P-1", number: int = 1, **facts: Any) -> Order:
        """
        Have a profile ready, by its matching id.

        @param number: the ICCID is made of it.
        """
        return self.smdp.add(Order(matching_id, make_package(make_iccid(number), 500), **facts))

    def card(self, number: int = 1, *, faults: Faults | None = None, **options: Any) -> VirtualEuicc:
        """
        An eUICC with two profiles, whose providers want to hear of them; the first one is enabled.
        """
        found = VirtualEuicc.from_pki(card_pki(number), options=Options(faults=faults or Faults(), **{"pinned": True, **options}))
        wishes = [((1, 2, 3), HOST)]
        found.add_profile(ONE, "One", "Example", "enabled", wishes=wishes)
        found.add_profile(TWO, "Two", "Example", wishes=wishes)
        return found

    async def dial(self, card: VirtualEuicc, tag: int = Tag.REMOTE_MANAGEMENT, text: str = "") -> Phone:
        """
        A phone asks for something; by default to be managed.
        """
        phone = Phone(card, request_frame(tag, text))
        await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", self.gateway.cards), phone.terminal)
        self.addCleanup(phone.drop)
        return phone

    async def visit(self, card: VirtualEuicc, tag: int, text: str = "") -> Outcome:
        """
        A phone asks for something, and is served.
        """
        outcome = await (await self.dial(card, tag, text)).done
        self.assertTrue(outcome.goodbye or outcome.rebooted, outcome)
        return outcome

    async def managed(self, card: VirtualEuicc) -> tuple[Phone, str]:
        """
        A card stays for operators.

        @return: with the code that its holder sees.
        """
        phone = await self.dial(card)
        await until(lambda: phone.boxes)
        match = CODE.match(phone.boxes[0])
        assert match is not None, phone.boxes
        return phone, match[1]

    async def operator(self, name: str, role: str = "operator") -> Api:
        """
        A client with a token of its own.
        """
        made = (await self.api.post("tokens", {"name": name, "role": role})).only(201)
        return self.with_token(made["token"])

    def with_token(self, token: str) -> Api:
        """
        A client with this token.
        """
        return evolve(self.api, token=token)

    async def job(self, job: Json, *states: str) -> Json:
        """
        A job when it has ended, or is in one of these states.
        """
        path, wanted = f"jobs/{job['id']}", states or ENDED

        async def look() -> Json | None:
            found: Json = (await self.api.get(path)).only(200)
            return found if found["state"] in wanted else None

        found: Json = await until(look)
        return found

    async def submit(
        self, card: str, operation: str, *, api: Api | None = None, confirm: bool = False, **parameters: Any
    ) -> Json:
        """
        Queue a job.
        """
        body = {"operation": operation, "card": card, "parameters": parameters} | ({"confirm": True} if confirm else {})
        job: Json = (await (api or self.api).post("jobs", body)).only(202)
        return job

    async def run_job(self, card: str, operation: str, **more: Any) -> Json:
        """
        Have a job done.

        @return: its result.
        """
        job = await self.job(await self.submit(card, operation, **more))
        self.assertEqual(job["state"], "done", job)
        result: Json = job["result"]
        return result

    async def failed_job(self, card: str, operation: str, **more: Any) -> str:
        """
        Have a job fail.

        @return: the code of its error.
        """
        job = await self.job(await self.submit(card, operation, **more))
        self.assertEqual(job["state"], "failed", job)
        return str(job["error"]["code"])


def identity(card: VirtualEuicc) -> str:
    """
    What the gateway calls a card, wherever it is.
    """
    return f"eid:{card.eid.hex()}"


def heard(smdp: Smdp) -> list[tuple[int, bool]]:
    """
    The notifications that an SM-DP+ has got: their numbers, and whether they were authentic.
    """
    found: list[Notification] = smdp.notifications
    return [(each.sequence, each.verified) for each in found]
