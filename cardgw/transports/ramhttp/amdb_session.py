# -*- test-case-name: tests.transports.ramhttp.test_amdb_session -*-
"""
One dialogue of GlobalPlatform Amendment B (1.1.3, 3.4): the card's side asks what to do, is given scripts, one after another, and
tells what became of each.

Each script has a number, which is in the address that its answer is posted to, so a request that is sent again is known.  When a
connection breaks, the card's side sends its last request once more (perhaps with C{X-Admin-Resume}):

  - the request whose reply was lost: the reply is given again, since a script that has not come has not been executed.  Of a
    first request that does not say that it comes again, this must be known: whoever begins anew has forgotten what it did;
  - the address of the script's answer, but no answer: the script came.  It is given again only where it was not sent whole, or
    where all that it does is to read; else its commands are told to be unanswered, and whoever sent them decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import field, frozen
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from cardgw.apdu.response import Response
from cardgw.connections.deadline import Deadline
from cardgw.errors import CardGatewayError, ChannelClosed, ChannelError, PeerLost, PeerMisbehaved, PeerSilent
from cardgw.transports.ramhttp import amdb_headers as headers
from cardgw.transports.ramhttp.amdb_errors import ScriptRefused
from cardgw.transports.ramhttp.amdb_script import Script, told
from cardgw.transports.ramhttp.amdb_target import OK, PROBE, is_select, parts, selected
from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import Post, Reply, refusal
from cardgw.transports.ramhttp.served import ServedSession

if TYPE_CHECKING:
    from cardgw.transports.ramhttp.amdb import AmendmentB


@frozen
class Who:
    """
    Whose dialogue it is.

    @ivar agent: what the agent calls itself.
    @ivar psk: its identity of TLS-PSK; C{None} where something in front has the TLS.
    @ivar identity: who the card is.
    @ivar version: the protocol, as the agent names it.
    @ivar user: see L{Post}.
    """

    agent: str = field(repr=False)
    psk: bytes | None = field(repr=False)
    identity: str = field(repr=False)
    version: str
    user: str = field(default="", repr=False)


class AmdbSession(ServedSession):
    """
    See L{cardgw.transports.ramhttp.http.HttpSession} and L{cardgw.transports.ramhttp.channel.Carrier}.

    @ivar id: what nobody can guess.
    """

    def __init__(self, owner: AmendmentB, name: str, who: Who, post: Post) -> None:
        super().__init__(owner.gateway, post.peer, post.host)
        self.id = name
        self.who = who
        self._owner = owner
        self._target = ""
        self._unwanted = False
        self._seen = -1
        self._asked = post.path, post.query
        self._connection = post.connection
        self._pending: Deferred[Reply] | None = None
        self._script: Script | None = None
        self._over = False
        self._deadline = Deadline(owner.gateway.reactor, self._late)

    def _done(self, error: CardGatewayError | None) -> None:
        self.end(None)

    # What the card's side says.

    def is_beginning(self, post: Post) -> bool:
        """
        Whether a request with which somebody begins is the one with which this dialogue has begun: nothing has come of that yet
        which its sender knows of.
        """
        if self._seen > 0 or (post.path, post.query) != self._asked:
            return False
        script = self._script
        if script is None or script.reply is None or script.repeatable:
            return True
        return self._owner.fate(self._connection) is Fate.GONE_UNREAD

    def post(self, post: Post) -> Deferred[Reply]:
        """
        See L{cardgw.transports.ramhttp.http.HttpSession}.
        """
        if self._over:
            return succeed(self._goodbye())
        if self._seen < 0:
            return self._first()
        self._connection = post.connection
        name, number = headers.place_in(post.query)
        script = self._script
        out = script is not None and script.reply is not None
        if not name and self._seen > 0:
            number = self._seen + out  # it has forgotten where it was, but not who it is
        if number == self._seen:
            return self._same_again()
        if number != self._seen + 1 or script is None or not out:
            return succeed(refusal(409, "This is the answer to no script that is waited for."))
        if headers.STATUS in post.headers or post.body:
            return self._reported(script, post, number)
        return self._came_back(script, number)

    def _first(self) -> Deferred[Reply]:
        self._seen = 0
        return self._wait()

    def _wait(self) -> Deferred[Reply]:
        """
        The card's side waits for something to do.
        """
        self._deadline.rest()
        pending: Deferred[Reply] = Deferred(self._disconnected)
        self._pending = pending
        if self._script is not None and self._script.reply is None:
            self._give(self._script)
        return pending

    def _disconnected(self, pending: Deferred[Reply]) -> None:
        if pending is self._pending:
            self._pending = None
            self._expect(0.0)

    def _same_again(self) -> Deferred[Reply]:
        """
        The last request once more: nobody has seen its reply.
        """
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.callback(refusal(409, "The same request has come again, over another connection."))
        script = self._script
        if script is None or script.reply is None:
            return self._wait()
        script.whole = None
        return succeed(script.reply)

    def _reported(self, script: Script, post: Post, number: int) -> Deferred[Reply]:
        """
        What became of a script.
        """
        try:
            answers = script.answers(post)
        except (PeerMisbehaved, ScriptRefused) as problem:
            result: tuple[bytes, ...] | Failure = Failure(problem.with_traceback(None))
            if isinstance(problem, PeerMisbehaved):
                self._leave(problem, script)
                return succeed(refusal(400, str(problem)))
        else:
            result = answers
        return self._next(script, number, result)

    def _next(self, script: Script, number: int, result: tuple[bytes, ...] | Failure) -> Deferred[Reply]:
        self._seen, self._script = number, None
        pending = self._wait()
        script.answered.callback(result)
        return pending

    def _came_back(self, script: Script, number: int) -> Deferred[Reply]:
        """
        The card's side has no answer to the script, although it knows where it is to be sent.
        """
        if script.repeatable and script.reply is not None:
            script.whole = None
            return succeed(script.reply)
        lost = PeerLost("its connection broke, and nothing tells what became of the commands").during((), len(script.commands))
        return self._next(script, number, Failure(lost))

    def delivered(self, reply: Reply, ok: bool) -> None:
        """
        See L{cardgw.transports.ramhttp.http.HttpSession}.
        """
        script = self._script
        if script is not None and reply is script.reply:
            script.whole = ok
            self._expect(script.seconds if ok else 0.0)

    def _expect(self, seconds: float) -> None:
        if not self._over:
            self._deadline.expect(seconds + self._owner.settings.amdb_resume, "the card's side")

    def _late(self, what: str, seconds: float) -> None:
        self.end(PeerSilent(f"{what} did not come back within {seconds:g} s"))

    # What it is told.

    def send(self, commands: Sequence[bytes], seconds: float) -> Deferred[tuple[bytes, ...]]:
        """
        See L{cardgw.transports.ramhttp.channel.Carrier}.
        """
        return Deferred.fromCoroutine(self._send(commands, seconds))

    async def _send(self, commands: Sequence[bytes], seconds: float) -> tuple[bytes, ...]:
        answers: tuple[bytes, ...] = ()
        self._unwanted = False
        for part in parts(commands):
            try:
                got = await (self._select(part[0], seconds) if is_select(part[0]) else self._execute(self._new(part, seconds)))
            except ChannelError as error:
                raise error.during((*map(Response.decode, answers), *error.responses), error.unanswered) from None
            answers += got
            if len(got) != len(part) or self._unwanted:
                break
        return answers

    def _new(self, commands: tuple[bytes, ...], seconds: float) -> Script:
        return Script(commands, seconds, Deferred(self._withdrawn))

    def _execute(self, script: Script) -> Deferred[tuple[bytes, ...]]:
        self._script = script
        if self._pending is not None:
            self._give(script)
        return script.answered

    async def _select(self, octets: bytes, seconds: float) -> tuple[bytes, ...]:
        """
        Have further scripts go to another application, if it is there.
        """
        wanted = selected(octets)
        if isinstance(wanted, bytes):
            return (wanted,)
        before, self._target = self._target, wanted
        if not wanted:
            return (OK,)
        probe, there = self._new((PROBE,), seconds), False
        try:
            await self._execute(probe)
            there = not probe.missed
        finally:
            self._target = wanted if there else before
        return (probe.missed or OK,)

    def _withdrawn(self, answered: Deferred[tuple[bytes, ...]]) -> None:
        if self._script is not None and self._script.answered is answered:
            self._script = None

    def _give(self, script: Script) -> None:
        """
        The next reply is this script.
        """
        owner = self._owner
        following = headers.next_uri(owner.base, self.id, self._seen + 1)
        script.reply = told(script.commands, self.who.version, following, self._target, owner.settings)
        self._answer(script.reply)

    def _answer(self, reply: Reply) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.callback(reply)

    def _goodbye(self) -> Reply:
        return Reply(204, b"", {"X-Admin-Protocol": self.who.version}, close=True)

    def withdraw(self) -> None:
        """
        See L{cardgw.transports.ramhttp.channel.Carrier}.
        """
        self._unwanted = True
        script = self._script
        if script is not None and script.reply is None:
            script.answered.cancel()

    def leave(self, reason: ChannelError | None) -> None:
        """
        See L{cardgw.transports.ramhttp.channel.Carrier}.
        """
        self._leave(reason, self._script)
        self._answer(self._goodbye())

    def _leave(self, reason: ChannelError | None, script: Script | None) -> None:
        if self._over:
            return
        self._over, self._script = True, None
        self._deadline.end()
        if script is not None:
            unanswered = len(script.commands) if script.reply is not None else 0
            script.answered.errback((reason or ChannelClosed()).during((), unanswered))
        if self._channel is not None:
            self._channel.gone(reason)
        self._owner.ended(self)
        self.log_end(reason, self._seen + 1)
