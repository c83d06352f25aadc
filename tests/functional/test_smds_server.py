"""
Tests for L{cardgw.virtual.smds_server}: real TLS on loopback, with a client that is not ours.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

import cardgw
from cardgw.virtual.pki import Pki, make_pki
from cardgw.virtual.smds import Smds
from cardgw.virtual.smds_server import SmdsServer
from tests.functional.test_smdp_server import Client, Lines
from tests.virtual.card import Card


def discover(pki: Pki, client: Client) -> dict[str, Any]:
    """
    A whole discovery, in a thread.
    """
    card = Card(pki, client)  # type: ignore[arg-type]
    card.initiate(pki.smds_host)
    answer = card.authenticate("")
    client.close()
    return answer


class SmdsServerTests(TestCase):
    """
    The server as clients see it.
    """

    timeout = 60

    async def test_discovery(self) -> None:
        """
        A whole discovery needs one connection, to a server with the certificate of an SM-DS; each call is reported.
        """
        pki, events = make_pki(), list[dict[str, Any]]()
        smds = Smds(pki)
        smds.register(pki.eid, "EVENT-1", "smdp.example.test")
        server = SmdsServer(smds, reactor, events.append)
        await server.listen(TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1"))
        self.addCleanup(server.stop)
        client = Client(pki, server.port, self.mktemp(), pki.smds_host)
        answer = await deferToThread(discover, pki, client)
        self.assertEqual(answer["eventEntries"], [{"eventId": "EVENT-1", "rspServerAddress": "smdp.example.test"}])
        self.assertEqual((server.connections, server.handshakes), (1, 1))
        self.assertEqual([event["function"] for event in events], ["initiateAuthentication", "authenticateClient"])


class CommandTests(TestCase):
    """
    C{python -m cardgw.virtual.smds_server}.
    """

    timeout = 60

    async def test_process(self) -> None:
        """
        It says where it listens, tells an eUICC of its event, and ends on SIGTERM.
        """
        directory = self.mktemp()
        pki = make_pki()
        pki.save(Path(directory))
        lines = Lines()
        event = f"{pki.eid.hex()}=EVENT-1@smdp.example.test"
        arguments = [sys.executable, "-m", "cardgw.virtual.smds_server", "--pki", directory, "--event", event]
        environment = os.environ | {"PYTHONPATH": str(Path(cardgw.__file__).parents[1])}
        process = reactor.spawnProcess(lines, sys.executable, arguments, env=environment)
        ready = await lines.first
        self.assertEqual((ready["event"], ready["ci"], ready["host"]), ("ready", pki.ci_id.hex(), pki.smds_host))
        client = Client(pki, ready["port"], self.mktemp(), pki.smds_host)
        answer = await deferToThread(discover, pki, client)
        self.assertEqual(answer["eventEntries"][0]["eventId"], "EVENT-1")
        process.signalProcess("TERM")
        await lines.ended
        self.assertEqual([json.loads(line)["event"] for line in lines.output.splitlines()], ["ready", "request", "request"])
