"""
Tests of L{cardgw.transports.ramhttp.amdb}.
"""

from __future__ import annotations

from cardgw.errors import GatewayStopping, LinkInUse
from cardgw.transports.ramhttp.http import Post, Reply
from cardgw.values import ARRIVAL, LINK, CardRequest, Feature, Psk
from tests.logs import captured
from tests.transports.ramhttp.amdb import AGENT, EID, IDENTITY, KEY, AmdbTestCase, CardSide

OTHER_AGENT = "//se-id/eid/89001012012341234012345678901323"


class WhoTests(AmdbTestCase):
    """
    Who comes.
    """

    def refused(self, card: CardSide) -> tuple[int, str]:
        """
        What a card is told that is not taken.
        """
        reply = self.of(card.begin())
        self.assertEqual((self.gateway.channels, self.crowd.here), ([], set()))
        return reply.status, reply.body.decode()

    def test_card(self) -> None:
        """
        A card with a key is one of the gateway's, by the EID that its agent tells; its channel is the secure channel.
        """
        card = CardSide(self.dialect, path=("download", "a", "b"))
        self.assertNoResult(card.begin())
        (channel,) = self.gateway.channels
        info = channel.info
        self.assertEqual((info.transport, info.peer, info.identity), ("ramhttp", "192.0.2.7:1", f"eid:{EID}"))
        self.assertEqual((info.secure, info.patience, info.offers), (True, 0.0, frozenset({Feature.SELECT})))
        self.assertEqual((info.resets, info.atr, info.request), (frozenset(), None, CardRequest("download", "a/b")))
        self.assertEqual(len(self.crowd.here), 1)

    def test_arrival(self) -> None:
        """
        One that asks for nothing has just come.
        """
        CardSide(self.dialect).begin()
        self.assertEqual(self.gateway.channels[0].info.request, CardRequest(ARRIVAL))

    def test_plain(self) -> None:
        """
        A connection that proves nobody is not enough, unless settings say that something in front has the keys.
        """
        status, text = self.refused(CardSide(self.dialect, psk=None))
        self.assertEqual((status, "needs TLS-PSK" in text), (403, True))
        self.assertNoResult(CardSide(self.make(amdb_plain=True), psk=None).begin())
        self.assertTrue(self.gateway.channels[0].info.secure)

    def test_plainNobody(self) -> None:
        """
        There, an agent has to name itself.
        """
        self.dialect = self.make(amdb_plain=True)
        self.assertEqual(self.refused(CardSide(self.dialect, psk=None, agent=""))[0], 400)

    def test_bound(self) -> None:
        """
        A key that belongs to one agent is no other's, which is logged; the agent need not name itself.
        """
        self.gateway.keys[IDENTITY] = Psk(KEY, AGENT)
        events = captured(self)
        status, text = self.refused(CardSide(self.dialect, agent=OTHER_AGENT))
        self.assertEqual((status, "belongs to another agent" in text), (403, True))
        self.assertEqual([each["event"] for each in events], ["agent-refused"])
        CardSide(self.dialect, agent="").begin()
        self.assertEqual(self.gateway.channels[0].info.identity, f"eid:{EID}")

    def test_otherCard(self) -> None:
        """
        So is one whose identity has an EID in it.
        """
        identity = f"80028110 8110{EID}".replace(" ", "").encode()
        self.gateway.keys[identity] = Psk(KEY)
        self.assertEqual(self.refused(CardSide(self.dialect, identity, OTHER_AGENT))[0], 403)
        self.assertNoResult(CardSide(self.dialect, identity).begin())

    def test_ownKey(self) -> None:
        """
        A key that is anybody's is not good for a card that has another one.
        """
        self.gateway.keys[IDENTITY] = Psk(KEY, others=frozenset((f"eid:{EID}",)))
        status, text = self.refused(CardSide(self.dialect))
        self.assertEqual((status, "a key of its own" in text), (403, True))
        self.assertNoResult(CardSide(self.dialect, agent=OTHER_AGENT).begin())

    def test_keyIsGone(self) -> None:
        """
        A connection that is still open whose key is none any more has nobody behind it; a dialogue that goes on may end.
        """
        self.gateway.keys[IDENTITY] = Psk(KEY, AGENT)
        card = CardSide(self.dialect)
        self.assertNoResult(card.begin())
        del self.gateway.keys[IDENTITY]
        (name,) = self.dialect._sessions
        self.assertIsNotNone(self.dialect.find(Post((), {}, b"", f"s={name}&n=0", psk=IDENTITY)))
        for agent in (AGENT, OTHER_AGENT):
            reply = self.of(CardSide(self.dialect, agent=agent, path=("x",)).begin())
            self.assertEqual((reply.status, b"good no more" in reply.body), (403, True))

    def test_strangeName(self) -> None:
        """
        What is no name is refused.
        """
        self.assertEqual(self.refused(CardSide(self.dialect, agent="\xe9"))[0], 400)


class DialectTests(AmdbTestCase):
    """
    Which session a POST belongs to.
    """

    def test_takes(self) -> None:
        """
        A POST to an address that we gave is ours, whatever its headers are.
        """
        card = CardSide(self.dialect)
        card.begin()
        (name,) = self.dialect._sessions
        self.assertTrue(self.dialect.takes(Post((), {}, b"\xab\x03\x80\x01\x00", f"s={name}&n=1")))
        self.assertFalse(self.dialect.takes(Post((), {}, b"\xab\x03\x80\x01\x00", "s=00&n=1")))
        self.assertGreaterEqual(len(name), 32)

    def test_key(self) -> None:
        """
        Whoever has another key is not in this session.
        """
        CardSide(self.dialect).begin()
        (name,) = self.dialect._sessions
        post = Post((), {}, b"", f"s={name}&n=0", psk=IDENTITY)
        self.assertIsNotNone(self.dialect.find(post))
        for psk in (None, b"card-2"):
            self.assertIsNone(self.dialect.find(Post((), {}, b"", f"s={name}&n=0", psk=psk)))

    def test_user(self) -> None:
        """
        Nor is whoever has shown something else who it is, or nothing.
        """
        self.dialect = self.make(amdb_plain=True)
        resumed = {"x-admin-from": AGENT, "x-admin-resume": "true"}
        begun = self.dialect.begin(Post((), resumed, b"", user="token:t"))
        assert not isinstance(begun, Reply)
        begun.post(Post((), resumed, b"", user="token:t"))
        self.assertIs(self.dialect.find(Post((), resumed, b"", user="token:t")), begun)
        self.assertIsNone(self.dialect.find(Post(("link", "x"), resumed, b"")))

    def test_anew(self) -> None:
        """
        A card that begins anew ends the dialogue that it had; nobody else does.
        """
        events = captured(self)
        first = CardSide(self.dialect)
        replied = first.begin()
        CardSide(self.dialect, agent=OTHER_AGENT).begin()
        self.assertNoResult(replied)
        CardSide(self.dialect, path=("download",)).begin()
        self.assertEqual(self.of(replied).status, 204)
        self.assertEqual((len(self.gateway.channels), len(self.crowd.here)), (3, 2))
        (ended,) = [each for each in events if each.get("event") == "session-ended"]
        self.assertIn("has begun anew", ended["reason"])

    def test_limits(self) -> None:
        """
        There are only so many cards, and none when the gateway is being stopped.
        """
        self.dialect = self.make(max_sessions=1)
        CardSide(self.dialect).begin()
        reply = self.of(CardSide(self.dialect, agent=OTHER_AGENT).begin())
        self.assertEqual((reply.status, reply.headers["Retry-After"]), (503, "60"))
        self.dialect = self.make()
        self.crowd.drain()
        self.assertEqual(self.of(CardSide(self.dialect).begin()).status, 503)

    def test_link(self) -> None:
        """
        A card may come by a link; an unknown one is not found, and one that is used is in use.
        """
        self.gateway.links.update(good="card-7", used=LinkInUse())
        CardSide(self.dialect, path=("link", "good")).begin()
        self.assertEqual(self.gateway.channels[0].info.request, CardRequest(LINK, "card-7"))
        self.assertEqual(self.of(CardSide(self.dialect, path=("link", "bad")).begin()).status, 404)
        self.assertEqual(self.of(CardSide(self.dialect, path=("link", "used")).begin()).status, 409)

    def test_stop(self) -> None:
        """
        When the gateway stops, a card that waits is told goodbye.
        """
        replied = CardSide(self.dialect).begin()
        drained = self.crowd.drain()
        self.assertNoResult(drained)
        for session in list(self.crowd.here):
            session.wind_up()
            session.end(GatewayStopping())
        self.assertEqual(self.of(replied).status, 204)
        self.successResultOf(drained)
