# -*- test-case-name: tests.functional.test_download -*-
"""
What the functional tests of downloads have in common: the whole gateway, SM-DP+s with TLS, and phones, over loopback.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from attrs import frozen
from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater

from cardgw.apdu.tlv import only
from cardgw.errors import CardGatewayError
from cardgw.gateway.journal import Journal, Observers
from cardgw.lpa.es10 import CancelReason, cancel_session
from cardgw.lpa.https import HttpsClient
from cardgw.lpa.settings import HostSettings, HttpsSettings
from cardgw.lpa.trust import Trust
from cardgw.operations.profile import DownloadProfile, DownloadSettings
from cardgw.testing.observer import FakeObserver
from cardgw.transports.estk import gsm7
from cardgw.transports.estk.service import EstkTransport
from cardgw.transports.estk.settings import EstkSettings
from cardgw.transports.estk.wire import Tag
from cardgw.values import ChannelInfo
from cardgw.virtual.certificates import Identity
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.pki import Pki, make_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_orders import Order
from cardgw.virtual.smdp_server import SmdpServer
from cardgw.virtual.terminal import Manners, Outcome, dial, request_frame
from tests.functional.gateway import make_inventory
from tests.functional.listening import LISTEN, ListeningTestCase

reactor: Any = _reactor
HOST = "smdp.example.test"
NO_SESSION = 5
"""C{cancelSessionResponseError}: invalidTransactionId (SGP.22 5.7.14)."""


@cache
def pki() -> Pki:
    """
    One test PKI per process.
    """
    return make_pki(host=HOST)


def activation_code(matching_id: str, host: str = HOST) -> str:
    """
    The text that a card holder types.
    """
    return f"LPA:1${host}${matching_id}"


@frozen
class Job:
    """
    A job that has ended.
    """

    text: str
    result: dict[str, Any] | None
    error: CardGatewayError | None


class Ledger(FakeObserver):
    """
    Knows how jobs ended.

    @ivar running: those that have not.
    @ivar ended: those that have, by what the card holder had typed; of several, the last.
    """

    def __init__(self) -> None:
        super().__init__()
        self.running: dict[str, ChannelInfo] = {}
        self.ended: dict[str, Job] = {}

    def job_started(self, job: str, operation: str, info: ChannelInfo) -> None:
        """
        See L{cardgw.interfaces.ICardObserver.job_started}.
        """
        super().job_started(job, operation, info)
        self.running[job] = info

    def job_ended(self, job: str, result: dict[str, Any] | None, error: CardGatewayError | None) -> None:
        """
        See L{cardgw.interfaces.ICardObserver.job_ended}.
        """
        super().job_ended(job, result, error)
        request = self.running.pop(job).request
        assert request is not None
        self.ended[request.text] = Job(request.text, result, error)

    def stages(self) -> list[str]:
        """
        All stages of all jobs.
        """
        return [event[2] for event in self.events if event[0] == "job_stage"]


class DownloadTestCase(ListeningTestCase):
    """
    A gateway and an SM-DP+; whatever a test does, nothing may be left of it.
    """

    size = 500
    """Bytes of each profile package."""

    async def setUp(self) -> None:  # type: ignore[override]
        """
        Note what is open, after Twisted has opened what it keeps (with its first port, a file for times without descriptors).
        """
        await reactor.listenTCP(0, Factory(), interface="127.0.0.1").stopListening()
        self.hosts: dict[str, HostSettings] = {}
        self.addCleanup(self.settled, leftovers())

    async def settled(self, before: tuple[int, int]) -> None:
        """
        Files and timers come to be as they were.

        @param before: see L{leftovers}.
        """
        for _ in range(500):
            if leftovers() == before:
                break
            await deferLater(reactor, 0.005)
        self.assertEqual(leftovers(), before)

    async def serve(self, hierarchy: Pki) -> SmdpServer:
        """
        Start an SM-DP+, and lead the gateway to it.
        """
        server = SmdpServer(Smdp(hierarchy), reactor)
        await self.listen(server)
        return server

    async def listen(self, server: SmdpServer, tls: Identity | None = None) -> None:
        """
        Let an SM-DP+ listen on a further port, and lead the gateway there.
        """
        port = await server.listen(TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1"), tls)
        self.addCleanup(server.stop)
        self.hosts[server.smdp.host] = HostSettings(address="127.0.0.1", port=port.getHost().port)

    async def start(self, https: Mapping[str, Any] | None = None, **estk: Any) -> SmdpServer:
        """
        Start an SM-DP+ and the gateway.

        @param https: settings of the HTTPS client.
        @param estk: settings of the transport.
        """
        self.server = await self.serve(pki())
        self.smdp, self.ledger = self.server.smdp, Ledger()
        settings = HttpsSettings(trusted_ci=(pki().ci_id,), system_roots=False, hosts=self.hosts, **(https or {}))
        trust = Trust(settings)
        self.http = HttpsClient(reactor, settings, trust)
        self.addCleanup(self.http.stop)
        operation, options = DownloadProfile(), DownloadSettings()
        routes, operations = {("estk", "download"): operation.name}, {operation.name: (operation, options)}
        observer = Observers([Journal(), self.ledger])
        self.inventory = make_inventory(
            reactor, http=self.http, trust=trust, observer=observer, routes=routes, operations=operations
        )
        self.listen_for_cards(**estk)
        return self.server

    def listen_for_cards(self, **estk: Any) -> None:
        """
        Start the transport.
        """
        settings = EstkSettings(**{"listen": LISTEN, "close_timeout": 0.2, **estk})
        self.listen_by(EstkTransport(), settings, self.inventory)

    def order(self, matching_id: str = "P-1", number: int = 1, **facts: Any) -> Order:
        """
        Have a profile ready, by its matching id.

        @param number: the ICCID is made of it.
        """
        return self.smdp.add(Order(matching_id, make_package(make_iccid(number), self.size), **facts))

    def card(self, **options: Any) -> VirtualEuicc:
        """
        An eUICC behind a phone.
        """
        return VirtualEuicc.from_pki(pki(), options=Options(pinned=True, **options))

    def dial(
        self,
        card: VirtualEuicc | Callable[[bytes], bytes],
        text: str = activation_code("P-1"),
        manners: Manners | None = None,
        *,
        request: bytes | None = None,
    ) -> Deferred[Outcome]:
        """
        A phone asks for a download.

        @param request: what it sends in place of that.
        """
        transmit = card.transmit if isinstance(card, VirtualEuicc) else card
        frame = request_frame(Tag.DOWNLOAD_PROFILE, text) if request is None else request
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.port)
        return dial(reactor, endpoint, transmit, frame, manners=manners)

    async def download(self, card: VirtualEuicc, text: str = activation_code("P-1"), manners: Manners | None = None) -> Outcome:
        """
        A download that goes well: all say so.
        """
        outcome = await self.dial(card, text, manners)
        self.installed(outcome, text)
        return outcome

    def installed(self, outcome: Outcome, text: str) -> dict[str, Any]:
        """
        Check that a download went well.

        @return: the result of the job.
        """
        job = self.ledger.ended[text]
        self.assertIsNone(job.error)
        assert job.result is not None
        self.assertEqual((outcome.goodbye, outcome.reason, outcome.locks, outcome.unlocks), (True, "closed", 1, 1))
        self.assertEqual(outcome.boxes, ("Installed: Example Example profile. Enable it in the profile menu.",))
        self.assertEqual(job.result["notification"], "delivered")
        return job.result

    async def refused(self, card: VirtualEuicc, kind: type[CardGatewayError], text: str = activation_code("P-1")) -> str:
        """
        A download that fails: nothing is installed, and the card holder reads why in one box.

        @return: the reason in full.
        """
        before = len(card.profiles)
        outcome = await self.dial(card, text)
        error = self.ledger.ended[text].error
        assert type(error) is kind, repr(error)
        self.assertEqual((outcome.goodbye, len(card.profiles)), (True, before))
        (box,) = outcome.boxes
        self.assertEqual(box, gsm7.decode(gsm7.boxes(error.brief)[0]))
        self.assertLessEqual(len(gsm7.encode(box)), gsm7.BOX_MAX)
        return str(error)

    async def quiet(self) -> None:
        """
        Wait until all jobs and sessions have ended.
        """
        while self.service.factory.sessions or self.ledger.running or self.inventory.visits:
            await deferLater(reactor, 0.005)


def leftovers() -> tuple[int, int]:
    """
    Open files of this process, and timers but for trial's own.
    """
    files = len(list(Path("/proc/self/fd").iterdir()))
    return files, sum(getattr(call.func, "__name__", "") != "onTimeout" for call in reactor.getDelayedCalls())


def has_session(card: VirtualEuicc, transaction_id: bytes) -> bool:
    """
    Whether an eUICC still has this session; it is cancelled then.
    """
    request = cancel_session(transaction_id, CancelReason.UNDEFINED)
    answer = card.transmit(b"\x80\xe2\x91\x00" + bytes((len(request),)) + request)
    if answer[-2] == 0x61:
        answer = card.transmit(b"\x80\xc0\x00\x00" + answer[-1:])
    fields = only(answer[:-2], 0xBF41).children()
    return fields.find(0x81) is None or fields.need(0x81).value != bytes((NO_SESSION,))
