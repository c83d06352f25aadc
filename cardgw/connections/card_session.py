# -*- test-case-name: tests.connections.test_card_session -*-
"""
How a session with a card that has dialled in is ended from this side.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from cardgw.connections.connection import Connection
from cardgw.errors import CardGatewayError, ChannelError
from cardgw.interfaces import ICardChannel


class CardSession:
    """
    See L{cardgw.connections.sessions.Session}.  For protocols, which set C{_connection}, C{_channel} while there is one, and
    C{_job} while the gateway is at it, and say goodbye themselves where there is no channel that does.
    """

    _connection: Connection
    _channel: ICardChannel | None = None
    _job: Deferred[CardGatewayError | None] | None = None
    _ending: ChannelError | None = None

    @property
    def busy(self) -> bool:
        """
        Whether a card is being served.
        """
        return self._job is not None

    def wind_up(self) -> None:
        """
        Cancel the job; the goodbye follows when it has ended.
        """
        if self._job is not None:
            self._job.cancel()

    def end(self, reason: ChannelError | None) -> None:
        """
        Say goodbye.

        @param reason: C{None} for the ordinary end.
        """
        if self._connection.leaving:
            return
        self._ending = reason
        if self._channel is not None:
            self._channel.close(reason)
        else:
            self._say_goodbye(reason)

    def _say_goodbye(self, reason: ChannelError | None) -> None:
        raise NotImplementedError
