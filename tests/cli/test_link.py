# -*- test-case-name: tests.cli.test_link -*-
"""
Tests of L{cardgw.cli.link}.
"""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.cli.case import CliTestCase
from tests.cli.fakes import BEGUN, FakeApi, described, done, listed, problem

URL = "https://cards.example.com/rt/link/cgl_x"
PAGE = f'<img src="http://127.0.0.1:27001/1.png?url={URL}">'
LINK = {"id": "a1b2c3d4", "card": "a1b2c3d4", "requester": "token:ops", "expires": "2027-01-15T09:00:00.000Z", "here": False}


class LinkApi(FakeApi):
    """
    A gateway that makes links.
    """

    def post_links(self, request: httpx.Request) -> httpx.Response:
        """
        Make a link; what it is for is a job as any other.
        """
        wanted = json.loads(request.content)
        job: Any = None
        if "operation" in wanted:
            order = {"card": "a1b2c3d4", **wanted}
            job = self.post_jobs(httpx.Request("POST", request.url, headers=request.headers, json=order)).json()
        made = {**LINK, "url": URL, "command": f"cardgw touch {URL}", "page": PAGE, "token": "secret", "job": job}
        return httpx.Response(201, json=made)

    def get_links(self, request: httpx.Request) -> httpx.Response:
        """
        All of them.
        """
        return listed([{**LINK, "job": None, "here": True}])

    def delete_links(self, request: httpx.Request, name: str) -> httpx.Response:
        """
        Withdraw one.
        """
        return httpx.Response(204) if name == LINK["id"] else problem(404, "unknown-link", "There is no such link")


class LinkTests(CliTestCase):
    """
    C{cardgw link} and C{cardgw links}.
    """

    def setUp(self) -> None:
        """
        Operations are there.
        """
        super().setUp()
        self.api = LinkApi()
        count: dict[str, Any] = {"type": "integer"}
        self.api.operations = {
            "acme.count": described("acme.count", required=("count",), count=count),
            "acme.wipe": described("acme.wipe", destructive=True),
        }
        self.api.scripts = {name: [BEGUN, done(score=3)] for name in self.api.operations}

    def test_printed(self) -> None:
        """
        The address, the command and the HTML are printed, each on a line; the token of a page is for programs.
        """
        result = self.run_it("link", "acme.count", "-p", "count=3", "--expires", "10min")
        self.assertEqual(result.stdout.splitlines(), [URL, f"cardgw touch {URL}", PAGE])
        self.assertIn("--card a1b2c3d4; `cardgw jobs watch ", result.stderr)
        sent = self.api.sent("POST", "links")[0]
        self.assertEqual(sent, {"operation": "acme.count", "parameters": {"count": 3}, "expires": 600})
        self.assertEqual(json.loads(self.run_it("link", "acme.count", "-p", "count=3", "--json").stdout)["token"], "secret")

    def test_withoutOperation(self) -> None:
        """
        A link may be for no operation, which leaves nothing to wait for.
        """
        self.assertEqual(len(self.run_it("link").stdout.splitlines()), 3)
        self.assertEqual(self.api.sent("POST", "links"), [{}])
        for typed in (["--wait"], ["-p", "a=1"], ["--expires", "soon"]):
            self.run_it("link", *typed, status=2)

    def test_wait(self) -> None:
        """
        Whoever waits is told the address, and gets the result.
        """
        result = self.run_it("link", "acme.count", "-p", "count=3", "--wait", "--json")
        self.assertEqual(json.loads(result.stdout), {"score": 3})
        self.assertIn(URL, result.stderr)

    def test_destructive(self) -> None:
        """
        What can destroy something must be confirmed.
        """
        self.assertIn("say --yes", self.run_it("link", "acme.wipe", status=2).stderr)
        self.run_it("link", "acme.wipe", status=130, interactive=True, input="no\n")
        self.assertEqual(self.api.sent("POST", "links"), [])
        self.run_it("link", "acme.wipe", interactive=True, input="yes\n")
        self.run_it("link", "acme.wipe", "--yes")
        self.assertEqual([each["confirm"] for each in self.api.sent("POST", "links")], [True, True])

    def test_listed(self) -> None:
        """
        Links are listed and withdrawn.
        """
        self.assertIn("a1b2c3d4", self.run_it("links", terminal=True).stdout)
        self.assertIn("a1b2c3d4", self.run_it("links", "--withdraw", "a1b2c3d4").stderr)
        self.assertIn("no such link", self.run_it("links", "--withdraw", "0badcafe", status=1).stderr)
