# -*- test-case-name: tests.functional.test_kinds -*-
"""
Cards of all kinds dial in as virtual cards do, to the service over loopback: who they are, and what is done to each kind.
"""

from __future__ import annotations

import json

from cardgw.virtual.vicc import Manners, Vicc
from tests.functional.api_client import Json
from tests.functional.cli_process import CommandTestCase
from tests.functional.operators import ENDED, begins, identity, until
from tests.functional.vpcd import VpcdTestCase
from tests.gp.card import CPLC, CUID, IIN_CIN, STORAGE_ATR, GpCard

REQUESTS = "[transports.vpcd.requests]\n"
BY_KIND = f'{REQUESTS}euicc = "notifications.send-all"\nglobalplatform = "lpa.info"\n'
READ = "00A4040000\n80CA9F7F00\n"


class KindsTestCase(VpcdTestCase, CommandTestCase):
    """
    The service as a reader.
    """

    async def insert_gp(self, card: GpCard) -> Vicc:
        """
        A card of GlobalPlatform dials in.
        """
        return await self.insert_any(card.transmit, card.atr, card.reset)

    async def unknown(self, kind: str | None) -> Json:
        """
        The one card that is here and does not tell who it is.
        """

        async def look() -> Json | None:
            found = [each for each in await self.api.items("cards") if each["kind"] == kind and each["managed"]]
            return found[0] if found and found[0]["identity"] is None else None

        found: Json = await until(look)
        return found

    async def only_job(self) -> Json:
        """
        The one job that there was, when it has ended.
        """

        async def look() -> Json | None:
            jobs = await self.api.items("jobs")
            return jobs[0] if len(jobs) == 1 and jobs[0]["state"] in ENDED else None

        found: Json = await until(look)
        return found


class KindsTests(KindsTestCase):
    """
    Who is who.
    """

    async def test_globalplatform(self) -> None:
        """
        A card of GlobalPlatform is known by its chip, and is left as it was; jobs are done to it.  Without chip data it is known
        by what its issuer numbered.
        """
        await self.start()
        card = GpCard()
        vicc = await self.insert_gp(card)
        shown = await self.identified(CUID)
        self.assertEqual((shown["kind"], shown["uid"], shown["managed"]), ("globalplatform", None, True))
        self.assertEqual((card.untouched, vicc.resets), (True, 1))
        answers = (await self.run_job(CUID.lower(), "apdu.script", script=READ, confirm=True))["answers"]
        self.assertIn(CPLC.hex().upper(), json.dumps(answers).upper())
        await self.insert_gp(GpCard(objects={0x42: bytes.fromhex("42099999"), 0x45: bytes.fromhex("3D5F8004132EDA")}, channels=0))
        self.assertEqual((await self.identified(IIN_CIN))["kind"], "globalplatform")
        self.assertEqual(await self.failed_job(CUID, "lpa.profiles"), "no-isdr")

    async def test_others(self) -> None:
        """
        A card that refuses everything is of no kind; a contactless storage card is sent no command at all.  Both stay.
        """
        await self.start()
        await self.insert_any(lambda command: b"\x6d\x00", bytes.fromhex("3B00"))
        self.assertEqual((await self.unknown(None))["atr"], "3B00")
        storage = await self.insert_any(lambda command: b"\x6d\x00", STORAGE_ATR)
        self.assertEqual((await self.unknown("contactless"))["uid"], None)
        self.assertEqual(storage.apdus, 0)

    async def test_command(self) -> None:
        """
        The command shows all of them, and takes the end of any identity.
        """
        await self.start()
        await self.log_in()
        await self.insert_gp(GpCard())
        await self.insert(card := self.euicc())
        await self.identified(CUID)
        await self.here(card)
        told = (await self.cardgw("cards")).out
        self.assertIn(CUID, told)
        self.assertIn(card.eid.hex(), told)
        shown = (await self.cardgw("card", "show", "12ab34")).out
        self.assertIn("globalplatform", shown)
        self.assertEqual((await self.cardgw("card", "show", CUID.lower(), "--json")).json["identity"], CUID)


class RouteTests(KindsTestCase):
    """
    What is done to each kind.
    """

    async def test_euicc(self) -> None:
        """
        What settings want done to eUICCs is done to one that comes, which is asked once who it is; then it stays.
        """
        await self.start(BY_KIND)
        asked: list[bytes] = []
        card = self.euicc()

        def transmit(command: bytes) -> bytes:
            asked.extend([command] if begins(command, b"\xbf\x3e") else [])
            return card.transmit(command)

        await self.insert(card, transmit=transmit)
        job = await self.only_job()
        self.assertEqual((job["operation"], job["state"], job["card"]), ("notifications.send-all", "done", identity(card)))
        shown = await self.here(card)
        self.assertEqual((shown["kind"], shown["managed"], shown["request"], len(asked)), ("euicc", True, "arrival", 1))
        self.assertEqual((await self.run_job(identity(card), "lpa.info"))["eidValue"], card.eid.hex())

    async def test_globalplatform(self) -> None:
        """
        To a card of another kind something else is done; it stays, also where that fails.
        """
        await self.start(BY_KIND)
        await self.insert_gp(GpCard())
        job = await self.only_job()
        self.assertEqual((job["operation"], job["state"], job["card"]), ("lpa.info", "failed", CUID))
        self.assertTrue((await self.identified(CUID))["managed"])

    async def test_absent(self) -> None:
        """
        A job for a card that is not here, by whatever it is known, is done when it comes: after what is done to its kind.
        """
        await self.start(BY_KIND)
        job = await self.submit(CUID, "apdu.script", script=READ, confirm=True)
        await self.insert_gp(GpCard())
        done = await self.job(job)
        self.assertEqual((done["state"], done["card"]), ("done", CUID))
        self.assertEqual({each["state"] for each in await self.api.items("jobs", card=CUID)}, {"failed", "done"})

    async def test_nothing(self) -> None:
        """
        Where settings say nothing of cards that come, they are left alone, and sent away.
        """
        await self.start(REQUESTS + 'arrival = ""\n')
        outcome = await (await self.insert_gp(GpCard())).done
        self.assertEqual((outcome.apdus, outcome.goodbye), (0, True))

    async def test_pulledOut(self) -> None:
        """
        A card that is pulled out while it is asked who it is has left, and nothing is done to it.
        """
        await self.start(REQUESTS + 'arrival = "lpa.info"\n')
        for count in range(1, 5):
            card = GpCard()
            vicc = await self.insert_any(card.transmit, card.atr, manners=Manners(pull_at=count))
            await vicc.done
            await self.nobody()
        self.assertEqual(await self.api.items("jobs"), [])
