# -*- test-case-name: tests.gateway.test_faults -*-
"""
What those who ask the gateway can be told, besides what goes wrong with cards.
"""

from __future__ import annotations

from cardgw.errors import CardGatewayError, LocalError, OperationRefused


class UnknownCard(LocalError):
    """
    No such card is here.
    """

    hint = "See `cardgw cards`. A job can be queued for a card that is not here: by its identity, such as eid: and 32 digits."


class UnknownJob(LocalError):
    """
    There is no such job.
    """


class UnknownParcel(LocalError):
    """
    There is no such entry in the outbox.
    """


class UnknownToken(LocalError):
    """
    There is no such token.
    """


class Conflict(LocalError):
    """
    That is not possible in the present state.
    """


class NoWayForLinks(Conflict):
    """
    Cards cannot come by links.
    """

    hint = "Links are for cards behind RAMOverHTTP clients: turn on [transports.ramhttp] in cardgw.toml."


class LinkExpired(CardGatewayError):
    """
    The link by which the card was to come has expired.
    """


class LinkWithdrawn(CardGatewayError):
    """
    The link by which the card was to come was withdrawn.
    """


class NothingLeft(OperationRefused):
    """
    Nothing is left to be done by this link.
    """

    hint = "Its jobs have ended. Ask whoever made it what comes next."


class NotAsking(Conflict):
    """
    The job has no question.
    """


class Unauthenticated(LocalError):
    """
    A valid token is needed.
    """

    hint = "It was revoked, has expired, or belongs to another gateway."


class Forbidden(LocalError):
    """
    The token does not allow this.
    """


class WrongCode(LocalError):
    """
    This code is not valid, or not any more.
    """


class NoTranscript(LocalError):
    """
    There is no transcript of this job.
    """


class TooOften(LocalError):
    """
    That was tried too often.

    @ivar seconds: when it may be tried again, from now.
    """

    seconds: float = 5.0


class OtherCard(OperationRefused):
    """
    This is not the card that the job is for.
    """

    hint = "The card claims to be one that it is not. Look where it came from: the log has its address."


class StoreError(CardGatewayError):
    """
    The store cannot be used.
    """


class NewerSchema(StoreError):
    """
    The store was written by a newer version of cardgw.
    """

    hint = "Install that version, or point [store] at another database."


class StoreInUse(StoreError):
    """
    Another gateway uses this store.
    """


class JobInterrupted(CardGatewayError):
    """
    The gateway was ended in the midst of this job.
    """

    hint = "What it had reached is in the result; see the list of profiles before you try again."
