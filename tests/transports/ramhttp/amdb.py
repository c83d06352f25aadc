"""
Amendment B without HTTP: a dialect, its gateway, and the card's side.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import cycle
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.connections.sessions import Sessions
from cardgw.interfaces import ICardChannel
from cardgw.testing.gateway import FakeGateway
from cardgw.transports.ramhttp.amdb import AmendmentB
from cardgw.transports.ramhttp.amdb_headers import place_in
from cardgw.transports.ramhttp.expanded import Element, ResponseScript, Tag, decode_script, encode_response
from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import HttpSession, Post, Reply
from cardgw.transports.ramhttp.settings import RamHttpSettings
from cardgw.values import Psk

EID = "89001012012341234012345678901224"
AGENT = f"//se-id/eid/{EID};//aa-id/aid/A000000559/1010FFFFFFFF89000001"
KEY = bytes(range(16))
IDENTITY = b"card-1"
OK = bytes.fromhex("9000")


class CardSide:
    """
    The card's side: one POST after another.

    @ivar headers: of each POST, besides what belongs to it.
    @ivar query: where it posts to next.
    @ivar posted: the last POST.
    @ivar session: what has answered it.
    """

    def __init__(self, dialect: AmendmentB, psk: bytes | None = IDENTITY, agent: str = AGENT, path: tuple[str, ...] = ()) -> None:
        self.dialect, self.psk, self.path = dialect, psk, path
        self.headers = {"x-admin-protocol": "globalplatform-remote-admin/1.0", **({"x-admin-from": agent} if agent else {})}
        self.query = ""
        self.posted: Post | None = None
        self.session: HttpSession | None = None

    def begin(self, **more: str) -> Deferred[Reply]:
        """
        Ask what to do.
        """
        return self.post(Post(self.path, {**self.headers, **more}, b"", self.query, "192.0.2.7:1", "192.0.2.7", psk=self.psk))

    def answer(self, body: bytes, status: str = "ok", **more: str) -> Deferred[Reply]:
        """
        Tell what became of a script.
        """
        given = {**self.headers, "x-admin-script-status": status, **more}
        return self.post(Post((), given, body, self.query, "192.0.2.7:2", "192.0.2.7", psk=self.psk))

    def answers(self, *responses: bytes) -> Deferred[Reply]:
        """
        Tell R-APDUs.
        """
        return self.answer(encode_response(ResponseScript(tuple(Element(Tag.RESPONSE, each) for each in responses))))

    def post(self, post: Post) -> Deferred[Reply]:
        """
        As the HTTP side does.
        """
        assert self.dialect.takes(post)
        self.posted = post
        session = self.dialect.find(post)
        if session is None:
            begun = self.dialect.begin(post)
            if isinstance(begun, Reply):
                replied: Deferred[Reply] = Deferred()
                replied.callback(begun)
                return replied
            session = begun
        self.session = session
        return session.post(post)

    def take(self, reply: Reply) -> tuple[bytes, ...]:
        """
        A script has come.

        @return: its commands.
        """
        assert reply.status == 200, reply
        self.query = reply.headers["X-Admin-Next-URI"].partition("?")[2]
        assert place_in(self.query)[0]
        return decode_script(reply.body).commands


class AmdbTestCase(SynchronousTestCase):
    """
    With a gateway whose cards do what C{work} says.
    """

    def setUp(self) -> None:
        """
        A gateway that knows one key.
        """
        self.clock, self.chance = Clock(), cycle(range(251))
        self.fate = Fate.UNKNOWN
        self.gateway = FakeGateway(self.clock, self.attend)
        self.gateway.keys[IDENTITY] = Psk(KEY)
        self.work: Callable[[ICardChannel], Awaitable[object]] | None = None
        self.dialect = self.make()

    async def attend(self, channel: ICardChannel) -> None:
        """
        What is done to each card.
        """
        await (self.work(channel) if self.work is not None else channel.when_gone())

    def make(self, **settings: Any) -> AmendmentB:
        """
        The dialect.
        """
        every = RamHttpSettings(**settings)
        self.crowd: Sessions[Any] = Sessions(every.max_sessions, every.max_sessions_per_address)
        return AmendmentB(
            every, self.gateway, self.crowd, self.fate_of, lambda size: bytes(next(self.chance) for _ in range(size))
        )

    def fate_of(self, connection: int) -> Fate:
        """
        What is known of all connections.
        """
        return self.fate

    def of(self, replied: Deferred[Reply]) -> Reply:
        """
        The reply that there is.
        """
        return self.successResultOf(replied)
