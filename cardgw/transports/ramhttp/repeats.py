# -*- test-case-name: tests.transports.ramhttp.test_repeats -*-
"""
Telling an answer from one that was sent before.

When a connection breaks before an answer to its request has come, HTTP clients send the request again, on a new connection and
without a word; and templates have no numbers.  So a body that is the last one again may be

  - the same request once more: the client has not seen what it was told to do, and is told again; or
  - the answer to what it was told since, which happens to have the same bytes: C{9000} after C{9000}.

Some clients number their requests (L{NUMBER}), and others can be made to by a cookie that is another one each time (L{TURN}):
with these nothing is ever in doubt.

With the others, it is the same request where what was told never went out, or does not have answers of that form, or the
connection was closed before all of it had been read; and an answer where it comes over the connection over which it was told.
What is left is a client that changes its connection between being told and answering: the session ends then, rather than a
command being executed twice, or an answer being taken for another's.  That TCP has acknowledged what was told says nothing: it
may have been read by something in between, which has lost it.

Whoever has changed its connection once, or comes through a proxy, which has connections of its own, is not told anything any more
after an answer of the same form: it is told first that there is nothing to do, and the answer to that lies in between
(L{Memory.confusable}).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from hashlib import blake2b

from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import Post, Reply

Form = tuple[bool, ...]
"""The elements of an answer that something was asked for: C{True} for an R-APDU, C{False} for an ATR."""


NUMBER = "x-cardgw-number"
"""The header with which clients number their requests, from 1 on; one that is sent again has the same number."""
TURN = "cardgw-turn"
"""The cookie that is the number of the reply that the client has read last."""
_PROVEN = 3
"""So many replies a client must have read, as its cookie says, before this is relied upon: some never take another cookie."""
_DIGITS_MAX = 9
_EARLIER = 3
"""So many requests before the last one are known."""


class Verdict(Enum):
    """
    What a request is.
    """

    NEW = "new"
    AGAIN = "again"
    STALE = "stale"
    DOUBTFUL = "doubtful"


class Memory:
    """
    The last request of a session, and what it was told.

    @ivar reply: what was told; C{None} while nothing was.
    @ivar count: requests that were no repetitions.
    @ivar moves: whether the client uses one connection or another.
    """

    __slots__ = (
        "_connection", "_digest", "_earlier", "_expected", "_fate", "_form", "_handed", "_keeps_turns", "_numbered",
        "_went_out", "count", "moves", "reply",
    )  # fmt: skip

    def __init__(self, fate: Callable[[int], Fate]) -> None:
        """
        @param fate: what is known of a connection.
        """
        self._fate = fate
        self.reply: Reply | None = None
        self.count = 0
        self.moves = False
        self._connection = 0
        self._digest = b""
        self._earlier: tuple[bytes, ...] = ()
        self._form: Form | None = None
        self._expected: Form = ()
        self._handed = self._went_out = False
        self._numbered = self._keeps_turns = False

    def same(self, body: bytes) -> bool:
        """
        Whether a body is that of the last request.
        """
        return _digest(body) == self._digest

    def judge(self, post: Post, form: Form) -> Verdict:
        """
        @param form: of its answers.
        """
        number = self._number(post)
        if number is not None:
            return self._judge_number(post, number)
        awaited = self.reply is not None and self._handed and form == self._expected
        if not self.same(post.body):
            return Verdict.STALE if form and self._is_stale(post, awaited) else Verdict.NEW
        if not awaited:
            return Verdict.AGAIN
        if post.connection == self._connection or not form:
            return Verdict.NEW
        return Verdict.AGAIN if self._unread() else Verdict.DOUBTFUL

    def _judge_number(self, post: Post, number: int) -> Verdict:
        if number == self.count + 1:
            return Verdict.NEW
        return Verdict.AGAIN if number == self.count and self.same(post.body) else Verdict.STALE

    def _is_stale(self, post: Post, awaited: bool) -> bool:
        """
        Whether this is a request of before that has been under way for long: it does not fit what was told, or comes over a
        connection that its client has given up.

        @param awaited: it would fit.
        """
        if _digest(post.body) not in self._earlier:
            return False
        return not awaited or (post.connection < self._connection and not self.moves)

    def _number(self, post: Post) -> int | None:
        """
        The number of a request; C{None} where there is none, or none to be relied upon.
        """
        return _header(post) or (_turn(post) if self._keeps_turns or self._shows_turn(post) else None)

    def _shows_turn(self, post: Post) -> bool:
        return _turn(post) == self.count + 1 > _PROVEN

    def _unread(self) -> bool:
        return self._fate(self._connection) is Fate.GONE_UNREAD

    def unheard(self, post: Post) -> bool:
        """
        Whether this is the last request again, and its reply has certainly not been read.  For requests that are no answers:
        whoever begins anew sends the same, too.
        """
        if not self.same(post.body):
            return False
        if self.reply is None or not self._handed:
            return True
        return post.connection != self._connection and self._unread()

    def came(self, post: Post, form: Form | None) -> None:
        """
        A new request.

        @param form: of its answers; C{None} for the first one of all.
        """
        self._numbered = _header(post) is not None
        self._keeps_turns = self._keeps_turns or self._shows_turn(post)
        number = self._number(post)
        self.count = self.count + 1 if number is None else number
        self._earlier = (*self._earlier, self._digest)[-_EARLIER:]
        self._digest, self._form, self.reply = _digest(post.body), form, None
        self.over(post)

    def over(self, post: Post) -> None:
        """
        A request came over its connection.
        """
        self.moves = self.moves or post.proxied
        if post.connection != self._connection:
            if self._connection and not self._unread():
                self.moves = True
            self._connection = post.connection

    def told(self, reply: Reply, expected: Form) -> None:
        """
        The last request has its reply.

        @param expected: the form of its answer.
        """
        self.reply, self._expected, self._handed, self._went_out = reply, expected, True, False

    def delivered(self, ok: bool) -> None:
        """
        What has become of the reply.

        @param ok: C{False} where it never went out.
        """
        self._handed = ok or self._went_out
        self._went_out = self._handed

    def confusable(self, expected: Form) -> bool:
        """
        Whether an answer of this form could not be told from the last request.
        """
        if self._numbered or self._keeps_turns:
            return False
        return self.moves and bool(expected) and expected == self._form


def _header(post: Post) -> int | None:
    return _natural(post.headers.get(NUMBER, ""))


def _turn(post: Post) -> int | None:
    """
    The number of a request by the reply before it.
    """
    cookies = (each.strip().partition("=") for each in post.headers.get("cookie", "").split(";"))
    read = next((_natural(value) for name, _, value in cookies if name == TURN), None)
    return None if read is None else read + 1


def _natural(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX else None


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).digest()
