"""
What stands beside the code: the unit files, the CI script, the news.
"""

from __future__ import annotations

import re
import subprocess
from configparser import ConfigParser
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_waiting import GRACE
from cardgw.transports.estk.settings import EstkSettings
from cardgw.version import VERSION
from tests.functional.commands import ROOT, TIMEOUT


def unit(name: str) -> ConfigParser:
    """
    A unit file.  Of keys that appear more than once, the last one counts here.
    """
    parser = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(ROOT / "etc" / name)
    return parser


class UnitTests(SynchronousTestCase):
    """
    C{etc/*.service} and C{etc/*.socket}.
    """

    def test_service(self) -> None:
        """
        The service says when it is ready, is reloaded with SIGHUP, and is given longer to stop than its sessions.
        """
        service = unit("cardgw.service")["Service"]
        self.assertEqual(service["Type"], "notify")
        self.assertIn(" -n --pidfile= --logger cardgw.log.json_observer cardgw --config ", service["ExecStart"])
        self.assertEqual(service["ExecReload"], "/bin/kill -HUP $MAINPID")
        self.assertGreater(float(service["TimeoutStopSec"]), EstkSettings().grace + 10)
        for hardened in ("DynamicUser", "NoNewPrivileges", "PrivateTmp", "ProtectKernelModules", "RestrictSUIDSGID"):
            self.assertEqual(service[hardened], "yes")

    def test_touchService(self) -> None:
        """
        The daemon of a desktop runs in the foreground, of the user alone, and has time to tell servers that it is over.
        """
        service = unit("cardgw-touch.service")["Service"]
        self.assertTrue(service["ExecStart"].endswith("/twistd -n --pidfile= cardgw-touch"))
        self.assertGreater(float(service["TimeoutStopSec"]), 4 * GRACE)
        self.assertNotIn("DynamicUser", service)

    def test_socket(self) -> None:
        """
        The socket is named as the endpoint in its comment names it, and is the default port.
        """
        socket = unit("cardgw-estk.socket")["Socket"]
        self.assertEqual(socket["FileDescriptorName"], "cardgw-estk")
        self.assertIn("systemd:domain=INET:name=cardgw-estk", (ROOT / "etc" / "cardgw-estk.socket").read_text())
        self.assertEqual(f"tcp:{socket['ListenStream'].rpartition(':')[2]}", EstkSettings().listen[0])


class ScriptTests(SynchronousTestCase):
    """
    Shell scripts.
    """

    def test_syntax(self) -> None:
        """
        They are Bash.
        """
        for name in (".ci/run", ".ci/setup"):
            done = subprocess.run(["bash", "-n", str(ROOT / name)], capture_output=True, text=True, timeout=TIMEOUT, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)

    def test_summary(self) -> None:
        """
        The last line of C{.ci/run} counts what trial counted; errors are failures.
        """
        script = (ROOT / ".ci" / "run").read_text()
        lines = script[script.index("summary=$(") : script.index('[ "$failed" = 0 ]')]
        for summary, counted in (
            ("PASSED (successes=12)", "12 0 0"),
            ("PASSED (skips=3, successes=12)", "12 0 3"),
            ("FAILED (skips=1, failures=2, errors=3, successes=40)", "40 5 1"),
            ("FAILED (errors=1)", "0 1 0"),
            ("", "0 1 0"),
        ):
            log = Path(self.mktemp())
            log.write_text(f"Ran 12 tests in 1s\n\n{summary}\nmake: done\n")
            command = f'set -u; log={log}\n{lines}\necho "$passed $failed $skipped"'
            done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=TIMEOUT, check=True)
            self.assertEqual(done.stdout.strip(), counted, summary)


class NewsTests(SynchronousTestCase):
    """
    C{NEWS.md}.
    """

    def test_version(self) -> None:
        """
        The present version has an entry that says how to upgrade to it.
        """
        (entry,) = re.findall(rf"\n## {re.escape(VERSION)}[ \n].*?(?=\n## |\Z)", (ROOT / "NEWS.md").read_text(), re.DOTALL)
        self.assertIn("\n### Upgrade\n", entry)
