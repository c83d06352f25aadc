"""
Tests of L{cardgw.gateway.discovery}.
"""

from __future__ import annotations

import os
from importlib.metadata import EntryPoint
from pathlib import Path

from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

import cardgw.plugins
from cardgw import plugin_path
from cardgw.gateway.discovery import Broken, Found, discover, drop_ins, forget_modules, from_entry_points, reason_of
from cardgw.interfaces import IOperation, ITransport
from tests.dropins import OPERATION, drop_in
from tests.logs import captured

_TRANSPORT = """
    from cardgw.lazy import LazyTransport
    pigeon = LazyTransport("pigeon", "cards that pigeons carry", "no.such.Thing")
"""


class DropInTests(SynchronousTestCase):
    """
    Files in the plugin directories.
    """

    def scan(self) -> list[Found | Broken]:
        """
        What there is, without the entry points of this machine.
        """
        found = list(drop_ins(cardgw.plugins))
        self.flushLoggedErrors()  # trial counts events of every level
        return found

    def test_found(self) -> None:
        """
        An instance that provides a plugin interface is found; its source is the file.
        """
        (directory,) = drop_in(self, {"g_found_a.py": OPERATION.format(variable="x", name="a.b"), "g_found_b.py": _TRANSPORT})
        operation, transport = self.scan()
        assert isinstance(operation, Found)
        assert isinstance(transport, Found)
        self.assertEqual((operation.interface, operation.plugin.name), (IOperation, "a.b"))
        self.assertEqual(operation.source, f"dropin:{directory}/g_found_a.py")
        self.assertEqual((transport.interface, transport.plugin.name), (ITransport, "pigeon"))

    def test_broken(self) -> None:
        """
        A file that cannot be imported is told in one line, with type, text and place; the others are found all the same.
        """
        (directory,) = drop_in(
            self, {"g_bad.py": "\nimport no_such_module\n", "g_good.py": OPERATION.format(variable="x", name="a.b")}
        )
        bad, good = self.scan()
        assert isinstance(bad, Broken)
        self.assertIsInstance(good, Found)
        self.assertEqual(bad.name, "g_bad")
        self.assertEqual(bad.source, f"dropin:{directory}/g_bad.py")
        self.assertEqual(bad.reason, f"ModuleNotFoundError: No module named 'no_such_module' (line 2 of {directory}/g_bad.py)")

    def test_syntaxError(self) -> None:
        """
        A file that is not Python is broken.
        """
        drop_in(self, {"g_syntax.py": "def broken(:"})
        (bad,) = self.scan()
        assert isinstance(bad, Broken)
        self.assertTrue(bad.reason.startswith("SyntaxError: invalid syntax"))

    def test_exits(self) -> None:
        """
        A file that ends the program when it is imported does not end the gateway.
        """
        drop_in(self, {"g_exit.py": "raise SystemExit(3)"})
        (bad,) = self.scan()
        assert isinstance(bad, Broken)
        self.assertTrue(bad.reason.startswith("SystemExit: 3"))

    def test_tracebackIsDebug(self) -> None:
        """
        The traceback of a broken file is a debug event, also the one that C{twisted.plugin} logs.
        """
        events = captured(self)
        drop_in(self, {"g_trace.py": "1 / 0"})
        self.scan()
        self.assertTrue(any("ZeroDivisionError" in str(each.get("traceback")) for each in events))
        self.assertEqual([each for each in events if each["log_level"] > LogLevel.debug], [])

    def test_noPlugin(self) -> None:
        """
        A file without an instance that provides both interfaces is told: forgetting C{IPlugin} is the usual mistake.
        """
        drop_in(self, {"g_empty.py": "class Thing: pass\nthing = Thing()\n"})
        (bad,) = self.scan()
        assert isinstance(bad, Broken)
        self.assertIn("it holds no plugin: an instance must provide twisted.plugin.IPlugin", bad.reason)

    def test_olderCache(self) -> None:
        """
        A file that held no plugin when the cache was written, and cannot be imported now, is told with the exception.
        """
        (directory,) = drop_in(self, {"g_older.py": ""})
        self.scan()
        (directory / "g_older.py").write_text("import g_no_such_module\n")
        forget_modules()
        (bad,) = self.scan()
        assert isinstance(bad, Broken)
        self.assertIn("ModuleNotFoundError: No module named 'g_no_such_module'", bad.reason)

    def test_sameFileName(self) -> None:
        """
        Of two files with one name in two directories the first is used, and the other is told with both.
        """
        text = OPERATION.format(variable="x", name="a.b")
        first, second = drop_in(self, {"g_same.py": text}, {"g_same.py": text})
        found, bad = self.scan()
        assert isinstance(found, Found)
        assert isinstance(bad, Broken)
        self.assertEqual(found.source, f"dropin:{first}/g_same.py")
        self.assertEqual(bad.source, f"dropin:{second}/g_same.py")
        self.assertIn(f"{first}/g_same.py has the same file name", bad.reason)

    def test_again(self) -> None:
        """
        After L{forget_modules} a changed file is read anew.
        """
        (directory,) = drop_in(self, {"g_again.py": OPERATION.format(variable="x", name="a.b")})
        self.scan()
        (directory / "g_again.py").write_text("from tests.dropins import Operation\nlonger_name = Operation('c.d')\n")
        (directory / "dropin.cache").unlink()  # both were written within one second
        forget_modules()
        (found,) = self.scan()
        assert isinstance(found, Found)
        self.assertEqual(found.plugin.name, "c.d")

    def test_refusedDirectory(self) -> None:
        """
        A directory that everybody may write to is told, and nothing in it is imported.
        """
        directory = Path(self.mktemp())
        directory.mkdir()
        directory.chmod(0o777)
        (directory / "g_evil.py").write_text("raise AssertionError('imported')")
        self.patch(os, "environ", {"CARDGW_PLUGIN_PATH": str(directory)})
        self.patch(plugin_path, "_within_installation", lambda path: path != directory.resolve())
        told = [each for each in discover() if isinstance(each, Broken) and each.name == str(directory.resolve())]
        self.assertEqual(len(told), 1)
        self.assertIn("the directory is refused: everybody may write to", told[0].reason)


class EntryPointTests(SynchronousTestCase):
    """
    What distributions name.
    """

    def test_found(self) -> None:
        """
        The object that an entry point names is found.
        """
        (found,) = from_entry_points(IOperation, [EntryPoint("x", "tests.gateway.test_discovery:SAMPLE", "cardgw.operations")])
        assert isinstance(found, Found)
        self.assertIs(found.plugin, SAMPLE)
        self.assertEqual(found.source, "dist:unknown")

    def test_broken(self) -> None:
        """
        One that cannot be imported is broken.
        """
        (bad,) = from_entry_points(IOperation, [EntryPoint("x", "no.such:thing", "cardgw.operations")])
        assert isinstance(bad, Broken)
        self.assertEqual(bad.name, "x")
        self.assertIn("ModuleNotFoundError: No module named 'no'", bad.reason)

    def test_distribution(self) -> None:
        """
        The source names the distribution and its version.
        """

        class Distribution:
            name, version = "acme", "2.1"

        point = EntryPoint("x", "tests.gateway.test_discovery:SAMPLE", "cardgw.operations")
        vars(point).update(dist=Distribution())
        (found,) = from_entry_points(IOperation, [point])
        self.assertEqual(found.source, "dist:acme 2.1")


class ReasonTests(SynchronousTestCase):
    """
    L{reason_of}.
    """

    def test_oneLine(self) -> None:
        """
        However long the text of an exception is, the reason is one line.
        """
        self.assertEqual(reason_of(ValueError("two\nlines")), "ValueError: two lines")
        self.assertEqual(reason_of(ValueError()), "ValueError")


SAMPLE = object()
