# -*- test-case-name: tests.virtual.test_http_lines -*-
"""
HTTP/1.1 of both sides (RFC 9112), without any help: a program of others is imitated octet by octet, and how the other side frames
what it sends is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from attrs import field, frozen

CRLF = b"\r\n"
END = CRLF + CRLF
NO_BODY = (204, 304)
CONTINUE = range(100, 200)


class Framing(Enum):
    """
    How the end of a body is known.
    """

    NONE = "no body"
    LENGTH = "Content-Length"
    CHUNKED = "chunked"
    CLOSE = "the end of the connection"


@frozen
class Message:
    """
    A request or a reply.

    @ivar start: its first line.
    @ivar headers: names as they came, in their order.
    @ivar pieces: in how many reads of the connection it came; 1 where head and body left in one segment.
    """

    start: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    framing: Framing = Framing.NONE
    pieces: int = 1

    def every(self, name: str) -> list[str]:
        """
        All values of a header.
        """
        return [value for found, value in self.headers if found.lower() == name.lower()]

    def get(self, name: str) -> str | None:
        """
        The first value of a header.
        """
        return next(iter(self.every(name)), None)

    @property
    def status(self) -> int:
        """
        Of a reply.
        """
        return int(self.start.split(" ")[1])

    @property
    def reason(self) -> str:
        """
        Of a reply: what follows its version.
        """
        return self.start.partition(" ")[2]

    @property
    def method(self) -> str:
        """
        Of a request.
        """
        return self.start.partition(" ")[0]

    @property
    def target(self) -> str:
        """
        Of a request: path and query.
        """
        return self.start.split(" ")[1]

    @property
    def lasting(self) -> bool:
        """
        Whether the connection may be used once more.
        """
        words = {word.strip().lower() for value in self.every("Connection") for word in value.split(",")}
        kept = "keep-alive" in words if "HTTP/1.0" in self.start else "close" not in words
        return kept and self.framing is not Framing.CLOSE


class NotHttp(ValueError):
    """
    That is no HTTP/1.
    """


def write(start: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> bytes:
    """
    A message in one piece, with these headers and no others.
    """
    return head(start, headers) + body


def head(start: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """
    All that comes before a body.
    """
    lines = [start, *(f"{name}: {value}" for name, value in headers), "", ""]
    return CRLF.join(line.encode("latin-1") for line in lines)


def chunked(body: bytes, size: int) -> bytes:
    """
    A body in chunks (RFC 9112, 7.1).
    """
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in pieces) + b"0\r\n\r\n"


class MessageReader:
    """
    Makes messages of what comes.

    @param replies: they are replies; otherwise requests.
    """

    __slots__ = ("_octets", "_pieces", "_replies")

    def __init__(self, *, replies: bool) -> None:
        self._replies = replies
        self._octets = b""
        self._pieces = 0

    @property
    def idle(self) -> bool:
        """
        Whether nothing of a message has come.
        """
        return not self._octets

    def feed(self, octets: bytes) -> Sequence[Message]:
        """
        @return: the messages that are whole now; interim replies are left out.
        @raise ValueError: that is no HTTP/1.
        """
        self._octets += octets
        self._pieces += 1
        found: list[Message] = []
        while (message := self._next(ended=False)) is not None:
            if not self._replies or message.status not in CONTINUE:
                found.append(message)
        return found

    def end(self) -> Message | None:
        """
        The connection has ended: the message whose end that is.
        """
        return self._next(ended=True)

    def _next(self, *, ended: bool) -> Message | None:
        at = self._octets.find(END)
        if at < 0:
            return None
        start, headers = _parse(self._octets[:at])
        framing, size = self._framing(start, headers)
        begin = at + len(END)
        if framing is Framing.CHUNKED:
            taken = _take_chunks(self._octets, begin)
            if taken is None:
                return None
            body, rest = taken
        elif framing is Framing.CLOSE:
            if not ended:
                return None
            body, rest = self._octets[begin:], b""
        else:
            if len(self._octets) < begin + size:
                return None
            body, rest = self._octets[begin : begin + size], self._octets[begin + size :]
        message = Message(start, headers, body, framing, self._pieces)
        self._octets, self._pieces = rest, 1 if rest else 0
        return message

    def _framing(self, start: str, headers: tuple[tuple[str, str], ...]) -> tuple[Framing, int]:
        message = Message(start, headers)
        if self._replies and (message.status in NO_BODY or message.status in CONTINUE):
            return Framing.NONE, 0
        if (message.get("Transfer-Encoding") or "").lower() == "chunked":
            return Framing.CHUNKED, 0
        size = message.get("Content-Length")
        if size is not None:
            return Framing.LENGTH, int(size)
        return (Framing.CLOSE if self._replies else Framing.NONE), 0


def _parse(octets: bytes) -> tuple[str, tuple[tuple[str, str], ...]]:
    start, *lines = octets.decode("latin-1").split("\r\n")
    if "HTTP/1." not in start or len(start.split(" ")) < 2:
        raise NotHttp(start[:80])
    found = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise NotHttp(line[:80])
        found.append((name, value.strip()))
    return start, tuple(found)


def _take_chunks(octets: bytes, at: int) -> tuple[bytes, bytes] | None:
    """
    @return: body and rest; C{None} where the end has not come.
    """
    body = b""
    while True:
        end = octets.find(CRLF, at)
        if end < 0:
            return None
        size, at = int(octets[at:end].split(b";")[0], 16), end + len(CRLF)
        if len(octets) < at + size + len(CRLF):
            return None
        if not size:
            return body, octets[at + len(CRLF) :]
        body, at = body + octets[at : at + size], at + size + len(CRLF)
