# -*- test-case-name: tests.functional.test_links -*-
"""
Links over real sockets: a service of its own, the HTTP API, and software clients of RAMOverHTTP that come by links.
"""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint

from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Delivery
from cardgw.virtual.ram_client import Outcome, RamClient
from cardgw.virtual.ram_kinds import KINDS, OURS, Kind
from cardgw.virtual.ram_slot import Slot
from cardgw.virtual.vicc import euicc_atr
from tests.functional.api_client import Api, Json
from tests.functional.lent import LentTestCase
from tests.functional.operators import reactor

READ = "80E2910006BF3E035C015A"
"""A command of C{apdu.script}: the EID."""


class LinksTests(LentTestCase):
    """
    Somebody makes a link, and somebody else brings a card by it.
    """

    def new_card(self) -> VirtualEuicc:
        """
        A card in a reader.
        """
        return self.card(pinned=False, delivery=Delivery.T1)

    async def make(self, operation: str = "lpa.profiles", **body: Any) -> Json:
        """
        A link.
        """
        wanted = {"operation": operation, **body} if operation else body
        made: Json = (await self.api.post("links", wanted)).only(201)
        return made

    def bring(self, link: Json, card: VirtualEuicc | None = None, kind: Kind = OURS, pull_at: int = 0) -> Deferred[Outcome]:
        """
        Bring a card by a link.

        @param pull_at: the command in the midst of which it is pulled out.
        """
        card, count = card or self.new_card(), 0

        def transmit(command: bytes) -> bytes:
            nonlocal count
            count += 1
            if count == pull_at:
                client.pull()
            return card.transmit(command)

        port = self.gateway.ports["ramhttp-listening"]
        url = f"http://127.0.0.1:{port}/rt/link/{link['url'].rpartition('/')[2]}"
        slot = Slot(reactor, transmit, euicc_atr(card.options), card.reset)
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
        client = RamClient(reactor, endpoint, url, slot, kind)
        running = ensureDeferred(client.run())
        self.addCleanup(self._over, running)
        return running

    async def _over(self, running: Deferred[Outcome]) -> None:
        running.addErrback(lambda _: None)
        running.cancel()
        await running

    async def test_clients(self) -> None:
        """
        Each client can come by a link; a page follows the job from the beginning to the result; then the link is used up.
        """
        await self.start()
        for name, kind in KINDS.items():
            link = await self.make("lpa.info")
            page = self.with_token(link["token"])
            self.assertEqual((await page.get(f"jobs/{link['job']['id']}")).only(200)["state"], "queued")
            self.assertEqual(await page.items("cards"), [])
            feed = await page.follow(link["job"]["id"])
            outcome = await self.bring(link, kind=kind)
            self.assertTrue(outcome.good, (name, outcome))
            told = (await page.get(f"jobs/{link['job']['id']}")).only(200)
            self.assertEqual(told["state"], "done", (name, told))
            feed.stop()
            self.assertFalse((await self.bring(link, kind=kind)).good, name)
        self.assertEqual(await self.api.items("links"), [])

    async def test_kept(self) -> None:
        """
        Neither the store nor the log has a token of a link.
        """
        await self.start('[log]\nlevel = "debug"\n')
        link = await self.make()
        await self.bring(link)
        await self.bring(link)
        await self.gateway.stop()
        secrets = [link["token"], link["url"].rpartition("/")[2]]
        kept = b"".join(path.read_bytes() for path in self.directory.iterdir() if path.is_file())
        for each in secrets:
            self.assertNotIn(each.encode(), kept)
            self.assertNotIn(each, json.dumps(self.gateway.events))

    async def test_stays(self) -> None:
        """
        Without an operation the card stays for jobs, also those that were queued before it came; when the link is withdrawn, it
        is let go.
        """
        await self.start()
        link = await self.make("")
        first = await self.submit(link["card"], "lpa.info")
        running = self.bring(link)
        await self.job(first)
        self.assertEqual([each["id"] for each in await self.api.items("cards")], [link["card"]])
        await self.run_job(link["card"], "apdu.script", confirm=True, script=READ)
        refused = await self.bring(link)
        self.assertEqual((refused.good, refused.apdus), (False, 0))
        (await self.api.delete(f"links/{link['id']}")).only(204)
        await running
        self.assertEqual(await self.api.items("links"), [])

    async def test_failed(self) -> None:
        """
        Where the job fails, the client is told so.
        """
        await self.start()
        link = await self.make("apdu.script", parameters={"script": f"{READ}=6A82"}, confirm=True)
        outcome = await self.bring(link)
        self.assertEqual([each.number for each in outcome.notifications], [-1])
        self.assertEqual((await self.job(link["job"]))["state"], "failed")

    async def test_lost(self) -> None:
        """
        A card that is lost in the midst comes again by the same link, and the job is done.
        """
        await self.start()
        link, card = await self.make(), self.new_card()
        await self.bring(link, card, pull_at=3)
        waits = await self.job(link["job"], "queued")
        self.assertEqual((waits["channel"], waits["runs"]), (link["card"], 1))
        outcome = await self.bring(link, card)
        self.assertTrue(outcome.good, outcome)
        self.assertEqual((await self.job(link["job"]))["runs"], 2)

    async def test_tokens(self) -> None:
        """
        A link is enough where others need a token; what is no link is not.
        """
        await self.start('tokens = ["t"]\n\n[secrets]\nt = "env:HOME"\n')
        for kind in KINDS.values():
            outcome = await self.bring(await self.make(), kind=kind)
            self.assertTrue(outcome.good, outcome)
        refused = await self.bring({"url": "http://127.0.0.1/rt/link/cgl_x"})
        self.assertEqual((refused.good, refused.apdus), (False, 0))

    async def test_restart(self) -> None:
        """
        Links outlive the gateway, and so does what waits for their cards.
        """
        await self.start()
        link, later = await self.make(), await self.make(expires=1)
        await self.gateway.stop()
        self.restart()
        api: Api = self.api
        ended = await self.job(later["job"])
        self.assertEqual((ended["state"], ended["error"]["code"]), ("failed", "link-expired"))
        self.assertEqual([each["id"] for each in (await api.items("links"))], [link["id"]])
        outcome = await self.bring(link)
        self.assertTrue(outcome.good, outcome)
        self.assertEqual((await self.with_token(link["token"]).get(f"jobs/{link['job']['id']}")).only(200)["state"], "done")

    async def test_key(self) -> None:
        """
        A request that is sent again makes no second link; the tokens are new.
        """
        await self.start()
        body = {"operation": "lpa.info"}
        first = (await self.api.post("links", body, **{"Idempotency-Key": "k"})).only(201)
        second = (await self.api.post("links", body, **{"Idempotency-Key": "k"})).only(200)
        self.assertEqual((first["id"], first["job"]["id"]), (second["id"], second["job"]["id"]))
        self.assertFalse((await self.bring(first)).good)
        self.assertTrue((await self.bring(second)).good)

    async def test_withoutTransport(self) -> None:
        """
        Where the transport is off, it is said which one it takes.
        """
        await super().start()
        config = self.config.read_text().replace("[transports.ramhttp]", "[transports.ramhttp]\nenabled = false")
        await self.gateway.stop()
        self.config.write_text(config)
        self.restart()
        reply = await self.api.post("links", {})
        self.assertEqual(reply.refusal, (409, "no-way-for-links"))
        self.assertIn("[transports.ramhttp]", reply.body["hint"])
