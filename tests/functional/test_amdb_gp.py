"""
Administration of cards of GlobalPlatform that come by themselves (Amendment B): what is said where, and connections that break at
every point of an installation.
"""

from __future__ import annotations

from typing import Any

from cardgw.gp.commands import Ins
from cardgw.virtual.admin_script import Habits
from tests.functional.amdb import ISD, OVER_TLS, WHO, AmdbTestCase
from tests.functional.amdb_gp import ConnectedCard
from tests.functional.api_client import Json
from tests.functional.operators import activation_code
from tests.gp.cap_maker import APPLET, PACKAGE, make_components, zipped

CAP = zipped(make_components(code=30_000)).hex()
POSTS = 25
"""More than an installation takes."""
SCRIPT = "00A4040007A0000001510000\n80CA9F7F00 = 9000"


class SelectTests(AmdbTestCase):
    """
    An application is there, or it is not.
    """

    async def ended(self, operation: str, **parameters: Any) -> tuple[Json, ConnectedCard]:
        """
        What has become of a job, and the card to which it was done.
        """
        job = await self.submit(WHO, operation, confirm=True, **parameters)
        card = ConnectedCard()
        self.assertTrue((await self.comes(card)).good)
        return await self.job(job), card

    async def test_domain(self) -> None:
        """
        A security domain that is not there is told by name; the one that is there is administered.
        """
        await self.start()
        job, _ = await self.ended("gp.registry", domain="A0000009990000", **OVER_TLS)
        self.assertEqual(job["error"]["code"], "no-security-domain")
        job, _ = await self.ended("gp.registry", domain=f"{ISD.hex()}", **OVER_TLS)
        self.assertEqual(job["state"], "done")

    async def test_noEuicc(self) -> None:
        """
        A card without an ISD-R is no eUICC, and gets no command of one.
        """
        await self.start()
        for operation, parameters in (
            ("lpa.profiles", {}),
            ("profile.download", {"activation_code": activation_code("P-1")}),
        ):
            job, card = await self.ended(operation, **parameters)
            self.assertEqual(job["error"]["code"], "no-isdr")
            self.assertEqual([each for each in card.sent if each[1] == Ins.STORE_DATA], [])

    async def test_script(self) -> None:
        """
        A script of APDUs is told by SELECT whether the application is there.
        """
        await self.start()
        self.assertEqual((await self.ended("apdu.script", script=SCRIPT))[0]["state"], "done")
        job, _ = await self.ended("apdu.script", script="00A4040007A0000009990000 = 6A82")
        self.assertEqual(job["state"], "done")

    async def test_nextJob(self) -> None:
        """
        What one job has selected is not the security domain of the next.
        """
        await self.start()
        await self.submit(WHO, "apdu.script", confirm=True, script="00A4040007A0000001510000")
        listed = await self.submit(WHO, "gp.registry", **OVER_TLS)
        outcome = await self.comes(ConnectedCard())
        self.assertEqual((await self.job(listed))["state"], "done")
        named = [each.reply.get("X-Admin-Targeted-Application") for each in outcome.visits]
        self.assertEqual((named[0], named[1]), ("//aid/A000000151/0000", None))


class CutTests(AmdbTestCase):
    """
    A CAP file of 30 kB is installed, and a connection breaks.
    """

    async def install(self, **manners: Any) -> tuple[Any, Json, ConnectedCard]:
        """
        A card comes for it.
        """
        job = await self.submit(WHO, "gp.install", cap=CAP, confirm=True, **OVER_TLS)
        card = ConnectedCard()
        outcome = await self.comes(card, **manners)
        self.assertTrue(outcome.good, outcome)
        self.assertEqual(len(set(card.loads)), len(card.loads), "a block came twice")
        return outcome, await self.job(job), card

    async def test_replies(self) -> None:
        """
        Before any reply: it is given again, and all is done, once; whatever forms the card likes.
        """
        await self.start()
        likes: tuple[dict[str, Any], ...] = ({}, {"chunked": False, "empty_length": True}, {"habits": Habits(counts_openly=True)})
        for post in range(1, POSTS):
            outcome, job, card = await self.install(lose_after=post, **likes[post % 3])
            self.assertEqual((job["state"], card.there()), ("done", [PACKAGE, APPLET]), post)
            self.assertEqual(outcome.resumed, int(post <= outcome.posts))

    async def test_answers(self) -> None:
        """
        Before any answer: what only read is read again; anything else has failed, and the card may be administered on.
        """
        await self.start("amdb_definite = true\namdb_chunked = true")
        states = []
        for post in range(1, POSTS):
            outcome, job, _ = await self.install(lose_before=post)
            states.append(job["state"])
            self.assertEqual((job["error"] or {}).get("code"), None if job["state"] == "done" else "peer-lost")
            if not outcome.resumed:
                break
        self.assertEqual((states[0], states[-1], states[-2]), ("done", "done", "failed"))
        self.assertGreater(states.count("failed"), 10)
