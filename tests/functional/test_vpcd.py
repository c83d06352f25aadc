# -*- test-case-name: tests.functional.test_vpcd -*-
"""
Cards of others that dial in (vpcd): the service, its HTTP API, an SM-DP+ and software eUICCs, all over loopback.
"""

from __future__ import annotations

import socket

from twisted.internet.threads import deferToThread

from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.vicc import Manners, Vicc
from tests.functional.api_client import Json
from tests.functional.operators import ENDED, NEW, ONE, TWO, activation_code, begins, identity, until
from tests.functional.vpcd import VpcdTestCase

NICKNAME = b"\xbf\x29"
"""Tag of a request of ES10c.SetNickname."""
LOAD = b"\xbf\x36"
"""Tag of ES10b.LoadBoundProfilePackage."""


class DayTests(VpcdTestCase):
    """
    All goes well.
    """

    async def test_operations(self) -> None:
        """
        A card that dials in is identified and stays; all that an LPA does is done to it by jobs.  After enabling it is powered
        off and on, and stays.
        """
        await self.start()
        self.order()
        card = self.euicc()
        vicc = await self.insert(card)
        shown = await self.here(card)
        self.assertEqual((shown["transport"], shown["request"], shown["atr"]), ("vpcd", "arrival", vicc.atr.hex().upper()))
        self.assertTrue(shown["managed"])
        self.assertEqual((shown["offers"], shown["resets"]), (["SELECT", "logical channels"], ["cold", "warm"]))
        who = identity(card)
        self.assertEqual((await self.run_job(who, "lpa.info"))["eidValue"], card.eid.hex())
        installed = await self.run_job(who, "profile.download", activation_code=activation_code("P-1"))
        self.assertEqual((installed["iccid"], installed["notification"]), (NEW, "delivered"))
        resets = vicc.resets
        enabled = await self.run_job(who, "lpa.enable", profile=NEW)
        self.assertEqual((enabled["replaced"], enabled["notifications"]["delivered"]), (ONE, 2))
        listed = (await self.run_job(who, "lpa.profiles"))["profiles"]
        self.assertEqual([each["iccid"] for each in listed if each["profileState"] == "enabled"], [NEW])
        self.assertEqual((vicc.resets, (await self.here(card))["id"]), (resets + 1, shown["id"]))

    async def test_stop(self) -> None:
        """
        When the service stops, the card is powered off.
        """
        await self.start()
        vicc = await self.insert(card := self.euicc())
        await self.here(card)
        await self.gateway.stop()
        outcome = await vicc.done
        self.assertEqual((outcome.goodbye, outcome.reason), (True, "closed"))

    async def test_disconnect(self) -> None:
        """
        An operator can send a card away; it is powered off.
        """
        await self.start()
        vicc = await self.insert(card := self.euicc())
        shown = await self.here(card)
        self.assertLess((await self.api.delete(f"cards/{shown['id']}")).status, 300)
        self.assertTrue((await vicc.done).goodbye)
        await self.nobody()

    async def test_arrival(self) -> None:
        """
        Settings can have an operation run on each card that comes; then it stays.
        """
        await self.start('[transports.vpcd.requests]\narrival = "lpa.info"\n')
        await self.insert(card := self.euicc())

        async def done() -> Json | None:
            return next((each for each in await self.api.items("jobs") if each["state"] in ENDED), None)

        job = await until(done)
        self.assertEqual((job["operation"], job["state"], job["card"]), ("lpa.info", "done", identity(card)))
        self.assertTrue((await self.here(card))["managed"])
        self.assertEqual((await self.run_job(identity(card), "lpa.info"))["eidValue"], card.eid.hex())

    async def test_waiting(self) -> None:
        """
        A job for a card that is not here waits for it, whether the card was ever here before or not; pieces of any size do.
        """
        await self.start()
        card = self.euicc()
        job = await self.submit(identity(card), "lpa.info")
        await self.insert(card, Manners(fragment=3, empty=2))
        self.assertEqual((await self.job(job))["state"], "done")


class TroubleTests(VpcdTestCase):
    """
    All does not go well.
    """

    async def pull_at(self, card: VirtualEuicc, sign: bytes) -> Vicc:
        """
        A card that is pulled out when a command comes whose data begin so.
        """

        def transmit(command: bytes) -> bytes:
            if not begins(command, sign):
                return card.transmit(command)
            vicc.drop()
            return b""

        vicc = await self.insert(card, Manners(hard=True), transmit)
        return vicc

    async def test_pulledOut(self) -> None:
        """
        A card that is pulled out in the midst of a job which may start anew: that is done when the card comes back.
        """
        await self.start()
        card = self.euicc()

        vicc = await self.pull_at(card, NICKNAME)
        await self.here(card)
        job = await self.submit(identity(card), "lpa.nickname", profile=TWO, nickname="Zoë")
        await vicc.done
        await self.job(job, "queued")
        await self.nobody()
        await self.insert(card)
        self.assertEqual((await self.job(job))["state"], "done")
        self.assertEqual([each.nickname for each in card.profiles], ["", "Zoë"])

    async def test_pulledOutWhileLoading(self) -> None:
        """
        So it is with a download whose package was being loaded: the job says why it broke off, and goes on at the next visit.
        """
        await self.start()
        self.order()
        card = self.euicc()
        vicc = await self.pull_at(card, LOAD)
        await self.here(card)
        job = await self.submit(identity(card), "profile.download", activation_code=activation_code("P-1"))
        await vicc.done
        queued = await self.job(job, "queued", *ENDED)
        self.assertEqual((queued["state"], queued["error"]["code"]), ("queued", "installation-interrupted"))
        await self.insert(card)
        self.assertEqual((await self.job(job))["state"], "done")
        self.assertEqual([each.iccid for each in card.profiles], [ONE, TWO, NEW])

    async def test_exchanged(self) -> None:
        """
        A card that is taken out while its side stays is gone; the next one in its place is another card.
        """
        await self.start()
        card = self.euicc()
        vicc = await self.insert(card)
        first = await self.here(card)
        atr, vicc.atr = vicc.atr, b""
        await self.nobody()
        vicc.atr = atr
        self.assertNotEqual((await self.here(card))["id"], first["id"])

    async def test_silent(self) -> None:
        """
        A card that falls silent is lost after its time, and the job says so.
        """
        await self.start("slow_timeout = 0.3\n")
        card = self.euicc()
        vicc = await self.insert(card)
        await self.here(card)
        vicc._manners = Manners(silent_at=vicc.apdus + 3)
        body = {"operation": "apdu.script", "card": identity(card), "parameters": {"script": "A4\n" * 5}, "confirm": True}
        job = await self.job((await self.api.post("jobs", body)).only(202))
        self.assertEqual((job["state"], job["error"]["code"], len(job["result"]["answers"])), ("failed", "peer-silent", 2))

    async def test_limits(self) -> None:
        """
        One connection too many is closed at once; when there is room again, one is served.
        """
        await self.start("max_sessions_per_address = 1\n")
        card, other = self.euicc(), self.euicc(2)
        first = await self.insert(card)
        await self.here(card)
        outcome = await (await self.insert(other)).done
        self.assertEqual((outcome.resets, outcome.apdus), (0, 0))
        first.drop()
        await first.done
        await self.nobody()
        await self.insert(other)
        await self.here(other)

    async def test_strangers(self) -> None:
        """
        What is no card is told nothing, and hurts nobody.
        """
        await self.start("apdu_timeout = 0.3\n")
        for words in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x00\x02\x90\x00", b"\x00\x05\x3b", b"", b"\xff" * 70000):
            self.assertEqual((await deferToThread(self._say, words))[:6], b"\x00\x01\x01\x00\x01\x04")
        self.assertEqual(await self.api.items("cards"), [])
        await until(lambda: sum(each["event"] == "session-ended" for each in self.gateway.events) == 5)
        self.assertEqual([each for each in self.gateway.events if each.get("level") in ("error", "critical")], [])

    def _say(self, words: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.gateway.ports["vpcd-listening"]), 10) as wire:
            wire.sendall(words)
            heard = b""
            while True:
                try:
                    piece = wire.recv(4096)
                except ConnectionResetError:
                    return heard
                if not piece:
                    return heard
                heard += piece
