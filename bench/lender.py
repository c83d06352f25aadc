# -*- test-case-name: tests.bench.test_ramhttp -*-
"""
Whoever lends cards to a gateway over HTTP, and an SM-DP+, in a process of their own: C{python -m bench.lender DIRECTORY BYTES}.

A JSON line on standard input is an order, a JSON line on standard output what came of it.  The first line tells the port of the
SM-DP+.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from attrs import define, evolve, field, frozen
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.stdio import StandardIO
from twisted.internet.task import deferLater, react
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from bench.distance import Distance
from bench.lending import EUICC, OURS
from bench.wear import AT_ONCE, SPEEDS, Clockwork
from cardgw.apdu.memory import MemoryChannel
from cardgw.bridges.touch import touch
from cardgw.bridges.touch_http import HttpLine
from cardgw.bridges.touch_session import parse
from cardgw.bridges.touch_tls import policy
from cardgw.gp.commands import Ins
from cardgw.values import ChannelInfo, Reset
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Delivery, Options
from cardgw.virtual.pki import load_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.ram_client import RamClient
from cardgw.virtual.ram_kinds import RAM_CLIENT, Kind
from cardgw.virtual.ram_slot import Slot
from cardgw.virtual.security_domain import VirtualSecurityDomain
from cardgw.virtual.security_domain_options import SecurityDomainOptions
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_binding import package_size
from cardgw.virtual.smdp_orders import Order
from cardgw.virtual.smdp_server import SmdpServer
from cardgw.virtual.vicc import euicc_atr

_CARD_INFO = ChannelInfo("bench", resets=frozenset((Reset.COLD,)))


@frozen
class Way:
    """
    A client, and how cards in its reader give their answers.

    @ivar kind: C{None} for our own.
    """

    kind: Kind | None
    delivery: Delivery


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        OURS: Way(None, Delivery.T0),
        "ram-client": Way(RAM_CLIENT, Delivery.T1),
        "transparent": Way(evolve(RAM_CLIENT, name="transparent", protocols=()), Delivery.T0),
    }
)
"""
By name: our client, which completes answers, whatever the card; ram-client, which passes 61xx and 6Cxx through, and takes cards
with T=1 only; one that passes them through and takes cards with T=0, each of whose answers has to be fetched.
"""


class Quiet:
    """
    Does not listen to what L{cardgw.bridges.touch.Watcher} is told.
    """

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: None


class Counting:
    """
    A line that counts (L{cardgw.bridges.touch.Line}).

    @ivar posts: what was sent.
    """

    def __init__(self, line: HttpLine) -> None:
        self.posts = 0
        self._line = line

    def post(self, body: bytes, *, again: bool = True) -> Deferred[bytes | None]:
        """
        See L{cardgw.bridges.touch.Line}.
        """
        self.posts += 1
        return self._line.post(body, again=again)

    def close(self) -> Deferred[None]:
        """
        See L{cardgw.bridges.touch.Line}.
        """
        return self._line.close()


@define(eq=False)
class Lender:
    """
    See the module's docstring.

    @ivar size: bytes of a profile package before it is bound.
    """

    reactor: Any
    pki: Any
    smdp: Smdp
    size: int
    _orders: int = field(default=0, init=False)

    @classmethod
    async def start(cls, reactor: Any, directory: Path, bound: int) -> tuple[Lender, int]:
        """
        @param directory: a PKI.
        @param bound: bytes of a bound profile package.
        @return: it, and the port of its SM-DP+.
        """
        pki = load_pki(directory)
        smdp = Smdp(pki)
        server = SmdpServer(smdp, reactor)
        port = await server.listen(TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1"))
        sample = Order("", make_package(make_iccid(0), 2000))
        return cls(reactor, pki, smdp, package_size(bound, len(sample.metadata(pki.host)))), port.getHost().port

    def order(self) -> dict[str, Any]:
        """
        One more profile.
        """
        self._orders += 1
        matching_id = f"P-{self._orders}"
        self.smdp.add(Order(matching_id, make_package(make_iccid(self._orders), self.size)))
        return {"code": f"LPA:1${self.pki.host}${matching_id}"}

    async def lend(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """
        A whole session, from the first request to the last reply.

        @param order: C{port} and C{path} of the gateway, C{way} (L{WAYS}), C{card}, C{speed} (L{SPEEDS}), C{round_trip_ms}.
        """
        way = WAYS[order["way"]]
        transmit, atr, reset = self._card(order["card"], way.delivery)
        distance = Distance(self.reactor, order["port"], order["round_trip_ms"] / 1000)
        port = await TCP4ServerEndpoint(self.reactor, 0, interface="127.0.0.1").listen(distance)
        url = f"http://127.0.0.1:{port.getHost().port}{order['path']}"
        card = Worn(self.reactor, transmit, Clockwork(SPEEDS[order.get("speed", AT_ONCE)]))
        began = time.perf_counter()
        good, posts = await (self._by_us(url, card, atr) if way.kind is None else self._by(url, card, atr, reset, way.kind))
        seconds = time.perf_counter() - began
        await port.stopListening()
        found = {"good": good, "exchanges": posts, "seconds": seconds, "commands": card.commands, "card_s": card.seconds}
        return {**found, "loads": card.loads, "load_exchanges": len(card.carriers)}

    def _card(self, kind: str, delivery: Delivery) -> tuple[Callable[[bytes], bytes], bytes, Callable[[], object]]:
        if kind == EUICC:
            euicc = VirtualEuicc.from_pki(self.pki, options=Options(delivery=delivery))
            return euicc.transmit, euicc_atr(euicc.options), euicc.reset
        domain = VirtualSecurityDomain(SecurityDomainOptions(delivery=delivery))
        return domain, domain.atr, domain.reset

    async def _by_us(self, url: str, card: Worn, atr: bytes) -> tuple[bool, int]:
        channel = MemoryChannel(evolve(_CARD_INFO, atr=atr), card)
        line = Counting(HttpLine(self.reactor, parse(url), policy()))
        card.exchange = lambda: line.posts
        outcome = await touch(channel, line, self.reactor, Quiet())
        return outcome.good, line.posts

    async def _by(self, url: str, card: Worn, atr: bytes, reset: Callable[[], object], kind: Kind) -> tuple[bool, int]:
        endpoint = TCP4ClientEndpoint(self.reactor, "127.0.0.1", urlsplit(url).port or 0)
        client = RamClient(self.reactor, endpoint, url, Slot(self.reactor, card, atr, reset), kind)
        card.exchange = lambda: client.posts
        outcome = await client.run()
        return outcome.good, outcome.posts + outcome.again

    async def answer(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """
        Do what is asked for: C{{"do": "order"}} or C{"lend"}.
        """
        return self.order() if order["do"] == "order" else await self.lend(order)


class Worn:
    """
    A card that takes its time.

    @ivar commands: how many it has got.
    @ivar seconds: that it has taken by L{Clockwork}.
    @ivar loads: how many blocks of load files.
    @ivar exchange: which exchange over HTTP brings its commands.
    @ivar carriers: those that have brought such blocks.
    """

    exchange: Callable[[], int]

    def __init__(self, reactor: Any, transmit: Callable[[bytes], bytes], clockwork: Clockwork) -> None:
        self.commands, self.loads, self.seconds = 0, 0, 0.0
        self.carriers: set[int] = set()
        self._reactor, self._transmit, self._clockwork = reactor, transmit, clockwork

    def __call__(self, command: bytes) -> bytes | Awaitable[bytes]:
        """
        One command.
        """
        self.commands += 1
        if command[1] == Ins.LOAD:
            self.loads += 1
            self.carriers.add(self.exchange())
        answer = self._transmit(command)
        seconds = self._clockwork.seconds(command, answer)
        self.seconds += seconds
        return deferLater(self._reactor, seconds, lambda: answer) if seconds else answer


class Orders(LineOnlyReceiver):
    """
    Standard input and output.

    @ivar ended: C{Deferred[None]}, when there will be no more.
    """

    delimiter = b"\n"
    MAX_LENGTH = 1 << 20

    def __init__(self, lender: Lender, port: int) -> None:
        self.ended: Deferred[None] = Deferred()
        self._lender, self._port = lender, port

    def connectionMade(self) -> None:
        """
        Tell the port.
        """
        self._tell({"smdp": self._port})

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        """
        An order.
        """
        ensureDeferred(self._lender.answer(json.loads(line))).addCallbacks(self._tell, self._failed)

    def _tell(self, what: Mapping[str, Any]) -> None:
        transport: Any = self.transport
        transport.write(json.dumps(what).encode() + b"\n")

    def _failed(self, failure: Failure) -> None:
        self._tell({"good": False, "problem": failure.getErrorMessage()})
        failure.printTraceback()

    def connectionLost(self, reason: Failure = Failure(EOFError())) -> None:  # noqa: B008
        """
        That was all.
        """
        self.ended.callback(None)


async def _serve(reactor: Any, directory: str, bound: str) -> None:
    lender, port = await Lender.start(reactor, Path(directory), int(bound))
    orders = Orders(lender, port)
    StandardIO(orders, reactor=reactor)
    await orders.ended


def main() -> None:
    """
    The command line.
    """
    react(lambda reactor, *arguments: ensureDeferred(_serve(reactor, *arguments)), sys.argv[1:])


if __name__ == "__main__":
    main()
