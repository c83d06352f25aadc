# -*- test-case-name: tests.functional.test_crash -*-
"""
C{kill -9} at random moments, and whether anything was lost, sent twice, or told wrongly.

A C{twistd cardgw} process serves phones that dial in again and again, and jobs that are queued over the HTTP API.  It is killed
and started anew on the same store and ports; the SM-DP+ and the eUICCs live on in this process.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.task import deferLater, react
from zope.interface import implementer

from bench.api import Api
from bench.kept import KeptGateway
from bench.operator import Operator
from bench.phones import Phone, make_card
from bench.truth import Truth, failures, read_store
from cardgw.virtual.pki import Pki, make_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp import Cancellation, Smdp
from cardgw.virtual.smdp_notifications import Notification
from cardgw.virtual.smdp_orders import Order
from cardgw.virtual.smdp_server import SmdpServer
from cardgw.virtual.smdp_web import error_page

PHONES = 6
STARTING = 0.2
"""The part of the kills that may come before the gateway is ready."""
LONGEST = 1.5
"""Seconds that a gateway lives at most after it is ready."""
POLITE = 0.15
"""The part of the kills before which it is asked to end."""
PATIENCE = 0.3
"""Seconds that it has for that at most."""
ROUNDS = 10
"""Visits after which no job may wait for a card any more."""
_TICK = 0.01


@implementer(IStreamServerEndpoint)
@define
class Watched:
    """
    An endpoint that knows what is connected to it.
    """

    _endpoint: TCP4ServerEndpoint
    _factory: Any = None

    def listen(self, factory: Any) -> Deferred[Any]:
        """
        See L{IStreamServerEndpoint}.
        """
        self._factory = factory
        listening: Deferred[Any] = self._endpoint.listen(factory)
        return listening

    @property
    def busy(self) -> bool:
        """
        Whether anything is connected.
        """
        return bool(self._factory.protocols)


@define(eq=False)
class Siege:
    """
    The gateway and all around it.

    @ivar restarts: seconds until it was ready.
    @ivar starting: how many kills came before that.
    @ivar sales: how many activation codes there are.
    @ivar rounds: how many visits it took in the end until no job waited.
    """

    reactor: Any
    directory: Path
    dice: random.Random
    pki: Pki
    say: Callable[[str], object]
    truth: Truth = field(factory=Truth)
    restarts: list[float] = field(factory=list)
    starting: int = 0
    sales: int = 0
    rounds: int = 0
    gateway: KeptGateway = field(init=False)
    server: SmdpServer = field(init=False)
    watched: Watched = field(init=False)
    phones: list[Phone] = field(factory=list)
    operator: Operator = field(init=False)

    async def run(self, kills: int) -> dict[str, Any]:
        """
        The whole.

        @return: the report.
        """
        await self._serve()
        try:
            self.gateway.start()
            await self._ready()
            self.operator = Operator(Api(self.reactor, self.gateway.web, self.gateway.token), self.phones, self.buy, self.dice)
            living = [Deferred.fromCoroutine(self.operator.live())]
            living += [Deferred.fromCoroutine(phone.live()) for phone in self.phones]
            for number in range(kills):
                await self._die()
                self.say(f"{number + 1} of {kills}, {len(self.truth.wrong)} wrong")
                self.gateway.start()
                await self._live()
            await self._rest(living)
            return await self._end(kills)
        finally:
            self.gateway.kill()
            await self.server.stop()

    async def _serve(self) -> None:
        smdp = Smdp(self.pki)
        self.server = SmdpServer(smdp, self.reactor)
        smdp.heard = self._heard
        self.watched = Watched(TCP4ServerEndpoint(self.reactor, 0, interface="127.0.0.1"))
        await self.server.listen(self.watched)
        self.gateway = KeptGateway(self.directory / "gateway", self._settings())
        for number in range(1, PHONES + 1):
            card = make_card(self.pki, number, reloads=self.dice.random() < 0.5)
            dice = random.Random(self.dice.random())
            self.phones.append(Phone(self.reactor, self.gateway.port, card, dice, self.buy))

    def _settings(self) -> str:
        host = f'[https.hosts."{self.pki.host}"]\naddress = "127.0.0.1"\nport = {self.server.port}\n'
        return f'[https]\ntrusted_ci = ["{self.pki.ci_id.hex()}"]\n{host}'

    def buy(self) -> str:
        """
        A new activation code.
        """
        self.sales += 1
        package = make_package(make_iccid(self.sales), self.dice.choice((500, 3000)))
        self.server.smdp.add(Order(f"P-{self.sales}", package, uses=1))
        return f"LPA:1${self.pki.host}$P-{self.sales}"

    def _heard(self, what: Notification | Cancellation) -> None:
        if isinstance(what, Notification):
            self.truth.heard(what.raw)

    async def _sleep(self, seconds: float) -> None:
        await deferLater(self.reactor, seconds)

    async def _ready(self) -> None:
        while not self.gateway.is_ready():
            await self._sleep(_TICK)
        self.restarts.append(time.monotonic() - self.gateway.began)

    async def _live(self) -> None:
        """
        A process that was just started, to the moment when it is to be killed.
        """
        if self.dice.random() < 0.3:
            self.server.web.misbehave["handleNotification"] = error_page(503)
        if self.dice.random() < STARTING:
            await self._sleep(self.dice.random() * min(self.restarts))
            self.starting += 1
            return
        began = time.time()
        await self._ready()
        self.truth.wrong += await self.operator.strays(began)
        await self._sleep(self.dice.random() * LONGEST)

    async def _die(self) -> None:
        if self.dice.random() < POLITE:
            self.gateway.process.terminate()
            await self._sleep(self.dice.random() * PATIENCE)
        self.gateway.kill()
        while self.watched.busy or any(phone.busy for phone in self.phones):
            await self._sleep(_TICK)
        self.server.web.misbehave.clear()
        self.truth.killed(self.phones, read_store(self.gateway.database), self.operator.accepted)

    async def _rest(self, living: list[Deferred[None]]) -> None:
        """
        Nobody is killed any more, nothing new is begun.
        """
        self.server.web.misbehave.clear()
        if not self.gateway.is_ready():
            await self._ready()
        self.operator.resting = True
        for phone in self.phones:
            phone.resting = True
        await gatherResults(living, consumeErrors=True)
        for self.rounds in range(1, ROUNDS + 1):
            await gatherResults([Deferred.fromCoroutine(phone.visit()) for phone in self.phones], consumeErrors=True)
            if not await self.operator.queued():
                return
        self.truth.wrong.append(f"jobs still wait after {ROUNDS} visits of each card")

    async def _end(self, kills: int) -> dict[str, Any]:
        await gatherResults([Deferred.fromCoroutine(phone.visit()) for phone in self.phones], consumeErrors=True)
        self.gateway.stop()
        stored = read_store(self.gateway.database)
        self.truth.ended(self.phones, stored, self.operator.accepted)
        self.truth.wrong += [f"the gateway logged: {each}" for each in self.gateway.complaints()]
        restarts = sorted(self.restarts)
        return {
            "kills": kills,
            "kills_while_starting": self.starting,
            "visits": sum(phone.visits for phone in self.phones),
            "downloads": sum(len(phone.installed) for phone in self.phones),
            "notifications": sum(len(phone.made) for phone in self.phones),
            "notifications_sent": sum(map(len, self.truth.copies.values())),
            "sent_again_in_doubt": self.truth.in_doubt,
            "jobs_accepted": len(self.operator.accepted),
            "jobs": dict(Counter(job.state.value for job in stored.jobs.values())),
            "failures": failures(stored),
            "last_visits": self.rounds,
            "restart_ms_median": round(restarts[len(restarts) // 2] * 1000),
            "restart_ms_longest": round(restarts[-1] * 1000),
            "wrong": self.truth.wrong,
        }


def render(report: dict[str, Any]) -> str:
    """
    The report for people.
    """
    lines = [f"{name.replace('_', ' '):<24}{value}" for name, value in report.items() if not isinstance(value, (dict, list))]
    for name in ("jobs", "failures"):
        lines += ["", f"{name}:", *(f"  {key:<30}{count}" for key, count in report[name].items())]
    return "\n".join([*lines, "", f"wrong: {len(report['wrong'])}", *(f"  {each}" for each in report["wrong"])])


async def besiege(reactor: Any, directory: Path, kills: int, seed: int, say: Callable[[str], object] = lambda _: None) -> Any:
    """
    See the module's docstring.

    @param directory: an empty one.
    @param seed: for what is random here; when exactly a process is killed the machine has a say in, too.
    @return: the report; C{wrong} is a list of sentences.
    """
    return await Siege(reactor, directory, random.Random(seed), make_pki(), say).run(kills)


def main(arguments: Sequence[str] | None = None) -> None:
    """
    The command line.

    @raise SystemExit: always; with 1 if anything was wrong.
    """
    parser = argparse.ArgumentParser(prog="python -m bench.crash", description="kill the gateway at random moments")
    parser.add_argument("--kills", type=int, default=200, help="how often (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=None, help="for what is random (default: another each time)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="leave store and log in a directory, which is made")
    chosen = parser.parse_args(arguments)
    seed = random.randrange(1_000_000) if chosen.seed is None else chosen.seed
    with tempfile.TemporaryDirectory() as temporary:
        directory = chosen.keep or Path(temporary)
        directory.mkdir(exist_ok=True)
        react(lambda reactor: Deferred.fromCoroutine(_run(reactor, directory, seed, chosen)))


async def _run(reactor: Any, directory: Path, seed: int, chosen: argparse.Namespace) -> None:
    print(f"bench: seed {seed}", file=sys.stderr, flush=True)
    report = await besiege(reactor, directory, chosen.kills, seed, _say)
    print(json.dumps({"seed": seed, **report}, indent=2) if chosen.json else render(report))
    if report["wrong"]:
        raise SystemExit(1)


def _say(text: str) -> None:
    print(f"bench: kill {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
