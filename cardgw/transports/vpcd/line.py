# -*- test-case-name: tests.transports.vpcd.test_line -*-
"""
What is asked of the card's side, and its answers: they come in the same order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from cardgw.connections.connection import Connection
from cardgw.transports.vpcd.wire import Control, control

GOODBYE = control(Control.POWER_OFF)


class Line:
    """
    What a session and its channels write to.

    @param poll: seconds of rest after which the connection's owner is told so.
    """

    def __init__(self, connection: Connection, poll: float) -> None:
        self._connection = connection
        self._poll = poll
        self._due: deque[Callable[[bytes], object]] = deque()

    @property
    def due(self) -> int:
        """
        How many answers are awaited.
        """
        return len(self._due)

    @property
    def leaving(self) -> bool:
        """
        Whether nothing is written any more.
        """
        return self._connection.leaving

    def ask(self, octets: bytes, seconds: float, what: str, answered: Callable[[bytes], object]) -> None:
        """
        Write messages, the last of which has an answer.

        @param octets: whole messages.
        @param seconds: how long the answer is waited for.
        @param what: what is awaited, for people.
        @param answered: gets the body of the answer.
        """
        self._due.append(answered)
        self._connection.expect(seconds, what)
        self._connection.write(octets)

    def came(self, body: bytes) -> None:
        """
        An answer has come; one must be L{due}.
        """
        self._due.popleft()(body)

    def rest(self) -> None:
        """
        Nothing is to be done now.  If an answer is still due, it goes on being awaited.
        """
        if not self._due:
            self._connection.expect(self._poll, "anything to do")

    def depart(self) -> None:
        """
        Power the card off, and close.
        """
        self._connection.depart(GOODBYE)

    def lost(self) -> None:
        """
        The connection is gone: forget everything.
        """
        self._due.clear()
        self._connection.lost()
