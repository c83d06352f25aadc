"""
Tests of L{cardgw.cli.gp}.
"""

from __future__ import annotations

from typing import Any

from tests.cli.fakes import BEGUN, done
from tests.cli.gp_case import AID, KEYS, GpCliTestCase
from tests.gp.cap_maker import FRAMEWORK, PACKAGE

ENTRIES: list[dict[str, Any]] = [{"kind": "PKG", "aid": "F000000001"}]
LISTING = "ISD: A000000151000000 (OP_READY)\n     Privs:    SecurityDomain, CardLock\n\n"
INFO = {"domain": "", "cplc": None, "iin": None, "cin": None, "card": None, "keys": None, "resources": None, "problems": {}}


class LookTests(GpCliTestCase):
    """
    What only looks.
    """

    def test_info(self) -> None:
        """
        No keys are needed.
        """
        told = self.gp("info", operation="gp.info", result={**INFO, "domain": "A000000151000000"})
        self.assertEqual(told.stdout, "security domain  A000000151000000\n")
        self.assertEqual(self.jobs()[0], {"operation": "gp.info", "card": "a1b2c3d4", "parameters": {}})

    def test_list(self) -> None:
        """
        The listing is printed as it is, also on a pipe; the head of options becomes parameters.
        """
        typed = [*KEYS, "--protocol", "scp03", "--level", "33", "--domain", AID, "--family", "jcop", "--force"]
        told = self.gp("list", *typed, operation="gp.registry", result={"listing": LISTING, "entries": []})
        self.assertEqual(told.stdout, LISTING.rstrip() + "\n")
        expected = {"keys": "issuer", "protocol": "scp03", "level": "33", "domain": AID, "family": "jcop", "force": True}
        self.assertEqual(self.parameters("gp.registry"), expected)

    def test_narrow(self) -> None:
        """
        On a terminal, what is too long goes on below.
        """
        long = LISTING.replace("CardLock", ", ".join(["CardLock"] * 20))
        told = self.gp("list", terminal=True, operation="gp.registry", result={"listing": long}).stdout.splitlines()
        self.assertTrue(all(len(each) <= 160 for each in told), told)
        self.assertTrue(told[2].startswith(" " * 15 + "CardLock"), told)

    def test_dryRun(self) -> None:
        """
        What changes nothing is not rehearsed: what would be sent is shown.
        """
        self.assertIn('"operation": "gp.registry"', self.gp("list", *KEYS, "--dry-run").stdout)
        self.assertEqual(self.jobs(), [])


class InstallTests(GpCliTestCase):
    """
    C{cardgw gp install} and its opposites.
    """

    def install(self, *typed: str, **more: Any) -> Any:
        """
        Install it.
        """
        result = {"package": PACKAGE.hex().upper(), "version": "1.0", "installed": [AID], "cleaned_up": ""}
        return self.gp("install", str(self.path), *KEYS, *typed, operation="gp.install", result=result, **more)

    def setUp(self) -> None:
        """
        There is a CAP file.
        """
        super().setUp()
        self.path = self.cap()

    def test_install(self) -> None:
        """
        The file is read here and sent; nobody is asked.
        """
        told = self.install("--params", "0102", "--privs", "CardReset", "--applet", AID, "--instance", AID, "--default", terminal=True)
        self.assertEqual(told.stdout, f"loaded {PACKAGE.hex().upper()} 1.0\ninstalled {AID}\n")
        (job,) = self.jobs()
        self.assertTrue(job["confirm"])
        sent = {**job["parameters"]}
        self.assertEqual(sent.pop("cap"), self.path.read_bytes().hex().upper())
        expected = {"applet": AID, "instance": AID, "data": "0102", "privileges": ["CardReset"], "default": True}
        self.assertEqual(sent, {"keys": "issuer", **expected})

    def test_noFile(self) -> None:
        """
        What is no CAP file is found here.
        """
        self.path.write_bytes(b"PK")
        self.assertIn("applet.cap: ", self.install(status=2).stderr)
        self.path.unlink()
        self.install(status=2)
        self.assertEqual(self.jobs(), [])

    def test_rehearsed(self) -> None:
        """
        A dry run is the gateway's: it knows the keys.  A card that is not here is not waited for.
        """
        keys = {"name": "issuer", "version": 48, "diversified": False, "check_values": ["504A77", "000001", "000002"]}
        rehearsal = {"dry_run": True, "commands": ["80E60200020102", "80E8800001FF00"], "keys": [keys]}
        told = self.gp("install", str(self.path), *KEYS, "--dry-run", operation="gp.install", result=rehearsal)
        known = "# keys issuer, version 48 (0x30): check values ENC 504A77, MAC 000001, DEK 000002\n"
        self.assertEqual(told.stdout, known + "80 E6 02 00 02 0102\n80 E8 80 00 01 FF 00\n")
        self.assertIn("WARNING: the keys issuer are those that cards for trial", told.stderr)
        self.assertTrue(self.parameters("gp.install")["dry_run"])
        away = self.gp("install", str(self.path), *KEYS, "--dry-run", "--card", "89049032123451234512345678901136")
        self.assertIn("is not here", away.stderr)
        self.assertEqual(len(self.jobs()), 1)

    def test_imports(self) -> None:
        """
        A package that no card comes with is looked for on the card.
        """
        for aid, told in (("F000000001", ""), ("F000000002", "WARNING: F000000002 1.3 is not on the card")):
            self.path = self.cap(imports=(FRAMEWORK, bytes.fromhex(aid)))
            self.api.scripts["gp.registry"] = [BEGUN, done(entries=ENTRIES)]
            self.assertIn(told, self.install("--force").stderr)
            first, second = self.jobs()[-2:]
            self.assertEqual((first["operation"], first["parameters"]), ("gp.registry", {"keys": "issuer", "force": True}))
            self.assertEqual(second["operation"], "gp.install")
        self.gp("install", str(self.path), *KEYS, "--card", "89049032123451234512345678901136", operation="gp.install")
        self.install("--no-wait")
        self.assertEqual([each["operation"] for each in self.jobs()[4:]], ["gp.install"] * 2)

    def test_uninstall(self) -> None:
        """
        The package of the file goes, with what was installed from it, if that is meant.
        """
        self.gp("uninstall", str(self.path), *KEYS, status=2)
        self.gp("uninstall", str(self.path), *KEYS, interactive=True, input="no\n", status=130)
        self.assertEqual(self.jobs(), [])
        self.gp("uninstall", str(self.path), *KEYS, "--yes", operation="gp.delete", result={"deleted": "A0"})
        self.assertEqual(self.parameters("gp.delete"), {"keys": "issuer", "aid": PACKAGE.hex().upper(), "related": True})

    def test_delete(self) -> None:
        """
        Anything can be deleted by its AID.
        """
        told = self.gp(
            *("delete", AID, "--deps", *KEYS), interactive=True, terminal=True, input="yes\n", operation="gp.delete", result={"deleted": AID}
        )
        self.assertIn(f"This deletes {AID} and its data for good", told.stderr)
        self.assertEqual(told.stdout, f"deleted {AID}\n")
        self.assertEqual(self.parameters("gp.delete"), {"keys": "issuer", "aid": AID, "related": True})


class ScriptTests(GpCliTestCase):
    """
    C{cardgw gp script}.
    """

    def test_script(self) -> None:
        """
        Commands are read from a file or from standard input; answers are shown a line each, with the data below.
        """
        answers = [
            {"line": 1, "command": "80CA9F7F", "response": "9F7F", "status": "9000", "name": "success"},
            {"line": 2, "command": "80E40000", "response": "", "status": "6A88", "name": "not found"},
        ]
        told = self.gp(
            *("script", "-", *KEYS, "--no-stop", "--yes"),
            input="80CA9F7F00\n80E40000\n",
            terminal=True,
            operation="gp.script",
            result={"ok": True, "answers": answers},
        )
        self.assertEqual(told.stdout, "  1  80CA9F7F  9000  success\n     9F7F\n  2  80E40000  6A88  not found\n")
        expected = {"keys": "issuer", "script": "80CA9F7F00\n80E40000\n", "stop": False}
        self.assertEqual(self.parameters("gp.script"), expected)
