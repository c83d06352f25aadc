# -*- test-case-name: tests.cli.test_errors -*-
"""
What can go wrong for those who type C{cardgw}, and the exit statuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cardgw.apdu.transcript import TranscriptError
from cardgw.errors import CardGatewayError, LocalError, MissingPlugin, ParameterError, SecretError, SettingsError, Unreachable

DONE, FAILED, USAGE, NO_CARD, REFUSED, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
"""Exit statuses; see L{STATUSES}."""
STATUSES = """\
exit status: 0 done, 1 failed, 2 wrong usage or no valid token, 3 no such card is here, 4 the card refused,
5 the gateway cannot be reached, 130 interrupted"""
BY_CARD = frozenset(
    {"es10", "profile-not-installed", "installation-failed", "unexpected-status", "host-refused"}
    | {"load-refused", "install-refused", "signature-refused", "package-missing", "not-enough-memory"}
)
"""Codes of errors with which a card refuses."""
_PINS = frozenset({"wrong-pin", "pin-blocked"})
"""The same of those that a command meets without a gateway."""


class GatewayUnreachable(CardGatewayError):
    """
    The gateway cannot be reached.
    """

    hint = "Is `twistd cardgw` running there? --url says where it is, or `cardgw login` once and for all."


class RequestRefused(CardGatewayError):
    """
    The gateway refused the request.

    @ivar status: of HTTP.
    @ivar problem: what it says (RFC 9457).
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or ""), hint=str(problem.get("hint") or ""))
        self.status = status
        self.problem = dict(problem)

    @property
    def sentence(self) -> str:
        """
        The gateway's own.
        """
        return str(self.problem.get("title") or f"HTTP status {self.status}").rstrip(".")


class NoToken(LocalError):
    """
    The gateway wants a token.
    """

    hint = "`cardgw login` keeps one, $CARDGW_TOKEN or --token-file give one. The gateway prints its first one when it starts."


class NoCard(LocalError):
    """
    It is not clear which card is meant.
    """


class EmptyReader(NoCard):
    """
    No card is in this reader.
    """

    hint = "`cardgw readers` lists readers and cards."


class OtherCommandRuns(LocalError):
    """
    Another command with --reader is running.
    """

    hint = "They go one after another; a gateway that runs serves many at once."


class OwnGatewayFailed(LocalError):
    """
    The gateway for the reader did not start.
    """


class JobFailed(CardGatewayError):
    """
    The job did not succeed.

    @ivar job: as the API shows it.
    @ivar interrupted: whoever waited for it has cancelled it.
    """

    def __init__(self, job: Mapping[str, Any], *, interrupted: bool = False) -> None:
        self.job = job
        self.interrupted = interrupted
        self.error: Mapping[str, Any] = job.get("error") or {}
        super().__init__(str(self.error.get("detail") or ""), hint=str(self.error.get("hint") or ""))

    @property
    def sentence(self) -> str:
        """
        The operation, and why.
        """
        what = "was cancelled" if self.job.get("state") == "cancelled" else "failed"
        title = str(self.error.get("title") or "").rstrip(".")
        status = str(self.error.get("status_word") or "")
        if status and status not in f"{title} {self.detail}":
            title += f" ({status})"
        told = f"{self.job.get('operation')} {what}"
        return told if not title or what == "was cancelled" else f"{told}: {title[:1].lower()}{title[1:]}"


class CardLeft(CardGatewayError):
    """
    The card was lost; the job waits for its next visit.
    """


class NotConfirmed(LocalError):
    """
    This cannot be undone, so it must be confirmed.
    """

    hint = "Use a terminal, or say --yes."


class AnswerNeeded(CardGatewayError):
    """
    The job has a question, and was cancelled because nobody is to be asked.
    """


class ClientFileError(SettingsError):
    """
    The file in which the command keeps its token cannot be used.
    """


class QrCodeError(ParameterError):
    """
    No activation code could be read from the picture.
    """


_MISTAKES = (ParameterError, MissingPlugin, NoToken, NotConfirmed, OwnGatewayFailed, SecretError, SettingsError, TranscriptError)
"""Whoever typed the command can put these right."""


def described(error: CardGatewayError) -> dict[str, Any]:
    """
    An error as JSON.
    """
    if isinstance(error, RequestRefused):
        return {key: value for key, value in error.problem.items() if key != "type"}
    if isinstance(error, JobFailed):
        return dict(error.error) or {"code": error.job.get("state"), "title": error.sentence, "detail": "", "hint": ""}
    return {"code": error.code, "title": error.sentence, "detail": error.detail, "hint": error.hint}


def exit_status(error: CardGatewayError) -> int:
    """
    The exit status for an error.
    """
    if isinstance(error, JobFailed):
        if error.interrupted:
            return INTERRUPTED
        return REFUSED if error.error.get("status_word") or error.error.get("code") in BY_CARD else FAILED
    if isinstance(error, RequestRefused):
        return _of_problem(error)
    if isinstance(error, GatewayUnreachable | Unreachable):
        return UNREACHABLE
    if isinstance(error, NoCard | CardLeft):
        return NO_CARD
    return REFUSED if error.code in _PINS else USAGE if isinstance(error, _MISTAKES) else FAILED


def _of_problem(error: RequestRefused) -> int:
    code = error.problem.get("code")
    if code == "unknown-card":
        return NO_CARD
    return USAGE if error.status in {400, 401, 422} or code == "missing-plugin" else FAILED
