# -*- test-case-name: tests.lpa.test_deliver -*-
"""
Tests for L{cardgw.lpa.deliver}.
"""

from __future__ import annotations

import json
from base64 import b64encode

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa.deliver import forget, send
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.es9 import Es9
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.server_errors import HttpStatusError
from cardgw.testing.session import FakeSession
from tests.lpa.card import ScriptedChannel, replay
from tests.lpa.test_notification import result


class Server:
    """
    Answers with a status, keeps what it was sent.
    """

    def __init__(self, status: int) -> None:
        self.status = status
        self.requests: list[tuple[str, bytes]] = []

    def post(self, url: str, body: bytes, *_: object) -> Deferred[tuple[int, bytes]]:
        """
        See L{cardgw.interfaces.IHTTPClient.post}.
        """
        self.requests.append((url, body))
        return succeed((self.status, b""))


class SendTests(SynchronousTestCase):
    """
    To the server.
    """

    def send(self, server: Server) -> Deferred[None]:
        es9 = Es9(server, "smdp.example.test")  # type: ignore[arg-type]
        return Deferred.fromCoroutine(send(FakeSession(), es9, result()))

    def test_asItIs(self) -> None:
        """
        The notification is sent byte for byte as the eUICC gave it.
        """
        server = Server(204)
        self.successResultOf(self.send(server))
        ((url, body),) = server.requests
        self.assertEqual(url, "https://smdp.example.test/gsma/rsp2/es9plus/handleNotification")
        self.assertEqual(json.loads(body), {"pendingNotification": b64encode(result()).decode()})

    def test_refused(self) -> None:
        """
        An HTTP error is an error: the notification has not been delivered.
        """
        self.failureResultOf(self.send(Server(500)), HttpStatusError)


class ForgetTests(SynchronousTestCase):
    """
    From the eUICC.
    """

    def forget(self, answer: str) -> Deferred[None]:
        channel = ScriptedChannel(replay([("80e2910006bf3003800105", answer)]))
        return Deferred.fromCoroutine(forget(FakeSession(), Isdr(channel), 5))

    def test_removed(self) -> None:
        """
        One APDU, as captured.
        """
        self.successResultOf(self.forget("bf30038001009000"))

    def test_goneAlready(self) -> None:
        """
        A notification that is gone already is as good as removed.
        """
        self.successResultOf(self.forget("bf30038001019000"))

    def test_kept(self) -> None:
        """
        Any other code is an error.
        """
        self.failureResultOf(self.forget("bf300380017f9000"), Es10Error)
