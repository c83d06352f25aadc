# -*- test-case-name: tests.transports.ramhttp.test_contact -*-
"""
The dialect of CardContact: whose request is whose, and how a session begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from secrets import token_urlsafe

from attrs import define, field
from twisted.logger import Logger

from cardgw.connections.sessions import Full, Sessions
from cardgw.errors import CardGatewayError, ChannelError, UnknownLink
from cardgw.interfaces import IGateway
from cardgw.transports.ramhttp.afterwards import Afterwards
from cardgw.transports.ramhttp.asked import link_in, refused, request_of
from cardgw.transports.ramhttp.contact_channel import ContactChannel
from cardgw.transports.ramhttp.errors import ClientRestarted
from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.holder import FAILED
from cardgw.transports.ramhttp.http import HttpSession, Post, Reply, refusal
from cardgw.transports.ramhttp.polling import First, Times
from cardgw.transports.ramhttp.repeats import Memory
from cardgw.transports.ramhttp.replies import COOKIE, NO_SESSION, NOT_YOURS, session_cookie
from cardgw.transports.ramhttp.session import ContactSession
from cardgw.transports.ramhttp.settings import RamHttpSettings
from cardgw.transports.ramhttp.traits import checked_atr, traits_of
from cardgw.transports.ramhttp.wire import Initiation, Notify, decode_initiation, is_initiation
from cardgw.values import LINK, CardRequest

_log = Logger()
_ANSWER = b"\xab"
JSESSIONID = "JSESSIONID"
"""The cookie that OpenCard clients send where they are given the id of a session."""
LINGER = 120.0
"""Seconds for which a session that is over is remembered."""
MOST_ENDED = 2000
"""So many are remembered at most."""
COOKIE_MAX = 128
"""Most characters of the value of a cookie that may be a name of ours."""
_OVER = "This session is over. Please start again."
_FULL = "The server is busy. Please try again in a minute."
_FULL_ADDRESS = "Too many cards of your network are being served. Please try again in a minute."
_LATER = {"Retry-After": "60"}
_STOPPING = "The server is being restarted. Please try again in a minute."


def _token() -> str:
    return token_urlsafe(18)


@define(eq=False)
class Contact:
    """
    See L{cardgw.transports.ramhttp.http.Dialect} and L{cardgw.transports.ramhttp.session.House}.

    @ivar crowd: the sessions of all dialects.
    @ivar fate: what is known of a connection.
    """

    settings: RamHttpSettings
    gateway: IGateway
    crowd: Sessions[HttpSession]
    fate: Callable[[int], Fate]
    entropy: Callable[[], str] = _token
    times: Times = field(init=False)
    _sessions: dict[str, ContactSession] = field(factory=dict, init=False)
    _links: dict[str, ContactSession] = field(factory=dict, init=False)
    _first: dict[First, ContactSession] = field(factory=dict, init=False)
    _ended: dict[str, Afterwards] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self.times = Times(self.settings.poll, self.settings.idle)

    def takes(self, post: Post) -> bool:
        """
        See L{cardgw.transports.ramhttp.http.Dialect}.  Scripts of Amendment B may begin with the same byte, and old clients have
        its header.
        """
        if "x-admin-from" in post.headers or "x-admin-script-status" in post.headers:
            return False
        return is_initiation(post.body) or post.body[:1] == _ANSWER

    def find(self, post: Post) -> HttpSession | None:
        """
        See L{cardgw.transports.ramhttp.http.Dialect}.
        """
        if is_initiation(post.body):
            return self._begun_before(post)
        for _, value in _cookies(post):
            found = self._sessions.get(value) or self._ended.get(value)
            if found is not None and found.user == post.user:
                return found
        return None

    def _begun_before(self, post: Post) -> ContactSession | None:
        """
        The session that a client has begun whose connection broke before it was answered.  One without a cookie and a link is
        known by what it said; it must be gone then, there may be others like it.
        """
        session = self._present(post) or self._links.get(link_in(post.path))
        if session is None:
            session = self._first.get((post.host, post.user, post.path, post.body))
            if session is not None and session.held:
                return None
        return session if session is not None and session.user == post.user and session.begins_again(post) else None

    def _present(self, post: Post) -> ContactSession | None:
        return next((self._sessions[value] for _, value in _cookies(post) if value in self._sessions), None)

    def begin(self, post: Post) -> HttpSession | Reply:
        """
        See L{cardgw.transports.ramhttp.http.Dialect}.
        """
        if post.psk is not None:  # a card's key says which card it is, and a reader could hold any
            return refusal(403, "Over TLS-PSK there is GlobalPlatform Amendment B alone.")
        return self._begin(post) if is_initiation(post.body) else self._stranger(post)

    def _begin(self, post: Post) -> HttpSession | Reply:
        try:
            initiation = decode_initiation(post.body)
            checked_atr(initiation.atr)
        except ValueError as problem:
            return refusal(400, str(problem))
        self._make_room(post)
        if self.crowd.stopping:
            return refusal(503, self._words(_STOPPING), _LATER)
        full = self.crowd.full(post.host, post.peer)
        if full is not None:
            return refusal(503, self._words(_FULL if full is Full.ALL else _FULL_ADDRESS), _LATER)
        try:
            return self._begun(post, initiation)
        except CardGatewayError as problem:
            return refused(problem)

    def _stranger(self, post: Post) -> HttpSession | Reply:
        """
        Whoever has a cookie was here once; its session ended long ago, perhaps with the gateway.
        """
        cookies = dict(_cookies(post))
        name = cookies.get(COOKIE) or cookies.get(JSESSIONID)
        if not name:
            return NO_SESSION
        if name in self._sessions:
            return NOT_YOURS
        words = (Notify(FAILED, self._words(_OVER)),)
        return self._remember(name, Afterwards(Memory(self.fate), words, self.gateway.reactor.seconds(), post.user))

    def _words(self, text: str) -> str:
        return self.gateway.words(text)

    def _make_room(self, post: Post) -> None:
        """
        A client that is here already begins anew; so does one that has come by a link, where nobody is there any more.
        """
        session = self._present(post)
        if session is None:
            session = self._links.get(link_in(post.path))
            if session is None or not session.forsaken(post):
                return
        if session.user == post.user:
            session.lose(ClientRestarted())

    def _begun(self, post: Post, initiation: Initiation) -> ContactSession:
        link, request, kept = self._asked(post)
        name = kept or self.entropy()
        traits = traits_of(post.headers)
        cookie = "" if kept else session_cookie(name)
        session = ContactSession(self, post, name, cookie, link, takes_turns=traits.takes_turns)
        channel = ContactChannel(session, initiation, traits, self.settings, request)
        self._sessions[name] = self._first[session.first] = session
        if link:
            self._links[link] = session
        self.crowd.add(session, post.host)
        _log.debug("{peer}: a card asks for {request}", event="request", peer=post.peer, request=request.name)
        session.arrive(channel)
        return session

    def _asked(self, post: Post) -> tuple[str, CardRequest, str]:
        """
        What it asks for.

        No cookie but that of a link names a session: whoever has given it to a client could speak for its card.

        @return: the token of its link, or nothing; the request; and the token again where it came in a cookie, which names the
            session then.
        @raise UnknownLink: there is no such link.
        """
        link = link_in(post.path)
        if link:
            return link, request_of(post.path, self.gateway.link), ""
        for name, value in _cookies(post):
            try:
                return value, CardRequest(LINK, self.gateway.link(value)), value
            except UnknownLink:
                if name == JSESSIONID:
                    raise
        return "", request_of(post.path, self.gateway.link), ""

    def over(self, session: ContactSession, memory: Memory, last_words: Sequence[Notify], reason: ChannelError | None) -> None:
        """
        See L{cardgw.transports.ramhttp.session.House}.
        """
        now = self.gateway.reactor.seconds()
        self._sessions.pop(session.name, None)
        if self._first.get(session.first) is session:
            del self._first[session.first]
        if self._links.get(session.link) is session:
            del self._links[session.link]
        self._remember(session.name, Afterwards(memory, last_words, now, session.user))
        session.log_end(reason, session.exchanges)
        self.crowd.ended(session, session.host)

    def _remember(self, name: str, afterwards: Afterwards) -> Afterwards:
        self._ended.pop(name, None)
        self._ended[name] = afterwards
        oldest = afterwards.since - LINGER
        while len(self._ended) > MOST_ENDED or next(iter(self._ended.values())).since < oldest:
            del self._ended[next(iter(self._ended))]
        return afterwards


def _cookies(post: Post) -> Iterator[tuple[str, str]]:
    for each in post.headers.get("cookie", "").split(";"):
        name, _, value = each.strip().partition("=")
        if name and 0 < len(value) <= COOKIE_MAX:
            yield name, value.strip('"')
