# -*- test-case-name: tests.functional.test_web -*-
"""
The HTTP API on a socket, as programs use it.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from twisted.internet import reactor as reactor_
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from cardgw.errors import SettingsError
from cardgw.web.service import WebService, make_web_service
from cardgw.web.settings import WebSettings
from tests.web.fakes import FakeControl
from tests.web.samples import EID, SECRETS

TOKEN = {"Authorization": f"Bearer {SECRETS['admin']}"}
PATIENCE = 20.0
reactor: Any = reactor_


class WebTests(TestCase):
    """
    A service on a free port of this machine.
    """

    timeout = 60

    def setUp(self) -> None:
        self.control = FakeControl()
        self.service = self.serve("tcp:0:interface=127.0.0.1")
        host: Any = self.service.ports[0].getHost()
        self.port = int(host.port)

    def serve(self, *listen: str) -> WebService:
        """
        Start a service.
        """
        settings = WebSettings(listen=listen, max_body=100_000)
        service = make_web_service(settings, self.control, lambda: b"cards 1\n", reactor)
        service.startService()
        self.addCleanup(service.stopService)
        return service

    def client(self) -> HTTPConnection:
        """
        A client that has a connection.
        """
        return HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    async def run_client(self, work: Callable[[HTTPConnection], Any]) -> Any:
        """
        Do something with a client, in a thread.
        """

        def run() -> Any:
            client = self.client()
            try:
                return work(client)
            finally:
                client.close()

        return await deferToThread(run)

    def test_keepAlive(self) -> Deferred[None]:
        """
        A job is queued and looked at over one connection.
        """

        def work(client: HTTPConnection) -> tuple[Any, ...]:
            body = json.dumps({"operation": "card.greet", "card": EID, "parameters": {"name": "Zoë"}}).encode()
            client.request("POST", "/api/v1/jobs", body, {**TOKEN, "Content-Type": "application/json"})
            made = client.getresponse()
            first = made.status, json.load(made)
            before = client.sock
            client.request("GET", made.headers["Location"], headers=TOKEN)
            return first, json.load(client.getresponse()), before is client.sock

        async def test() -> None:
            (status, made), found, same = await self.run_client(work)
            self.assertEqual((status, made, same), (202, found, True))
            self.assertEqual(found["parameters"]["name"], "Zoë")

        return Deferred.fromCoroutine(test())

    def test_events(self) -> Deferred[None]:
        """
        Events come when they happen; when the service stops, they end, and the connections with them.
        """

        def begin(client: HTTPConnection) -> HTTPResponse:
            client.request("GET", "/api/v1/events", headers=TOKEN)
            response = client.getresponse()
            response.readline()
            response.readline()
            return response

        async def test() -> None:
            client, idle = self.client(), self.client()
            response = await deferToThread(begin, client)
            await deferToThread(idle.connect)
            self.control.events.publish("job.queued", {"job": "j1"})
            got = [await deferToThread(response.readline) for _ in range(3)]
            self.assertEqual(got, [b"id: epoch-1\n", b"event: job.queued\n", b'data: {"job":"j1"}\n'])
            await self.service.stopService()
            self.assertEqual((await deferToThread(response.read), await deferToThread(idle.sock.recv, 1)), (b"\n", b""))
            client.close()
            idle.close()

        return Deferred.fromCoroutine(test())

    def test_tooLarge(self) -> Deferred[None]:
        """
        Who sends far too much is told so, however long it is and whether or not it says so before.
        """

        def work(client: HTTPConnection) -> tuple[int, str]:
            headers = {**TOKEN, "Content-Type": "application/json"}
            client.request("POST", "/api/v1/jobs", iter([b"x" * 1000] * 300), headers, encode_chunked=True)
            response = client.getresponse()
            return response.status, json.load(response)["code"]

        async def test() -> None:
            self.assertEqual(await self.run_client(work), (413, "body-too-large"))

        return Deferred.fromCoroutine(test())

    def test_inUse(self) -> None:
        """
        A port that is in use is told in one line.
        """
        with socket.create_server(("127.0.0.1", 0)) as other:
            endpoint = f"tcp:{other.getsockname()[1]}:interface=127.0.0.1"
            service = make_web_service(WebSettings(listen=(endpoint,)), self.control, bytes, reactor)
            problem = self.assertRaises(SettingsError, service.privilegedStartService)
        self.assertIn(f"[web] listen: {endpoint}: address already in use", str(problem))
