# -*- test-case-name: tests.transports.ramhttp.test_polling -*-
"""
The requests of one client, which are held while there is nothing to do.

There is always one request that counts, in one of three states: it is held; or it has been answered, and the client is at what it
was told, or on its way back; or its connection was lost while it was held, and the client is expected to send it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from attrs import frozen
from twisted.internet.defer import Deferred, succeed

from cardgw.connections.deadline import Deadline
from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import Post, Reply
from cardgw.transports.ramhttp.repeats import Form, Memory, Verdict
from cardgw.transports.ramhttp.replies import KEEP_ALIVE, SUPERSEDED, template, turn

COPIES_MAX = 3
"""So many copies of one request are held at once."""
First: TypeAlias = tuple[str, str, tuple[str, ...], bytes]
"""What is the same of two first requests of one client: where it is, who, path, and body."""


@frozen
class Times:
    """
    @ivar poll: seconds for which a request is held.
    @ivar idle: seconds in which a client has to come back.
    """

    poll: float
    idle: float


class Polling:
    """
    See the module's docstring.

    @ivar broken: whether the connection was lost while its request was held.
    """

    __slots__ = ("_cookie", "_deadline", "_held", "_late", "_memory", "_patience", "_takes_turns", "_times", "broken")

    def __init__(
        self,
        clock: Any,
        times: Times,
        fate: Callable[[int], Fate],
        cookie: str,
        late: Callable[[str, float], object],
        *,
        takes_turns: bool = False,
    ) -> None:
        """
        @param fate: what is known of a connection.
        @param cookie: what goes along with the first reply, or nothing.
        @param late: called with what was awaited, and for how long, when the client has not come back.
        @param takes_turns: the client keeps cookies as browsers do.
        """
        self.broken = False
        self._times = times
        self._patience = times.idle
        self._cookie = cookie
        self._takes_turns = takes_turns
        self._late = late
        self._memory = Memory(fate)
        self._deadline = Deadline(clock, self._time_is_up)
        self._held: tuple[Deferred[Reply], ...] = ()

    @property
    def count(self) -> int:
        """
        How many requests were no repetitions.
        """
        return self._memory.count

    @property
    def held(self) -> bool:
        """
        Whether the client can be told something now.
        """
        return bool(self._held)

    def judge(self, post: Post, form: Form) -> Verdict:
        """
        What a request is.  While one is held, or has been lost, nothing can be in doubt.

        @param form: of its answers.
        """
        return self._memory.judge(post, form)

    def same(self, post: Post) -> bool:
        """
        Whether its body is the one of the last request.
        """
        return self._memory.same(post.body)

    def unheard(self, post: Post) -> bool:
        """
        See L{Memory.unheard}.
        """
        return self._memory.unheard(post)

    def came(self, post: Post, form: Form | None) -> Deferred[Reply]:
        """
        A new request; it is held.

        @param form: of its answers; C{None} for the first one of all.
        """
        self._memory.came(post, form)
        self.dismiss(SUPERSEDED)  # a client has one request at a time: whoever sent the older one is gone
        return self._hold()

    def _hold(self) -> Deferred[Reply]:
        self.broken = False
        held: Deferred[Reply] = Deferred(self._connection_lost)
        self._held = (*self._held, held)
        self._deadline.expect(self._times.poll, "anything to do")
        return held

    def came_again(self, post: Post) -> Deferred[Reply]:
        """
        The last request has come again: it is held, too, or has its reply again.  Nobody knows which of the two the client waits
        for.
        """
        self._memory.over(post)
        reply = self._memory.reply
        if reply is None:
            self._superseded(COPIES_MAX - 1)
            return self._hold()
        self._deadline.expect(self._patience, "the client")
        return succeed(reply)

    def _connection_lost(self, lost: Deferred[Reply]) -> None:
        held = self._held
        self._held = tuple(each for each in held if each is not lost)
        if held and not self._held:
            self.broken = True
            self._deadline.expect(self._times.idle, "the client")

    def confusable(self, expected: Form) -> bool:
        """
        See L{Memory.confusable}.
        """
        return self._memory.confusable(expected)

    def tell(self, octets: bytes, expected: Form = (), seconds: float = 0.0) -> None:
        """
        Answer the request that is held.

        @param octets: a template.
        @param expected: the form of its answers.
        @param seconds: how long they may take.
        """
        cookie, self._cookie = self._cookie, ""
        if not cookie and self._takes_turns:
            cookie = turn(self.count)
        reply = template(octets, cookie)
        self._patience = self._times.idle + seconds
        self._deadline.expect(self._patience, "the answer to a template" if expected else "the client")
        self.answer(reply, expected)

    def answer(self, reply: Reply, expected: Form = ()) -> None:
        """
        Answer the request that is held in another way.
        """
        self._memory.told(reply, expected)
        self.dismiss(reply)

    def dismiss(self, reply: Reply) -> None:
        """
        Answer the request that is held, if there is one, and its copies; if it comes again, it is held again.
        """
        held, self._held = self._held, ()
        for each in held:
            each.callback(reply)

    def _superseded(self, most: int) -> None:
        while len(self._held) > most:
            oldest, *rest = self._held
            self._held = tuple(rest)
            oldest.callback(SUPERSEDED)

    def delivered(self, reply: Reply, ok: bool) -> bool:
        """
        See L{cardgw.transports.ramhttp.http.HttpSession.delivered}.

        @return: whether the client has its last reply now.
        """
        if reply is not self._memory.reply:
            return False
        self._memory.delivered(ok)
        return ok

    def _time_is_up(self, what: str, seconds: float) -> None:
        if self._held:
            self.tell(KEEP_ALIVE)
        else:
            self._late(what, seconds)

    def patience(self, seconds: float) -> None:
        """
        From now on, wait so long for the client.
        """
        self._times, self._patience = Times(self._times.poll, seconds), seconds
        self._deadline.expect(seconds, "the client")

    def end(self) -> Memory:
        """
        No further requests are taken.

        @return: the last one, which may come again.
        """
        self._deadline.end()
        return self._memory
