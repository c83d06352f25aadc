# -*- test-case-name: tests.transports.ramhttp.test_http -*-
"""
What passes between HTTP and the sessions, for all dialects: values and two roles, no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Protocol

from attrs import field, frozen
from twisted.internet.defer import Deferred

from cardgw.connections.sessions import Session

TEXT = "text/plain; charset=utf-8"
"""The type of what people read."""
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@frozen
class Post:
    """
    A POST of the card's side.

    @ivar path: the percent-decoded segments behind the prefix, none of them empty.
    @ivar query: what stands behind the question mark, as it came.
    @ivar headers: by lower-case name; of those that came more than once, the values with C{", "} between them (of C{cookie},
        C{"; "}).
    @ivar peer: C{host:port}, for people.
    @ivar host: what the peer is counted under (L{cardgw.connections.sessions.counted}).
    @ivar user: who has shown who it is: C{"token:NAME"}, C{"basic:NAME"}, C{"tls:SUBJECT"}; else empty.
    @ivar psk: the identity of TLS-PSK.
    @ivar connection: a number of the connection over which it came, no other has it; later ones have higher ones.
    @ivar proxied: it came through something that speaks HTTP itself: what happens to connections says nothing of the client then.
    """

    path: tuple[str, ...] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    query: str = field(default="", repr=False)
    peer: str = ""
    host: str = ""
    user: str = field(default="", repr=False)
    psk: bytes | None = field(default=None, repr=False)
    method: str = "POST"
    connection: int = 0
    proxied: bool = field(default=False, repr=False)


@frozen
class Reply:
    """
    What is answered.  C{Content-Length} is added to each, C{0} too.

    @ivar chunked: the body goes in chunks, without C{Content-Length}.
    @ivar close: the connection ends with it.
    """

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default=NO_HEADERS, repr=False)
    chunked: bool = False
    close: bool = False


def refusal(status: int, text: str, headers: Mapping[str, str] = NO_HEADERS) -> Reply:
    """
    An error that people can read: some clients take one without a body for success.

    @param text: a sentence; where it is empty, the phrase of the status.
    """
    body = f"{text or HTTPStatus(status).phrase}\n".encode()
    return Reply(status, body, {"Content-Type": TEXT, **headers})


class HttpSession(Session, Protocol):
    """
    A card's side over many requests.
    """

    def post(self, post: Post) -> Deferred[Reply]:
        """
        One POST of it.

        @return: may fire late (a long poll).  It is cancelled when the connection is lost before that; then C{delivered} is not
            called for it.
        """

    def delivered(self, reply: Reply, ok: bool) -> None:
        """
        What has become of a reply.

        @param ok: whether its last byte was handed to the system; else the connection was lost before.
        """


class Dialect(Protocol):
    """
    One way of speaking over HTTP.
    """

    def takes(self, post: Post) -> bool:
        """
        Whether this is a POST of this dialect.
        """

    def find(self, post: Post) -> HttpSession | None:
        """
        The session that it belongs to.
        """

    def begin(self, post: Post) -> HttpSession | Reply:
        """
        A new session for it, which then gets the POST itself; or an honest refusal.
        """
