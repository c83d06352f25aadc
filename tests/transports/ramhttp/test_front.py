# -*- test-case-name: tests.transports.ramhttp.test_front -*-
"""
Tests for L{cardgw.transports.ramhttp.front}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import directlyProvides

from cardgw.transports.ramhttp.auth import Gate
from cardgw.transports.ramhttp.front import Front
from cardgw.transports.ramhttp.http import Post, Reply, refusal
from cardgw.transports.ramhttp.requests import Arrived
from cardgw.transports.ramhttp.settings import RamHttpSettings


class Dialect:
    """
    Takes what begins so; knows the session of the path C{known}.
    """

    def __init__(self, first: bytes) -> None:
        self.first = first
        self.posts: list[Post] = []
        self.begun = 0

    def takes(self, post: Post) -> bool:
        """
        See L{cardgw.transports.ramhttp.http.Dialect}.
        """
        return post.body.startswith(self.first)

    def find(self, post: Post) -> Any:
        """
        See L{cardgw.transports.ramhttp.http.Dialect}.
        """
        return self if post.path == ("known",) else None

    def begin(self, post: Post) -> Any:
        """
        See L{cardgw.transports.ramhttp.http.Dialect}.
        """
        self.begun += 1
        return refusal(409, "Full.") if post.path == ("full",) else self

    def post(self, post: Post) -> Deferred[Reply]:
        """
        See L{cardgw.transports.ramhttp.http.HttpSession}.
        """
        self.posts.append(post)
        return succeed(Reply(200, self.first))


class FrontTests(SynchronousTestCase):
    """
    What becomes of requests.
    """

    def setUp(self) -> None:
        """
        Two dialects, and everybody may come.
        """
        self.one, self.other = Dialect(b"1"), Dialect(b"2")
        self.front = self.make("/rt")
        self.arrived = Arrived("POST", "/rt", "", {}, b"1", "192.0.2.7:1", "192.0.2.7", 5, StringTransport())

    def test_proxied(self) -> None:
        """
        Whoever comes through a proxy is known: by a header, or one that is missing; over a local socket; without the TLS that the
        server is known by.
        """
        secure, plain = StringTransport(), StringTransport()
        directlyProvides(secure, ISSLTransport)
        for url, changes, expected in (
            ("", {}, False),
            ("", {"headers": {"x-forwarded-for": "192.0.2.9"}}, True),
            ("", {"headers": {"via": "1.1 proxy"}}, True),
            ("", {"host": ""}, True),
            ("", {"headers": {"user-agent": "Java/17.0.15", "connection": "keep-alive"}}, False),
            ("", {"headers": {"user-agent": "Java/17.0.15"}}, True),
            ("https://cards.example.com/rt", {"transport": plain}, True),
            ("https://cards.example.com/rt", {"transport": secure}, False),
            ("http://cards.example.com/rt", {}, False),
        ):
            self.make("/rt", url).serve(evolve(self.arrived, **changes))
            self.assertEqual(self.one.posts[-1].proxied, expected, (url, changes))

    def test_proxyHere(self) -> None:
        """
        Those who come through a proxy of this machine are not counted under its address; those of this machine itself are, and so
        are those of a proxy elsewhere.
        """
        told = {"x-forwarded-for": "192.0.2.9"}
        for host, headers, expected in (
            ("127.0.0.1", told, ""),
            ("::/64", told, ""),
            ("127.0.0.1", {}, "127.0.0.1"),
            ("192.0.2.7", told, "192.0.2.7"),
        ):
            self.front.serve(evolve(self.arrived, host=host, headers=headers))
            self.assertEqual(self.one.posts[-1].host, expected)

    def make(self, prefix: str, url: str = "", **settings: Any) -> Front:
        """
        One with this prefix.
        """
        gate = Gate(RamHttpSettings(**settings), lambda name: b"secret", lambda: 0.0)
        dialects: Any = (self.one, self.other)
        return Front(prefix, url, gate, dialects)

    def serve(self, **values: Any) -> Reply:
        """
        Serve a request.
        """
        return self.successResultOf(self.front.serve(evolve(self.arrived, **values)).waiting)

    def path(self, path: str) -> tuple[str, ...]:
        """
        What a session sees of a path.
        """
        self.assertEqual(self.serve(path=path).status, 200)
        return self.one.posts[-1].path

    def test_dialect(self) -> None:
        """
        The first dialect that takes a POST gets it; its session is told what becomes of the reply.
        """
        self.assertEqual(self.serve(body=b"2").body, b"2")
        self.assertEqual((self.one.posts, self.other.begun), ([], 1))
        served: Any = self.front.serve(self.arrived).session
        self.assertIs(served, self.one)

    def test_known(self) -> None:
        """
        What belongs to a session begins none.
        """
        self.assertEqual(self.serve(path="/rt/known").status, 200)
        self.assertEqual(self.one.begun, 0)

    def test_refused(self) -> None:
        """
        A dialect may refuse; then there is no session to be told anything.
        """
        served = self.front.serve(evolve(self.arrived, path="/rt/full"))
        self.assertEqual(self.successResultOf(served.waiting).status, 409)
        self.assertIsNone(served.session)

    def test_noDialect(self) -> None:
        """
        What nobody takes is told so, with a body: an empty one would be a success for some.
        """
        for body in (b"", b"{}", b"\xae\x80\x00\x00"):
            reply = self.serve(body=body)
            self.assertEqual(reply.status, 415)
            self.assertIn(b"E8 or AB", reply.body)

    def test_paths(self) -> None:
        """
        The segments behind the prefix are decoded one by one: an encoded slash belongs to its segment, and what is no UTF-8 does
        no harm.
        """
        self.assertEqual(self.path("/rt"), ())
        self.assertEqual(self.path("/rt/"), ())
        self.assertEqual(self.path("/rt/hsm/a%2Fb/c%20d"), ("hsm", "a/b", "c d"))
        self.assertEqual(self.path("/rt/%C3%A4%ff%"), ("ä\ufffd%",))
        self.assertEqual(self.path("/rt/ä".encode().decode("latin-1")), ("ä",))

    def test_emptySegments(self) -> None:
        """
        Doubled slashes, and one at the end, change nothing: C{/rt//link/x} is the link C{x}, not something else of that name.
        """
        for path in ("/rt//link/x", "/rt/link//x", "/rt/link/x/", "/rt///link///x//"):
            self.assertEqual(self.path(path), ("link", "x"))

    def test_control(self) -> None:
        """
        Control characters in a path, which a data base may not even be able to keep, get nowhere.
        """
        for path in ("/rt/%00", "/rt/hsm/a%0Ab", "/rt/%1b[31m", "/rt/%e2%80%ae"):
            reply = self.serve(path=path)
            self.assertEqual((reply.status, reply.body), (400, b"There are control characters in this path.\n"))
        self.assertEqual(self.one.begun, 0)

    def test_elsewhere(self) -> None:
        """
        Other paths, and those that only look similar, are not found, whoever asks.
        """
        self.front = self.make("/rt", tokens=("t",))
        for path in ("/", "/r", "/rtx", "/rtx/a", "/RT", "*", "", "//rt"):
            reply = self.serve(path=path)
            self.assertEqual(reply.status, 404, path)
            self.assertIn(b"POST to /rt.", reply.body)

    def test_noPrefix(self) -> None:
        """
        Without a prefix, all paths are what card sides ask for.
        """
        self.front = self.make("")
        for path, found in (("/", ()), ("/hsm", ("hsm",)), ("", ())):
            self.assertEqual(self.path(path), found)
        self.assertEqual(self.serve(path="*").status, 404)

    def test_get(self) -> None:
        """
        Somebody with a browser reads how to connect a card, with the address that was asked for.
        """
        reply = self.serve(method="GET", path="/rt/hsm", headers={"host": "cards.example.com:8080"})
        self.assertEqual(reply.status, 200)
        self.assertIn(b"cardgw touch http://cards.example.com:8080/rt/hsm\n", reply.body)
        self.assertEqual(reply.headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(self.one.posts, [])

    def test_getEncrypted(self) -> None:
        """
        Over TLS, the address is one of TLS.
        """
        directlyProvides(self.arrived.transport, ISSLTransport)
        self.assertIn(b"touch https://this-server/rt\n", self.serve(method="GET").body)

    def test_getOutside(self) -> None:
        """
        Where settings say what the prefix is called from outside, that is told, not what a proxy has made of it.
        """
        self.front = self.make("/rt", "https://cards.example.com/x")
        told = self.serve(method="GET", path="/rt/hsm", headers={"host": "10.0.0.1"}).body
        self.assertIn(b"touch https://cards.example.com/x/hsm\n", told)

    def test_getHost(self) -> None:
        """
        A strange Host header gets no shell into the command line that is shown.
        """
        told = self.serve(method="GET", headers={"host": "a;rm -rf $(x)`y`|z\r\n"}).body.decode()
        self.assertIn("http://arm-rfxyz/rt", told)

    def test_getPath(self) -> None:
        """
        Nor does a strange path.
        """
        for url in ("", "https://cards.example.com/rt"):
            self.front = self.make("/rt", url)
            told = self.serve(method="GET", path="/rt/a%20b;x$(y)`z`|&").body.decode()
            self.assertIn("/rt/a%20b%3Bx%24%28y%29%60z%60%7C%26\n", told)

    def test_otherMethods(self) -> None:
        """
        Whoever asks what is allowed is told so; anything else is refused, with the same list.
        """
        options = self.serve(method="OPTIONS")
        self.assertEqual((options.status, options.headers["Allow"]), (204, "GET, HEAD, OPTIONS, POST"))
        for method in ("PUT", "DELETE", "CONNECT", "post", "X"):
            reply = self.serve(method=method)
            self.assertEqual((reply.status, reply.headers["Allow"]), (405, "GET, HEAD, OPTIONS, POST"))

    def test_strangers(self) -> None:
        """
        Nobody gets to a dialect without saying who it is; reading how to connect a card needs nothing.
        """
        self.front = self.make("/rt", tokens=("t",))
        self.assertEqual(self.serve().status, 401)
        self.assertEqual(self.one.begun, 0)
        self.assertEqual(self.serve(method="GET").status, 200)
        self.assertEqual(self.serve(headers={"authorization": "Bearer secret"}).status, 200)
        self.assertEqual(self.one.posts[-1].user, "token:t")

    def test_link(self) -> None:
        """
        Whoever comes by a link needs no token besides: the dialect knows whether it is one.
        """
        self.front = self.make("/rt", tokens=("t",))
        self.assertEqual(self.serve(path="/rt/link/cgl_x").status, 200)
        self.assertEqual((self.one.posts[-1].path, self.one.posts[-1].user), (("link", "cgl_x"), ""))
        for path in ("/rt", "/rt/link", "/rt/link/", "/rt/links/cgl_x", "/rt/x/link/cgl_x"):
            self.assertEqual(self.serve(path=path).status, 401, path)

    def test_post(self) -> None:
        """
        A session gets what it needs to know of a request, and of its connection.
        """
        self.serve(query="a=b", headers={"cookie": "x=y"})
        post = self.one.posts[-1]
        self.assertEqual((post.query, post.headers, post.body, post.method), ("a=b", {"cookie": "x=y"}, b"1", "POST"))
        self.assertEqual((post.peer, post.host, post.connection), ("192.0.2.7:1", "192.0.2.7", 5))
        self.assertEqual((post.user, post.psk), ("", None))
