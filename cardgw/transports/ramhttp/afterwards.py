# -*- test-case-name: tests.transports.ramhttp.test_afterwards -*-
"""
Clients of sessions that are over: they are told why, if nobody has, and then that there is no more.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.defer import Deferred, succeed

from cardgw.errors import ChannelError
from cardgw.transports.ramhttp.http import Post, Reply
from cardgw.transports.ramhttp.orders import form_of
from cardgw.transports.ramhttp.repeats import Memory, Verdict
from cardgw.transports.ramhttp.replies import NOTHING_MORE, SUPERSEDED, template
from cardgw.transports.ramhttp.wire import Notify, WireError, decode_response, encode_request


class Afterwards:
    """
    See L{cardgw.transports.ramhttp.http.HttpSession}.

    @ivar since: when the session has ended, in seconds of the reactor.
    @ivar user: who has shown who it is.
    """

    __slots__ = ("_memory", "_words", "since", "user")

    busy = False

    def __init__(self, memory: Memory, words: Sequence[Notify], since: float, user: str = "") -> None:
        """
        @param memory: of the session.
        @param words: what the client is still to be told.
        """
        self._memory = memory
        self._words = words
        self.since = since
        self.user = user

    def post(self, post: Post) -> Deferred[Reply]:
        """
        See L{cardgw.transports.ramhttp.http.HttpSession}.
        """
        try:
            form = form_of(decode_response(post.body))
        except WireError:
            form = ()
        told = self._memory.reply
        verdict = Verdict.NEW if told is None else self._memory.judge(post, form)
        if told is not None and verdict is Verdict.AGAIN:
            return succeed(told)
        if verdict is Verdict.STALE:
            return succeed(SUPERSEDED)
        words, self._words = self._words, ()
        reply = template(encode_request(words)) if words else NOTHING_MORE
        self._memory.came(post, form)
        self._memory.told(reply, ())
        return succeed(reply)

    def delivered(self, reply: Reply, ok: bool) -> None:
        """
        See L{cardgw.transports.ramhttp.http.HttpSession}.
        """
        if reply is self._memory.reply:
            self._memory.delivered(ok)

    def wind_up(self) -> None:
        """
        There is nothing to be cancelled.
        """

    def end(self, reason: ChannelError | None) -> None:
        """
        It has ended.
        """
