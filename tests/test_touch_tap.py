"""
Tests for L{cardgw.touch_tap}.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from twisted.application.service import IServiceMaker
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import globalLogPublisher
from twisted.plugin import getPlugins
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges import touch_daemon_tray
from cardgw.bridges.touch_daemon_approvals import Approval
from cardgw.errors import SecretError, SettingsError
from cardgw.log import privacy_observer
from cardgw.secrets import Source
from cardgw.touch_tap import Options, Surroundings, TouchService, listen_endpoint, make, makeService
from tests.logs import captured
from tests.transports.pcsc.fake import FakeDriver


def parsed(*arguments: str) -> Options:
    """
    A command line.
    """
    options = Options()
    options.parseOptions(list(arguments))
    return options


class OptionsTests(SynchronousTestCase):
    """
    L{Options}.
    """

    def test_defaults(self) -> None:
        """
        Nothing has to be said.
        """
        options = parsed()
        self.assertEqual((options["reader"], options["linger"], options["pin"], options["tray"]), ("*", 60.0, None, 0))
        self.assertEqual((options["listen"], options["approve"]), ([], []))

    def test_given(self) -> None:
        """
        What is given is understood.
        """
        options = parsed(
            "-r", "1", "--pin", "env:X", "--approve", "https://h https://p", "--approve", "http://h/rt", "--linger", "0"
        )
        self.assertEqual(options["pin"], Source("env", "X"))
        self.assertEqual(options["approve"], [Approval("https://h", "https://p"), Approval("http://h/rt")])

    def test_mistaken(self) -> None:
        """
        What is not right is said.
        """
        for option, value, expected in (
            ("--approve", "shop", "--approve shop"),
            ("--pin", "648219", "--pin"),
            ("--reader", "atr:x", "--reader"),
            ("--linger", "-1", "--linger"),
            ("--linger", "soon", "--linger soon"),
            ("--linger", "nan", "--linger nan"),
            ("--listen", "tcp:1", "--listen"),
        ):
            self.assertIn(expected, str(self.assertRaises(UsageError, parsed, option, value)))

    def test_pinIsNotTold(self) -> None:
        """
        Who writes the PIN itself does not read it again.
        """
        self.assertNotIn("648219", str(self.assertRaises(UsageError, parsed, "--pin", "648219")))

    def test_listen(self) -> None:
        """
        Only this machine reaches it.
        """
        for address, expected in (
            ("27001", "tcp:27001:interface=127.0.0.1"),
            ("localhost:1", "tcp:1:interface=127.0.0.1"),
            ("127.0.0.2:1", "tcp:1:interface=127.0.0.2"),
            ("[::1]:1", r"tcp6:1:interface=\:\:1"),
        ):
            self.assertEqual(listen_endpoint(address), expected)
            self.assertEqual(parsed("--listen", address)["listen"], [expected])
        for address in ("0.0.0.0:1", "192.0.2.1:1", "[::]:1", "[::ffff:192.0.2.1]:1", "example.com:1", ":1", "1.2:3", ""):
            self.assertRaises(UsageError, listen_endpoint, address)

    def test_help(self) -> None:
        """
        The examples are as they were written.
        """
        self.assertIn("\n  twistd -n cardgw-touch --approve https://cards.example ", Options().getUsage())
        self.assertIn("\n  twistd", Options().longdesc)

    def test_version(self) -> None:
        """
        The version, and nothing else.
        """
        out = StringIO()
        self.patch(sys, "stdout", out)
        self.assertRaises(SystemExit, parsed, "--version")
        self.assertIn("cardgw", out.getvalue())


class MakeTests(SynchronousTestCase):
    """
    L{make}.
    """

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.home = Path(self.mktemp()).resolve()
        self.home.mkdir()
        self.patch(os, "isatty", lambda _: False)

    def make(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Any:
        """
        The daemon.
        """
        options = parsed("--approvals", str(self.home / "approved"), *arguments)
        return make(options, Surroundings(self.reactor, environ or {"XDG_STATE_HOME": str(self.home)}, FakeDriver))

    def test_made(self) -> None:
        """
        It listens where pages look for it, and says that nobody can be asked.
        """
        events = captured(self)
        top = self.make()
        (service,) = top
        self.assertIsInstance(service, TouchService)
        service.privilegedStartService()
        ((port, _, _, interface),) = self.reactor.tcpServers
        self.assertEqual((port, interface), (27001, "127.0.0.1"))
        self.assertEqual([each["event"] for each in events], ["nobody-to-ask", "touch-listening"])

    def test_background(self) -> None:
        """
        A daemon in the background leaves its terminal, and asks nobody there.
        """
        asked: list[bool] = []

        class Watched(Surroundings):
            """
            Tells what it is asked for.
            """

            def asker(self, *, foreground: bool) -> None:
                """
                See L{Surroundings}.
                """
                asked.append(foreground)

        for parent in (None, {"nodaemon": 1}, {"nodaemon": 0, "logger": "x"}, {"reactor": "default"}):
            options: Any = parsed("--approvals", str(self.home / "approved"))
            options.parent = parent
            make(options, Watched(self.reactor, {}, FakeDriver))
        self.assertEqual(asked, [True, True, False, True])

    def test_mistakes(self) -> None:
        """
        What cannot be used is said.
        """
        for arguments, kind in (
            (("--pin", "env:CARDGW_NO_SUCH"), SecretError),
            (("--ca", "/no/such/file"), SettingsError),
            (("--tray",), SettingsError),
        ):
            self.patch(touch_daemon_tray, "import_module", self._missing)
            self.assertRaises(kind, self.make, *arguments)

    def _missing(self, name: str) -> Any:
        raise ImportError(name)

    def test_pin(self) -> None:
        """
        A PIN can be read each time it is needed.
        """
        path = self.home / "pin"
        path.write_text("648219\n")
        path.chmod(0o600)
        self.make("--pin", f"file:{path}")

    def test_service(self) -> None:
        """
        Mistakes are one line, and exit status 1.
        """
        self.addCleanup(globalLogPublisher.removeObserver, privacy_observer)
        error = self.assertRaises(SystemExit, makeService, parsed("--ca", "/no/such/file"))
        self.assertEqual(str(error.code), "cardgw-touch: /no/such/file: No such file or directory")

    def test_plugin(self) -> None:
        """
        C{twistd} finds it.
        """
        plugins: list[Any] = list(getPlugins(IServiceMaker))
        (found,) = [each for each in plugins if each.tapname == "cardgw-touch"]
        self.assertEqual(found.module, "cardgw.touch_tap")
