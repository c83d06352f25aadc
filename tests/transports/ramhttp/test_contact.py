# -*- test-case-name: tests.transports.ramhttp.test_contact -*-
"""
Tests for L{cardgw.transports.ramhttp.contact}.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import LinkInUse, NotSupported, PeerSilent
from cardgw.transports.ramhttp.contact import LINGER, MOST_ENDED
from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import Post, Reply
from cardgw.transports.ramhttp.settings import RamHttpSettings
from cardgw.transports.ramhttp.wire import Initiation, encode_initiation
from cardgw.values import ARRIVAL, LINK, CardRequest
from tests.logs import captured
from tests.transports.ramhttp.fakes import ATR, EMPTY, EXTENDED, Client, House

BEGIN = encode_initiation(Initiation(ATR))


class ContactTestCase(SynchronousTestCase):
    """
    A gateway.
    """

    def setUp(self) -> None:
        """
        With nobody in it.
        """
        self.house = House()

    def client(self, *path: str, cookie: str = "", atr: bytes = ATR, **headers: str) -> Client:
        """
        One that has not begun.
        """
        client = Client(self.house, atr, **headers)
        client.path, client.cookie = path, cookie
        return client

    def refused(self, client: Client, body: bytes = BEGIN) -> tuple[int, str]:
        """
        Status and text for one that is sent away.
        """
        before = len(self.house.gateway.channels)
        reply = self.successResultOf(client.post(body))
        self.assertEqual(len(self.house.gateway.channels), before)
        return reply.status, reply.body.decode()

    def gone(self, client: Client, number: int = -1) -> Any:
        """
        Why the channel of a client has ended.
        """
        return self.successResultOf(self.house.gateway.channels[number].when_gone())


class TakesTests(ContactTestCase):
    """
    Whose requests are whose.
    """

    def test_first(self) -> None:
        """
        The first byte says it; cards of Amendment B have headers of their own.
        """
        for body, headers, expected in (
            (BEGIN, {}, True),
            (EMPTY, {}, True),
            (BEGIN, {"x-admin-protocol": "globalplatform-remote-admin/1.0"}, True),
            (EMPTY, {"x-admin-script-status": "ok"}, False),
            (b"", {"x-admin-from": "//se-id/eid/1"}, False),
            (b"", {}, False),
            (b"a=b", {}, False),
        ):
            self.assertEqual(self.house.dialect.takes(Post((), headers, body)), expected)

    def test_stranger(self) -> None:
        """
        An answer without a cookie belongs to nobody; one with a cookie of ours to a session that ended long ago.
        """
        status, text = self.refused(self.client(), EMPTY)
        self.assertEqual((status, "cookie" in text), (400, True))
        self.assertEqual(self.refused(self.client(cookie="other=1"), EMPTY)[0], 400)
        client = self.client(cookie="cardgw=old")
        client.post(EMPTY)
        client.move()
        self.assertEqual((client.texts, client.over), ([(-1, "This session is over. Please start again.")], 204))

    def test_card(self) -> None:
        """
        Whoever comes with the key of one card has no reader, which could hold any.
        """
        post = Post((), {}, BEGIN, peer="192.0.2.7:1", host="192.0.2.7", psk=b"card-1")
        refused = self.house.dialect.begin(post)
        assert isinstance(refused, Reply)
        self.assertEqual((refused.status, b"Amendment B" in refused.body), (403, True))
        self.assertEqual(self.house.crowd.here, set())

    def test_user(self) -> None:
        """
        A session belongs to who has begun it.
        """
        client = self.client()
        client.user = "token:one"
        client.begin()
        self.house.clock.advance(25)
        client.replies.clear()
        client.user = "token:two"
        self.assertEqual(self.refused(client, EMPTY)[0], 403)
        self.assertNoResult(self.house.gateway.channels[0].when_gone())


class RubbishTests(ContactTestCase):
    """
    Bytes of strangers.
    """

    @given(st.binary(max_size=60), st.binary(max_size=60), st.sampled_from((b"\xe8", b"\xab")))
    def test_anything(self, first: bytes, second: bytes, tag: bytes) -> None:
        """
        Whatever comes, each request has a reply in the end, and sessions end.
        """
        house = House()
        client = Client(house)
        statuses = []
        for body in (tag + first, BEGIN, EMPTY, b"\xab" + second, BEGIN, tag + bytes((len(second),)) + second, EMPTY):
            waiting = client.post(body)
            house.clock.advance(25)
            statuses.append(self.successResultOf(waiting).status)
            client.replies.clear()
        self.assertEqual(set(statuses) - {200, 204, 400}, set())
        house.clock.advance(60)
        self.assertEqual((house.crowd.here, house.clock.getDelayedCalls()), (set(), []))


class RequestTests(ContactTestCase):
    """
    What is asked for.
    """

    def test_paths(self) -> None:
        """
        The first segment is the request, the rest its text; without, the card just comes.
        """
        for path, expected in (
            ((), CardRequest(ARRIVAL)),
            (("download", "LPA:1$a$b"), CardRequest("download", "LPA:1$a$b")),
            (("a", "b", "c d"), CardRequest("a", "b/c d")),
        ):
            self.client(*path).begin()
            self.assertEqual(self.house.gateway.channels[-1].info.request, expected)

    def test_noToken(self) -> None:
        """
        A link without its token is none.
        """
        self.assertEqual(self.successResultOf(self.client("link").begin()).status, 404)
        self.assertEqual(self.house.gateway.channels, [])

    def test_link(self) -> None:
        """
        A link is the path's, or a cookie's, whatever its name; then the cookie stays as it is.
        """
        self.house.gateway.links["token-1"] = "card-7"
        for client, cookie in (
            (self.client("link", "token-1"), "cardgw=name-1"),
            (self.client(cookie="JSESSIONID=token-1"), "JSESSIONID=token-1"),
            (self.client(cookie="a=b; SID=token-1"), "a=b; SID=token-1"),
        ):
            client.begin()
            self.assertEqual(client.channel.info.request, CardRequest(LINK, "card-7"))
            self.house.clock.advance(25)
            client.move()
            self.assertEqual((client.cookie, client.over), (cookie, None))
            client.channel.close()
            client.move()
            self.assertEqual(client.over, 204)

    def test_noLink(self) -> None:
        """
        One that is not known is told so, and one that another card has.
        """
        self.house.gateway.links["taken"] = LinkInUse()
        self.house.gateway.links["odd"] = NotSupported("x")
        for client, status, words in (
            (self.client("link", "none"), 404, "no such link"),
            (self.client(cookie="JSESSIONID=none"), 404, "no such link"),
            (self.client("link", "taken"), 409, "already"),
            (self.client("link", "odd"), 503, "cannot"),
        ):
            found, text = self.refused(client)
            self.assertEqual((found, words in text), (status, True), text)
        self.client(cookie="other=none").begin()  # not meant for us
        self.assertEqual(len(self.house.gateway.channels), 1)

    def test_malformed(self) -> None:
        """
        What cannot be a beginning is told why.
        """
        for body in (b"\xe8\x05\xc0", encode_initiation(Initiation(b"\x90\x00"))):
            self.assertEqual(self.refused(self.client(), body)[0], 400)
        self.assertEqual(self.house.crowd.here, set())


class RoomTests(ContactTestCase):
    """
    How many there may be.
    """

    def test_full(self) -> None:
        """
        There is room for so many; the others are told so in words.
        """
        events = captured(self)
        for settings in (RamHttpSettings(max_sessions=1), RamHttpSettings(max_sessions_per_address=1)):
            self.house = House(settings)
            self.client().begin()
            client = self.client("other")
            status, text = self.refused(client)
            self.assertEqual((status, "in a minute" in text), (503, True))
            self.house.gateway.channels[0].close()
            self.house.clock.advance(10)
            self.client("other").begin()
            self.assertEqual(len(self.house.gateway.channels), 2)
        self.assertEqual([each["event"] for each in events if each["event"] == "card-refused"], ["card-refused"] * 2)

    def test_stopping(self) -> None:
        """
        A gateway that stops takes nobody.
        """
        self.successResultOf(self.house.crowd.drain())
        status, text = self.refused(self.client())
        self.assertEqual((status, "restarted" in text), (503, True))

    def test_forgets(self) -> None:
        """
        Sessions that are over are forgotten after a while, and not too many are remembered.
        """
        first = self.client()
        first.begin()
        first.channel.close()
        first.move()
        self.house.clock.advance(LINGER + 1)
        for number in range(3):
            client = self.client(str(number))
            client.begin()
            client.channel.close()
            client.move()
        self.assertEqual(list(self.house.dialect._ended), ["name-2", "name-3", "name-4"])
        for number in range(MOST_ENDED + 3):
            self.client(cookie=f"cardgw={number}").post(EMPTY)
        self.assertEqual(len(self.house.dialect._ended), MOST_ENDED)

    def test_leavesNothing(self) -> None:
        """
        When sessions are over nothing is left of them.
        """
        self.house.gateway.links["token-1"] = "card-7"
        for path in ((), ("link", "token-1")):
            client = self.client(*path)
            client.begin()
            client.channel.close()
            client.move()
        dialect = self.house.dialect
        self.assertEqual((dialect._sessions, dialect._links, dialect._first, self.house.crowd.here), ({}, {}, {}, set()))
        self.assertEqual(self.house.clock.getDelayedCalls(), [])


class AnewTests(ContactTestCase):
    """
    Clients that begin once more.
    """

    def test_notAnswered(self) -> None:
        """
        A client whose connection broke before it was answered goes on with its session.
        """
        client = self.client()
        client.begin()
        client.drop()
        again = client.begin()
        self.assertEqual(len(self.house.gateway.channels), 1)
        self.house.clock.advance(25)
        self.assertIn("Set-Cookie", self.successResultOf(again).headers)

    def test_another(self) -> None:
        """
        Another card of the same kind is another one.
        """
        self.client().begin()
        self.client().begin()
        broken = self.client("x")
        broken.begin()
        broken.drop()
        self.client("y").begin()
        self.client("x", atr=EXTENDED).begin()
        self.assertEqual(len(self.house.gateway.channels), 5)

    def test_linkBroken(self) -> None:
        """
        A client that has come by a link, and is gone, may come again; what it had is lost.
        """
        self.house.gateway.links["token-1"] = "card-7"
        client = self.client("link", "token-1")
        client.begin()
        self.house.clock.advance(25)
        client.move()
        client.drop()
        self.client("link", "token-1").begin()
        self.assertEqual(self.gone(client, 0).code, "client-restarted")
        self.assertEqual(len(self.house.gateway.channels), 2)

    def test_linkTwice(self) -> None:
        """
        One that is there is not driven away.
        """
        self.house.gateway.links["token-1"] = "card-7"
        client = self.client("link", "token-1")
        client.begin()
        self.house.clock.advance(25)
        client.move()
        self.house.gateway.links["token-1"] = LinkInUse()
        self.assertEqual(self.refused(self.client("link", "token-1"))[0], 409)
        self.assertNoResult(client.channel.when_gone())

    def test_firstRead(self) -> None:
        """
        Whoever has read the first reply, and begins once more, begins anew: nothing is done twice.
        """
        self.house.gateway.links["token-1"] = "card-7"
        client = self.client("link", "token-1")
        client.begin()
        self.house.clock.advance(25)
        self.house.fates[client.connection] = Fate.UNKNOWN
        client.connection += 1
        client.begin()
        self.assertEqual(self.gone(client, 0).code, "client-restarted")

    def test_known(self) -> None:
        """
        With the cookie of a session the client begins anew, and gets another one: somebody else may have given it that.
        """
        client = self.client()
        client.begin()
        self.house.clock.advance(25)
        client.move()
        client.begin()
        self.assertEqual(self.gone(client, 0).code, "client-restarted")
        self.assertEqual(client.replies.popleft().status, 409)
        self.house.clock.advance(25)
        client.move()
        self.assertEqual((client.cookie, client.over), ("cardgw=name-2", None))

    def test_later(self) -> None:
        """
        So it is with that of a session that is over.
        """
        client = self.client()
        client.begin()
        self.house.clock.advance(25)
        client.replies.clear()
        self.house.clock.advance(30)
        self.assertIsInstance(self.gone(client), PeerSilent)
        client.begin()
        self.house.clock.advance(25)
        (reply,) = client.replies
        self.assertTrue(reply.headers["Set-Cookie"].startswith("cardgw=name-2;"))
        client.move()
        self.assertIsNone(client.over)

    def test_longCookie(self) -> None:
        """
        Names are not as long as strangers like.
        """
        self.assertEqual(self.refused(self.client(cookie="cardgw=" + "x" * 200), EMPTY)[0], 400)


class LogTests(ContactTestCase):
    """
    What is logged.
    """

    def test_events(self) -> None:
        """
        A session's end, with its counts; never what it asked for, nor its cookie.
        """
        events = captured(self)
        client = self.client("download", "secret-code")
        client.begin()
        client.channel.close()
        client.move()
        self.assertEqual([each["event"] for each in events], ["request", "session-ended"])
        self.assertEqual((events[1]["exchanges"], events[1]["apdus"], events[1]["reason"]), (2, 0, "goodbye"))
        self.assertNotIn("secret-code", repr(events))
        self.assertNotIn("name-1", repr(events))

    def test_repr(self) -> None:
        """
        Nor does what is shown of a request have it.
        """
        post = Post(("download", "secret-code"), {"authorization": "secret"}, b"secret")
        self.assertNotIn("secret", repr(post) + repr(Reply(200, b"secret", {"Set-Cookie": "secret"})))
