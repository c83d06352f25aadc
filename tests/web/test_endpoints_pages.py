# -*- test-case-name: tests.web.test_endpoints_pages -*-
"""
Tests for L{cardgw.web.endpoints_pages}.
"""

from __future__ import annotations

import re

from tests.web.client import WebTestCase


class PagesTests(WebTestCase):
    """
    The description, and the page to try it.
    """

    def test_document(self) -> None:
        """
        Everybody gets the description, at two places.
        """
        found = self.get("/api/v1/openapi.json", role="")
        self.assertEqual((found.status, found.json["openapi"]), (200, "3.1.0"))
        self.assertEqual(self.get("/api/openapi.json", role="").json, found.json)

    def test_page(self) -> None:
        """
        Everybody gets the page and what belongs to it.
        """
        for path, kind in (("", "text/html"), (".css", "text/css"), (".js", "text/javascript")):
            found = self.get(f"/api/docs{path}", role="")
            self.assertEqual((found.status, found.headers["Content-Type"]), (200, f"{kind}; charset=utf-8"))
            self.assertIn("script-src 'self'", found.headers["Content-Security-Policy"])

    def test_ownThings(self) -> None:
        """
        It loads nothing from elsewhere, and has nothing that its policy forbids: scripts, styles and handlers in the page.
        """
        page = self.get("/api/docs", role="").body.decode()
        links = re.findall(r'(?:src|href)="([^"]+)"', page)
        self.assertTrue(links and all(each.startswith(("/api/", "#", "data:")) for each in links), links)
        self.assertEqual(re.findall(r"<style|<script(?! src)|\son\w+=|style=", page), [])
        script = self.get("/api/docs.js", role="").body.decode()
        self.assertEqual(re.findall(r"https?://|innerHTML|outerHTML|insertAdjacentHTML|eval\(|localStorage", script), [])
        self.assertEqual(re.findall(r"@import|url\(", self.get("/api/docs.css", role="").body.decode()), [])

    def test_labels(self) -> None:
        """
        Every field has a label, so that it can be used without seeing it.
        """
        page = self.get("/api/docs", role="").body.decode()
        fields = re.findall(r'<input id="([^"]+)"', page)
        self.assertEqual(sorted(fields), sorted(set(re.findall(r'<label for="([^"]+)"', page))))
