# -*- test-case-name: tests.transports.ramhttp.test_session,tests.transports.ramhttp.test_session_properties -*-
"""
One dialogue in the dialect of CardContact: what the card is to do, what it has answered, and the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger

from cardgw.errors import CardGatewayError, ChannelClosed, ChannelError, PeerLost, PeerMisbehaved, PeerSilent
from cardgw.interfaces import IGateway
from cardgw.transports.ramhttp.errors import AnswersUncertain, CardRemoved, EndedByClient, quoted
from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import Post, Reply, refusal
from cardgw.transports.ramhttp.orders import closing, form_of, results
from cardgw.transports.ramhttp.polling import First, Polling, Times
from cardgw.transports.ramhttp.repeats import Form, Memory, Verdict
from cardgw.transports.ramhttp.replies import NOTHING_MORE, SUPERSEDED, template
from cardgw.transports.ramhttp.served import ServedSession
from cardgw.transports.ramhttp.settings import RamHttpSettings
from cardgw.transports.ramhttp.wire import (
    Answer,
    Apdu,
    Notify,
    ResetCard,
    WireError,
    decode_response,
    encode_request,
    is_initiation,
)
from cardgw.transports.ramhttp.work import Work

_log = Logger()
_DONE = "Done."


class Phase(Enum):
    """
    How far a session is.
    """

    LIVE = "live"
    LEAVING = "leaving"
    TOLD = "told"
    OVER = "over"


class House(Protocol):
    """
    Where sessions live.
    """

    settings: RamHttpSettings
    gateway: IGateway
    times: Times
    fate: Callable[[int], Fate]

    def over(self, session: ContactSession, memory: Memory, last_words: Sequence[Notify], reason: ChannelError | None) -> None:
        """
        A session has ended.

        @param memory: its last request, which may come again.
        @param last_words: what its client has not been told yet.
        @param reason: C{None} for the ordinary end.
        """


class ContactSession(ServedSession):
    """
    See L{cardgw.transports.ramhttp.http.HttpSession} and L{cardgw.transports.ramhttp.channel.Carrier}.

    @ivar name: what the client calls it in its cookie.
    @ivar link: the token of the link by which it came; else empty.
    @ivar user: who has shown who it is.
    @ivar first: its first request, as L{cardgw.transports.ramhttp.contact} knows it again.
    """

    __slots__ = ("_final", "_house", "_last_words", "_phase", "_polling", "_reason", "_work", "first", "link", "name", "user")

    def __init__(
        self, house: House, post: Post, name: str, cookie: str = "", link: str = "", *, takes_turns: bool = False
    ) -> None:
        """
        @param post: its first one.
        @param cookie: what its first reply sets, or nothing.
        @param takes_turns: see L{Polling}.
        """
        super().__init__(house.gateway, post.peer, post.host)
        clock = house.gateway.reactor
        self.name, self.link, self.user = name, link, post.user
        self.first: First = (post.host, post.user, post.path, post.body)
        self._house = house
        self._polling = Polling(clock, house.times, house.fate, cookie, self._late, takes_turns=takes_turns)
        self._work = Work(clock, self._serve)
        self._phase = Phase.LIVE
        self._reason: ChannelError | None = None
        self._last_words: tuple[Notify, ...] = ()
        self._final = False

    def _done(self, error: CardGatewayError | None) -> None:
        if self._phase is Phase.LIVE:
            self._choose_words(error)
            self.end(None)

    @property
    def exchanges(self) -> int:
        """
        How many requests there were.
        """
        return self._polling.count

    @property
    def busy(self) -> bool:
        """
        See L{cardgw.connections.sessions.Session}.
        """
        return super().busy and self._phase is Phase.LIVE

    def lose(self, reason: ChannelError) -> None:
        """
        The card is lost; its client is told so if it comes back.
        """
        self._lost(reason)

    def begins_again(self, post: Post) -> bool:
        """
        Whether this is its first request again, of a client that has never been answered.
        """
        return self._polling.count == 1 and self._polling.unheard(post)

    def forsaken(self, post: Post) -> bool:
        """
        Whether its client seems to be gone, and this is the first request of its next attempt.
        """
        return self._polling.broken or (self._polling.count == 1 and self._polling.same(post))

    @property
    def held(self) -> bool:
        """
        Whether its client waits to be told something.
        """
        return self._polling.held

    def post(self, post: Post) -> Deferred[Reply]:
        """
        See L{cardgw.transports.ramhttp.http.HttpSession}.
        """
        self.peer = post.peer
        if is_initiation(post.body):
            return self._again(post) if self._polling.count else self._held(post, None)
        try:
            answer = decode_response(post.body)
        except WireError as problem:
            return self._misbehaved(post, None, PeerMisbehaved(str(problem)))
        return self._answers(post, answer) if closing(answer) is None else self._closed_by_client(post, answer)

    def _answers(self, post: Post, answer: Answer) -> Deferred[Reply]:
        form = form_of(answer)
        verdict = self._polling.judge(post, form)
        if verdict is Verdict.AGAIN:
            return self._again(post)
        if verdict is Verdict.STALE:
            return succeed(SUPERSEDED)
        if self._phase is not Phase.LIVE:
            return self._leaving(post, form)
        return self._answered(post, answer, form) if verdict is Verdict.NEW else self._told(post, form, AnswersUncertain())

    def delivered(self, reply: Reply, ok: bool) -> None:
        """
        See L{cardgw.transports.ramhttp.http.HttpSession}.
        """
        if self._polling.delivered(reply, ok) and self._phase is Phase.TOLD and self._final:
            self._over(self._reason)

    def _held(self, post: Post, form: Form | None) -> Deferred[Reply]:
        held = self._polling.came(post, form)
        self._serve()
        return held

    def _again(self, post: Post) -> Deferred[Reply]:
        again = self._polling.came_again(post)
        self._serve()
        return again

    def _answered(self, post: Post, answer: Answer, form: Form) -> Deferred[Reply]:
        if self._work.breaks_off(answer):
            return self._told(post, form, CardRemoved("it has given an empty answer"), answer)
        problem = self._work.problem(answer)
        if problem:
            return self._misbehaved(post, form, PeerMisbehaved(problem), answer)
        held = self._polling.came(post, form)
        self._work.answered(answer)
        self._serve()
        return held

    def _misbehaved(self, post: Post, form: Form | None, error: PeerMisbehaved, answer: Answer | None = None) -> Deferred[Reply]:
        return self._ended(post, form, refusal(400, str(error)), error, answer)

    def _told(self, post: Post, form: Form, error: ChannelError, answer: Answer | None = None) -> Deferred[Reply]:
        self._choose_words(error)
        return self._ended(post, form, template(encode_request(self._last_words)), error, answer)

    def _closed_by_client(self, post: Post, answer: Answer) -> Deferred[Reply]:
        """
        Two requests may be told that there is no more: this one, and one that was held.
        """
        self._polling.dismiss(NOTHING_MORE)
        reason = quoted(closing(answer) or "")
        error = EndedByClient(reason) if all(results(answer)) else CardRemoved(reason)
        return self._ended(post, form_of(answer), NOTHING_MORE, error, answer)

    def _ended(
        self, post: Post, form: Form | None, reply: Reply, error: ChannelError, answer: Answer | None = None
    ) -> Deferred[Reply]:
        """
        Answer a request for the last time.
        """
        held = self._polling.came(post, form)
        self._polling.answer(reply)
        self._lost(error, answer, told=True)
        return held

    def _leaving(self, post: Post, form: Form) -> Deferred[Reply]:
        """
        Whatever it answers, it is told the last words; and after these, that there is no more.
        """
        if self._phase is Phase.LEAVING:
            return self._held(post, form)
        held = self._polling.came(post, form)
        self._polling.answer(NOTHING_MORE)
        self._over(self._reason)
        return held

    def _serve(self) -> None:
        """
        Tell a client that waits what there is to do.
        """
        if not self._polling.held:
            return
        if self._phase is Phase.LEAVING:
            self._phase = Phase.TOLD
            self._polling.tell(encode_request(self._last_words))
        elif (telling := self._work.next(self._polling.confusable)) is not None:
            self._polling.tell(telling.octets, telling.expected, telling.seconds)

    def send(self, commands: Sequence[bytes], seconds: float) -> Deferred[tuple[bytes, ...]]:
        """
        See L{cardgw.transports.ramhttp.channel.Carrier}.
        """
        return self._ordered([Apdu(each) for each in commands], seconds)

    def reset(self, seconds: float) -> Deferred[tuple[bytes, ...]]:
        """
        Start the card anew.

        @return: like that of L{send}; gives its ATR.
        """
        return self._ordered([ResetCard()], seconds)

    def _ordered(self, elements: Sequence[Apdu | ResetCard], seconds: float) -> Deferred[tuple[bytes, ...]]:
        if self._phase is not Phase.LIVE:
            return fail(self._reason.during((), 0) if self._reason is not None else ChannelClosed())
        done = self._work.order(elements, seconds)
        self._serve()
        return done

    def withdraw(self) -> None:
        """
        See L{cardgw.transports.ramhttp.channel.Carrier}.
        """
        self._work.withdraw()

    def forecast(self, seconds: float) -> None:
        """
        What is sent next is expected to take so long.
        """
        self._work.forecast = seconds

    def show(self, text: str) -> Deferred[None]:
        """
        Show the card holder a text.

        @return: fires when there is room for another one.
        """
        return self._work.holder.show(text) if self._phase is Phase.LIVE else succeed(None)

    def leave(self, reason: ChannelError | None) -> None:
        """
        See L{cardgw.transports.ramhttp.channel.Carrier}.
        """
        if self._phase is not Phase.LIVE:
            return
        self._phase, self._reason = Phase.LEAVING, reason
        self._choose_words(None if isinstance(reason, ChannelClosed) else reason)
        self._polling.patience(self._house.settings.close_timeout)
        self._work.lost(reason or ChannelClosed())
        self._serve()

    def _choose_words(self, error: CardGatewayError | None) -> None:
        """
        The first choice counts.
        """
        if not self._last_words:
            failure = "" if error is None else self._words(error.brief)
            self._last_words = self._work.holder.farewell(failure, self._words(_DONE))
            self._final = error is not None

    def _late(self, what: str, seconds: float) -> None:
        if self._phase is not Phase.LIVE:
            self._over(self._reason)
        elif self._polling.broken:
            self._lost(PeerLost(f"its connection was lost, and it has not come back within {seconds:g} s"))
        else:
            self._lost(PeerSilent(f"{what} did not come within {seconds:g} s"))

    def _lost(self, error: ChannelError, answer: Answer | None = None, *, told: bool = False) -> None:
        if self._phase is Phase.OVER:
            return
        if self._phase is not Phase.LIVE:
            self._over(self._reason)
            return
        self._reason = error
        self._phase = Phase.TOLD
        self._work.lost(error, answer)
        if not told:
            self._choose_words(error)
            self._phase = Phase.LEAVING
        self._over(error)

    def _over(self, reason: ChannelError | None) -> None:
        if self._phase is Phase.OVER:
            return
        words = self._last_words if self._phase is Phase.LEAVING else ()
        self._phase = Phase.OVER
        self._polling.dismiss(SUPERSEDED)
        memory = self._polling.end()
        self._work.holder.end(reason or ChannelClosed())
        if self._channel is not None:
            self._channel.gone(reason)
        self._house.over(self, memory, words, reason)
