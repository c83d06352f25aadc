# -*- test-case-name: tests.functional.test_gp_trouble -*-
"""
Administration that does not come to its end: cards pulled out, wrong keys, jobs cancelled, services restarted; and what the next
run makes of what is left.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from typing import Any

from attrs import evolve

from cardgw.gp.commands import Ins
from cardgw.gp.delete import delete
from cardgw.scp.keys import KeySet
from cardgw.virtual.security_domain_options import STRICT
from cardgw.virtual.vicc import Manners
from tests.functional.api_client import Json
from tests.functional.gp import DEK, ENC, MAC, GpCard, GpTestCase
from tests.functional.matrix import GP_WAYS
from tests.functional.operators import LOST, until
from tests.gp.cap_maker import APPLET, PACKAGE, make_components, zipped
from tests.virtual.security_domain_rig import Administrator

HEAD = next(iter(GP_WAYS.values())).head
INSTALL = {**HEAD, "cap": zipped(make_components(code=2_000)).hex()}
LEAVING = {"family": evolve(STRICT, leaves_partial=True)}
"""A card that keeps what was half loaded."""
WHOLE = [PACKAGE, APPLET]
INITIALIZE_UPDATE = 0x50
_FILES = 2
"""The service may have so many more open than before: connections of this client that are being closed."""


class TroubleTestCase(GpTestCase):
    """
    A card that is loaded, and to which something happens.
    """

    async def begin(self) -> None:
        """
        The service, and a card that is here.
        """
        await self.start()
        self.chip = GpCard(**LEAVING)
        await self.arrive()

    async def arrive(self, delay: float = 0.0) -> None:
        """
        The card comes, perhaps again.

        @param delay: seconds that each command takes.
        """
        self.trap: Callable[[bytes], bool] = lambda _: False
        self.vicc = await self.come(self.chip, Manners(hard=True, delay=delay), self.take)

    def take(self, command: bytes) -> bytes:
        """
        A command comes; the trap says whether the card does not get it.
        """
        return LOST if self.trap(command) else self.chip(command)

    def at(self, number: int, do: Callable[[], object], ins: int | None = None) -> None:
        """
        Have something happen at one of the next commands, which the card does not get.

        @param number: which one, from 1.
        @param ins: count those of this instruction only.
        """
        left = [number]

        def trap(command: bytes) -> bool:
            left[0] -= ins in (None, command[1])
            if left[0] or ins not in (None, command[1]):
                return False
            do()
            return True

        self.trap = trap

    async def install(self) -> Json:
        """
        Load and install; all goes well.

        @return: the result.
        """
        found = await self.run_job(self.chip.identity, "gp.install", confirm=True, **INSTALL)
        self.assertEqual(self.chip.there(), WHOLE)
        return found

    async def remove(self) -> None:
        """
        Take it off again.
        """
        await self.run_job(self.chip.identity, "gp.delete", confirm=True, **HEAD, aid=PACKAGE.hex(), related=True)
        self.assertEqual(self.chip.there(), [])

    async def submitted(self) -> Json:
        """
        Have it begin.
        """
        return await self.submit(self.chip.identity, "gp.install", confirm=True, **INSTALL)


class CutTests(TroubleTestCase):
    """
    Cards that are pulled out.
    """

    CUTS = 8

    async def test_pulled(self) -> None:
        """
        Wherever the card is lost, the job fails, which is said, and is not done anew by itself; the next one deletes what is
        left and does all of it.  Nothing stays open.
        """
        await self.begin()
        self.chip.sent.clear()
        await self.install()
        last = max(at for at, each in enumerate(self.chip.sent, 1) if each[1] == Ins.INSTALL)
        loads = [at for at, each in enumerate(self.chip.sent, 1) if each[1] == Ins.LOAD]
        await self.remove()
        before, dice, cleaned = self.footprint(), random.Random(5), 0
        for number in (1, loads[-1], last, *dice.sample(range(2, last), self.CUTS - 3)):
            with self.subTest(number):
                self.at(number, self.vicc.drop)
                self.assertEqual(await self.failed_job(self.chip.identity, "gp.install", confirm=True, **INSTALL), "peer-lost")
                await self.nobody()
                self.chip.sent.clear()
                await self.arrive()
                self.assertEqual({each[1] for each in self.chip.sent} & {INITIALIZE_UPDATE, *Ins} - {Ins.GET_DATA}, set())
                left = self.chip.there()
                found = await self.install()
                self.assertEqual(found["cleaned_up"], PACKAGE.hex().upper() if left else "")
                cleaned += bool(left)
                await self.remove()
        self.assertGreater(cleaned, 1)
        self.assertLessEqual(self.footprint()[0], before[0] + _FILES)
        self.assertEqual(self.defects(), [])

    async def test_cleaningUp(self) -> None:
        """
        Also when it is lost while that is being done.
        """
        await self.begin()
        self.at(3, self.vicc.drop, Ins.LOAD)
        await self.job(await self.submitted(), "failed")
        for _ in range(2):
            await self.nobody()
            await self.arrive()
            self.assertEqual(self.chip.there(), [PACKAGE])
            self.at(1, self.vicc.drop, Ins.DELETE)
            await self.job(await self.submitted(), "failed")
        await self.nobody()
        await self.arrive()
        self.assertEqual((await self.install())["cleaned_up"], PACKAGE.hex().upper())


class EndedTests(TroubleTestCase):
    """
    Jobs that are ended, and services.
    """

    async def half_loaded(self) -> Json:
        """
        A job in the midst of its load, to a card that takes its time.
        """
        self.vicc.drop()
        await self.nobody()
        await self.arrive(delay=0.05)
        self.chip.sent.clear()
        job = await self.submitted()
        await until(lambda: len(self.chip.loads) > 2)
        return job

    async def test_cancelled(self) -> None:
        """
        A job that is cancelled in the midst of its load leaves the card here, and what is on it: the next one cleans up.
        """
        await self.begin()
        job = await self.half_loaded()
        await self.api.post(f"jobs/{job['id']}/cancel", {})
        self.assertEqual((await self.job(job))["state"], "cancelled")
        blocks = len(self.chip.loads)
        self.assertEqual(self.chip.there(), [PACKAGE])
        self.assertEqual((await self.install())["cleaned_up"], PACKAGE.hex().upper())
        self.assertLess(blocks, len(self.chip.loads) - blocks)
        self.assertEqual((self.vicc.resets, self.defects()), (1, []))

    async def test_killed(self) -> None:
        """
        A service that is killed in the midst of a load has it in its store: the job is not done anew, and the next one cleans up.
        """
        await self.begin()
        job = await self.half_loaded()
        await self.gateway.stop(signal.SIGKILL)
        self.restart()
        self.assertEqual((await self.job(job))["state"], "failed")
        self.chip.sent.clear()
        await self.arrive()
        self.assertEqual((self.chip.there(), self.chip.loads), ([PACKAGE], []))
        self.assertEqual((await self.install())["cleaned_up"], PACKAGE.hex().upper())

    async def test_meanwhile(self) -> None:
        """
        If somebody else has loaded that package before the service is back, the next job deletes nothing, until somebody says so.
        """
        await self.begin()
        job = await self.half_loaded()
        await self.gateway.stop(signal.SIGKILL)
        self.chip.card.reset()
        someone = Administrator(self.chip.card, keys=KeySet.of_aes(0x30, *map(bytes.fromhex, (ENC, MAC, DEK))))
        self.assertEqual(someone.status(delete(PACKAGE, related=True)), 0x9000)
        self.assertEqual({*someone.load(), someone.install(APPLET)}, {0x9000})
        self.restart()
        await self.job(job, "failed")
        await self.arrive()
        code = await self.failed_job(self.chip.identity, "gp.install", confirm=True, **INSTALL, replace=True)
        self.assertEqual((code, self.chip.there()), ("left-behind", WHOLE))
        found = await self.run_job(self.chip.identity, "gp.install", confirm=True, **INSTALL, left="delete")
        self.assertEqual((found["cleaned_up"], self.chip.there()), (PACKAGE.hex().upper(), WHOLE))

    async def test_stopped(self) -> None:
        """
        One that is asked to stop brings the load to its end before.
        """
        await self.begin()
        job = await self.half_loaded()
        await self.gateway.stop()
        self.assertEqual(self.chip.there(), WHOLE)
        self.restart()
        self.assertEqual((await self.job(job))["state"], "done")


class KeysTests(TroubleTestCase):
    """
    Keys that are not those of the card.
    """

    async def refused(self, **more: Any) -> tuple[str, int]:
        """
        Try the wrong ones.

        @return: what it fails with, and how many authentications have come to the card.
        """
        self.chip.sent.clear()
        code = await self.failed_job(self.chip.identity, "gp.registry", **{**HEAD, "keys": "wrong"}, **more)
        return code, sum(each[1] == INITIALIZE_UPDATE for each in self.chip.sent)

    async def test_counted(self) -> None:
        """
        Two failures are remembered across jobs and restarts; the third authentication does not come to the card, until somebody
        wants it nevertheless.  The right keys are not concerned.
        """
        await self.begin()
        self.assertEqual(await self.refused(), ("keys-differ", 1))
        self.assertEqual(await self.refused(), ("keys-differ", 1))
        self.assertEqual(await self.refused(), ("authentication-failed-before", 0))
        await self.gateway.stop()
        self.restart()
        await self.arrive()
        self.assertEqual(await self.refused(), ("authentication-failed-before", 0))
        await self.run_job(self.chip.identity, "gp.registry", **HEAD)
        self.assertEqual(await self.refused(), ("authentication-failed-before", 0))
        self.assertEqual(await self.refused(force=True), ("keys-differ", 1))
