# -*- test-case-name: tests.web.test_endpoint -*-
"""
Tests for L{cardgw.web.endpoint}.
"""

from __future__ import annotations

import contextlib

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.web.answer import JSON, LPAC, Answer
from cardgw.web.endpoint import Call, Endpoint, Reply, Ways, acceptable
from cardgw.web.faults import NotAcceptable


async def nothing(call: Call) -> Answer:
    """
    An endpoint that does nothing.
    """
    return Answer()


ONE = Endpoint("GET", "/api/v1/jobs/{job}", None, nothing, "Show", {200: Reply("it")})
CANCEL = evolve(ONE, method="POST", path="/api/v1/jobs/{job}/cancel")
LIST = evolve(ONE, path="/api/v1/jobs")
ADD = evolve(LIST, method="POST")


class EndpointTests(SynchronousTestCase):
    """
    L{Endpoint} and L{Ways}.
    """

    def test_names(self) -> None:
        """
        What an endpoint is called, and what its path has to be filled with.
        """
        self.assertEqual((ONE.names, LIST.names), (("job",), ()))
        self.assertEqual(
            [each.operation_id for each in (ONE, CANCEL, ADD)], ["get_jobs_job", "post_jobs_job_cancel", "post_jobs"]
        )

    def test_ways(self) -> None:
        """
        A path leads to its endpoints, and says which methods it knows.
        """
        ways = Ways((ONE, CANCEL, LIST, ADD))
        found = ways.find("/api/v1/jobs")
        assert found is not None
        self.assertEqual((found[0].endpoints, found[1]), ({"GET": LIST, "POST": ADD}, {}))
        self.assertEqual(found[0].allowed, ("GET", "HEAD", "OPTIONS", "POST"))
        found = ways.find("/api/v1/jobs/eid:89-1.a_b/cancel")
        assert found is not None
        self.assertEqual((found[0].allowed, found[1]), (("OPTIONS", "POST"), {"job": "eid:89-1.a_b"}))

    def test_nowhere(self) -> None:
        """
        Other paths lead nowhere, even where they are nearly right.
        """
        ways = Ways((ONE, CANCEL, LIST))
        for path in ("", "/", "/api/v1/jobs/", "/api/v1/jobs/a/b", "/api/v1/jobs/a b", "/api/v1/jobs\n", "/api/v1/jobs/..", "x"):
            self.assertIsNone(ways.find(path), path)
        self.assertIsNone(ways.find("/api/v1/jobs/" + "a" * 101))


class AcceptableTests(SynchronousTestCase):
    """
    L{acceptable}.
    """

    def test_chosen(self) -> None:
        """
        What is liked best; of equals the first; the most exact range counts.
        """
        both = (JSON, LPAC)
        for accept, expected in (
            ("", JSON),
            ("*/*", JSON),
            ("application/*", JSON),
            (LPAC, LPAC),
            (f"{JSON};q=0.5, {LPAC}", LPAC),
            (f"{JSON};q=0, */*", LPAC),
            (f"text/html, {LPAC.upper()} ; Q=0.1", LPAC),
            (f"{LPAC}, {JSON}", JSON),
        ):
            self.assertEqual(acceptable(both, accept), expected, accept)

    def test_parameters(self) -> None:
        """
        Parameters of what there is do not matter.
        """
        self.assertEqual(acceptable(("text/plain; charset=utf-8",), "text/plain;version=0.0.4"), "text/plain; charset=utf-8")

    def test_refused(self) -> None:
        """
        Where nothing is accepted, that is an error.
        """
        for accept in ("text/html", f"{JSON};q=0", f"{JSON};q=x", "rubbish"):
            self.assertRaises(NotAcceptable, acceptable, (JSON,), accept)

    @given(st.text(alphabet="ab/*;q=.,0 1"))
    def test_anything(self, accept: str) -> None:
        """
        Any header is understood or refused.
        """
        with contextlib.suppress(NotAcceptable):
            self.assertEqual(acceptable((JSON,), accept), JSON)
