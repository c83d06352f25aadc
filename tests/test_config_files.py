"""
Tests of L{cardgw.config_files}.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.config_files import merged, read_files
from cardgw.errors import SettingsError


class ReadTests(SynchronousTestCase):
    """
    L{read_files}.
    """

    def setUp(self) -> None:
        """
        A settings file in a directory.
        """
        self.directory = Path(self.mktemp())
        (self.directory / "conf.d").mkdir(parents=True)
        self.path = self.directory / "cardgw.toml"
        self.path.write_text("[log]\n")

    def refuse(self, content: bytes) -> str:
        """
        Why a content is refused.
        """
        self.path.write_bytes(content)
        return str(self.assertRaises(SettingsError, read_files, self.path))

    def test_order(self) -> None:
        """
        The file comes first, then those of C{conf.d} by name; other files there do not count.
        """
        for name in ("20-b.toml", "10-a.toml", "readme.txt"):
            (self.directory / "conf.d" / name).write_text("")
        self.assertEqual([each.name for each in read_files(self.path)], ["cardgw.toml", "10-a.toml", "20-b.toml"])

    def test_missing(self) -> None:
        """
        A file that is not there is told, and how to get one.
        """
        error = self.assertRaises(SettingsError, read_files, Path("no.toml"))
        self.assertIn("no.toml: no such file or directory. `cardgw init` prints one", str(error))

    def test_directory(self) -> None:
        """
        A directory is no settings file.
        """
        self.assertIn("is a directory", str(self.assertRaises(SettingsError, read_files, self.directory)))

    def test_noToml(self) -> None:
        """
        What is not TOML is told with its line.
        """
        told = self.refuse(b"[log]\nlevel = debug\n")
        self.assertIn(f"{self.path}: this is not TOML:", told)
        self.assertIn("line 2", told)

    def test_noUtf8(self) -> None:
        """
        TOML is UTF-8.
        """
        self.assertIn("expected UTF-8, got the byte 0xe9", self.refuse(b"# caf\xe9\n"))


class MergeTests(SynchronousTestCase):
    """
    L{merged}.
    """

    def test_tables(self) -> None:
        """
        Tables are merged key by key, at any depth; the later value counts.
        """
        one: dict[str, Any] = {"log": {"level": "info", "traffic": False}, "transports": {"estk": {"grace": 1}}}
        two = {"log": {"level": "debug"}, "transports": {"estk": {"listen": "x"}, "other": {}}}
        whole = {
            "log": {"level": "debug", "traffic": False},
            "transports": {"estk": {"grace": 1, "listen": "x"}, "other": {}},
        }
        self.assertEqual(merged((one, two)), whole)
        self.assertEqual(one["log"]["level"], "info")

    def test_lists(self) -> None:
        """
        A list is replaced, not joined: otherwise a default could not be taken back.
        """
        self.assertEqual(merged(({"quirks": [1, 2]}, {"quirks": [3]})), {"quirks": [3]})

    def test_kindChanges(self) -> None:
        """
        Where one is a table and the other is not, the later one counts; the check of the settings comes after.
        """
        self.assertEqual(merged(({"log": {"a": 1}}, {"log": 3})), {"log": 3})
