"""
Tests of L{cardgw.cli.gp}.
"""

from __future__ import annotations

from typing import Any

from tests.cli.gp_case import AID, KEYS, GpCliTestCase
from tests.gp.cap_maker import PACKAGE

RESULT = {"package": PACKAGE.hex().upper(), "version": "1.0", "installed": [AID], "cleaned_up": ""}
LISTING = "ISD: A000000151000000 (OP_READY)\n     Privs:    SecurityDomain, CardLock\n\n"
INFO: dict[str, Any] = {"problems": {}, **dict.fromkeys(("cplc", "iin", "cin", "card", "keys", "resources"))}


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
        return self.gp("install", str(self.path), *KEYS, *typed, operation="gp.install", **{"result": RESULT, **more})

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
        told = self.install(
            "--params", "0102", "--privs", "CardReset", "--applet", AID, "--instance", AID, "--default", terminal=True
        )
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
        self.assertIn("FILE: missing", self.gp("install", *KEYS, status=2).stderr)
        self.assertIn("it is not the AID of the security domain", self.gp("list", "--domain", "12", status=2).stderr)
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

    def test_there(self) -> None:
        """
        What is on the card already is installed without a file; what is replaced is lost, so that is asked about.
        """
        self.gp(
            "install", "--package", PACKAGE.hex(), "--applet", AID, *KEYS, operation="gp.install", result={**RESULT, "blocks": 0}
        )
        self.assertEqual(self.parameters("gp.install"), {"keys": "issuer", "package": PACKAGE.hex(), "applet": AID})
        self.install("--replace", status=2)
        result = {**RESULT, "deleted": ["A0"], "warnings": ["The card's receipt is wrong: LOAD."]}
        told = self.install("--replace", "--yes", terminal=True, result=result)
        self.assertEqual(told.stdout.splitlines()[1], "deleted A0")
        self.assertIn("WARNING: The card's receipt is wrong", told.stderr)

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
            *("delete", AID, "--deps", *KEYS),
            interactive=True,
            terminal=True,
            input="yes\n",
            operation="gp.delete",
            result={"deleted": AID},
        )
        self.assertIn(f"This deletes {AID} and its data for good", told.stderr)
        self.assertEqual(told.stdout, f"deleted {AID}\n")
        self.assertEqual(self.parameters("gp.delete"), {"keys": "issuer", "aid": AID, "related": True})


class ChangeTests(GpCliTestCase):
    """
    C{cardgw gp extradite} and C{cardgw gp privileges}.
    """

    def test_extradite(self) -> None:
        """
        It belongs to somebody else then, if that is meant.
        """
        self.gp("extradite", AID, "A00000015100AA", *KEYS, status=2)
        result = {"aid": AID, "domain": "A00000015100AA"}
        told = self.gp(
            *("extradite", AID, "A00000015100AA", *KEYS, "--yes"), terminal=True, operation="gp.extradite", result=result
        )
        self.assertEqual(told.stdout, f"{AID} belongs to A00000015100AA\n")
        self.assertEqual(self.parameters("gp.extradite"), {"keys": "issuer", "aid": AID, "to": "A00000015100AA"})

    def test_privileges(self) -> None:
        """
        They are named, none at all too, or stay.
        """
        for typed, sent, told in (
            (["CardReset,CVMManagement"], {"privileges": ["CardReset", "CVMManagement"]}, "CardReset, CVMManagement"),
            ([""], {"privileges": []}, "no privileges"),
            (["--params", "EF00"], {"parameters": "EF00"}, "changed"),
        ):
            result = {"aid": AID, "privileges": sent.get("privileges")}
            shown = self.gp(
                *("privileges", AID, *typed, *KEYS, "--yes"), terminal=True, operation="gp.privileges.set", result=result
            )
            self.assertEqual(shown.stdout, f"{AID}: {told}\n")
            self.assertEqual(self.parameters("gp.privileges.set"), {"keys": "issuer", "aid": AID, **sent})


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
