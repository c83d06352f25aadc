"""
Tests of L{cardgw.cli.local}.
"""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import cardgw.virtual.demo
from cardgw.cli import local
from cardgw.cli.main import main
from cardgw.cli.template import operation_template
from cardgw.log import rules
from cardgw.plugin_path import PluginPath, Refused
from cardgw.settings_file import render
from tests.dropins import OPERATION, drop_in, shipped_registry


class LocalTests(SynchronousTestCase):
    """
    Commands that need no gateway.
    """

    def setUp(self) -> None:
        """
        What it prints is kept.
        """
        self.out, self.err = StringIO(), StringIO()
        self.patch(sys, "stdout", self.out)
        self.patch(sys, "stderr", self.err)
        self.patch(rules, "log", rules.log)
        self.patch(rules, "privacy", rules.privacy)

    def run_it(self, *arguments: str, status: int = 0) -> str:
        """
        What a command prints.
        """
        self.assertEqual(main(arguments), status, self.err.getvalue())
        return self.out.getvalue()

    def test_init(self) -> None:
        """
        C{init} prints the settings file.
        """
        self.patch(local, "verified", shipped_registry)
        self.assertEqual(self.run_it("init"), render(shipped_registry()))

    def test_checkConfig(self) -> None:
        """
        C{check-config} says that there is no mistake, or which, on one line of standard error.
        """
        path = Path(self.mktemp())
        path.write_text("")
        self.assertTrue(self.run_it("check-config", str(path)).startswith(f"{path}: no mistake found\n"))
        path.write_text("[log]\nlevl = 3")
        self.run_it("check-config", str(path), status=2)
        self.assertEqual(self.err.getvalue(), f'cardgw: {path}: [log] levl: unknown key. Did you mean "level"?\n')

    def test_operations(self) -> None:
        """
        C{operations} and C{transports} list what is installed, C{help} says all about one.
        """
        self.assertIn("profile.download        download", self.run_it("operations"))
        self.assertRegex(self.run_it("transports"), "estk +eSTK.me")
        self.assertIn("segment_size", self.run_it("help", "profile.download"))
        self.assertIn("idle_timeout", self.run_it("help", "estk"))

    def test_noSuchOperation(self) -> None:
        """
        What is not installed is wrong usage, and the nearest name.
        """
        self.run_it("help", "profile.downlod", status=2)
        self.assertIn('Did you mean "profile.download"?', self.err.getvalue())

    def test_broken(self) -> None:
        """
        C{operations --broken} says why plugins were skipped; then its status is 1.
        """
        drop_in(self, {"g_cli_bad.py": "import no_such_module", "g_cli.py": OPERATION.format(variable="x", name="g.cli")})
        self.assertIn("ModuleNotFoundError: No module named 'no_such_module'", self.run_it("operations", "--broken", status=1))
        self.flushLoggedErrors()

    def test_nothingBroken(self) -> None:
        """
        Where all is well it says so.
        """
        self.patch(local, "verified", shipped_registry)
        self.assertEqual(self.run_it("operations", "--broken"), "No plugin is broken.\n")

    def test_plugins(self) -> None:
        """
        C{plugins} lists the directories, C{--refresh} writes their caches.
        """
        (directory,) = drop_in(self, {"g_cache.py": OPERATION.format(variable="x", name="g.cache")})
        self.assertIn(f"{directory}\n", self.run_it("plugins"))
        self.assertFalse((directory / "dropin.cache").exists())
        self.run_it("plugins", "--refresh")
        self.assertTrue((directory / "dropin.cache").exists())

    def test_refused(self) -> None:
        """
        A refused directory is listed with the reason, and the status is 1.
        """
        path = PluginPath((Path("/good"),), (Refused(Path("/bad"), "everybody may write to /bad"),))
        self.patch(local, "plugin_path", lambda _: path)
        self.assertEqual(self.run_it("plugins", status=1), "/good\n/bad is refused: everybody may write to /bad\n")

    def test_newOperation(self) -> None:
        """
        C{operation new} prints a template.
        """
        self.assertEqual(self.run_it("operation", "new", "card.audit"), operation_template("card.audit"))
        self.run_it("operation", "new", "Audit", status=2)

    def test_demo(self) -> None:
        """
        C{demo} is the demonstration, whose status counts.
        """
        self.patch(cardgw.virtual.demo, "main", lambda arguments: 1)
        self.run_it("demo", status=1)

    def test_interrupted(self) -> None:
        """
        Control-C is status 130, as shells have it.
        """

        def interrupt(_: object) -> int:
            raise KeyboardInterrupt

        self.patch(cardgw.virtual.demo, "main", interrupt)
        self.run_it("demo", status=130)
