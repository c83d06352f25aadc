# -*- test-case-name: tests.lpa.test_cancel -*-
"""
Giving up a session: the eUICC signs that it was cancelled, and why, and the server is told (SGP.22 3.0.2, 5.7.14, 5.6.5).

The reason matters to the card holder: after C{postponed} and C{timeout} the order stays as it is and the same activation code
works again, after any other it may be lost.  So all that is not final is postponed.
"""

from __future__ import annotations

from twisted.internet import defer
from twisted.internet.defer import CancelledError, Deferred

from cardgw.errors import CardGatewayError, ChannelError, NobodyToAsk, OperationCancelled, OperationRefused
from cardgw.interfaces import ISession
from cardgw.lpa import download_errors as refused
from cardgw.lpa import server_errors as server
from cardgw.lpa.es9 import Es9, Es9Error
from cardgw.lpa.es10 import CancelReason, cancel_session, parse_cancelled
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.package import PackageError

TIME_LIMIT = 30.0
"""Seconds for both messages together."""

REASONS: tuple[tuple[type[Exception], CancelReason], ...] = (
    (refused.RejectedByUser, CancelReason.END_USER_REJECTION),
    (refused.PolicyRuleRefused, CancelReason.PPR_NOT_ALLOWED),
    (refused.MetadataMismatch, CancelReason.METADATA_MISMATCH),
    (refused.InstallationFailed, CancelReason.LOAD_BPP_EXECUTION_ERROR),
    (PackageError, CancelReason.LOAD_BPP_EXECUTION_ERROR),
    (refused.DownloadRefused, CancelReason.POSTPONED),
    (NobodyToAsk, CancelReason.POSTPONED),
    (OperationRefused, CancelReason.POSTPONED),
    (CancelledError, CancelReason.POSTPONED),
    (OperationCancelled, CancelReason.POSTPONED),
    (Es9Error, CancelReason.POSTPONED),
    (server.ServerSilent, CancelReason.TIMEOUT),
    (server.CertificateRefused, CancelReason.UNDEFINED),
    (server.MalformedServerAnswer, CancelReason.UNDEFINED),
    (server.AnswerTooLarge, CancelReason.UNDEFINED),
    (refused.OtherServer, CancelReason.UNDEFINED),
    (server.ServerError, CancelReason.POSTPONED),
)
"""The first entry that fits counts; what is not here is L{CancelReason.UNDEFINED}."""


def reason_for(error: BaseException) -> CancelReason:
    """
    With which reason a session is cancelled that ended with this error.
    """
    return next((reason for kind, reason in REASONS if isinstance(error, kind)), CancelReason.UNDEFINED)


async def cancel(session: ISession, isdr: Isdr, es9: Es9, transaction_id: str, error: BaseException) -> None:
    """
    Cancel a session on the eUICC and at the server, as far as that is still possible.  Never fails, and takes
    L{TIME_LIMIT} at most.
    """
    if isinstance(error, ChannelError):
        return
    work = Deferred.fromCoroutine(_cancel(session, isdr, es9, transaction_id, reason_for(error)))
    try:
        await work.addTimeout(TIME_LIMIT, session.clock)
    except (CardGatewayError, CancelledError, defer.TimeoutError) as problem:
        session.log.info(
            "the session could not be cancelled everywhere: {problem}", problem=str(problem) or type(problem).__name__
        )


async def _cancel(session: ISession, isdr: Isdr, es9: Es9, transaction_id: str, reason: CancelReason) -> None:
    session.stage("es10b_cancel_session", reason=reason.name.lower())
    response = parse_cancelled(await isdr.command(cancel_session(bytes.fromhex(transaction_id), reason)))
    session.stage("es9p_cancel_session")
    await es9.cancel_session(transaction_id, response)
