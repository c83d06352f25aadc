# -*- test-case-name: tests.web.test_endpoints -*-
"""
Tests for L{cardgw.web.endpoints}: the table as a whole.
"""

from __future__ import annotations

from collections import Counter

from cardgw.gateway.records import Role
from cardgw.web.endpoint import NAMED, Endpoint
from cardgw.web.endpoints import all_endpoints
from tests.web.client import WebTestCase

ENDPOINTS = all_endpoints(bytes, "", lambda: 0.0)
OPEN = {"/livez", "/readyz", "/metrics", "/api/v1/claims", "/api/v1/openapi.json", "/api/openapi.json"}
PAGES = {"/api/docs", "/api/docs.css", "/api/docs.js"}


def filled(each: Endpoint) -> str:
    """
    Its path, with names of things that there are not.
    """
    return each.path.format(**dict.fromkeys(each.names, "x9"))


class TableTests(WebTestCase):
    """
    Every endpoint.
    """

    def test_once(self) -> None:
        """
        Each is there once; every name in a path is explained.
        """
        counted = Counter((each.method, each.path) for each in ENDPOINTS)
        self.assertEqual([each for each, count in counted.items() if count > 1], [])
        ids = Counter(each.operation_id for each in ENDPOINTS if each.listed)
        self.assertEqual([each for each, count in ids.items() if count > 1], [])
        self.assertEqual({name for each in ENDPOINTS for name in each.names} - set(NAMED), set())

    def test_roles(self) -> None:
        """
        Looking is for viewers, changing for operators, and so is what was said to a card; tokens and the audit journal are for
        administrators.
        """
        for each in ENDPOINTS:
            if each.path in OPEN | PAGES:
                expected = None
            elif each.path.startswith(("/api/v1/tokens", "/api/v1/audit")):
                expected = Role.ADMIN
            else:
                harmless = each.method == "GET" and not each.path.endswith("/transcript")
                expected = Role.VIEWER if harmless else Role.OPERATOR
            self.assertEqual(each.role, expected, f"{each.method} {each.path}")

    def test_noToken(self) -> None:
        """
        Without a token, with a wrong one, or with one for less, nothing happens.
        """
        for each in ENDPOINTS:
            if each.role is None:
                continue
            self.assert_problem(self.request(each.method, filled(each), role=""), 401, "token-needed")
            self.assert_problem(self.request(each.method, filled(each), role="wrong"), 401, "unauthenticated")
            if each.role is not Role.VIEWER:
                self.assert_problem(self.request(each.method, filled(each), role="viewer"), 403, "forbidden")
        self.assertEqual(self.control.done, [])

    def test_methods(self) -> None:
        """
        Other methods are refused, and OPTIONS tells those that there are.
        """
        for each in ENDPOINTS:
            refused = self.request("PATCH", filled(each))
            self.assert_problem(refused, 405, "method-not-allowed")
            asked = self.request("OPTIONS", filled(each), role="")
            self.assertEqual((asked.status, asked.body), (204, b""))
            self.assertEqual(asked.headers["Allow"], refused.headers["Allow"])
            self.assertIn(each.method, asked.headers["Allow"].split(", "))

    def test_head(self) -> None:
        """
        HEAD gives the headers of GET, and nothing else.
        """
        for each in ENDPOINTS:
            if each.method == "GET" and each.path != "/api/v1/events":
                got, head = self.get(filled(each)), self.request("HEAD", filled(each))
                self.assertEqual((head.status, head.body), (got.status, b""), each.path)
                self.assertEqual({**head.headers, "Date": ""}, {**got.headers, "Date": ""}, each.path)

    def test_careful(self) -> None:
        """
        Every answer tells browsers to be careful.
        """
        for each in ENDPOINTS:
            if each.path != "/api/v1/events":
                headers = self.request(each.method, filled(each)).headers
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
                self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])
                self.assertEqual(headers["Cache-Control"], "no-cache" if each.path in PAGES else "no-store")
                self.assertNotIn("Access-Control-Allow-Origin", headers)
