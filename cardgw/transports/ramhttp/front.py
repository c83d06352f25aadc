# -*- test-case-name: tests.transports.ramhttp.test_front -*-
"""
What is asked of the gateway over HTTP, before it is known by which card: paths, methods, who it is, which dialect.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, unquote_to_bytes

from attrs import define
from twisted.internet.defer import succeed
from twisted.internet.interfaces import ISSLTransport

from cardgw.connections.sessions import counted
from cardgw.transports.ramhttp.auth import Gate, certified
from cardgw.transports.ramhttp.http import TEXT, Dialect, Post, Reply, refusal
from cardgw.transports.ramhttp.requests import Arrived, Served
from cardgw.transports.ramhttp.tls_psk import psk_identity
from cardgw.values import LINK

ALLOWED = {"Allow": "GET, HEAD, OPTIONS, POST"}
_PLAIN = {"Content-Type": TEXT, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_ABOUT = """\
Smart cards are managed here, over RAMOverHTTP. Whoever has a card in a reader of this machine connects it with one of

  cardgw touch {url}
  java -jar ocf-cc.jar {url}
  ram-client {url}
"""
_LOOPBACK = counted("::1")
_OF_PROXIES = frozenset(("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"))
"""Headers that proxies add (RFC 7239; RFC 9110, 7.6.3)."""
_NOTHING_HERE = "There is nothing here. Card sides POST to {prefix}."
_NOT_UNDERSTOOD = "This is no request of RAMOverHTTP: expected a template that begins with E8 or AB."


@define(eq=False)
class Front:
    """
    Serves requests.

    @ivar prefix: all paths begin so.
    @ivar url: what the prefix is called from outside; empty where only the client knows.
    """

    prefix: str
    url: str
    gate: Gate
    dialects: Sequence[Dialect]

    def serve(self, arrived: Arrived) -> Served:
        """
        Answer a request, now or later.
        """
        path = self._inside(arrived.path)
        if path is None:
            return _at_once(refusal(404, _NOTHING_HERE.format(prefix=self.prefix or "/")))
        if arrived.method == "OPTIONS":
            return _at_once(Reply(204, headers=ALLOWED))
        if arrived.method in ("GET", "HEAD"):
            return _at_once(self._about(arrived))
        if arrived.method != "POST":
            return _at_once(refusal(405, "Card sides POST here.", ALLOWED))
        if not all(map(str.isprintable, path)):
            return _at_once(refusal(400, "There are control characters in this path."))
        return self._posted(arrived, path)

    def _inside(self, path: str) -> tuple[str, ...] | None:
        """
        The segments behind the prefix, without empty ones; C{None} where it does not begin so.
        """
        if not (path == self.prefix or path.startswith(self.prefix + "/")):
            return None
        return tuple(_decoded(each) for each in path[len(self.prefix) :].split("/") if each)

    def _proxied(self, arrived: Arrived) -> bool:
        headers = arrived.headers
        if not arrived.host or not _OF_PROXIES.isdisjoint(headers):
            return True
        if headers.get("user-agent", "").startswith("Java") and headers.get("connection", "").lower() != "keep-alive":
            return True  # it has always sent that, and proxies take it away (RFC 9110, 7.6.1)
        return self.url.startswith("https:") and not ISSLTransport.providedBy(arrived.transport)

    def _about(self, arrived: Arrived) -> Reply:
        path = quote(arrived.path, safe="/%")  # a shell will see it
        own = self.url + path[len(self.prefix) :] if self.url else _called(arrived) + path
        return Reply(200, _ABOUT.format(url=own).encode(), _PLAIN)

    def _posted(self, arrived: Arrived, path: tuple[str, ...]) -> Served:
        psk, proxied = psk_identity(arrived.transport), self._proxied(arrived)
        host = "" if proxied and _is_here(arrived.host) else arrived.host
        by_link = len(path) > 1 and path[0] == LINK  # whoever begins with another token than a link's is refused for that
        trusted = by_link or psk is not None
        who = self.gate.who(arrived.headers, host, certified(arrived.transport), trusted=trusted)
        if isinstance(who, Reply):
            return _at_once(who)
        post = Post(
            path=path,
            query=arrived.query,
            headers=arrived.headers,
            body=arrived.body,
            peer=arrived.peer,
            host=host,
            user=who,
            psk=psk,
            connection=arrived.connection,
            proxied=proxied,
        )
        dialect = next((each for each in self.dialects if each.takes(post)), None)
        if dialect is None:
            return _at_once(refusal(415, _NOT_UNDERSTOOD))
        session = dialect.find(post) or dialect.begin(post)
        return _at_once(session) if isinstance(session, Reply) else Served(session.post(post), session)


def _is_here(host: str) -> bool:
    """
    Whether that is a proxy of this machine: all that come through it have its address, and are not counted under that.
    """
    return host.startswith("127.") or host == _LOOPBACK


def _at_once(reply: Reply) -> Served:
    return Served(succeed(reply))


def _decoded(segment: str) -> str:
    return unquote_to_bytes(segment.encode("latin-1")).decode("utf-8", "replace")


def _called(arrived: Arrived) -> str:
    """
    What the client calls this server, as far as it is known.
    """
    host = "".join(each for each in arrived.headers.get("host", "") if each.isalnum() or each in "-.:[]_")
    scheme = "https" if ISSLTransport.providedBy(arrived.transport) else "http"
    return f"{scheme}://{host or 'this-server'}"
