"""
HTTP in memory: a connection of a site, and what is seen at its other end.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.ramhttp.fates import Fates
from cardgw.transports.ramhttp.http import Reply
from cardgw.transports.ramhttp.requests import Arrived, Serve, Served
from cardgw.transports.ramhttp.site import Limits, RamSite
from tests.connections.sockets import FakeSocket

LIMITS = Limits(body=1000, connections=3, arrival=30.0, idle=60.0)


@frozen
class Answer:
    """
    What a client has read.

    @ivar line: the first one.
    @ivar headers: in their order.
    """

    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def status(self) -> int:
        """
        The number in the first line.
        """
        return int(self.line.split(" ")[1])

    def all(self, name: str) -> list[str]:
        """
        The values of one header.
        """
        return [value for each, value in self.headers if each.lower() == name.lower()]


def parsed(octets: bytes, *, head_only: bool = False) -> tuple[Answer, bytes]:
    """
    The first answer, and what comes behind it.  It must tell its length.
    """
    head, _, rest = octets.partition(b"\r\n\r\n")
    line, *lines = head.decode("utf-8").split("\r\n")
    answer = Answer(line, tuple((name, value) for name, _, value in (each.partition(": ") for each in lines)), b"")
    if answer.status == 100:
        return answer, rest
    (length,) = answer.all("Content-Length")
    size = 0 if head_only else int(length)
    assert len(rest) >= size, (length, rest)
    return evolve(answer, body=rest[:size]), rest[size:]


def request(body: bytes = b"", *lines: str, start: str = "POST /rt HTTP/1.1", length: bool = True) -> bytes:
    """
    A request as it goes over the wire.

    @param lines: further headers.
    @param length: whether it tells the length of its body.
    """
    told = [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join([start, "Host: cards.example.com", *told, *lines, "", ""]).encode("latin-1") + body


class Socket(FakeSocket):
    """
    A connection, which is not gone before the test says so.

    @ivar aborted: it was dropped.
    """

    aborted = False

    def abortConnection(self) -> None:
        """
        Note it.
        """
        self.aborted = True


class Waiting:
    """
    What serves: everything waits until the test answers it.

    @ivar arrived: the requests.
    @ivar waiting: what each waits for.
    @ivar cancelled: how many were given up.
    """

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self.waiting: list[Deferred[Reply]] = []
        self.cancelled = 0
        self.session: Any = None

    def __call__(self, arrived: Arrived) -> Served:
        """
        See L{Serve}.
        """
        self.arrived.append(arrived)
        waiting: Deferred[Reply] = Deferred(self._cancel)
        self.waiting.append(waiting)
        return Served(waiting, self.session)

    def _cancel(self, waiting: Deferred[Reply]) -> None:
        self.cancelled += 1


class SiteTestCase(SynchronousTestCase):
    """
    A site.
    """

    limits = LIMITS

    def setUp(self) -> None:
        """
        Make it.
        """
        self.clock = Clock()
        self.served = Waiting()
        self.fates = Fates()
        self.site = self.make(self.served)

    def make(self, serve: Serve) -> RamSite:
        """
        A site that serves in this way.
        """
        return RamSite(serve, self.limits, self.clock, self.fates)

    def connect(self) -> Line:
        """
        One more connection.
        """
        return Line(self.site)


class Line:
    """
    A client's connection.

    @ivar wire: its socket.
    """

    def __init__(self, site: RamSite) -> None:
        self.wire = Socket()
        self.channel: Any = site.buildProtocol(self.wire.getPeer())
        assert self.channel is not None
        self.channel.makeConnection(self.wire)

    def say(self, octets: bytes) -> None:
        """
        Send something.
        """
        self.channel.dataReceived(octets)

    def heard(self, *, head_only: bool = False) -> Answer:
        """
        The one answer that has come.
        """
        answer, rest = parsed(self.wire.take(), head_only=head_only)
        assert not rest, rest
        return answer

    def ask(self, octets: bytes) -> Answer:
        """
        Send a request that is answered at once.
        """
        self.say(octets)
        return self.heard()

    @property
    def closing(self) -> bool:
        """
        Whether the server hangs up.
        """
        return bool(self.wire.disconnecting or self.wire.aborted)

    def hang_up(self, *, reset: bool = False) -> None:
        """
        The connection is gone.
        """
        self.channel.connectionLost(Failure(ConnectionLost() if reset else ConnectionDone()))
