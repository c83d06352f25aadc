"""
The wheel: what it holds is found where it is installed, without the checkout.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.functional.commands import ROOT, TIMEOUT

_SOURCES = ("setup.py", "setup.cfg", "pyproject.toml", "MANIFEST.in", "LICENSE", "README.md", "cardgw", "plugins", "twisted")
_IGNORED = shutil.ignore_patterns("__pycache__", "dropin.cache", "*.egg-info")


class WheelTests(SynchronousTestCase):
    """
    An installation from a wheel, in a virtual environment of its own.
    """

    def setUp(self) -> None:
        """
        Copy the sources, so that the build leaves nothing in the checkout; install.
        """
        self.directory = Path(tempfile.mkdtemp(prefix="cardgw-test-"))
        self.addCleanup(shutil.rmtree, self.directory)
        source = self.directory / "source"
        source.mkdir()
        for name in _SOURCES:
            path = ROOT / name
            if path.is_dir():
                shutil.copytree(path, source / name, ignore=_IGNORED)
            elif path.exists():
                shutil.copy(path, source)
        venv.create(self.directory / "venv", with_pip=False, symlinks=True)
        self.site = next((self.directory / "venv" / "lib").glob("python*/site-packages"))
        self.install(source)

    def install(self, source: Path) -> None:
        """
        Build and install offline: with this environment's pip and setuptools, and its packages for the dependencies.
        """
        for needed in ("pip", "setuptools"):
            if subprocess.run([sys.executable, "-c", f"import {needed}"], capture_output=True, check=False).returncode:
                raise SkipTest(f"{needed} is not installed")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += [
            "--no-build-isolation",
            "--no-index",
            "--ignore-installed",
            "--prefix",
            str(self.directory / "venv"),
            str(source),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=4 * TIMEOUT, cwd="/", check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        ours = [each for each in sys.path if each.endswith("site-packages")]
        (self.site / "dependencies.pth").write_text("\n".join(ours))

    def run_it(self, *arguments: str) -> str:
        """
        What the environment's Python prints.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CARDGW_"))}
        command = [str(self.directory / "venv" / "bin" / "python"), *arguments]
        done = subprocess.run(command, cwd="/", env=kept, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_installed(self) -> None:
        """
        C{twistd} has the command, the drop-ins are found, C{cardgw} is a command, and types are marked as such.
        """
        self.assertTrue((self.site / "twisted" / "plugins" / "cardgw_plugin.py").exists())
        self.assertFalse((self.site / "twisted" / "__init__.py").exists())
        self.assertTrue((self.site / "cardgw" / "py.typed").exists())
        twistd = "from twisted.scripts.twistd import run; run()"
        commands = self.run_it("-c", twistd, "--help")
        self.assertRegex(commands, r"\n +cardgw +gateway to remote smart cards\n")
        self.assertRegex(commands, r"\n +cardgw-touch +lends the card")
        self.assertIn("profile.download", self.run_it("-c", twistd, "cardgw", "--help-operations"))
        self.assertIn(f"{self.site}/cardgw/dropins/cardgw_profile.py", self.run_it("-m", "twisted", "cardgw", *_ONE))
        catalogues = "from cardgw.texts.catalogue import catalogue; print(catalogue('de').translate('No notifications.'))"
        self.assertEqual(self.run_it("-c", catalogues), "Keine Mitteilungen.\n")
        script = self.directory / "venv" / "bin" / "cardgw"
        self.assertIn("estk", self.run_it(str(script), "transports"))


_ONE = ("--help-operation", "profile.download")
