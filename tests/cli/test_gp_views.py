"""
Tests of L{cardgw.cli.gp_views}.
"""

from __future__ import annotations

from cardgw.apdu.command import Command
from cardgw.cli import views
from cardgw.cli.app import App
from cardgw.cli.gp_views import RESULTS
from cardgw.gateway.registry import load_registry
from tests.cli.case import ViewsTestCase


class ViewsTests(ViewsTestCase):
    """
    What people see.
    """

    def test_all(self) -> None:
        """
        Every operation of GlobalPlatform has its view.
        """
        known = {each.plugin.name for each in load_registry().operations() if each.plugin.name.startswith("gp.")}
        self.assertEqual(set(RESULTS), known)

    def test_info(self) -> None:
        """
        What is known is shown, with names; why the rest is not, goes to people.
        """
        told = self.result(
            "gp.info",
            domain="A000000151000000",
            cplc={"ic_type": "5032", "os_id": "4791"},
            iin="42",
            cin=None,
            card={"version": "2.3.1", "secure_channels": ["SCP03 i=70"], "configuration": None, "chip": None, "java_card": None},
            keys=[{"version": 255, "identifier": 1, "parts": [{"type": "RSA", "length": 128}, {"type": "E", "length": 3}]}],
            resources={"applications": 2, "non_volatile": 1000, "volatile": 20},
            problems={"cin": "It is not there."},
        )
        for each in ("IC type", "OS id", "SCP03 i=70", "1000 bytes, and 20 that are lost without power", "255 (0xFF)", "RSA"):
            self.assertIn(each, told)
        self.assertNotIn("chip", told)
        self.assertEqual(self.err.getvalue(), "cin: It is not there.\n")

    def test_cleanedUp(self) -> None:
        """
        What was left by a load that broke off, and was deleted, is told.
        """
        told = self.result("gp.install", package="A0", version="1.0", installed=[], cleaned_up="A0")
        self.assertEqual(told, "loaded A0 1.0\n")
        self.assertIn("What was left of A0", self.err.getvalue())

    def test_left(self) -> None:
        """
        Of a load that has failed it is told what may be on the card, and what becomes of it.
        """
        app = App(terminal=False, interactive=False)
        views.so_far(app, "gp.install", {"installed": [], "left": "A0", "journalled": True})
        views.so_far(app, "gp.install", {"installed": ["A1"], "left": "", "journalled": False})
        self.assertIn("parts of A0: the next gp install", self.err.getvalue())
        self.assertIn("A1 is installed.", self.err.getvalue())

    def test_others(self) -> None:
        """
        Small results are a line.
        """
        self.assertEqual(self.result("gp.certificates.store", stored=2), "stored 2\n")
        self.assertEqual(self.result("gp.status.set", aid="A0", state="lock"), "A0: locked\n")
        self.assertEqual(self.result("gp.status.set", aid="", state="secured"), "the card: secured\n")

    def test_data(self) -> None:
        """
        What data mean is told to people, and not mixed with the data.
        """
        for decoded, told in (({"a": 1, "b": True}, "a: 1\nb: yes\n"), (["x"], "x\n"), (7, "7\n")):
            self.err.truncate(0)
            self.err.seek(0)
            self.assertEqual(self.result("gp.data.get", tag="0066", data="AA", decoded=decoded, problem=""), "AA\n")
            self.assertEqual(self.err.getvalue(), told)
        self.result("gp.data.get", tag="0066", data="AA", decoded=None, problem="It is broken.")
        self.assertIn("It is broken.", self.err.getvalue())
        self.assertEqual(self.result("gp.data.store", stored=2, answer="BB"), "stored 2 bytes\nBB\n")

    def test_keys(self) -> None:
        """
        A single key has one check value, a key pair none.
        """
        self.assertIn("check value  000001", self.result("gp.keys.put", version=1, check_values=["000001"]))
        self.assertEqual(self.result("gp.keys.put", version=1, check_values=[]), "put the keys of version 1 (0x01)\n")

    def test_commands(self) -> None:
        """
        Commands are shown in their parts, of short and of extended length.
        """
        for command, told in (
            (Command(0x80, 0xCA, 0x9F, 0x7F, b"", 256), "80 CA 9F 7F 00"),
            (Command(0x80, 0xE4, 0, 0, b"\x01\x02"), "80 E4 00 00 02 0102"),
            (Command(0x80, 0xE4, 0, 0, b"\x01\x02", 256), "80 E4 00 00 02 0102 00"),
            (Command(0x80, 0xE8, 0, 0, bytes(256), 65536), f"80 E8 00 00 000100 {'00' * 256} 0000"),
            (Command(0x80, 0x78, 0, 0), "80 78 00 00"),
        ):
            shown = self.result("gp.delete", dry_run=True, commands=[command.encode().hex().upper()], keys=[])
            self.assertEqual(shown, told + "\n")

    def test_unknown(self) -> None:
        """
        Where nothing is known before, that is said; check values may be those of master keys.
        """
        keys = [{"name": "batch", "version": 1, "diversified": True, "check_values": ["000001", "000002", "000003"]}]
        self.assertIn("each card has others", self.result("gp.keys.put", dry_run=True, commands=[], keys=keys))
        self.assertIn("depends on its answers", self.err.getvalue())
