# -*- test-case-name: tests.web.test_problems -*-
"""
Tests for L{cardgw.web.problems}, L{cardgw.web.faults} and L{cardgw.web.answer}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardGatewayError, ParameterError, PeerLost
from cardgw.gateway.faults import NotAsking, StoreInUse, TooOften, Unauthenticated, UnknownJob
from cardgw.web.answer import HEADERS, Answer
from cardgw.web.faults import BodyTooLarge, ConfirmationNeeded, MethodNotAllowed, TokenNeeded
from cardgw.web.problems import STATUSES, listed, problem_answer, problem_document, status_of


class ProblemTests(SynchronousTestCase):
    """
    Errors as problem details.
    """

    def test_document(self) -> None:
        """
        Everything that is known of an error, for people and for programs.
        """
        self.assertEqual(
            problem_document(UnknownJob("j7", hint="Look."), "j7"),
            {
                "type": "/api/docs#problem-unknown-job",
                "title": "There is no such job",
                "status": 404,
                "detail": "j7",
                "hint": "Look.",
                "code": "unknown-job",
                "job": "j7",
            },
        )
        self.assertNotIn("job", problem_document(BodyTooLarge()))

    def test_statuses(self) -> None:
        """
        The nearest class that has a status gives it; what has none is our fault.
        """
        for error, status in (
            (ParameterError(), 422),
            (NotAsking(), 409),
            (ConfirmationNeeded(), 409),
            (StoreInUse(), 503),
            (TokenNeeded(), 401),
            (PeerLost(), 502),
            (CardGatewayError(), 500),
        ):
            self.assertEqual(status_of(error), status, type(error).__name__)

    def test_headers(self) -> None:
        """
        Some statuses demand a header.
        """
        self.assertEqual(problem_answer(TokenNeeded()).headers, {"WWW-Authenticate": 'Bearer realm="cardgw"'})
        self.assertIn('error="invalid_token"', problem_answer(Unauthenticated()).headers["WWW-Authenticate"])
        self.assertEqual(problem_answer(MethodNotAllowed(("GET", "HEAD"))).headers, {"Allow": "GET, HEAD"})
        self.assertEqual(problem_answer(StoreInUse()).headers, {"Retry-After": "5"})
        self.assertEqual(problem_answer(UnknownJob()).headers, {})

    def test_retryAfter(self) -> None:
        """
        An error may know when to try again.
        """
        error = TooOften()
        vars(error)["seconds"] = 41.7
        self.assertEqual(problem_answer(error).headers, {"Retry-After": "42"})

    def test_listed(self) -> None:
        """
        All of the table are listed for the documentation.
        """
        self.assertEqual([each["code"] for each in listed()], [each.code for each in STATUSES])
        self.assertTrue(all(each["title"] for each in listed()))


class AnswerTests(SynchronousTestCase):
    """
    L{Answer}.
    """

    def test_json(self) -> None:
        """
        JSON in UTF-8, with its length; half a character becomes a question mark.
        """
        answer = Answer(content={"name": "Zoë"})
        self.assertEqual(answer.body, b'{"name":"Zo\xc3\xab"}\n')
        self.assertEqual(answer.all_headers["Content-Length"], str(len(answer.body)))
        self.assertEqual(Answer(content=["\ud800"]).body, b'["?"]\n')

    def test_headers(self) -> None:
        """
        Every answer has what browsers need to be careful; an answer may say otherwise.
        """
        self.assertEqual({**Answer(content={}).all_headers, **HEADERS}, Answer(content={}).all_headers)
        self.assertEqual(Answer(headers={"Cache-Control": "no-cache"}).all_headers["Cache-Control"], "no-cache")

    def test_empty(self) -> None:
        """
        No content has no type, and where there can be none no length.
        """
        self.assertNotIn("Content-Type", Answer(202).all_headers)
        self.assertEqual(Answer(202).all_headers["Content-Length"], "0")
        self.assertNotIn("Content-Length", Answer(204).all_headers)
