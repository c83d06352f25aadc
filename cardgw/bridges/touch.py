# -*- test-case-name: tests.bridges.test_touch -*-
"""
A card here becomes the card of a RAMOverHTTP server: what the server asks for is done to the card, and answered, until the server
says that it is over (the dialect of the OpenSCDP clients).
"""

from __future__ import annotations

from typing import Protocol

from attrs import field, frozen
from twisted.internet.defer import Deferred

from cardgw.interfaces import ICardChannel


@frozen
class Session:
    """
    Where the server is, and what it is told besides.  See L{cardgw.bridges.touch_session.parse}.

    @ivar url: C{http://…} or C{https://…}, without user and password.
    @ivar cookie: C{name=value}, as it goes to the server; empty for none.  The server's own replaces it.
    @ivar authorization: the value of that header; empty for none.
    """

    url: str
    cookie: str = field(default="", repr=False)
    authorization: str = field(default="", repr=False)


@frozen
class Outcome:
    """
    How a session ended that the server ended, or whoever began it.

    @ivar commands: how many the card answered.
    @ivar notice: the last notification of the server that told of an error (its number was negative) or of completion (0); empty
        where there was none.
    @ivar failed: the server told of an error.
    @ivar cancelled: it was cancelled here.
    """

    commands: int
    notice: str = ""
    failed: bool = False
    cancelled: bool = False

    @property
    def good(self) -> bool:
        """
        Whether all is well.
        """
        return not (self.failed or self.cancelled)


class Watcher(Protocol):
    """
    Is told how a session goes.  Must not raise.
    """

    def connected(self, atr: bytes) -> None:
        """
        The server has answered for the first time.
        """

    def command(self, octets: bytes) -> None:
        """
        A command goes to the card.  Where its data are a PIN or a password they are replaced by as many asterisks.
        """

    def answer(self, octets: bytes) -> None:
        """
        The card's answer; empty where there is none.
        """

    def reset(self, atr: bytes) -> None:
        """
        The card was started anew.
        """

    def notified(self, id: int, text: str, seconds: int | None) -> None:
        """
        The server says something to the card holder.

        @param id: negative for an error, 0 for completion, positive for progress.
        @param seconds: how long what comes next may take, where the server tells.
        """

    def warned(self, text: str) -> None:
        """
        Something is odd, and the session goes on.
        """

    def ended(self) -> None:
        """
        It is over, however.  Comes once.
        """


class Line(Protocol):
    """
    Carries bodies to one server (L{cardgw.bridges.touch_http.HttpLine}).
    """

    def post(self, body: bytes, *, again: bool = True) -> Deferred[bytes | None]:
        """
        Send a body.  Cancelling it closes its connection.

        @param again: whether it is sent once more, on a new connection, where its connection died before an answer came.
        @return: the body of the answer; C{None} where the server has nothing more to ask for (204).
        @raise CardGatewayError: (as failure) one of L{cardgw.bridges.touch_errors}.
        """

    def close(self) -> Deferred[None]:
        """
        Close all connections.
        """


def touch(channel: ICardChannel, line: Line, clock: object, watcher: Watcher) -> Deferred[Outcome]:
    """
    Be the card's side of one session.  The card is held meanwhile, and not closed in the end; the line is.

    Cancelling it tells the server so, on a second connection while the server thinks; it fires soon after that, with what the
    session came to.

    @param clock: C{IReactorTime}.
    @return: C{Deferred[Outcome]}.
    @raise ChannelError: (as failure) the card was lost; the server has been told.
    @raise CardGatewayError: (as failure) one of L{cardgw.bridges.touch_errors}.
    """
    raise NotImplementedError
