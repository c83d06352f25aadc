"""
Tests of L{cardgw.plugin_path}.
"""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import cardgw.plugin_path as module
from cardgw.plugin_path import PluginPath, plugin_path, shipped

_NOWHERE = Path("/no/such/directory")


class PluginPathTests(SynchronousTestCase):
    """
    L{plugin_path}.
    """

    def setUp(self) -> None:
        """
        A directory of somebody's, in one that counts as being outside the installation.
        """
        self.directory = Path(self.mktemp()).resolve()
        self.patch(module, "_within_installation", lambda directory: not directory.is_relative_to(self.directory))
        self.directory.mkdir(parents=True)
        self.directory.chmod(0o755)

    def path(self, *directories: Path, user: int | None = None) -> PluginPath:
        """
        The path with these directories in the environment.
        """
        return plugin_path((), {"CARDGW_PLUGIN_PATH": os.pathsep.join(map(str, directories))}, _NOWHERE, user)

    def test_shipped(self) -> None:
        """
        In a checkout, its C{plugins} folder is searched.
        """
        self.assertEqual(shipped(), Path(__file__).resolve().parents[1] / "plugins")
        self.assertIn(shipped(), self.path().accepted)

    def test_installed(self) -> None:
        """
        Where no C{setup.py} stands beside the package, the shipped drop-ins are inside it.
        """
        package = self.directory / "cardgw"
        self.patch(module, "__file__", str(package / "plugin_path.py"))
        self.assertEqual(shipped(), package / "dropins")

    def test_order(self) -> None:
        """
        The package's own directory comes first, then the shipped one, the machine's, and those of the environment; each once.
        """
        own, system, mine = (self.directory / name for name in ("own", "system", "mine"))
        for each in (own, system, mine):
            each.mkdir(mode=0o755)
        path = plugin_path([str(own)], {"CARDGW_PLUGIN_PATH": f"{mine}:{own}:"}, system)
        known = [each for each in path.accepted if each in {own, system, mine, shipped()}]
        self.assertEqual(known, [own, shipped(), system, mine])

    def test_missing(self) -> None:
        """
        A directory that is not there is not searched, and no mistake.
        """
        self.assertNotIn(_NOWHERE, self.path(_NOWHERE).accepted)
        self.assertEqual(self.path(_NOWHERE).refused, ())

    def test_writable(self) -> None:
        """
        A directory that everybody may write to is refused.
        """
        self.directory.chmod(0o777)
        path = self.path(self.directory)
        self.assertNotIn(self.directory, path.accepted)
        (refused,) = path.refused
        self.assertEqual(refused.directory, self.directory)
        self.assertEqual(refused.reason, f"everybody may write to {self.directory}")

    def test_writableFile(self) -> None:
        """
        So is one with a plugin, or a cache, that everybody may write to.
        """
        for name in ("x.py", "dropin.cache"):
            file = self.directory / name
            file.touch()
            file.chmod(0o666)
            self.assertEqual([each.reason for each in self.path(self.directory).refused], [f"everybody may write to {file}"])
            file.unlink()

    def test_owner(self) -> None:
        """
        The owner must be root or the user of the service.
        """
        mine = os.geteuid()
        self.assertIn(self.directory, self.path(self.directory, user=mine).accepted)
        if mine == 0:
            os.chown(self.directory, 12345, -1)
            self.assertIn("belongs to user 12345, neither root nor", self.path(self.directory).refused[0].reason)
            self.assertEqual(self.path(self.directory, user=12345).refused, ())
        else:
            self.assertIn("belongs to user", self.path(self.directory, user=mine + 1).refused[0].reason)

    def test_replaceable(self) -> None:
        """
        A directory in one that everybody may write to could be replaced; where only owners may delete (C{/tmp}), not.
        """
        inner = self.directory / "open" / "mine"
        inner.mkdir(parents=True, mode=0o755)
        inner.parent.chmod(0o777)
        self.assertIn("everybody may replace it", self.path(inner).refused[0].reason)
        inner.parent.chmod(0o1777)
        self.assertEqual(self.path(inner).refused, ())

    def test_installation(self) -> None:
        """
        Who may write to the installation could replace cardgw itself, so its directories are not examined.
        """
        self.patch(module, "_within_installation", lambda _: True)
        self.directory.chmod(0o777)
        self.assertIn(self.directory, self.path(self.directory).accepted)

    def test_unreadable(self) -> None:
        """
        A directory that cannot be examined is refused.
        """

        def refuse(*_: object) -> None:
            raise PermissionError(13, "Permission denied")

        self.patch(module, "_distrust", refuse)
        self.assertEqual(self.path(self.directory).refused[0].reason, "it cannot be examined: Permission denied")
