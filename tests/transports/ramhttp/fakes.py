"""
What the tests of the CardContact dialect have in common: a gateway, and a client without I/O.
"""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from cardgw.apdu.atr import make_atr
from cardgw.apdu.command import Command
from cardgw.connections.sessions import Sessions
from cardgw.transports.ramhttp.contact import Contact
from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import HttpSession, Post, Reply
from cardgw.transports.ramhttp.settings import RamHttpSettings
from cardgw.transports.ramhttp.wire import (
    Apdu,
    AtrGiven,
    Closed,
    Initiation,
    Notify,
    Rapdu,
    ResetCard,
    decode_request,
    encode_initiation,
    encode_response,
)
from tests.transports.estk.fakes import FakeGateway

ATR = make_atr(bytes.fromhex("8073C02113"))
"""Four logical channels, no extended length."""
EXTENDED = make_atr(bytes.fromhex("8073C02150"), 1)
"""One logical channel, extended length."""
READ = Command(0x80, 0xCA, 0x00, 0x5A, expected=256)
OK = b"\x90\x00"
EMPTY = encode_response((), 0)
KEEP_ALIVE = b"\xaa\x00"
PEER, HOST = "192.0.2.7:4711", "192.0.2.7"


class House:
    """
    A gateway with the dialect.

    @ivar fates: what is known of connections; of others, nothing.
    """

    def __init__(self, settings: RamHttpSettings | None = None, gateway: FakeGateway | None = None) -> None:
        self.gateway = gateway or FakeGateway()
        self.clock: Clock = self.gateway.reactor
        self.settings = settings or RamHttpSettings()
        self.crowd: Sessions[HttpSession] = Sessions(self.settings.max_sessions, self.settings.max_sessions_per_address)
        self.fates: dict[int, Fate] = {}
        names = (f"name-{number}" for number in count(1))
        self.dialect = Contact(self.settings, self.gateway, self.crowd, self._fate, lambda: next(names))

    def _fate(self, number: int) -> Fate:
        return self.fates.get(number, Fate.UNKNOWN)

    def serve(self, post: Post) -> tuple[Deferred[Reply], HttpSession | None]:
        """
        Do what the HTTP side does.
        """
        session = self.dialect.find(post) or self.dialect.begin(post)
        if isinstance(session, Reply):
            answered: Deferred[Reply] = Deferred()
            answered.callback(session)
            return answered, None
        return session.post(post), session


class Client:
    """
    A client with a card, which does what it is told when it is asked to.

    @ivar house: where it goes to.
    @ivar connection: the number of its connection.
    @ivar replies: what it has got, and not looked at yet.
    @ivar commands: the commands that its card has got.
    @ivar answers: what its card answers; C{9000} where there is nothing.
    @ivar texts: what its holder has read.
    @ivar cookie: what it sends back.
    @ivar over: the status that has ended it.
    """

    def __init__(self, house: House | None = None, atr: bytes = ATR, **headers: str) -> None:
        self.house = house or House()
        self.headers = headers
        self.atr = atr
        self.path: tuple[str, ...] = ()
        self.user = ""
        self.connection = 1
        self.cookie = ""
        self.resets = 0
        self.replies: deque[Reply] = deque()
        self.commands: list[bytes] = []
        self.answers: deque[bytes] = deque()
        self.texts: list[tuple[int, str]] = []
        self.over: int | None = None
        self.waiting: Deferred[Reply] | None = None
        self.patient = False
        self._seen = False

    def post(self, body: bytes, *, delivered: bool | None = True) -> Deferred[Reply]:
        """
        Post a body; the reply goes to L{replies}.

        @param delivered: what becomes of the reply; C{None} for nothing that is known.
        """
        headers = {**self.headers, **({"cookie": self.cookie} if self.cookie else {})}
        post = Post(self.path, headers, body, peer=PEER, host=HOST, user=self.user, connection=self.connection)
        waiting, session = self.house.serve(post)
        self.waiting = waiting
        answered: Deferred[Reply] = Deferred()

        def came(reply: Reply) -> None:
            if self.waiting is waiting:
                self.waiting = None
            if delivered:
                self.replies.append(reply)
                self._keep(reply)
            if session is not None and delivered is not None:
                session.delivered(reply, delivered)
            answered.callback(reply)

        waiting.addCallback(came).addErrback(lambda failure: failure.trap(CancelledError) and None)
        return answered

    def _keep(self, reply: Reply) -> None:
        given = reply.headers.get("Set-Cookie", "")
        if given:
            self.cookie = given.partition(";")[0]

    def begin(self, initiation: Initiation | None = None) -> Deferred[Reply]:
        """
        The first post.
        """
        return self.post(encode_initiation(initiation or Initiation(self.atr)))

    @property
    def channel(self) -> Any:
        """
        The channel that the gateway was given last.
        """
        return self.house.gateway.channels[-1]

    def drop(self) -> None:
        """
        The connection is lost.
        """
        self.connection += 1
        waiting, self.waiting = self.waiting, None
        if waiting is not None:
            waiting.cancel()

    def execute(self, template: bytes) -> bytes | None:
        """
        Do what a template says.

        @return: what is posted next; C{None} where the card is to wait for its answers.
        """
        found: list[Rapdu | AtrGiven | Closed] = []
        elements = decode_request(template)
        if self.patient and len(self.answers) < sum(isinstance(each, Apdu) for each in elements):
            return None
        self.peek()
        self._seen = False
        for element in elements:
            if isinstance(element, Apdu):
                found.append(Rapdu(self.answers.popleft() if self.answers else OK))
            elif isinstance(element, ResetCard):
                self.resets += 1
                found.append(AtrGiven(self.atr))
            elif isinstance(element, Notify):
                self.texts.append((element.id, element.text))
        return encode_response(found, sum(isinstance(each, Rapdu) for each in found))

    def peek(self) -> None:
        """
        The card gets the commands that are here.
        """
        if self.replies and not self._seen and self.replies[0].status == 200:
            self._seen = True
            self.commands += [each.octets for each in decode_request(self.replies[0].body) if isinstance(each, Apdu)]

    def move(self) -> None:
        """
        Do what it is told until it is told nothing more.
        """
        while self.replies and self.over is None:
            reply = self.replies[0]
            if reply.status != 200:
                self.over = reply.status
                return
            body = self.execute(reply.body)
            if body is None:
                return
            self.replies.popleft()
            self.post(body)
