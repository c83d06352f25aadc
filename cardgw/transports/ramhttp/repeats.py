# -*- test-case-name: tests.transports.ramhttp.test_repeats -*-
"""
Telling an answer from one that was sent before.

When a connection breaks before an answer to its request has come, HTTP clients send the request again, on a new connection and
without a word; and templates have no numbers.  So a body that is the last one again may be

  - the same request once more: the client has not seen what it was told to do, and is told again; or
  - the answer to what it was told since, which happens to have the same bytes: C{9000} after C{9000}.

It is the same request where what was told never went out, or does not have answers of that form; and an answer where it comes
over the connection over which it was told.  What is left is a client that changes its connection between being told and
answering.  TCP knows then whether it had read what it was told (L{cardgw.transports.ramhttp.fates}), most often; where it does
not, the session ends, rather than a command being executed twice, or an answer being taken for another's.

TCP knows nothing of proxies, which take one connection or another.  Whoever has used a second one while there was nothing wrong
with the first is never told anything after an answer of the same form: it is told first that there is nothing to do, and the
answer to that lies in between (L{Memory.confusable}).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from hashlib import blake2b

from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import Reply

Form = tuple[bool, ...]
"""The elements of an answer that something was asked for: C{True} for an R-APDU, C{False} for an ATR."""


class Verdict(Enum):
    """
    What a request is.
    """

    NEW = "new"
    AGAIN = "again"
    DOUBTFUL = "doubtful"


_VERDICTS = {
    Fate.HERE_READ: Verdict.NEW,
    Fate.GONE_READ: Verdict.NEW,
    Fate.GONE_UNREAD: Verdict.AGAIN,
    Fate.UNKNOWN: Verdict.DOUBTFUL,
}
_CLOSED_BY_CLIENT = {Fate.GONE_READ, Fate.GONE_UNREAD}


class Memory:
    """
    The last request of a session, and what it was told.

    @ivar reply: what was told; C{None} while nothing was.
    @ivar moves: whether the client uses one connection or another.
    """

    __slots__ = ("_connection", "_digest", "_expected", "_fate", "_form", "_handed", "moves", "reply")

    def __init__(self, fate: Callable[[int], Fate]) -> None:
        """
        @param fate: what is known of a connection.
        """
        self._fate = fate
        self.reply: Reply | None = None
        self.moves = False
        self._connection = 0
        self._digest = b""
        self._form: Form | None = None
        self._expected: Form = ()
        self._handed = False

    def same(self, body: bytes) -> bool:
        """
        Whether a body is that of the last request.
        """
        return _digest(body) == self._digest

    def judge(self, body: bytes, form: Form, connection: int) -> Verdict:
        """
        @param form: of the body.
        @param connection: a number of the connection over which it came.
        """
        if not self.same(body):
            return Verdict.NEW
        if self.reply is None or not self._handed or form != self._expected:
            return Verdict.AGAIN
        if connection == self._connection or not form:
            return Verdict.NEW
        return _VERDICTS[self._fate(self._connection)]

    def unheard(self, body: bytes, connection: int) -> bool:
        """
        Whether this is the last request again, and its reply has certainly not been read.  For requests that are no answers:
        whoever begins anew sends the same, too.
        """
        if not self.same(body):
            return False
        if self.reply is None or not self._handed:
            return True
        return connection != self._connection and self._fate(self._connection) is Fate.GONE_UNREAD

    def came(self, body: bytes, form: Form | None, connection: int) -> None:
        """
        A new request.

        @param form: C{None} for the first one of all.
        """
        self._digest, self._form, self.reply = _digest(body), form, None
        self.over(connection)

    def over(self, connection: int) -> None:
        """
        A request came over this connection.
        """
        if connection != self._connection:
            if self._connection and self._fate(self._connection) not in _CLOSED_BY_CLIENT:
                self.moves = True
            self._connection = connection

    def told(self, reply: Reply, expected: Form) -> None:
        """
        The last request has its reply.

        @param expected: the form of its answer.
        """
        self.reply, self._expected, self._handed = reply, expected, True

    def delivered(self, ok: bool) -> None:
        """
        What has become of the reply.

        @param ok: C{False} where it never went out.
        """
        self._handed = ok

    def confusable(self, expected: Form) -> bool:
        """
        Whether an answer of this form could not be told from the last request.
        """
        return self.moves and bool(expected) and expected == self._form


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).digest()
