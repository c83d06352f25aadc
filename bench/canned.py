# -*- test-case-name: tests.bench.test_canned -*-
"""
The conversations that the bench replays: one real download per package, recorded at both ends.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from cardgw.apdu.memory import MemoryChannel
from cardgw.gateway.stack import stack
from cardgw.interfaces import IHTTPClient
from cardgw.lpa.activation import parse_activation_code
from cardgw.lpa.courier import NotificationCourier
from cardgw.lpa.download import download
from cardgw.lpa.isdr import ISD_R
from cardgw.lpa.settings import HostSettings, HttpsSettings
from cardgw.lpa.trust import Trust
from cardgw.testing.outbox import FakeOutbox
from cardgw.testing.session import FakeSession
from cardgw.transports.estk.gsm7 import encode
from cardgw.transports.estk.wire import Tag
from cardgw.transports.estk.wire import encode as frame
from cardgw.values import ChannelInfo, OutboxEntry
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Delivery, Options
from cardgw.virtual.pki import Pki, make_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_binding import package_size
from cardgw.virtual.smdp_orders import Order

MATCHING_ID = "BENCH"
LAST_BLOCK = 0x91


def host_of(package: int) -> str:
    """
    The SM-DP+ that serves packages of this size.
    """
    return f"smdp-{package}.example"


@implementer(IHTTPClient)
@define(eq=False)
class Recorded:
    """
    HTTPS to an SM-DP+ in this process; keeps its answers.

    @ivar answers: function name to the body of the last answer, C{None} for 204.
    """

    smdp: Smdp
    answers: dict[str, str | None] = field(factory=dict)

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], trusted: frozenset[bytes] = frozenset(), role: Any = None
    ) -> Deferred[tuple[int, bytes]]:
        """
        See L{IHTTPClient.post}.
        """
        function = url.rsplit("/", 1)[1]
        values = self.smdp.handle(function, json.loads(body))
        self.answers[function] = None if values is None else json.dumps(values)
        return succeed((204, b"") if values is None else (200, json.dumps(values).encode()))


@define(eq=False)
class RecordedCard:
    """
    An eUICC; keeps its answers to ES10 commands.

    @ivar answers: the first two bytes of a command to the answer, without status word; the installation result is under
        C{bf36}, wherever it came.
    """

    card: VirtualEuicc
    answers: dict[str, str] = field(factory=dict)
    _first: bytes = b""

    def transmit(self, apdu: bytes) -> bytes:
        """
        One command, one answer.
        """
        answer = self.card.transmit(apdu)
        self._first = self._first or apdu[5:7]
        if apdu[2] == LAST_BLOCK:
            self._keep(self._first, answer[:-2])
            self._first = b""
        return answer

    def _keep(self, first: bytes, data: bytes) -> None:
        if data:
            self.answers["bf36" if data[:2] == b"\xbf\x37" else first.hex()] = data.hex()


def record(package: int, pki: Pki) -> tuple[RecordedCard, Recorded]:
    """
    Make one download, all in this process.

    @param package: bytes of the bound profile package.
    @param pki: for the host of this package.
    """
    smdp = Smdp(pki)
    order = Order(MATCHING_ID, make_package(make_iccid(package), 2000))
    size = package_size(package, len(order.metadata(pki.host)))
    smdp.add(Order(MATCHING_ID, make_package(make_iccid(package), size)))
    options = Options(pinned=True, delivery=Delivery.WHOLE)
    card, server = RecordedCard(VirtualEuicc.from_pki(pki, options=options)), Recorded(smdp)
    trust = Trust(HttpsSettings(trusted_ci=(pki.ci_id,), hosts={pki.host: HostSettings()}))
    channel = stack(MemoryChannel(ChannelInfo("memory", application=ISD_R, max_response=65_538), card.transmit))
    session = FakeSession(channel, http=server, trust=trust, outbox=_Outbox(server))
    done = Deferred.fromCoroutine(download(session, parse_activation_code(activation_code(pki.host))))
    failures: list[object] = []
    done.addErrback(failures.append)
    if failures or not card.card.profiles:
        raise RuntimeError(f"the download to be replayed failed: {failures}")
    return card, server


class _Outbox(FakeOutbox):
    """
    Delivers to the server.
    """

    def __init__(self, server: IHTTPClient) -> None:
        super().__init__()
        self._server = server

    def deliver(self, entry: OutboxEntry) -> Deferred[None]:
        """
        See L{cardgw.interfaces.IOutbox.deliver}.
        """
        sent = Deferred.fromCoroutine(NotificationCourier().deliver(entry.parcel, self._server))
        return sent.addCallback(lambda _: super(_Outbox, self).deliver(entry))


def activation_code(host: str) -> str:
    """
    What the cards of the bench ask for.
    """
    return f"LPA:1${host}${MATCHING_ID}"


def prepare(directory: Path, packages: Iterable[int]) -> None:
    """
    Record a download for each package size.

    @param directory: made; gets a folder for each, named by the bytes of the package, with C{card.json} (L{bench.load}),
        C{answers.json} and C{tls.pem} (L{bench.server}), and C{roots/}, the CI that the gateway must trust.
    """
    for package in packages:
        folder = directory / str(package)
        pki = make_pki(host=host_of(package))
        pki.save(folder)
        card, server = record(package, pki)
        answer = json.loads(server.answers["getBoundProfilePackage"] or "")
        bound = len(b64decode(answer["boundProfilePackage"]))
        request = frame(Tag.DOWNLOAD_PROFILE, encode(activation_code(pki.host)))
        kept = {"es10": card.answers, "package_bytes": bound, "request": request.hex()}
        (folder / "card.json").write_text(json.dumps(kept))
        (folder / "answers.json").write_text(json.dumps(server.answers))
        (folder / "tls.pem").write_text((folder / "dp_tls.pem").read_text() + (folder / "dp_tls.key").read_text())
