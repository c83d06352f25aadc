"""
Cards that administer themselves over HTTP (GlobalPlatform Amendment B): the service, its HTTP API, software cards, TLS and
all over loopback.
"""

from __future__ import annotations

import signal
from typing import Any

from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol

from cardgw.virtual.admin_script import Habits
from tests.functional.amdb import AGENT, ISD, OTHER, OTHER_AGENT, OTHER_KEY, OVER_TLS, PACKAGE, WHO, AmdbTestCase, Card
from tests.functional.operators import reactor, until
from tests.functional.vpcd import make_vicc


class DayTests(AmdbTestCase):
    """
    All goes well.
    """

    async def test_nothing(self) -> None:
        """
        A card for which there is nothing to do is sent home with the first answer.
        """
        await self.start()
        outcome = await self.comes(Card())
        self.assertEqual((outcome.good, outcome.posts, outcome.apdus), (True, 1, 0))

    async def test_jobs(self) -> None:
        """
        What waits for a card is done when it comes, one job after another, in the secure channel that the connection is.
        """
        await self.start()
        listed = await self.submit(WHO, "gp.registry", **OVER_TLS)
        deleted = await self.submit(WHO, "gp.delete", aid=PACKAGE.hex(), confirm=True, **OVER_TLS)
        card = Card()
        outcome = await self.comes(card)
        self.assertTrue(outcome.good, outcome)
        self.assertEqual((outcome.connections, outcome.resumed), (1, 0))
        result = (await self.job(listed))["result"]
        self.assertIn(PACKAGE.hex().upper(), str(result).upper())
        self.assertEqual((await self.job(deleted))["state"], "done")
        self.assertEqual(([each.aid for each in card.entries], card.got[0xE4], card.got[0xA4]), ([ISD], 1, 0))
        last = outcome.visits[-1].reply
        self.assertEqual((last.status, last.get("Connection"), last.get("X-Admin-Next-URI")), (204, "close", None))

    async def test_forms(self) -> None:
        """
        Scripts of definite length, in chunks; answers in every form that cards have; a name that is told but once.
        """
        await self.start("amdb_definite = true\namdb_chunked = true")
        for manners in ({"terse": True}, {"chunked": False, "empty_length": True}, {"habits": Habits(counts_last=True)}):
            job = await self.submit(WHO, "gp.registry", **OVER_TLS)
            outcome = await self.comes(Card(), **manners)
            self.assertTrue(outcome.good, outcome)
            self.assertEqual((await self.job(job))["state"], "done")
            self.assertEqual(outcome.visits[0].reply.get("Transfer-Encoding"), "chunked")
            self.assertTrue(outcome.visits[0].script.startswith(b"\xaa"))

    async def test_domain(self) -> None:
        """
        Another security domain is named in a header; one that is not there is told as it is elsewhere.
        """
        await self.start()
        job = await self.submit(WHO, "gp.registry", domain=ISD.hex(), **OVER_TLS)
        outcome = await self.comes(Card())
        self.assertEqual((await self.job(job))["state"], "done")
        self.assertEqual(outcome.visits[0].reply.get("X-Admin-Targeted-Application"), "//aid/A000000151/000000")
        job = await self.submit(WHO, "gp.registry", domain="A000000999", **OVER_TLS)
        await self.comes(Card())
        self.assertEqual((await self.job(job))["error"]["code"], "no-security-domain")

    async def test_linger(self) -> None:
        """
        A card may be held for a while, and gets what comes then.
        """
        await self.start("amdb_linger = 20")
        coming = self.comes(Card())

        async def here() -> bool:
            return any(each["identity"] == WHO for each in await self.api.items("cards"))

        await until(here)
        await self.run_job(WHO, "gp.registry", **OVER_TLS)
        stopping = self.gateway.stop()
        self.assertTrue((await coming).good)
        await stopping

    async def test_fleet(self) -> None:
        """
        A key of a fleet is good for any card; what is new in the file counts after SIGHUP.
        """
        await self.start()
        job = await self.submit(OTHER, "gp.registry", **OVER_TLS)
        self.assertTrue((await self.comes(Card(), self.endpoint(b"card-2", OTHER_KEY), OTHER_AGENT)).good)
        self.assertEqual((await self.job(job))["state"], "done")
        (self.keys / "psk.txt").write_text(f"card-3:{OTHER_KEY}\n")
        self.gateway.process.process.send_signal(signal.SIGHUP)
        await until(lambda: [each for each in self.gateway.events if each["event"] == "reloaded"])
        self.assertTrue((await self.comes(Card(), self.endpoint(b"card-3", OTHER_KEY), OTHER_AGENT)).good)
        self.assertFalse((await self.comes(Card(), self.endpoint(b"card-2", OTHER_KEY), OTHER_AGENT, tries=0)).good)


class TroubleTests(AmdbTestCase):
    """
    It does not.
    """

    async def test_refused(self) -> None:
        """
        Whoever has no key, another one, or says to be another card than its key's, is not taken; nor is anybody over a plain
        connection.
        """
        plain = "tcp:0:interface=127.0.0.1"
        await self.start()
        strangers = self.endpoint(b"nobody"), self.endpoint(key=OTHER_KEY)
        for stranger in strangers:
            self.assertFalse((await self.comes(Card(), stranger, tries=0)).good)
        for who in ({"agent": OTHER_AGENT}, {"agent": AGENT, "endpoint": self.endpoint(b"card-2", OTHER_KEY)}):
            outcome = await self.comes(Card(), **who)
            self.assertEqual((outcome.good, outcome.text), (False, "403 Forbidden"))
        await self.gateway.stop()
        self.config.write_text(self.config.read_text().replace("psk:tcp:0:interface=127.0.0.1", plain))
        self.restart()
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.gateway.ports["ramhttp-listening"])
        self.assertEqual((await self.comes(Card(), endpoint)).text, "403 Forbidden")

    async def test_replyLost(self) -> None:
        """
        A connection breaks before the reply has come: the card comes back, is told again, and does all of it once.
        """
        await self.start()
        for post, operation in ((2, "gp.delete"), (1, "gp.registry"), (2, "gp.registry"), (3, "gp.registry")):
            about: dict[str, Any] = {"aid": PACKAGE.hex(), "confirm": True} if operation == "gp.delete" else {}
            job = await self.submit(WHO, operation, **about, **OVER_TLS)
            card = Card()
            outcome = await self.comes(card, lose_after=post)
            self.assertTrue(outcome.good, outcome)
            self.assertEqual((outcome.resumed, card.got[0xE4]), (1, int(operation == "gp.delete")))
            self.assertEqual((await self.job(job))["state"], "done")

    async def test_answerLost(self) -> None:
        """
        A connection breaks after a script was carried out, and nobody hears of it: what only reads is done again, nothing else
        is, and its job tells so.
        """
        await self.start()
        job = await self.submit(WHO, "gp.registry", **OVER_TLS)
        self.assertTrue((await self.comes(Card(), lose_before=2)).good)
        self.assertEqual((await self.job(job))["state"], "done")
        job = await self.submit(WHO, "gp.delete", aid=PACKAGE.hex(), confirm=True, **OVER_TLS)
        card = Card()
        outcome = await self.comes(card, lose_before=2)
        self.assertTrue(outcome.good, outcome)
        self.assertEqual(((await self.job(job))["error"]["code"], card.got[0xE4]), ("peer-lost", 1))

    async def test_noSecureChannel(self) -> None:
        """
        Elsewhere a connection is no secure channel, and what needs one is refused by name.
        """
        await self.start('[transports.vpcd]\nlisten = ["tcp:0:interface=127.0.0.1"]')
        card = self.card(pinned=False)
        vicc = make_vicc(card)
        await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", self.gateway.ports["vpcd-listening"]), vicc)
        self.addCleanup(vicc.drop)
        self.assertEqual(await self.failed_job(f"eid:{card.eid.hex()}", "gp.registry", **OVER_TLS), "no-secure-connection")

    async def test_privacy(self) -> None:
        """
        The log has no key, and no EID in full.
        """
        await self.start()
        job = await self.submit(WHO, "gp.registry", **OVER_TLS)
        await self.comes(Card())
        await self.job(job)
        await self.comes(Card(), agent=OTHER_AGENT)
        await self.gateway.stop()
        text = str(self.gateway.events)
        self.assertIn("agent-refused", text)
        for secret in (AGENT, WHO, OTHER_AGENT, OTHER, "00010203", "F0F0F0"):
            self.assertNotIn(secret, text)
