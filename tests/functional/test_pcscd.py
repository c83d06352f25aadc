# -*- test-case-name: tests.functional.test_pcscd -*-
"""
The pcscd of the tests, and our software cards in the virtual readers of vsmartcard, seen by a program that uses PC/SC.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench.pcscd import Pcscd, missing
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import ISD_R, Delivery, Options
from cardgw.virtual.vicc import Vicc
from tests import PCSCD
from tests.functional.commands import ROOT
from tests.functional.operators import pki, reactor
from tests.functional.pcscd import PcscdTestCase
from tests.functional.scard import EMPTY, NO_SERVICE, PRESENT, REMOVED, Program, Refused, User
from tests.functional.vpcd import make_vicc

SELECT = b"\x00\xa4\x04\x00\x10" + ISD_R
ATR = bytes.fromhex("3B80800101")
KILLED = """
import sys
from pathlib import Path
from bench.pcscd import Pcscd, missing
pcscd = Pcscd(Path(sys.argv[1]))
pcscd.start()
print(pcscd.process.pid, flush=True)
sys.stdin.read()
"""


def euicc(delivery: Delivery = Delivery.T0) -> VirtualEuicc:
    """
    A software eUICC.
    """
    return VirtualEuicc.from_pki(pki(), options=Options(delivery=delivery))


def open_files() -> int:
    """
    File descriptors of this process.
    """
    return len(list(Path("/proc/self/fd").iterdir()))


class ReaderTestCase(PcscdTestCase):
    """
    A program that uses readers.
    """

    timeout = 60

    async def user(self) -> User:
        """
        It knows pcscd.
        """
        program = Program()
        self.addCleanup(program.end)
        user = User(program)
        await user.begin()
        return user

    async def refused(self, result: int, call: Awaitable[object]) -> None:
        """
        A call does not succeed.
        """
        try:
            self.fail(f"it did: {await call!r}")
        except Refused as error:
            self.assertEqual(error.result, result, error)


class CardTests(ReaderTestCase):
    """
    Cards in readers.
    """

    async def test_readers(self) -> None:
        """
        There are as many readers as were wanted, of two slots each, and none of this machine.
        """
        pcscd = self.pcscd(2)
        names = ["cardgw 1 00 00", "cardgw 1 00 01", "cardgw 2 00 00", "cardgw 2 00 01"]
        self.assertEqual((pcscd.names, await (await self.user()).readers()), (names, names))

    async def test_select(self) -> None:
        """
        A software eUICC is here with its ATR; its answers are fetched with GET RESPONSE.
        """
        pcscd, user = self.pcscd(), await self.user()
        vicc = await pcscd.insert(make_vicc(euicc()), 1)
        self.assertEqual(await user.wait(pcscd.names[1], PRESENT), vicc.atr)
        self.assertEqual(await user.connect(pcscd.names[1]), 1)
        answer = await user.transmit(SELECT)
        self.assertEqual(answer[0], 0x61)
        data = await user.transmit(b"\x00\xc0\x00\x00" + answer[1:])
        self.assertEqual((data[:1], data[-2:]), (b"\x6f", b"\x90\x00"))
        await pcscd.pull(vicc)

    async def test_extendedLength(self) -> None:
        """
        APDUs of 1000 bytes, both ways.
        """
        pcscd, user = self.pcscd(), await self.user()
        vicc = await pcscd.insert(Vicc(reactor, lambda command: command[7:-2] + b"\x90\x00", ATR))
        await user.wait(pcscd.names[0], PRESENT)
        self.assertEqual(await user.connect(pcscd.names[0]), 2)
        data = bytes(range(250)) * 4
        command = b"\x00\xcb\x00\x00\x00" + len(data).to_bytes(2, "big") + data + b"\x00\x00"
        self.assertEqual(await user.transmit(command), data + b"\x90\x00")
        await pcscd.pull(vicc)

    async def test_two(self) -> None:
        """
        Cards in two readers do not mind each other.
        """
        pcscd = self.pcscd(2)
        users = [await self.user(), await self.user()]
        places = {0: b"\x61", 2: b"\x62"}
        cards = [await pcscd.insert(Vicc(reactor, mark.__add__, ATR), at) for at, mark in places.items()]
        for (at, mark), user in zip(places.items(), users, strict=True):
            await user.wait(pcscd.names[at], PRESENT)
            await user.connect(pcscd.names[at])
            self.assertEqual(await user.transmit(SELECT), mark + SELECT)
        for card in cards:
            await pcscd.pull(card)

    async def test_pulledOut(self) -> None:
        """
        A card that is pulled out is gone, and its reader is empty until it is put in again.
        """
        pcscd, user, card = self.pcscd(), await self.user(), euicc()
        vicc = await pcscd.insert(make_vicc(card))
        await user.wait(pcscd.names[0], PRESENT)
        await user.connect(pcscd.names[0])
        await pcscd.pull(vicc)
        await user.wait(pcscd.names[0], EMPTY)
        await self.refused(REMOVED, user.transmit(SELECT))
        vicc = await pcscd.insert(make_vicc(card))
        await user.wait(pcscd.names[0], PRESENT)
        await user.connect(pcscd.names[0])
        self.assertEqual((await user.transmit(SELECT))[0], 0x61)
        await pcscd.pull(vicc)


class EndTests(ReaderTestCase):
    """
    Pcscd comes and goes.
    """

    async def test_restarts(self) -> None:
        """
        Programs notice that it was stopped or killed; after it was started again, all is as before.
        """
        pcscd = self.pcscd()
        for end in (pcscd.stop, pcscd.kill):
            user = await self.user()
            vicc = await pcscd.insert(make_vicc(euicc()))
            await user.wait(pcscd.names[0], PRESENT)
            await user.connect(pcscd.names[0])
            end()
            await vicc.done
            await self.refused(NO_SERVICE, user.transmit(SELECT))
            self.assertFalse(pcscd.running)
            pcscd.start()
            self.assertEqual(await (await self.user()).readers(), pcscd.names)

    async def test_otherReaders(self) -> None:
        """
        It may have other readers when it starts again.
        """
        pcscd = self.pcscd()
        pcscd.stop()
        pcscd.configure(2)
        pcscd.start()
        self.assertEqual(len(await (await self.user()).readers()), 4)

    async def test_nothingLeft(self) -> None:
        """
        In the end there is no file, descriptor, thread, mount or process more than before.
        """

        def count() -> tuple[int, int, str, str]:
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
            return open_files(), threading.active_count(), Path("/proc/self/mountinfo").read_text(), children

        await self._once()
        before = count()
        await self._once()
        self.assertEqual((count(), PCSCD.exists()), (before, False))

    async def _once(self) -> None:
        pcscd, user = self.pcscd(), await self.user()
        vicc = await pcscd.insert(make_vicc(euicc()))
        await user.wait(pcscd.names[0], PRESENT)
        await user.program.end()
        pcscd.remove()
        await vicc.done


class DeathTests(SynchronousTestCase):
    """
    L{Pcscd} alone.
    """

    skip = missing()

    def test_killed(self) -> None:
        """
        It does not outlive whoever has started it.
        """
        directory = Path("/tmp", f"cardgw-killed-{os.getpid()}")
        command = [sys.executable, "-c", KILLED, str(directory)]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as starter:
            assert starter.stdout is not None
            started = os.pidfd_open(int(starter.stdout.readline()))
            self.addCleanup(os.close, started)
            starter.send_signal(signal.SIGKILL)
        self.assertEqual(select.select([started], [], [], 20)[0], [started])
        again = Pcscd.__new__(Pcscd)
        again.directory, again.process = directory, None
        again.remove()
