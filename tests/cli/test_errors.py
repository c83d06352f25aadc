"""
Tests of L{cardgw.cli.errors}.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import cardgw.lpa.errors
import cardgw.scp.errors
from cardgw.cli import errors
from cardgw.cli.errors import JobFailed, RequestRefused, described, exit_status
from cardgw.errors import CardGatewayError, MissingPlugin, ParameterError, SettingsError, UnexpectedStatus


def job(code: str = "peer-lost", state: str = "failed", **more: Any) -> JobFailed:
    """
    A job that failed.
    """
    error = {"code": code, "title": "The card's side closed the connection.", "detail": "", "hint": "", **more}
    return JobFailed({"id": "01J", "operation": "lpa.info", "state": state, "error": error})


def refused(status: int, code: str) -> RequestRefused:
    """
    A request that was refused.
    """
    return RequestRefused(status, {"type": "x", "code": code, "title": "No.", "detail": "why", "hint": "Try.", "status": status})


def subclasses(base: type[CardGatewayError]) -> Iterator[type[CardGatewayError]]:
    """
    The class, and all below it.
    """
    yield base
    for each in base.__subclasses__():
        yield from subclasses(each)


class ErrorsTests(SynchronousTestCase):
    """
    L{exit_status} and what is told.
    """

    def test_statuses(self) -> None:
        """
        Each kind of error has its exit status.
        """
        for error, status in (
            (errors.GatewayUnreachable("x"), 5),
            (errors.NoCard("x"), 3),
            (errors.CardLeft("x"), 3),
            (errors.NotConfirmed("x"), 2),
            (errors.QrCodeError("x"), 2),
            (errors.NoToken(), 2),
            (errors.AnswerNeeded("x"), 1),
            (errors.ClientFileError("x"), 2),
            (ParameterError("x"), 2),
            (MissingPlugin("x"), 2),
            (SettingsError("x"), 2),
            (job(), 1),
            (job(state="cancelled"), 1),
            (job("es10"), 4),
            (job("card", status_word="6A88"), 4),
            (refused(404, "unknown-card"), 3),
            (refused(404, "missing-plugin"), 2),
            (refused(404, "unknown-job"), 1),
            (refused(422, "parameter"), 2),
            (refused(401, "unauthenticated"), 2),
            (refused(403, "forbidden"), 1),
            (refused(503, "store"), 1),
        ):
            self.assertEqual(exit_status(error), status, repr(error))

    def test_interrupted(self) -> None:
        """
        A job that whoever waited for it has cancelled is status 130.
        """
        self.assertEqual(exit_status(JobFailed({"state": "cancelled"}, interrupted=True)), 130)

    def test_byCard(self) -> None:
        """
        The codes with which cards refuse are those of the errors that say so.
        """
        codes = {each.code for base in (cardgw.lpa.errors.Es10Error, UnexpectedStatus) for each in subclasses(base)}
        self.assertIn(cardgw.scp.errors.HostRefused.code, codes)
        self.assertEqual(codes - errors.BY_CARD, set())
        every = {each.code for each in subclasses(CardGatewayError)}
        self.assertEqual(errors.BY_CARD - every, set())

    def test_sentences(self) -> None:
        """
        A refused request speaks with the gateway's words; a failed job says which operation it was, and the status word.
        """
        self.assertEqual(str(refused(403, "forbidden")), "No: why. Try.")
        self.assertEqual(str(job()), "lpa.info failed: the card's side closed the connection")
        self.assertEqual(str(job(status_word="6A88")), "lpa.info failed: the card's side closed the connection (6A88)")
        self.assertEqual(str(job(status_word="6A88", detail="6A88: not found")).count("6A88"), 1)
        self.assertEqual(str(job(state="cancelled", detail="by token:admin")), "lpa.info was cancelled: by token:admin")

    def test_described(self) -> None:
        """
        As JSON, an error has code, title, detail and hint, whatever it is.
        """
        for error in (refused(403, "forbidden"), job(), errors.NoCard("x"), JobFailed({"state": "failed"})):
            self.assertLessEqual({"code", "title", "detail", "hint"}, set(described(error)))
        self.assertEqual(described(job(status_word="6A88"))["status_word"], "6A88")
