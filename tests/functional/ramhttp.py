# -*- test-case-name: tests.functional.test_ramhttp_scenarios -*-
"""
What the functional tests of the transport ramhttp have in common: the transport with a gateway that runs one job on each card,
and clients of all kinds that come to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import deferLater
from zope.interface import implementer

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, Script, Step
from cardgw.errors import CardGatewayError, ChannelError, LinkInUse
from cardgw.interfaces import ICardChannel, IGateway
from cardgw.testing.gateway import GatewayBase
from cardgw.transports.ramhttp.service import RamHttpTransport
from cardgw.transports.ramhttp.settings import RamHttpSettings
from cardgw.values import Reset
from cardgw.virtual.http_lines import Framing, Message
from cardgw.virtual.ram_client import Manners, Outcome, RamClient
from cardgw.virtual.ram_kinds import OCF13, OCF20, OURS, RAM_CLIENT, Kind
from cardgw.virtual.ram_slot import Slot, Wear
from cardgw.virtual.ram_tlv import COMMAND, COMMANDS, NOTIFY, RESET, extent, plain
from tests.functional.listening import LISTEN, ListeningTestCase

reactor: Any = _reactor
Job: TypeAlias = Callable[[ICardChannel], Awaitable[object]]
ALL = (RAM_CLIENT, OCF13, OCF20, OURS)
GOOD = {RAM_CLIENT: "Completed", OCF13: "Update complete", OCF20: "Update completed", OURS: "Completed"}
"""What each says that is content."""
ATR = bytes.fromhex("3BFE1800008131FE458031815448534D31738021408107FA")
"""A SmartCard-HSM."""
SELECT, CHALLENGE, UNKNOWN = Command(0, 0xA4, 4, 0), Command(0, 0x84, expected=8), Command(0, 0x20, 0, 0x81)
SECRET = b"opensesame"
POLL, IDLE = 0.2, 0.4
KNOWN = {COMMAND, RESET, NOTIFY}
"""All tags that ram-client knows."""


def card(octets: bytes) -> bytes:
    """
    A card that counts, so that no answer to a challenge is like another one, and knows SELECT.
    """
    if octets[1] == 0x84:
        return bytes(octets[4] or 256) + b"\x90\x00"
    return b"\x90\x00" if octets[1] == 0xA4 else b"\x6d\x00"


async def run(channel: ICardChannel, *commands: Command, pipelined: bool = False) -> tuple[Response, ...]:
    """
    Have the card answer commands, whatever it says.
    """
    steps = tuple(Step(each, (ANY,)) for each in commands)
    answers: tuple[Response, ...] = await channel.exchange(Script(steps, pipelined))
    return answers


async def day(channel: ICardChannel) -> list[int]:
    """
    Reset, a text, four commands, as the reference server does it.
    """
    await channel.reset(Reset.COLD)
    await channel.show("Test")
    statuses: list[int] = []
    for each in (UNKNOWN, SELECT, CHALLENGE, CHALLENGE):
        statuses += [answer.status for answer in await run(channel, each)]
    return statuses


DAY = [0x6D00, 0x9000, 0x9000, 0x9000]
"""What it gives."""


@implementer(IGateway)
class Gateway(GatewayBase):
    """
    Runs the same job on every card.

    @ivar requests: what was asked for.
    @ivar channels: of all cards that came.
    @ivar results: what the jobs have come to: what they gave, or failed with.
    @ivar ends: how the channels ended.
    """

    def __init__(self, clock: Any, job: Job) -> None:
        super().__init__(clock)
        self.requests: list[tuple[str, str]] = []
        self.channels: list[ICardChannel] = []
        self.results: list[Any] = []
        self.ends: list[ChannelError | None] = []
        self.used: set[str] = set()
        self.running = 0
        self._job = job

    def secret(self, name: str) -> bytes:
        """
        See L{IGateway.secret}.
        """
        return SECRET

    def link(self, token: str) -> str:
        """
        See L{IGateway.link}.
        """
        found = super().link(token)
        if token in self.used:
            raise LinkInUse
        self.used.add(token)
        return found

    def arrived(self, channel: ICardChannel) -> Deferred[CardGatewayError | None]:
        """
        See L{IGateway.arrived}.
        """
        request = channel.info.request
        assert request is not None
        self.requests.append((request.name, request.text))
        self.channels.append(channel)
        channel.when_gone().addCallback(self.ends.append)
        return ensureDeferred(self._serve(channel))

    async def _serve(self, channel: ICardChannel) -> CardGatewayError | None:
        self.running += 1
        try:
            self.results.append(await self._job(channel))
        except CardGatewayError as error:
            self.results.append(error)
            return error
        finally:
            self.running -= 1
        return None


class Visitors:
    """
    What tests over sockets and tests by a clock have in common.
    """

    gateway: Gateway

    def slot(self, transmit: Callable[[bytes], bytes] = card, atr: bytes = ATR, **wear: Any) -> Slot:
        """
        A reader with a card.
        """
        return Slot(self.gateway.reactor, transmit, atr, wear=Wear(**wear))

    def problems(self, outcome: Outcome) -> list[str]:
        """
        What no client should ever get from this server, and has.
        """
        return [f"reply {number}: {each}" for number, each in enumerate(_problems(outcome), 1) if each]


def _problems(outcome: Outcome) -> list[str]:
    found = []
    for number, exchange in enumerate(outcome.exchanges):
        reply, problems = exchange.reply, []
        cookies = [each.partition("=")[0] for each in reply.every("Set-Cookie")]
        if reply.pieces != 1:
            problems.append(f"in {reply.pieces} segments")
        if cookies not in _cookies(number, exchange.request, reply):
            problems.append(f"cookies {cookies}")
        if reply.status == 200:
            problems += _template_problems(reply.body, reply.framing)
        elif reply.status != 204 and not reply.body:
            problems.append(f"{reply.status} without a body")
        elif reply.status == 204 and not number:
            problems.append("204 at first")
        elif 300 <= reply.status < 400:
            problems.append("a redirection")
        found.append("; ".join(problems))
    return found


def _cookies(number: int, request: bytes, reply: Message) -> list[list[str]]:
    """
    Only the first reply names the session; later ones have a number where the client can keep that and has no numbers itself.
    """
    if reply.status != 200:
        return [[]]
    if not number:
        return [["cardgw"]]
    return [[], ["cardgw-turn"]] if b"X-Admin-Protocol" in request and b"X-Cardgw-Number" not in request else [[]]


def _template_problems(body: bytes, framing: Framing) -> list[str]:
    if framing is not Framing.LENGTH:
        return [framing.value]
    if body[:1] != bytes((COMMANDS,)):
        return ["no template"]
    begin, end = extent(body, 1, 2)
    tags = [tag for tag, _ in plain(body[begin:end])]
    return [f"tag {tag:X}" for tag in tags if tag not in KNOWN] + (["octets behind it"] if end != len(body) else [])


class RamHttpTestCase(Visitors, ListeningTestCase):
    """
    The transport on loopback.
    """

    def start(self, job: Job = day, **settings: Any) -> None:
        """
        Have it serve cards with a job.
        """
        self.gateway = Gateway(reactor, job)
        chosen = {"listen": LISTEN, "poll": POLL, "idle": IDLE, "apdu_timeout": 5.0, "close_timeout": 0.3}
        self.listen_by(RamHttpTransport(), RamHttpSettings(**{**chosen, **settings}), self.gateway)

    def stop(self) -> Deferred[None]:
        """
        Stop it; no job may be left.
        """
        return super().stop().addCallback(lambda _: self.assertEqual((self.gateway.running, self.service.crowd.here), (0, set())))

    def client(
        self,
        kind: Kind,
        slot: Slot | None = None,
        *,
        path: str = "",
        user: str = "",
        session: str = "",
        **manners: Any,
    ) -> RamClient:
        """
        A client.
        """
        url = f"http://{user}{'@' if user else ''}127.0.0.1:{self.port}/rt{path}"
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.port)
        return RamClient(reactor, endpoint, url, slot or self.slot(), kind, session=session, manners=Manners(**manners))

    async def come(self, kind: Kind, slot: Slot | None = None, **options: Any) -> Outcome:
        """
        A whole session; nothing that clients punish may be in it.
        """
        outcome = await self.client(kind, slot, **options).run()
        self.assertEqual(self.problems(outcome), [], kind.name)
        return outcome

    async def content(self, kind: Kind, slot: Slot | None = None, **options: Any) -> Outcome:
        """
        The same of one that is content.
        """
        outcome = await self.come(kind, slot, **options)
        self.assertEqual((outcome.text, outcome.good), (GOOD[kind], True), kind.name)
        return outcome

    async def empty(self) -> None:
        """
        Wait until nobody is here any more.
        """
        while self.service.crowd.here or self.gateway.running:
            await deferLater(reactor, 0.01)
