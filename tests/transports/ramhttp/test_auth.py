# -*- test-case-name: tests.transports.ramhttp.test_auth -*-
"""
Tests for L{cardgw.transports.ramhttp.auth}.
"""

from __future__ import annotations

from base64 import b64encode
from types import SimpleNamespace
from typing import Any

from OpenSSL.crypto import X509
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SecretError
from cardgw.testing.gateway import GatewayBase
from cardgw.transports.ramhttp.auth import ADDRESSES_MAX, FAILURES_MAX, FAILURES_WINDOW, Gate, certified
from cardgw.transports.ramhttp.http import Reply
from cardgw.transports.ramhttp.settings import RamHttpSettings
from tests.logs import captured

SECRETS = {"one": b"first-token", "two": b"second-token", "anna-password": b"pass:word"}


def basic(user: str, password: str) -> dict[str, str]:
    """
    The header of a user.
    """
    return {"authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


class GateTests(SynchronousTestCase):
    """
    L{Gate}.
    """

    def setUp(self) -> None:
        """
        Two tokens, one user.
        """
        self.clock = Clock()
        self.gateway = GatewayBase(self.clock)
        self.gateway.secrets.update(SECRETS)
        self.gate = self.made(tokens=("one", "two"), users={"anna": "anna-password"})

    def made(self, **settings: Any) -> Gate:
        """
        A gate with these settings.
        """
        return Gate(RamHttpSettings(**settings), self.gateway.secret, self.clock.seconds)

    def status(self, headers: dict[str, str], host: str = "192.0.2.7") -> int:
        """
        The status of a refusal, which says in words what is wrong.
        """
        reply = self.gate.who(headers, host, "")
        assert isinstance(reply, Reply), reply
        self.assertTrue(reply.body)
        self.assertEqual("WWW-Authenticate" in reply.headers, reply.status == 401)
        for secret in SECRETS.values():
            self.assertNotIn(secret, reply.body)
        return reply.status

    def test_open(self) -> None:
        """
        Without tokens and users everybody may come.
        """
        gate = self.made()
        self.assertTrue(gate.is_open)
        self.assertEqual(gate.who({}, "x", ""), "")
        self.assertFalse(self.gate.is_open)

    def test_tokens(self) -> None:
        """
        A token is enough: as such, or as password or user of a URL.
        """
        for headers, expected in (
            ({"authorization": "Bearer first-token"}, "token:one"),
            ({"authorization": "bearer  second-token "}, "token:two"),
            (basic("", "second-token"), "token:two"),
            (basic("anybody", "second-token"), "token:two"),
            (basic("first-token", ""), "token:one"),
            (basic("anna", "pass:word"), "basic:anna"),
        ):
            self.assertEqual(self.gate.who(headers, "x", ""), expected)

    def test_wrong(self) -> None:
        """
        Nothing else is.
        """
        for headers in (
            {},
            {"authorization": "Bearer "},
            {"authorization": "Bearer first-toke"},
            {"authorization": "Basic !"},
            {"authorization": "Digest first-token"},
            basic("anna", "password"),
            basic("bob", "pass:word"),
            basic("", ""),
        ):
            self.assertEqual(self.status(headers), 401)

    def test_known(self) -> None:
        """
        Who has shown a certificate or a pre-shared key needs no more.
        """
        self.assertEqual(self.gate.who({}, "x", "tls:CN=a"), "tls:CN=a")
        self.assertEqual(self.gate.who({}, "x", "", trusted=True), "")

    def test_tooMany(self) -> None:
        """
        After some failures nobody from that address is asked for a while; those who say nothing do not count.
        """
        events = captured(self)
        for _ in range(FAILURES_MAX + 5):
            self.assertEqual(self.status({}), 401)
        for _ in range(FAILURES_MAX):
            self.assertEqual(self.status({"authorization": "Bearer x"}), 401)
        self.assertEqual(self.status({"authorization": "Bearer first-token"}), 429)
        self.assertEqual(self.gate.who({"authorization": "Bearer first-token"}, "other", ""), "token:one")
        self.clock.advance(FAILURES_WINDOW)
        self.assertEqual(self.gate.who({"authorization": "Bearer first-token"}, "192.0.2.7", ""), "token:one")
        self.assertEqual([each["event"] for each in events], ["too-many-failures"])

    def test_forgiven(self) -> None:
        """
        Failures are forgotten after a while.
        """
        for _ in range(3):
            for _ in range(FAILURES_MAX - 1):
                self.assertEqual(self.status({"authorization": "Bearer x"}), 401)
            self.clock.advance(FAILURES_WINDOW)
        self.assertEqual(self.gate.who({"authorization": "Bearer first-token"}, "192.0.2.7", ""), "token:one")

    def test_proxy(self) -> None:
        """
        Those who have no address, behind a proxy that comes over a local socket, are not taken for one: a stranger would lock out
        all others.
        """
        for _ in range(2 * FAILURES_MAX):
            self.assertEqual(self.status({"authorization": "Bearer x"}, ""), 401)
        self.assertEqual(self.gate.who({"authorization": "Bearer first-token"}, "", ""), "token:one")

    def test_emptySecret(self) -> None:
        """
        A secret that is empty lets nobody in.
        """
        self.gateway.secrets["empty"] = b""
        self.gate = self.made(tokens=("empty",), users={"bob": "empty"})
        for headers in ({"authorization": "Bearer"}, {"authorization": "Bearer "}, basic("", ""), basic("bob", "")):
            self.assertEqual(self.status(headers), 401)

    def test_strange(self) -> None:
        """
        What is no header of this kind does no harm.
        """
        for given in ("Basic ä", "Basic =", "Basic c2Vz YW1l", "Bearer \ufffd", "first-token", "Basic"):
            self.assertEqual(self.status({"authorization": given}, given), 401)

    def test_forgets(self) -> None:
        """
        Addresses are not collected for ever.
        """
        for number in range(ADDRESSES_MAX + 10):
            self.gate.who({"authorization": "Bearer x"}, str(number), "")
        self.assertEqual(len(self.gate._failures), ADDRESSES_MAX)

    def test_check(self) -> None:
        """
        A secret that is not set is told at once.
        """
        self.gate.check()
        self.assertRaises(SecretError, self.made(tokens=("none",)).check)

    def test_certified(self) -> None:
        """
        The subject of a client certificate.
        """
        certificate = X509()
        certificate.get_subject().CN = "anna"
        certificate.get_subject().O = "Example"
        self.assertEqual(certified(SimpleNamespace(getPeerCertificate=lambda: certificate)), "tls:CN=anna,O=Example")
        self.assertEqual(certified(SimpleNamespace(getPeerCertificate=lambda: None)), "")
        self.assertEqual(certified(object()), "")
