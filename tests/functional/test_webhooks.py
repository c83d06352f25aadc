# -*- test-case-name: tests.functional.test_webhooks -*-
"""
Webhooks, over loopback: with a receiver that does as a test wants, and as a service does it.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor as reactor_
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import Site

from cardgw.gateway.events import EventHub
from cardgw.gateway.outbox import Outbox
from cardgw.gateway.webhook_courier import WebhookCourier, open_webhooks, signature
from cardgw.gateway.webhooks import Webhooks
from cardgw.secrets import Secrets
from cardgw.testing import FakeHTTP
from cardgw.transports.estk.wire import Tag
from cardgw.values import OutboxEntry, ParcelState
from cardgw.virtual.pki import make_pki
from tests.functional.api_client import Json
from tests.functional.operators import OperatorsTestCase, identity, until
from tests.functional.web_server import Behaviour, WebServer, answer
from tests.gateway.stores import memory_store
from tests.gateway.test_webhook_settings import webhook

reactor: Any = reactor_
SECRET = b"hunter2"


class Receiver(Resource):
    """
    Takes events.

    @ivar statuses: with what the next ones are answered; those after them with 204.
    @ivar taken: those that were taken, in order.
    @ivar heard: the headers of all, in order.
    """

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[int] = []
        self.taken: list[Json] = []
        self.heard: list[Callable[[str], str | None]] = []
        self.unsigned = 0

    def render_POST(self, request: Any) -> bytes:
        """
        Check the signature, as docs/operators.md says.
        """
        body = request.content.read()
        self.heard.append(request.getHeader)
        fields = dict(each.split("=", 1) for each in (request.getHeader("X-Cardgw-Signature") or "t=0,v1=").split(","))
        if signature(SECRET, int(fields["t"]), body) != request.getHeader("X-Cardgw-Signature"):
            self.unsigned += 1
            request.setResponseCode(401)
            return b""
        status = self.statuses.pop(0) if self.statuses else 204
        request.setResponseCode(status)
        if status == 204:
            self.taken.append(json.loads(body))
        return b""

    def listen(self, test: TestCase) -> str:
        """
        Be there until the test ends.

        @return: the URL.
        """
        port = reactor.listenTCP(0, Site(self), interface="127.0.0.1")
        test.addCleanup(port.stopListening)
        return f"http://127.0.0.1:{port.getHost().port}/cards"


class WebhooksTests(TestCase):
    """
    From an event to its receiver.
    """

    timeout = 30

    def setUp(self) -> None:
        """
        An outbox in memory.
        """
        self.store = memory_store(reactor)
        self.addCleanup(self.store.close)
        self.hub = EventHub(epoch="e")
        courier = WebhookCourier(reactor, Secrets({"key": SECRET}))
        self.outbox = Outbox(self.store, FakeHTTP(), {courier.kind: courier}, reactor, self.hub, os.urandom)
        self.webhooks = Webhooks(self.outbox, courier, reactor)
        self.receiver = Receiver()

    def use(self, url: str, **values: Any) -> None:
        """
        Have a webhook.
        """
        self.webhooks.use(open_webhooks([webhook(name="desk", url=url, **{"secret": "key", **values})]))

    def start(self) -> None:
        """
        Deliver by itself, until the test ends.
        """
        self.outbox.start()
        self.addCleanup(self.outbox.stop)

    async def entries(self, state: ParcelState | None = None) -> list[OutboxEntry]:
        """
        What is in the outbox, the oldest first.
        """
        found: tuple[OutboxEntry, ...] = await self.store.outbox.find(state=state)
        return list(found[::-1])

    async def one(self, behaviour: Behaviour, **values: Any) -> OutboxEntry:
        """
        What becomes of one event, with a server that does this.
        """
        identity = values.pop("identity", None)
        server = WebServer(reactor, identity, behaviour)
        self.addCleanup(server.stop)
        self.requests = server.requests
        scheme = "http" if identity is None else "https"
        self.use(f"{scheme}://localhost:{server.port}/", **values)
        self.hub.publish("job.ended", {"job": "1"})
        (entry,) = await self.entries()
        return await self.outbox.deliver_now(entry.id)

    async def test_later(self) -> None:
        """
        What a receiver did not take goes on waiting, and is the same when it is sent again, but for a new signature.
        """
        self.use(self.receiver.listen(self))
        self.receiver.statuses = [503]
        self.hub.publish("job.ended", {"job": "1", "state": "done"})
        (entry,) = await self.entries()
        failed = await self.outbox.deliver_now(entry.id)
        self.assertEqual((failed.state, failed.attempts), (ParcelState.WAITING, 1))
        self.assertIn("it answered 503 Service Unavailable", failed.reason)
        delivered = await self.outbox.deliver_now(entry.id)
        self.assertEqual((delivered.state, delivered.attempts, delivered.reason), (ParcelState.DELIVERED, 2, ""))
        (told,) = self.receiver.taken
        self.assertEqual((told["id"], told["kind"], told["data"]), ("e-1", "job.ended", {"job": "1", "state": "done"}))
        heard = [(each("X-Cardgw-Event"), each("X-Cardgw-Delivery"), each("Content-Type")) for each in self.receiver.heard]
        self.assertEqual((heard, self.receiver.unsigned), ([("job.ended", "e-1", "application/json")] * 2, 0))

    async def test_order(self) -> None:
        """
        Many are sent by themselves, one after another.
        """
        self.use(self.receiver.listen(self))
        self.start()
        for number in range(20):
            self.hub.publish("job.ended", {"job": number})
        await until(lambda: len(self.receiver.taken) == 20)
        self.assertEqual([each["data"]["job"] for each in self.receiver.taken], list(range(20)))

        async def done() -> bool:
            return len(await self.entries(ParcelState.DELIVERED)) == 20

        await until(done)

    async def test_tls(self) -> None:
        """
        Over TLS where the roots of the settings vouch for the receiver.
        """
        pki = make_pki(host="localhost")
        place = Path(self.mktemp())
        pki.save(place)
        entry = await self.one(lambda connection, _: connection.send(answer()), identity=pki.dp_tls, roots=str(place / "roots"))
        self.assertEqual((entry.state, entry.reason, len(self.requests)), (ParcelState.DELIVERED, "", 1))

    async def test_notTrusted(self) -> None:
        """
        Whoever nobody vouches for is told nothing.
        """
        entry = await self.one(lambda connection, _: connection.send(answer()), identity=make_pki(host="localhost").dp_tls)
        self.assertIn("no secure connection: certificate verify failed", entry.reason)
        self.assertEqual(self.requests, [])

    async def test_anotherHost(self) -> None:
        """
        Nor is a receiver with a certificate for another host.
        """
        pki = make_pki(host="smdp.example.test")
        place = Path(self.mktemp())
        pki.save(place)
        entry = await self.one(lambda connection, _: connection.send(answer()), identity=pki.dp_tls, roots=str(place / "roots"))
        self.assertEqual((entry.state, self.requests), (ParcelState.WAITING, []))
        self.assertTrue(entry.reason)

    async def test_redirect(self) -> None:
        """
        A redirect is not followed: what is signed for one receiver is not for another.
        """
        moved = answer(status="307 Moved", headers="Location: http://127.0.0.1:1/\r\n")
        entry = await self.one(lambda connection, _: connection.send(moved))
        self.assertIn("it answered 307 Temporary Redirect", entry.reason)
        self.assertEqual((entry.state, len(self.requests)), (ParcelState.WAITING, 1))

    async def test_gone(self) -> None:
        """
        410 is for good.
        """
        entry = await self.one(lambda connection, _: connection.send(answer(status="410 Gone")))
        self.assertEqual(entry.state, ParcelState.REFUSED)

    async def test_hangsUp(self) -> None:
        """
        A receiver that hangs up, or says something that is not HTTP, is tried again.
        """
        entry = await self.one(lambda connection, _: connection.close())
        self.assertIn("it closed the connection without an answer", entry.reason)
        self.assertEqual(entry.state, ParcelState.WAITING)

    async def test_notHttp(self) -> None:
        """
        So is one that does not speak HTTP.
        """
        entry = await self.one(lambda connection, _: connection.send(b"220 mail.example ESMTP\r\n"))
        self.assertIn("no answer in HTTP could be read", entry.reason)
        self.assertEqual(entry.state, ParcelState.WAITING)

    async def test_endless(self) -> None:
        """
        A body that does not end is cut off; it was delivered all the same.
        """
        gone: Deferred[None] = Deferred()

        def behaviour(connection: Any, _: bytes) -> None:
            connection.send(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000)
            connection.gone.chainDeferred(gone)

        entry = await self.one(behaviour)
        self.assertEqual(entry.state, ParcelState.DELIVERED)
        await gone

    async def test_unreachable(self) -> None:
        """
        Nobody is there.
        """
        server = WebServer(reactor, None)
        self.use(f"http://127.0.0.1:{server.port}/hunter3")
        await server.stop()
        self.hub.publish("job.ended", {})
        (entry,) = await self.entries()
        failed = await self.outbox.deliver_now(entry.id)
        self.assertIn("connection refused", failed.reason.lower())
        self.assertNotIn("hunter3", failed.reason)

    async def test_stopped(self) -> None:
        """
        One that is silent does not keep the gateway from stopping; the event goes on waiting.
        """
        asked: Deferred[None] = Deferred()
        server = WebServer(reactor, None, lambda connection, request: asked.callback(None))
        self.addCleanup(server.stop)
        self.use(f"http://127.0.0.1:{server.port}/")
        self.outbox.start()
        self.hub.publish("job.ended", {})
        await asked
        await self.outbox.stop()
        (entry,) = await self.entries()
        self.assertEqual((entry.state, entry.attempts), (ParcelState.WAITING, 0))


class ServiceTests(OperatorsTestCase):
    """
    As a service does it.
    """

    async def start_with(self, receiver: Receiver) -> None:
        """
        Start the service, with a receiver.
        """
        url, path = receiver.listen(self), self.secret_file()
        await self.start(f'[secrets]\nkey = "file:{path}"\n[[webhooks]]\nname = "desk"\nurl = "{url}"\nsecret = "key"\n')

    def secret_file(self) -> Path:
        """
        Where the secret is.
        """
        path = Path(self.mktemp()).absolute()
        path.write_bytes(SECRET)
        path.chmod(0o600)
        return path

    async def test_told(self) -> None:
        """
        What became of a job is told, signed; its entry in the outbox is on no card, and has no secret in it.
        """
        receiver = Receiver()
        await self.start_with(receiver)
        card = self.card()
        await self.visit(card, Tag.DOWNLOAD_PROFILE, "/help")
        (told,) = await until(lambda: receiver.taken)
        self.assertEqual((told["webhook"], told["kind"], told["data"]["state"]), ("desk", "job.ended", "done"))

        async def delivered() -> list[Json]:
            return await self.api.items("outbox", state="delivered")

        (entry,) = await until(delivered)
        shown = {name: entry[name] for name in ("kind", "card", "address", "on_card", "attempts")}
        self.assertEqual(shown, {"kind": "webhook", "card": "", "address": "desk", "on_card": False, "attempts": 1})
        log = json.dumps(self.gateway.events) + json.dumps(entry)
        self.assertNotIn("hunter2", log)
        self.assertNotIn(receiver.heard[0]("X-Cardgw-Signature"), log)

    async def test_killed(self) -> None:
        """
        What a receiver had not taken when the gateway was killed is there afterwards, and can be sent.
        """
        receiver = Receiver()
        receiver.statuses = [500]
        await self.start_with(receiver)
        card = self.card()
        await self.visit(card, Tag.DOWNLOAD_PROFILE, "/help")
        await until(lambda: receiver.heard)
        await self.gateway.stop(signal.SIGKILL)
        self.restart()
        (entry,) = await self.api.items("outbox", state="waiting")
        done = (await self.api.post(f"outbox/{entry['id']}/deliver")).only(200)
        self.assertEqual((done["state"], [each["kind"] for each in receiver.taken]), ("delivered", ["job.ended"]))

    async def test_reloaded(self) -> None:
        """
        SIGHUP: a webhook that is not in the settings any more is told nothing; what waited for it is refused, with the reason.
        """
        receiver = Receiver()
        receiver.statuses = [500]
        await self.start_with(receiver)
        card = self.card()
        await self.visit(card, Tag.DOWNLOAD_PROFILE, "/help")

        async def tried() -> list[Json]:
            return [each for each in await self.api.items("outbox", state="waiting") if each["attempts"]]

        (entry,) = await until(tried)
        self.config.write_text(self.config.read_text().partition("[[webhooks]]")[0])
        self.gateway.process.process.send_signal(signal.SIGHUP)
        await until(lambda: [each for each in self.gateway.events if each["event"] == "reloaded"])
        refused = (await self.api.post(f"outbox/{entry['id']}/deliver")).only(200)
        self.assertEqual(refused["state"], "refused")
        self.assertIn("no webhook is called desk any more", refused["reason"])
        phone, _ = await self.managed(card)
        await self.run_job(identity(card), "lpa.info")
        phone.say_goodbye()
        self.assertEqual((len(await self.api.items("outbox")), receiver.taken), (1, []))
