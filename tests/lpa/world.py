# -*- test-case-name: tests.lpa.test_download -*-
"""
All that a download needs, in one process and without I/O: a software eUICC behind a channel, an SM-DP+ behind an HTTP client.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from zope.interface import implementer

from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.script import Script
from cardgw.interfaces import IHTTPClient
from cardgw.lpa.activation import ActivationCode, parse_activation_code
from cardgw.lpa.download import download
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.server_errors import ServerUnreachable
from cardgw.lpa.settings import HttpsSettings
from cardgw.lpa.trust import Trust
from cardgw.testing.session import FakeSession
from cardgw.values import ChannelInfo
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.pki import Pki, make_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.rsp_calls import Calls
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_orders import Order
from tests.lpa.card import BOUND, ScriptedChannel
from tests.lpa.outbox import CarryingOutbox

CODE = "LPA:1$smdp.example.test$PROFILE-1"
PACKAGE = bytes.fromhex("BF36")


@cache
def pki_of(curve: str) -> Pki:
    """
    One test PKI per curve and process.
    """
    return make_pki(curve)


@cache
def trust_of(curve: str) -> Trust:
    """
    Trust in it; what it remembers is of use to all tests.
    """
    return Trust(HttpsSettings(trusted_ci=(pki_of(curve).ci_id,)))


@implementer(IHTTPClient)
class InProcess:
    """
    An HTTP client that calls an SM-DP+ directly.

    @ivar calls: names of the functions that were called.
    @ivar hosts: the hosts that were asked.
    @ivar failures: function to the error that its calls end in.
    @ivar answers: function to status and body that its calls get instead of the server's.
    @ivar silent: functions that are never answered; C{waiting} are those requests.
    @ivar down: hosts that cannot be reached.
    @ivar others: further servers, by host.
    @ivar roles: what each server's certificate had to be good for.
    """

    def __init__(self, smdp: Smdp) -> None:
        self.smdp = smdp
        self.calls: list[str] = []
        self.hosts: list[str] = []
        self.trusted: set[frozenset[bytes]] = set()
        self.failures: dict[str, Exception] = {}
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.silent: set[str] = set()
        self.down: set[str] = set()
        self.others: dict[str, Calls] = {}
        self.roles: list[Any] = []
        self.waiting: list[Deferred[tuple[int, bytes]]] = []

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], trusted: frozenset[bytes] = frozenset(), role: Any = None
    ) -> Deferred[tuple[int, bytes]]:
        """
        See L{IHTTPClient.post}.
        """
        host, _, path = url.removeprefix("https://").partition("/")
        function = path.rpartition("/")[2]
        self.calls.append(function)
        self.hosts.append(host)
        self.trusted.add(trusted)
        self.roles.append(role)
        if host in self.down:
            return fail(ServerUnreachable(host))
        if function in self.failures:
            return fail(self.failures[function])
        if function in self.silent:
            self.waiting.append(Deferred())
            return self.waiting[-1]
        if function in self.answers:
            return succeed(self.answers[function])
        values = self.others.get(host, self.smdp).handle(function, json.loads(body))
        return succeed((204, b"") if values is None else (200, json.dumps(values).encode()))


class SlowCard:
    """
    A card whose answers come when the test says so.

    @ivar waiting: the commands that wait for their answer, with that.
    """

    def __init__(self, transmit: Callable[[bytes], bytes]) -> None:
        self.transmit = transmit
        self.waiting: list[tuple[Deferred[bytes], bytes]] = []

    def __call__(self, command: bytes) -> Deferred[bytes]:
        """
        Take a command.
        """
        answer: Deferred[bytes] = Deferred()
        self.waiting.append((answer, command))
        return answer

    def go_on(self, count: int | None = None) -> None:
        """
        Answer so many commands, or as many as come.
        """
        while self.waiting and count != 0:
            answer, command = self.waiting.pop(0)
            answer.callback(self.transmit(command))
            count = None if count is None else count - 1


class World:
    """
    One card, one server with one order, one session.

    @ivar wire: the channel at the bottom: it has each APDU that was sent.
    @ivar outbox: it delivers at once, with the courier for notifications.
    """

    def __init__(
        self,
        curve: str = "nist",
        options: Options | None = None,
        info: ChannelInfo = BOUND,
        size: int = 2000,
        pki: Pki | None = None,
        **order: Any,
    ) -> None:
        """
        @param size: about how many bytes the profile package has.
        @param pki: of the server, where it is not that of the card.
        @param order: further fields of the L{Order}.
        """
        self.curve = curve
        card_pki = pki_of(curve)
        self.card = VirtualEuicc.from_pki(card_pki, options=options or Options(pinned=True))
        self.smdp = Smdp(pki or card_pki)
        self.order = self.smdp.add(Order("PROFILE-1", make_package(make_iccid(1), size), **order))
        self.wire = ScriptedChannel(self.card.transmit, info)
        self.http = InProcess(self.smdp)
        self.clock = Clock()
        self.outbox = CarryingOutbox(http=self.http)
        self.session = self.meet()

    def meet(self) -> FakeSession:
        """
        A session with the card, as if it had just come; outbox and memory are those of the one before.
        """
        memory = self.session.memory if hasattr(self, "session") else {}
        return FakeSession(
            channel=GetResponse(self.wire),
            http=self.http,
            trust=trust_of(self.curve),
            clock=self.clock,
            outbox=self.outbox,
            memory=memory,
        )

    def again(self) -> None:
        """
        The card is gone, and comes again.
        """
        self.wire = ScriptedChannel(self.card.transmit, self.wire.info)
        self.session = self.meet()

    def code(self, text: str = CODE) -> ActivationCode:
        """
        A parsed activation code.
        """
        return parse_activation_code(text)

    def download(self, code: str = CODE, size: int = 240, **manner: Any) -> Deferred[dict[str, Any]]:
        """
        Begin to download.
        """
        return Deferred.fromCoroutine(download(self.session, self.code(code), size, **manner))

    def ask(self, request: str) -> bytes:
        """
        Ask the eUICC beside the download.

        @param request: of ES10, in hexadecimal.
        """
        channel = GetResponse(ScriptedChannel(self.card.transmit))
        results: list[bytes] = []
        Deferred.fromCoroutine(Isdr(channel).command(bytes.fromhex(request))).addCallback(results.append)
        return results[0]

    def forget_challenge(self) -> None:
        """
        Have the eUICC make a new challenge in place of the one that it has given.
        """
        self.ask("bf2e00")

    def blocks(self) -> int:
        """
        How many blocks the one package has that was loaded.
        """
        (package,) = self.packages()
        return len(package.steps)

    def packages(self) -> list[Script]:
        """
        Those of the scripts that load a bound profile package.
        """
        return [script for script in self.wire.scripts if script.steps[0].command.data.startswith(PACKAGE)]

    @property
    def stages(self) -> list[str]:
        """
        Names of the stages so far.
        """
        return [name for name, _ in self.session.stages]

    @property
    def cancelled(self) -> list[int | None]:
        """
        The reasons of the sessions that the server knows to be cancelled.
        """
        return [each.reason for each in self.smdp.cancellations]
