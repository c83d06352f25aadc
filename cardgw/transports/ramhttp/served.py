# -*- test-case-name: tests.transports.ramhttp.test_served -*-
"""
A session whose card the gateway serves: what all dialects have in common.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.errors import CardGatewayError, ChannelError
from cardgw.interfaces import IGateway

if TYPE_CHECKING:
    from cardgw.transports.ramhttp.channel import TemplateChannel

_log = Logger()


class ServedSession:
    """
    See L{cardgw.connections.sessions.Session}.  Subclasses define C{_done}.

    @ivar peer: where its client is, for people.
    @ivar host: what it is counted under.
    @ivar began: when, in seconds of the reactor.
    """

    __slots__ = ("_channel", "_gateway", "_job", "began", "host", "peer")

    def __init__(self, gateway: IGateway, peer: str, host: str) -> None:
        self.peer, self.host = peer, host
        self.began = gateway.reactor.seconds()
        self._gateway = gateway
        self._channel: TemplateChannel | None = None
        self._job: Deferred[CardGatewayError | None] | None = None

    def arrive(self, channel: TemplateChannel) -> None:
        """
        The card is here.
        """
        self._channel = channel
        job = self._job = maybeDeferred(self._gateway.arrived, channel)
        job.addErrback(self._job_failed).addCallback(self._job_ended)

    def _job_failed(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            _log.failure("{peer}: the card was not served", failure, event="request-not-served", peer=self.peer)

    def _job_ended(self, error: CardGatewayError | None) -> None:
        self._job = None
        self._done(error)

    def _done(self, error: CardGatewayError | None) -> None:
        """
        What the card asked for is done, or has failed.
        """
        raise NotImplementedError

    def _words(self, text: str) -> str:
        return self._gateway.words(text)

    @property
    def seconds(self) -> Callable[[], float]:
        """
        Gives the time.
        """
        return self._gateway.reactor.seconds  # type: ignore[no-any-return]

    @property
    def apdus(self) -> int:
        """
        How many commands have been sent.
        """
        return 0 if self._channel is None else self._channel.apdus

    @property
    def busy(self) -> bool:
        """
        Whether a card is being served.
        """
        return self._job is not None

    def wind_up(self) -> None:
        """
        Cancel what is being done; the session ends in its own way.
        """
        if self._job is not None:
            self._job.cancel()

    def end(self, reason: ChannelError | None) -> None:
        """
        Say goodbye.
        """
        if self._channel is not None:
            self._channel.close(reason)

    def log_end(self, reason: ChannelError | None, exchanges: int) -> None:
        """
        Write down that it has ended.

        @param reason: C{None} for the ordinary end.
        @param exchanges: how many requests there were that were no repetitions.
        """
        _log.info(
            "{peer}: gone after {seconds:.1f} s, {exchanges} requests and {apdus} APDUs: {reason}",
            event="session-ended",
            peer=self.peer,
            seconds=round(self.seconds() - self.began, 1),
            exchanges=exchanges,
            apdus=self.apdus,
            reason="goodbye" if reason is None else str(reason),
        )
