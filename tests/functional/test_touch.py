# -*- test-case-name: tests.functional.test_touch -*-
"""
C{cardgw touch} as people use it: a process of its own, a card in a reader of a real pcscd, and a Scripting Server in software.
"""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IListeningPort

from cardgw.apdu.atr import make_atr
from cardgw.bridges.touch_card import CANCELLED
from cardgw.virtual.ram_server import RamServer
from cardgw.virtual.ram_session import CardLost, RamSession, Script
from cardgw.virtual.security_domain import VirtualSecurityDomain
from cardgw.virtual.vicc import Vicc
from tests.bridges.test_touch_pin import PIN, FakeHsm
from tests.functional.cli_process import CommandTestCase, Running
from tests.functional.operators import reactor, until
from tests.functional.pcscd import PcscdTestCase
from tests.functional.test_gp_cli import FAILED, INTERRUPTED, NO_CARD, REFUSED, USAGE, WIDTH
from tests.functional.vpcd import vicc_of

ATR = make_atr(b"\x80\x56cardgw", 1)
SELECT, CHALLENGE = bytes.fromhex("00A404000BE82B0601040181C31F020100"), bytes.fromhex("0084000008")
UNREACHABLE = 5
TRACE = """\
ATR: {atr}
Reset - ATR: {atr}
Server: [1] Selecting (about 30 s)
C: 00 A4 04 00 - SELECT Lc=11
      0000  E8 2B 06 01 04 01 81 C3 1F 02 01                 .+.........
      Le=256
R: SW1/SW2=9000 (Normal: No error)
C: 00 84 00 00 - GET CHALLENGE Le=8
R: SW1/SW2=9000 (Normal: No error) Lr=8
      0000  41 42 43 44 45 46 47 48                          ABCDEFGH
C: 00 20 00 81 - VERIFY Lc=6
      0000  2A 2A 2A 2A 2A 2A                                ******
R: SW1/SW2=63C2 (Warning: Verification failed, 2 tries left)
Server: [0] Done
"""


class Hsm(FakeHsm):
    """
    One that also has random numbers that are none.
    """

    def __call__(self, octets: bytes) -> bytes:
        """
        A command.
        """
        return b"ABCDEFGH\x90\x00" if octets == CHALLENGE else super().__call__(octets)


async def use(session: RamSession) -> None:
    """
    What a server does with a card.
    """
    await session.reset()
    await session.notify(1, "Selecting", 30)
    await session.transmit(SELECT)
    await session.transmit(CHALLENGE)
    await session.transmit(bytes.fromhex("0020008106") + b"999999")
    await session.notify(0, "Done")
    session.end()


async def refuse(session: RamSession) -> None:
    """
    A server that does not want it.
    """
    await session.notify(-1, "Not this card")
    session.end()


class TouchTests(PcscdTestCase, CommandTestCase):
    """
    Somebody with a card at a shell.
    """

    timeout = 100
    skip = PcscdTestCase.skip

    async def begin_with(self, *scripts: tuple[str, Script], card: Hsm | None = None) -> Hsm:
        """
        A server with these scripts, and a card in a reader.
        """
        self.directory: Path = self._new_directory()
        self.daemon = self.pcscd()
        self.scripting = RamServer(reactor, dict(scripts), poll=20)
        port: IListeningPort = await serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(self.scripting)
        self.addCleanup(port.stopListening)
        self.addCleanup(self.scripting.stop)
        self.url = f"http://127.0.0.1:{port.getHost().port}/rt/"  # type: ignore[attr-defined]
        found = card or Hsm()
        self.vicc: Vicc = await self.daemon.insert(vicc_of(found, ATR))
        self.addCleanup(self.vicc.drop)
        return found

    async def touch(self, *arguments: str, **more: Any) -> Running:
        """
        Have it done.
        """
        return await self.cardgw("touch", *arguments, **more)

    async def test_trace(self) -> None:
        """
        The commands of a session as users of the SmartCard Shell know them, without PINs; the server ends it well.
        """
        await self.begin_with(("hsm", use))
        done = await self.touch(f"{self.url}hsm", "-v")
        self.assertEqual(done.out, TRACE.format(atr=ATR.hex(" ").upper()))
        self.assertIn("connected to 127.0.0.1:", done.err)
        self.assertIn("over after 3 commands\n", done.err)
        quiet = await self.touch(f"{self.url}hsm", "--quiet")
        self.assertEqual((quiet.out, quiet.err), ("Server: [1] Selecting (about 30 s)\nServer: [0] Done\n", ""))
        told = (await self.touch(f"{self.url}hsm", "--json")).json
        self.assertEqual(told, {"commands": 3, "notice": "Done", "good": True})

    async def test_terminal(self) -> None:
        """
        On a terminal of 80 columns no line is longer, and commands are counted.
        """
        await self.begin_with(("hsm", use))
        for options, shown in (((), "3 commands"), (("-vv",), "SELECT Lc=11")):
            running = self.begin("touch", f"{self.url}hsm", *options, terminal=True, environ={"COLUMNS": str(WIDTH)})
            self.assertEqual(await running.done, 0, running.out)
            self.assertIn(shown, running.out)
            plain = re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", running.out).replace("\r", "\n")
            self.assertTrue(all(len(each) <= WIDTH for each in plain.splitlines()), running.out)

    async def test_pin(self) -> None:
        """
        The PIN goes to the card before the server learns of it, and is seen nowhere.
        """
        card = await self.begin_with(("hsm", use))
        path = self.directory / "pin"
        path.write_bytes(PIN)
        path.chmod(0o600)
        done = await self.touch(f"{self.url}hsm", "-p", f"file:{path}", "-vv")
        self.assertEqual(card.commands[2], "0020008106" + PIN.hex())
        self.assertIn("the PIN was verified\n", done.err)
        seen = b"".join(each.body for each in self.scripting.requests).hex() + done.out + done.err
        for secret in (PIN.decode(), PIN.hex()):
            self.assertNotIn(secret, seen)
        asked = self.begin("touch", f"{self.url}hsm", "-p", terminal=True)
        await until(lambda: "PIN (2 tries left): " in asked.out)
        asked.type(PIN.decode() + "\n")
        self.assertEqual(await asked.done, 0, asked.out)
        self.assertNotIn(PIN.decode(), asked.out)

    async def test_pinNotEntered(self) -> None:
        """
        Whoever does not want to type it after all has lent nothing.
        """
        await self.begin_with(("hsm", use))
        for typed, status in (("\x03", INTERRUPTED), ("\n", FAILED)):
            asked = self.begin("touch", f"{self.url}hsm", "-p", terminal=True)
            await until(lambda: "PIN (3 tries left): " in asked.out)  # noqa: B023
            asked.type(typed)
            self.assertEqual(await asked.done, status, asked.out)
            self.assertNotIn("Traceback", asked.out)
        self.assertEqual(self.scripting.requests, [])

    async def test_wrongPin(self) -> None:
        """
        With a wrong PIN nothing is connected; a PIN that is kept somewhere is not tried as the last one.
        """
        card = await self.begin_with(("hsm", use))
        wrong = {"PIN": "000000"}
        refused = await self.touch(f"{self.url}hsm", "-p", "env:PIN", status=REFUSED, environ=wrong)
        self.assertIn("The PIN is wrong: 2 tries left\n", refused.err)
        await self.touch(f"{self.url}hsm", "-p", "env:PIN", status=REFUSED, environ=wrong)
        kept = await self.touch(f"{self.url}hsm", "-p", "env:PIN", status=FAILED, environ=wrong)
        self.assertIn("only one try is left", kept.err)
        self.assertEqual((card.tries, self.scripting.requests), (1, []))
        typed = await self.touch(f"{self.url}hsm", "-p", "648219", status=USAGE)
        self.assertNotIn("648219", typed.out + typed.err)
        nobody = await self.touch(f"{self.url}hsm", "-p", "pinpad", status=FAILED)
        self.assertIn("No PIN was entered: ", nobody.err)
        self.assertIn("it has no PIN pad. -p alone asks", nobody.err)

    async def test_interrupted(self) -> None:
        """
        Control-C takes the card back while the server thinks: it learns why, and the card can be used at once.
        """
        lost: list[str] = []

        async def think(session: RamSession) -> None:
            await session.transmit(SELECT)
            try:
                await until(lambda: session.lost)
                await session.transmit(SELECT)
            except CardLost as error:
                lost.append(str(error))

        await self.begin_with(("hsm", think))
        running = self.begin("touch", f"{self.url}hsm", "-v")
        await until(lambda: "SW1/SW2" in running.out)
        running.send(signal.SIGINT)
        self.assertEqual(await running.done, INTERRUPTED, running.out + running.err)
        await until(lambda: lost)
        self.assertEqual(lost, [CANCELLED])
        self.assertIn("taken back after 1 command\n", running.err)
        self.assertIn("card", (await self.touch("-l")).out)

    async def test_takenOut(self) -> None:
        """
        A card that is taken out while the server thinks: it learns why.
        """
        lost: list[str] = []

        async def think(session: RamSession) -> None:
            await session.transmit(SELECT)
            await until(lambda: session.lost)
            lost.append(session.lost)

        await self.begin_with(("hsm", think))
        running = self.begin("touch", f"{self.url}hsm", "-v")
        await until(lambda: "SW1/SW2" in running.out)
        await self.daemon.pull(self.vicc)
        self.assertEqual(await running.done, FAILED, running.out + running.err)
        await until(lambda: lost)
        self.assertEqual(lost, ["The card was taken out of the reader."])
        self.assertIn("The card was taken out of the reader: ", running.err)

    async def test_trouble(self) -> None:
        """
        Readers, cards and servers that are not what they should be have names, and statuses.
        """
        await self.begin_with(("no", refuse))
        refused = await self.touch(f"{self.url}no", status=FAILED)
        self.assertIn("Server: [-1] Not this card\n", refused.out)
        self.assertIn("The server reports an error: Not this card\n", refused.err)
        unknown = await self.touch(f"{self.url}other", status=FAILED)
        self.assertIn("The server knows no such address: HTTP status 404: Not found.", unknown.err)
        away = await self.touch("http://127.0.0.1:9/rt", status=UNREACHABLE)
        self.assertIn("cannot be reached: 127.0.0.1:9: connection refused", away.err)
        await self.touch("ftp://127.0.0.1/", status=USAGE)
        await self.touch(f"{self.url}no", "-r", "nothing", status=NO_CARD)
        listed = await self.touch("-l", "-r", self.daemon.names[0], "--json")
        self.assertEqual(listed.json["items"][0]["atr"], ATR.hex().upper())
        await self.daemon.pull(self.vicc)

        async def empty() -> bool:
            return "empty" in (await self.touch("-l")).out

        await until(empty)
        nothing = await self.touch(f"{self.url}no", status=NO_CARD)
        self.assertIn("No card is in this reader: ", nothing.err)


class GatewayTests(PcscdTestCase, CommandTestCase):
    """
    Somebody with a card at a shell, and a gateway elsewhere.
    """

    timeout = 100
    environ = {"LENDER": "s3cret"}
    skip = PcscdTestCase.skip

    async def here(self) -> list[Any]:
        """
        The cards of the gateway.
        """
        return list(await self.api.items("cards"))

    async def test_administered(self) -> None:
        """
        A card that is lent is a card of the gateway: it is identified, administered, and gone when its holder wants it back.
        """
        await self.start(
            '[transports.ramhttp]\nlisten = ["tcp:0:interface=127.0.0.1"]\ntokens = ["lender"]\n[secrets]\n'
            'lender = "env:LENDER"\n'
        )
        self.environ = {"CARDGW_URL": self.gateway.url, "CARDGW_TOKEN": self.api.token}
        daemon, card = self.pcscd(), VirtualSecurityDomain()
        vicc = await daemon.insert(vicc_of(card, card.atr, card.reset))
        self.addCleanup(vicc.drop)
        url = f"http://127.0.0.1:{self.gateway.ports['ramhttp-listening']}/rt"
        denied = await self.cardgw("touch", url, status=FAILED)
        self.assertIn("does not let this client in: HTTP status 401", denied.err)
        running = self.begin("touch", url, "--token", "env:LENDER", "-v", environ={"LENDER": "s3cret"})
        await until(lambda: "SW1/SW2" in running.out)
        await until(self._identified)
        info = await self.cardgw("gp", "info")
        self.assertIn("SCP03", info.out)
        self.assertIn("C: 81 CA 00 66 - GET DATA", running.out)
        running.send(signal.SIGTERM)
        self.assertEqual(await running.done, INTERRUPTED, running.out + running.err)
        await until(self._gone)
        self.assertNotIn("s3cret", running.out + running.err)

    async def _identified(self) -> bool:
        return any(each["identity"] for each in await self.here())

    async def _gone(self) -> bool:
        return not await self.here()
