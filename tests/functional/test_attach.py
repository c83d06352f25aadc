# -*- test-case-name: tests.functional.test_attach -*-
"""
Cards of the gateway in a reader: the service, its HTTP API, software eUICCs, and a reader in software, all over loopback.
"""

from __future__ import annotations

import signal

from cardgw.apdu.atr import Atr
from cardgw.bridges.attach_operation import SPARE_ATR
from cardgw.transports.vpcd.wire import Control
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.vpcd_reader import Manners, Reader
from tests.functional.attach import GET_EID, OK, AttachTestCase, get_eid, open_isdr, transmit
from tests.functional.cli_process import CommandTestCase, Running
from tests.functional.operators import identity, until


class BoundTests(AttachTestCase):
    """
    A card of eSTK.me.
    """

    async def test_program(self) -> None:
        """
        It has an ATR, its application is selected on a logical channel, and what is said there reaches the card; nothing else is
        on it.
        """
        await self.start()
        phone, _ = await self.managed(card := self.card())
        job, reader = await self.attach(identity(card))
        reader.control(Control.POWER_ON)
        self.assertEqual(await reader.atr(), SPARE_ATR)
        self.assertEqual(await transmit(reader, "80AA00000AA9088100820101830107"), OK)
        number = await open_isdr(reader)
        before = card.apdus
        self.assertEqual(await get_eid(reader, number), card.eid)
        for command, status in (
            ("80" + GET_EID[2:], "6a82"),
            ("82" + GET_EID[2:], "6881"),
            ("00A4040007A0000000871002", "6a82"),
            ("00A40004023F00", "6a82"),
            ("FFCA000000", "6e00"),
            ("81E29100FF00", "6700"),
        ):
            self.assertEqual((await transmit(reader, command)).hex(), status, command)
        self.assertEqual(card.apdus, before + 2)
        running = await self.job(job, "running")
        self.assertEqual((running["stage"], running["facts"]["atr"]), ("attached", SPARE_ATR.hex().upper()))
        reader.control(Control.RESET)
        self.assertEqual((await transmit(reader, f"{0x80 | number:02X}{GET_EID[2:]}")).hex(), "6881")
        reader.control(Control.POWER_OFF)
        reader.drop()
        ended = await self.job(job)
        self.assertEqual((ended["state"], ended["result"]["ended"], ended["result"]["resets"]), ("done", "reader-closed", 2))
        self.assertEqual(await self.run_job(identity(card), "lpa.profiles"), await self.run_job(identity(card), "lpa.profiles"))
        self.assertEqual([box for box in phone.boxes if "Code" not in box], [])

    async def test_terminalHangsUp(self) -> None:
        """
        When the phone is gone, so is the card from the reader.
        """
        await self.start()
        phone, _ = await self.managed(card := self.card())
        job, reader = await self.attach(identity(card))
        reader.control(Control.POWER_ON)
        await open_isdr(reader)
        phone.drop()
        await reader.gone
        ended = await self.job(job)
        self.assertEqual((ended["state"], ended["error"]["code"], ended["result"]["ended"]), ("failed", "peer-lost", "peer-lost"))

    async def test_goodbyeAmidCommand(self) -> None:
        """
        So it is where the phone hangs up in the midst of a command.
        """
        await self.start()
        phone, _ = await self.managed(card := self.card())
        job, reader = await self.attach(identity(card))
        reader.control(Control.POWER_ON)
        number = await open_isdr(reader)
        phone.leave_at = b"\xbf\x3e"
        reader.transmit(bytes.fromhex(f"{0x80 | number:02X}{GET_EID[2:]}")).addErrback(lambda _: None)
        await reader.gone
        self.assertEqual((await self.job(job))["error"]["code"], "peer-lost")


class OpenTests(AttachTestCase):
    """
    A card whose applications are selected.
    """

    async def ready(self, manners: Manners | None = None) -> tuple[VirtualEuicc, str]:
        """
        Start, with such a card.
        """
        await self.start()
        self.vicc = await self.insert(card := self.euicc())
        await self.here(card)
        return card, identity(card)

    async def test_program(self) -> None:
        """
        All goes to the card as it is, and resets and power on start it anew.
        """
        card, who = await self.ready()
        starts = self.vicc.resets
        job, reader = await self.attach(who)
        self.assertEqual(await reader.atr(), self.vicc.atr)
        reader.control(Control.POWER_ON)
        number = await open_isdr(reader)
        self.assertEqual(await get_eid(reader, number), card.eid)
        for what in ((Control.RESET,), (Control.POWER_OFF, Control.POWER_ON)):
            reader.control(*what)
            self.assertTrue(Atr.decode(await reader.atr()))
            self.assertEqual((await transmit(reader, f"{0x80 | number:02X}{GET_EID[2:]}")).hex(), "6881")
            number = await open_isdr(reader)
        self.assertEqual(self.vicc.resets, starts + 3)
        ended = (await self.api.post(f"jobs/{job['id']}/cancel", {})).only(200)
        await reader.gone
        self.assertEqual((ended["state"], ended["result"]["ended"], ended["result"]["resets"]), ("cancelled", "cancelled", 3))
        self.assertEqual(self.vicc.resets, starts + 4)

    async def test_exclusive(self) -> None:
        """
        Whatever else is to be done to the card waits until it is taken out.
        """
        _, who = await self.ready()
        job, reader = await self.attach(who)
        reader.control(Control.POWER_ON)
        other = await self.submit(who, "lpa.info")
        await open_isdr(reader)
        self.assertEqual((await self.job(other, "queued"))["state"], "queued")
        await self.api.post(f"jobs/{job['id']}/cancel", {})
        self.assertEqual((await self.job(other))["state"], "done")

    async def test_cardTakenOut(self) -> None:
        """
        A card that is taken out where it is, is out of the reader.
        """
        _, who = await self.ready()
        job, reader = await self.attach(who)
        reader.control(Control.POWER_ON)
        await reader.atr()
        self.vicc.drop()
        await reader.gone
        self.assertEqual((await self.job(job))["error"]["code"], "peer-lost")

    async def test_readerGone(self) -> None:
        """
        A reader that goes away while the card is in use is an error, and the card can be used again.
        """
        _, who = await self.ready()
        job, reader = await self.attach(who)
        reader.control(Control.POWER_ON)
        await open_isdr(reader)
        reader.drop(hard=True)
        self.assertEqual((await self.job(job))["error"]["code"], "reader-hung-up")
        self.assertTrue(await self.run_job(who, "lpa.info"))

    async def test_noReader(self) -> None:
        """
        Where nobody listens, or the settings forbid it, that is told.
        """
        _, who = await self.ready()
        self.assertEqual(await self.failed_job(who, "card.attach", vpcd="tcp:127.0.0.1:1"), "reader-unreachable")
        self.assertEqual(await self.failed_job(who, "card.attach", vpcd="tcp:192.0.2.1:35963"), "parameter")

    async def test_stopped(self) -> None:
        """
        When the service stops, the card is taken out.
        """
        _, who = await self.ready()
        _, reader = await self.attach(who)
        reader.control(Control.POWER_ON)
        await reader.atr()
        await self.gateway.stop()
        await reader.gone
        self.assertTrue((await self.vicc.done).goodbye)

    async def test_transcript(self) -> None:
        """
        What programs say to the card can be recorded, without its data.
        """
        card, who = await self.ready()
        body = {"operation": "card.attach", "card": who, "parameters": {"vpcd": await self.listen()}, "record": "redacted"}
        job = (await self.api.post("jobs", body)).only(202)
        reader = await self.inserted()
        reader.control(Control.POWER_ON)
        await get_eid(reader, await open_isdr(reader))
        reader.control(Control.POWER_OFF)
        reader.drop()
        self.assertEqual((await self.job(job))["state"], "done")
        text = str((await self.api.get(f"jobs/{job['id']}/transcript")).only(200))
        self.assertIn("81E29100 Lc 6", text)
        self.assertNotIn(card.eid.hex(), text)


class CommandTests(AttachTestCase, CommandTestCase):
    """
    C{cardgw attach}.
    """

    async def told(self, running: Running, text: str) -> None:
        """
        Wait until a command says something.
        """
        await until(lambda: text in running.out)

    async def program(self, reader: Reader) -> None:
        """
        Somebody uses the card.
        """
        reader.control(Control.POWER_ON)
        self.assertEqual(await get_eid(reader, await open_isdr(reader)), self.used.eid)

    async def test_controlC(self) -> None:
        """
        The card is in the reader until Control-C takes it out, or SIGTERM where nobody sits there: that is the ordinary end.
        """
        await self.ready()
        self.used = self.card()
        await self.managed(self.used)
        for terminal, number in ((True, signal.SIGINT), (False, signal.SIGTERM)):
            running = self.begin("attach", self.used.eid.hex()[-4:], "--vpcd", await self.listen(), terminal=terminal)
            reader = await self.inserted()
            await self.program(reader)
            if terminal:
                await self.told(running, "in the reader until cancelled")
            running.send(number)
            self.assertEqual(await running.done, 0, running.out + running.err)
            await reader.gone
        ended = running.lines[-1]
        self.assertEqual((ended["state"], ended["result"]["ended"], ended["result"]["commands"]), ("cancelled", "cancelled", 4))
