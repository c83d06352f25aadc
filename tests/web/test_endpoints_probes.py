# -*- test-case-name: tests.web.test_endpoints_probes -*-
"""
Tests for L{cardgw.web.endpoints_probes}.
"""

from __future__ import annotations

from cardgw.gateway.records import Health
from cardgw.web.settings import WebSettings
from tests.web.client import WebTestCase
from tests.web.samples import GUEST

ELSEWHERE = "192.0.2.7"


class ProbesTests(WebTestCase):
    """
    C{/livez} and C{/readyz}.
    """

    def test_alive(self) -> None:
        """
        Who answers is alive.
        """
        found = self.get("/livez", role="")
        self.assertEqual((found.status, found.body), (200, b"ok\n"))
        self.assertTrue(found.headers["Content-Type"].startswith("text/plain"))

    def test_ready(self) -> None:
        """
        It is ready when all parts are.
        """
        self.assertEqual(self.get("/readyz", role="").status, 200)
        self.control.parts.append(Health("transport:pcsc", False, "pcscd cannot be reached since 10:00"))
        found = self.get("/readyz", role="")
        self.assertEqual((found.status, found.body), (503, b"not ready\n"))

    def test_verbose(self) -> None:
        """
        On request each part is told, and why it is not ready.
        """
        self.assertEqual(self.get("/readyz?verbose", role="").body, b"[+] store: ok\nok\n")
        self.control.parts.append(Health("transport:pcsc", False, "pcscd cannot be reached"))
        expected = b"[+] store: ok\n[-] transport:pcsc: pcscd cannot be reached\nnot ready\n"
        self.assertEqual(self.get("/readyz?verbose=true", role="").body, expected)
        self.assert_problem(self.get("/readyz?verbosely", role=""), 422, "parameter")


class MetricsTests(WebTestCase):
    """
    C{/metrics}.
    """

    def test_here(self) -> None:
        """
        This machine reads them without a token.
        """
        found = self.get("/metrics", role="")
        self.assertEqual((found.status, found.body), (200, b"cards 1\n"))
        self.assertEqual(found.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")

    def test_elsewhere(self) -> None:
        """
        Others need a token of the API, but not one for a card.
        """
        self.assert_problem(self.get("/metrics", role="", peer=ELSEWHERE), 401, "token-needed")
        self.assertEqual(self.get("/metrics", role="viewer", peer=ELSEWHERE).status, 200)
        self.assert_problem(self.get("/metrics", role="wrong", peer=ELSEWHERE), 401, "unauthenticated")
        self.assert_problem(self.get("/metrics", role=GUEST, peer=ELSEWHERE), 403, "forbidden")


class MetricsTokenTests(WebTestCase):
    """
    C{/metrics} with a token of its own.
    """

    settings = WebSettings(metrics_token="prometheus")

    def test_token(self) -> None:
        """
        Everybody needs it, or one of the API; it is good for nothing else.
        """
        self.assert_problem(self.get("/metrics", role=""), 401, "token-needed")
        for role in ("prometheus", "viewer"):
            self.assertEqual(self.get("/metrics", role=role, peer=ELSEWHERE).status, 200)
        self.assert_problem(self.get("/api/v1/cards", role="prometheus"), 401, "unauthenticated")
