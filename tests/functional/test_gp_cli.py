# -*- test-case-name: tests.functional.test_gp_cli -*-
"""
C{cardgw gp} as people use it: processes of its own against the service, to which a card of GlobalPlatform in software has dialled
in, over loopback.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import TestCase

from cardgw.virtual.security_domain import VirtualSecurityDomain
from tests.functional.cli_process import CommandTestCase, Running
from tests.functional.operators import until
from tests.functional.pcscd import PcscdTestCase
from tests.functional.vpcd import VpcdTestCase, vicc_of
from tests.gp.cap_maker import APPLET, FRAMEWORK, PACKAGE, make_components, zipped

TRIAL = "404142434445464748494A4B4C4D4E4F"
MINE = "000102030405060708090A0B0C0D0E0F" * 2
SETTINGS = """
[keys."trial"]
version = 48
master = "file:{0}/trial"

[keys."other"]
version = 48
master = "file:{0}/mine"

[keys."mine"]
version = 49
master = "file:{0}/mine"
diversification = "kdf3"
"""
REFUSED, NO_CARD, USAGE, FAILED, INTERRUPTED = 4, 3, 2, 1, 130
ISD = "A000000151000000"
WIDTH = 80


def key_files(test: TestCase) -> Path:
    """
    A directory with keys that only their owner may read.
    """
    directory = Path(test.mktemp()).resolve()
    directory.mkdir()
    for name, key in {"trial": TRIAL, "mine": MINE}.items():
        (directory / name).write_text(f"{key}\n")
        (directory / name).chmod(0o600)
    return directory


class GpCommandTests(VpcdTestCase, CommandTestCase):
    """
    An administrator at a shell.
    """

    async def begin_with(self) -> VirtualSecurityDomain:
        """
        The service with its keys, and a card that is here.
        """
        await self.start(SETTINGS.format(key_files(self)))
        self.environ = {"CARDGW_URL": self.gateway.url, "CARDGW_TOKEN": self.api.token}
        card = VirtualSecurityDomain()
        await self.insert_any(card, card.atr, card.reset)
        self.identity = str((await until(self._identified))["identity"])
        self.path = self.directory / "applet.cap"
        self.path.write_bytes(zipped(make_components(code=2000)))
        return card

    async def _identified(self) -> dict[str, str] | None:
        return next((each for each in await self.api.items("cards") if each["identity"]), None)

    def on_card(self, card: VirtualSecurityDomain) -> set[str]:
        """
        The AIDs of what is there.
        """
        return {each.aid.hex().upper() for each in card.entries}

    async def test_applet(self) -> None:
        """
        A CAP file is looked at, rehearsed, installed, listed, locked and taken off again.
        """
        card = await self.begin_with()
        at_first = self.on_card(card)
        self.assertIn("javacard.framework", (await self.cardgw("gp", "cap", str(self.path))).out)
        rehearsed = await self.cardgw("gp", "install", str(self.path), "--keys", "trial", "--dry-run")
        first, command, *_, last = rehearsed.out.splitlines()
        self.assertTrue(first.startswith("# keys trial, version 48 (0x30): check values ENC 504A77"), first)
        self.assertEqual(command.split()[:4], ["80", "E6", "02", "00"])
        self.assertEqual(last.split()[:4], ["80", "E6", "0C", "00"])
        self.assertEqual(self.on_card(card), at_first)
        installed = await self.cardgw("gp", "install", str(self.path), "--keys", "trial")
        self.assertEqual(installed.lines[-1]["result"]["installed"], [APPLET.hex().upper()])
        self.assertIn("WARNING: the keys trial are those that cards for trial are sold with", installed.err)
        listing = (await self.cardgw("gp", "list", "--keys", "trial")).out
        self.assertTrue(
            listing.startswith(f"ISD: {ISD} (OP_READY)\n     Parent:   {ISD}\n     Privs:    SecurityDomain, "), listing
        )
        package, applet = PACKAGE.hex().upper(), APPLET.hex().upper()
        entry = f"\n\nPKG: {package} (LOADED)\n     Parent:   {ISD}\n     Version:  1.0\n     Applet:   {applet}\n"
        self.assertIn(entry, listing)
        self.assertIn(f"\n\nAPP: {APPLET.hex().upper()} (SELECTABLE)\n", listing)
        await self.cardgw("gp", "lock-applet", APPLET.hex(), "--keys", "trial")
        states = {each.aid: each.state_name for each in card.entries}
        self.assertEqual(states[APPLET], "LOCKED")
        await self.cardgw("gp", "uninstall", str(self.path), "--keys", "trial", status=USAGE)
        await self.cardgw("gp", "uninstall", str(self.path), "--keys", "trial", "--yes")
        self.assertEqual(self.on_card(card), at_first)

    async def test_terminal(self) -> None:
        """
        On a terminal of 80 columns no line of a listing is longer, and whoever means to terminate a card types its end.
        """
        card = await self.begin_with()
        narrow = {"COLUMNS": str(WIDTH)}
        running = self.begin("gp", "list", "--keys", "trial", "--quiet", terminal=True, environ=narrow)
        self.assertEqual(await running.done, 0, running.out)
        self.assertTrue(all(len(each) <= WIDTH for each in running.out.splitlines()), running.out)
        for typed, status in (("0000", INTERRUPTED), (self.identity[-4:], 0)):
            running = self.begin("gp", "terminate-card", "--for-good", "--keys", "trial", terminal=True)
            await until(lambda: "Type the last 4 characters" in running.out)  # noqa: B023
            running.type(typed + "\n")
            self.assertEqual(await running.done, status, running.out)
        self.assertEqual(card.state.name, "TERMINATED")

    async def test_keys(self) -> None:
        """
        Keys are rehearsed, put and deleted; those that are not on the card any more are refused, and that is counted.
        """
        card = await self.begin_with()
        rehearsed = (await self.cardgw("gp", "keys", "put", "mine", "--keys", "trial", "--dry-run")).out
        self.assertIn("# keys mine, version 49 (0x31): check values ENC ", rehearsed)
        await self.cardgw("gp", "keys", "put", "mine", "--keys", "trial", "--yes")
        self.assertEqual(sorted(card.versions), [48, 49])
        await self.cardgw("gp", "keys", "delete", "--version", "0x30", "--keys", "mine", "--yes")
        listed = (await self.cardgw("gp", "keys", "list")).out
        self.assertEqual([line.split()[0] for line in listed.splitlines()], ["version", "49", "49", "49"])
        gone = await self.cardgw("gp", "list", "--keys", "trial", "--json", status=REFUSED)
        self.assertEqual(gone.json["error"]["status_word"], "6A88")
        told = rehearsed + listed + gone.out
        self.assertNotIn(MINE[:12], told)

    async def test_imports(self) -> None:
        """
        A package that nobody has loaded is warned of before the card refuses.
        """
        await self.begin_with()
        self.path.write_bytes(zipped(make_components(imports=(FRAMEWORK, bytes.fromhex("F000000001")))))
        installed = await self.cardgw("gp", "install", str(self.path), "--keys", "trial", "--json")
        self.assertIn("WARNING: an import is missing: package F000000001 1.3", installed.err)

    async def test_data(self) -> None:
        """
        Data are read and stored; a script is what a dry run has printed.
        """
        await self.begin_with()
        self.assertTrue((await self.cardgw("gp", "data", "get", "9F7F")).out.startswith("9F7F2A4790"))
        self.assertIn("SCP03 i=70", (await self.cardgw("gp", "info")).out)
        store = ("gp", "data", "store", "420399AABB", "--structure", "ber", "--keys", "trial")
        script = (await self.cardgw(*store, "--dry-run")).out
        done = await self.cardgw("gp", "script", "-", "--keys", "trial", "--yes", "--json", stdin=script)
        self.assertEqual([each["status"] for each in done.json["answers"]], ["9000"])
        self.assertEqual((await self.cardgw("gp", "data", "get", "42")).out, "420399AABB\n")


class ReaderTests(PcscdTestCase, CommandTestCase):
    """
    Without a gateway: the card is in a reader of this machine.
    """

    timeout = 100
    skip = PcscdTestCase.skip

    async def gp(self, *arguments: str, **more: Any) -> Running:
        """
        Have a command done.
        """
        typed = ("gp", *arguments, "--reader", "0", "--config", str(self.config))
        return await self.cardgw(*typed, environ={"XDG_STATE_HOME": str(self.directory)}, **more)

    async def test_reader(self) -> None:
        """
        Applets come and go, and nobody has to run a service.  What must not be forgotten is not.
        """
        self.directory = self._new_directory()
        self.config = self.directory / "cardgw.toml"
        self.config.write_text(SETTINGS.format(key_files(self)))
        daemon, card = self.pcscd(), VirtualSecurityDomain()
        nobody = await self.gp("info", status=NO_CARD)
        self.assertIn("No card is in this reader: 0", nobody.err)
        vicc = await daemon.insert(vicc_of(card, card.atr, card.reset))
        self.addCleanup(vicc.drop)
        listing = (await self.gp("list", "--keys", "trial")).out
        self.assertTrue(listing.startswith(f"ISD: {ISD} (OP_READY)\n"), listing)
        path = self.directory / "applet.cap"
        path.write_bytes(zipped(make_components()))
        installed = await self.gp("install", str(path), "--keys", "trial", "--json")
        self.assertTrue(installed.json["journalled"])
        for code in ("keys-differ", "keys-differ", "authentication-failed-before"):
            failed = await self.gp("list", "--keys", "other", "--json", status=FAILED)
            self.assertEqual(failed.json["error"]["code"], code)
        await self.gp("list", "--keys", "nothing", status=FAILED)
        await self.gp("list", "--no-wait", status=USAGE)
        self.config.write_text("[nonsense]")
        broken = await self.gp("list", status=USAGE)
        self.assertIn("[nonsense]: unknown table", broken.err)
