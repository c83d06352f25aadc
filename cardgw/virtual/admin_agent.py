# -*- test-case-name: tests.virtual.test_admin_agent -*-
"""
A card that administers itself over HTTP (GlobalPlatform Amendment B; SGP.02, 2.4.4): it asks a server for scripts, carries them
out, and posts what came of them.

Over TLS with a pre-shared key where the endpoint has it: C{wrapClientTLS(creator, endpoint)}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from attrs import Factory as Fresh
from attrs import field, frozen
from twisted.internet.endpoints import connectProtocol
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import deferLater

from cardgw.virtual.admin_script import Habits, carry_out
from cardgw.virtual.http_line import Broken, Line
from cardgw.virtual.http_lines import Message, chunked, head
from cardgw.virtual.ram_slot import Slot
from cardgw.virtual.security_domain import VirtualSecurityDomain

PROTOCOL = "globalplatform-remote-admin/1.0"
COMMANDS = "application/vnd.globalplatform.card-content-mgt;version=1.0"
RESPONSES = "application/vnd.globalplatform.card-content-mgt-response;version=1.0"
OK, DONE = 200, 204
GOOD, UNKNOWN_APPLICATION, NOT_A_DOMAIN, SECURITY_ERROR = "ok", "unknown-application", "not-a-security-domain", "security-error"
"""Values of X-Admin-Script-Status (Amendment B, 3.4.2)."""
_AID = "//aid/"
_SELECT = bytes.fromhex("00A40400")
_NOT_FOUND = b"\x6a\x82"


@frozen
class Manners:
    """
    How card and network behave.  Numbers of POSTs begin at 1.

    @ivar chunked: bodies are sent in chunks.
    @ivar empty_length: a POST without a body says C{Content-Length: 0}; otherwise it says nothing of it.
    @ivar terse: X-Admin-From is in the first POST alone.
    @ivar lose_before: the POST before which the connection is lost: its script was carried out.
    @ivar lose_after: the POST after which it is lost, before the reply.
    @ivar tries: how often it comes back, in all.
    @ivar pause: seconds before it does.
    @ivar latency: seconds of a round trip.
    """

    chunked: bool = True
    empty_length: bool = False
    terse: bool = False
    lose_before: int | None = None
    lose_after: int | None = None
    tries: int = 3
    pause: float = 0.05
    latency: float = 0.0
    habits: Habits = Fresh(Habits)


@frozen
class Visit:
    """
    A POST and its reply.

    @ivar script: what was to be carried out; empty for nothing.
    """

    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    reply: Message

    @property
    def script(self) -> bytes:
        """
        What came.
        """
        return self.reply.body


@frozen
class Outcome:
    """
    What a dialogue was.

    @ivar good: the server has ended it.
    @ivar text: how it ended.
    @ivar resumed: how often it was gone on with on another connection.
    """

    good: bool
    text: str
    posts: int
    resumed: int
    connections: int
    apdus: int
    seconds: float
    visits: tuple[Visit, ...] = field(default=(), repr=False)

    @property
    def bodies(self) -> list[bytes]:
        """
        What was posted.
        """
        return [each.body for each in self.visits]


@frozen
class _Next:
    """
    What is to be posted.
    """

    target: str
    body: bytes = b""
    status: str = ""
    resume: bool = False


class AdminAgent:
    """
    One dialogue.

    @ivar visits: what has been said.
    """

    def __init__(
        self,
        clock: Any,
        endpoint: IStreamClientEndpoint,
        slot: Slot,
        *,
        identity: str,
        host: str = "localhost",
        target: str = "/",
        targets: Callable[[bytes], str] | None = None,
        manners: Manners | None = None,
    ) -> None:
        """
        @param clock: C{IReactorTime}.
        @param identity: who it is: X-Admin-From.
        @param host: of the header of that name.
        @param target: path and query of the first POST.
        @param targets: selects the application of an AID, gives a script status; by itself, the card is asked.
        """
        self.visits: list[Visit] = []
        self._clock, self._endpoint, self._slot = clock, endpoint, slot
        self._identity, self._host, self._target = identity, host, target
        self._targets = targets
        self._manners = manners or Manners()
        self._line: Line | None = None
        self._elsewhere = False
        self._posts = self._resumed = self._connections = 0

    async def run(self) -> Outcome:
        """
        The whole dialogue.

        @raise CardGone: the card was pulled out.
        @raise ConnectError: the server cannot be reached.
        """
        began = self._clock.seconds()
        try:
            good, text = await self._run()
        finally:
            self._drop()
        seconds = self._clock.seconds() - began
        return Outcome(good, text, self._posts, self._resumed, self._connections, self._slot.apdus, seconds, tuple(self.visits))

    async def _run(self) -> tuple[bool, str]:
        following: _Next | None = _Next(self._target)
        tries = self._manners.tries
        while following is not None:
            try:
                reply = await self._post(following)
            except Broken as broken:
                if not tries:
                    return False, str(broken)
                tries -= 1
                following = _Next(following.target, resume=bool(self.visits))
                self._resumed += 1
                await deferLater(self._clock, self._manners.pause)
                continue
            if reply.status not in (OK, DONE):
                return False, reply.reason
            following = await self._obey(reply, following)
        return True, "done"

    async def _obey(self, reply: Message, asked: _Next) -> _Next | None:
        where = reply.get("X-Admin-Next-URI")
        target = "" if where is None else target_of(where, asked.target)
        if reply.status == DONE:
            return _Next(target) if target else None
        named = reply.get("X-Admin-Targeted-Application")
        status = await self._select(named)
        answers = await carry_out(self._slot, reply.body, self._manners.habits) if status == GOOD else b""
        return _Next(target, answers, status) if target else None

    async def _select(self, named: str | None) -> str:
        if named is None:
            if self._elsewhere and self._targets is None:
                await self._slot.transmit(_SELECT + b"\0")
            self._elsewhere = False
            return GOOD
        self._elsewhere = True
        try:
            aid = aid_of(named)
        except ValueError:
            return UNKNOWN_APPLICATION
        if self._targets is not None:
            return self._targets(aid)
        answer = await self._slot.transmit(_SELECT + bytes((len(aid),)) + aid + b"\0")
        return UNKNOWN_APPLICATION if answer[-2:] == _NOT_FOUND else GOOD

    async def _post(self, what: _Next) -> Message:
        number = self._posts + 1
        if number == self._manners.lose_before and not what.resume:
            self._posts = number
            self._drop()
            raise Broken(heard=False)
        line = self._line
        if line is None or not line.open:
            await self._wait()
            line = self._line = await connectProtocol(self._endpoint, Line())
            self._connections += 1
        await self._wait()
        self._posts = number
        headers = self._headers(what)
        octets = head(f"POST {what.target} HTTP/1.1", headers) + self._framed(what.body)
        reply = await line.ask(octets, 0 if number == self._manners.lose_after else None)
        self.visits.append(Visit(what.target, tuple(headers), what.body, reply))
        return reply

    async def _wait(self) -> None:
        if self._manners.latency:
            await deferLater(self._clock, self._manners.latency)

    def _headers(self, what: _Next) -> list[tuple[str, str]]:
        found = [("Host", self._host), ("X-Admin-Protocol", PROTOCOL)]
        if not (self._manners.terse and self.visits) or what.resume:
            found.append(("X-Admin-From", self._identity))
        if what.resume:
            found.append(("X-Admin-Resume", "true"))
        if what.status:
            found.append(("X-Admin-Script-Status", what.status))
        if what.body:
            found.append(("Content-Type", RESPONSES))
            length = ("Content-Length", str(len(what.body)))
            found.append(("Transfer-Encoding", "chunked") if self._manners.chunked else length)
        elif self._manners.empty_length:
            found.append(("Content-Length", "0"))
        return found

    def _framed(self, body: bytes) -> bytes:
        return chunked(body, 64) if body and self._manners.chunked else body

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.drop()


def target_of(where: str, asked: str) -> str:
    """
    Path and query of X-Admin-Next-URI, which may be a whole URI, a path, a query, or a path beside the last one.
    """
    parts = urlsplit(where)
    if parts.netloc or where.startswith("/"):
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    path = asked.partition("?")[0]
    return path + where if where.startswith("?") else path.rpartition("/")[0] + "/" + where


def aid_of(named: str) -> bytes:
    """
    The AID of X-Admin-Targeted-Application, C{//aid/<RID>/<PIX>}.

    @raise ValueError: there is none in it.
    """
    if not named.startswith(_AID):
        raise ValueError(named)
    return bytes.fromhex(named[len(_AID) :].replace("/", ""))


def domains_of(card: VirtualSecurityDomain) -> Callable[[bytes], str]:
    """
    What selects the security domains of a software card, for L{AdminAgent}.
    """

    def select(aid: bytes) -> str:
        entry = next((each for each in card.entries if each.aid == aid), None)
        if entry is None:
            return UNKNOWN_APPLICATION
        if not entry.is_domain:
            return NOT_A_DOMAIN
        card(_SELECT + bytes((len(aid),)) + aid + b"\0")
        return GOOD

    return select


def agent_identity(eid: str, aid: bytes) -> str:
    """
    X-Admin-From of a card with an EID (SGP.02, 2.4.4.2.1), and the AID of its security domain.
    """
    rid, pix = aid[:5].hex().upper(), aid[5:].hex().upper()
    return f"//se-id/eid/{eid};//aa-id/aid/{rid}/{pix}"
