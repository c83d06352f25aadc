# -*- test-case-name: tests.web.test_api -*-
"""
Tests for L{cardgw.web.api}.
"""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred

from cardgw.errors import CardGatewayError
from cardgw.gateway.faults import StoreError
from cardgw.gateway.records import Job
from tests.web.client import HOST, WebTestCase, encoded, parsed
from tests.web.samples import EID, NOW, SECRETS

JOBS = "/api/v1/jobs"
GREET = {"operation": "card.greet", "card": EID, "parameters": {"name": "Ada"}}
AUTHORIZED = {"Host": HOST, "Authorization": f"Bearer {SECRETS['admin']}"}


class PathTests(WebTestCase):
    """
    Where there is something and where not.
    """

    def test_nowhere(self) -> None:
        """
        Other paths are not found, with or without a token, and whatever is asked.
        """
        for path in ("/", "/api", "/api/", "/api/v1", "/api/v2/cards", "/api/v1/cards/", "//api/v1/cards", "/metrics/x", "/x"):
            self.assert_problem(self.get(path), 404, "no-such-path")
            self.assert_problem(self.post(path, role=""), 404, "no-such-path")

    def test_encoded(self) -> None:
        """
        An encoded slash separates nothing; what is not UTF-8 is no path.
        """
        self.assert_problem(self.get("/api%2Fv1%2Fcards"), 404, "no-such-path")
        self.assert_problem(self.get("/api/v1%2Fcards"), 404, "no-such-path")
        self.assert_problem(self.get("/api/v1/%FF"), 400, "malformed-request")
        self.assertEqual(self.get("/api/v1/%63ards").status, 200)


class BodyTests(WebTestCase):
    """
    What is sent.
    """

    def test_media(self) -> None:
        """
        JSON it must be, in UTF-8, and not compressed.
        """
        body = json.dumps(GREET).encode()
        for kind in ("application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'):
            self.assertEqual(self.post(JOBS, body=body, **{"Content-Type": kind}).status, 202, kind)
        for kind in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin-1",
            "multipart/form-data",
        ):
            self.assert_problem(self.post(JOBS, body=body, **{"Content-Type": kind}), 415, "unsupported-media-type")
        self.assert_problem(self.post(JOBS, body=body), 415, "unsupported-media-type")
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        self.assert_problem(self.post(JOBS, body=body, **headers), 415, "unsupported-media-type")

    def test_malformed(self) -> None:
        """
        What is no JSON is told with its place.
        """
        for body, detail in (
            (b'{"card": }', "line 1, column 10"),
            (b"\xff", "byte 0"),
            (b'{"a":1,"a":2}', "twice"),
            (b"NaN", "NaN"),
        ):
            found = self.post(JOBS, body=body, **{"Content-Type": "application/json"})
            self.assert_problem(found, 400, "malformed-body")
            self.assertIn(detail, found.json["detail"])

    def test_empty(self) -> None:
        """
        Nothing is no JSON where there must be some.
        """
        self.assert_problem(self.post(JOBS, body=b"", **{"Content-Type": "application/json"}), 400, "malformed-body")
        self.assert_problem(self.post(JOBS), 415, "unsupported-media-type")

    def test_getBody(self) -> None:
        """
        A body of a GET is nobody's business.
        """
        self.assertEqual(self.get("/api/v1/cards", body=b"rubbish").status, 200)

    def test_notAcceptable(self) -> None:
        """
        Who accepts no JSON gets none; problems come as they are.
        """
        self.assert_problem(self.get("/api/v1/cards", Accept="text/html"), 406, "not-acceptable")
        self.assertEqual(self.get("/api/v1/cards", Accept="text/html, */*;q=0.1").status, 200)


class FailureTests(WebTestCase):
    """
    What goes wrong inside.
    """

    def test_store(self) -> None:
        """
        A store that cannot be used is told as such, and when to come back.
        """
        self.control.fail_with = StoreError("the disk is full")
        found = self.get("/api/v1/cards")
        self.assert_problem(found, 503, "store")
        self.assertIn("Retry-After", found.headers)

    def test_unknownError(self) -> None:
        """
        An error that has no status is our fault, and is told.
        """
        self.control.fail_with = CardGatewayError("something")
        self.assert_problem(self.get("/api/v1/cards"), 500, "card-gateway-error")

    def test_defect(self) -> None:
        """
        An exception of ours is in the log, and not in the answer.
        """
        self.control.fail_with = RuntimeError("secret internals")
        found = self.get("/api/v1/cards")
        self.assert_problem(found, 500, "defect")
        self.assertNotIn(b"internals", found.body)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_defectInPlugin(self) -> None:
        """
        So is one of an operation.
        """
        self.control.plugins.append(object())  # type: ignore[arg-type]
        self.assert_problem(self.get("/api/v1/operations"), 500, "defect")
        self.assertEqual(len(self.flushLoggedErrors(AttributeError)), 1)


class LaterTests(WebTestCase):
    """
    Answers that take a while.
    """

    def setUp(self) -> None:
        super().setUp()
        self.result: Deferred[Any] = Deferred()
        self.patch(self.control, "job", lambda who, job: self.result)
        self.connection = self.connect()

    def test_later(self) -> None:
        """
        The answer comes when there is one.
        """
        self.assertEqual(self.connection.send(encoded("GET", f"{JOBS}/j1", AUTHORIZED, None)), b"")
        self.result.callback(Job("j1", "x", created=NOW))
        self.assertEqual(parsed(self.connection.read()).json["id"], "j1")

    def test_gone(self) -> None:
        """
        Who does not wait gets none, and nothing is wrong.
        """
        self.connection.send(encoded("GET", f"{JOBS}/j1", AUTHORIZED, None))
        self.connection.transport.loseConnection()
        self.result.callback(Job("j1", "x", created=NOW))
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_goneFollower(self) -> None:
        """
        The same for who wanted to follow.
        """
        self.patch(self.control, "authenticate", lambda token: self.result)
        self.connection.send(encoded("GET", "/api/v1/events", AUTHORIZED, None))
        self.connection.transport.loseConnection()
        self.result.callback(self.control.secrets[SECRETS["admin"]])
        self.assertEqual((self.flushLoggedErrors(), self.control.events.listeners), ([], 0))

    def test_order(self) -> None:
        """
        Requests that come together are answered in their order.
        """
        slow, fast = (encoded("GET", path, AUTHORIZED, None) for path in (f"{JOBS}/j1", "/livez"))
        self.assertEqual(self.connection.send(slow + fast), b"")
        self.result.callback(Job("j1", "x", created=NOW))
        got = self.connection.read()
        self.assertLess(got.index(b'"id":"j1"'), got.index(b"\r\n\r\nok\n"))
