"""
Tests of L{cardgw.tap}.  What it does as a process is tested in L{tests.functional.test_tap}.
"""

from __future__ import annotations

import signal
import sys
from io import StringIO
from pathlib import Path
from typing import Any

from twisted.application.service import Application, IService, MultiService, Service
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import ILogObserver
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardGatewayError
from cardgw.log import human_observer, rules
from cardgw.tap import Options, TopService, check


class _Reactor(MemoryReactorClock):
    def callFromThread(self, what: Any) -> None:
        what()


class OptionsTests(SynchronousTestCase):
    """
    The command line.
    """

    def setUp(self) -> None:
        """
        Standard output is kept.
        """
        self.out = StringIO()
        self.patch(sys, "stdout", self.out)
        self.patch(rules, "log", rules.log)
        self.patch(rules, "privacy", rules.privacy)

    def parse(self, *arguments: str) -> Options:
        """
        Options that were typed.
        """
        options = Options()
        options.parseOptions(list(arguments))
        return options

    def leave(self, *arguments: str) -> Any:
        """
        What a command line that ends the program ends it with.
        """
        return self.assertRaises(SystemExit, self.parse, *arguments).code

    def test_nothing(self) -> None:
        """
        Nothing need be given.
        """
        options = self.parse()
        self.assertIsNone(options.path)
        self.assertEqual(options.overrides, {})

    def test_config(self) -> None:
        """
        A settings file is named with C{--config} or C{-c}.
        """
        self.assertEqual(self.parse("--config", "a.toml").path, Path("a.toml"))
        self.assertEqual(self.parse("-c", "a.toml").path, Path("a.toml"))

    def test_overrides(self) -> None:
        """
        Endpoints and traffic are what TOML would have.
        """
        options = self.parse("--estk", "tcp:1", "--estk", "tcp:2", "--traffic", "--unsafe-trace")
        self.assertEqual(
            options.overrides,
            {"log": {"traffic": True, "unsafe_trace": True}, "transports": {"estk": {"listen": ["tcp:1", "tcp:2"]}}},
        )

    def test_wrongOption(self) -> None:
        """
        An unknown option is a usage error.
        """
        self.assertRaises(UsageError, self.parse, "--no-such-option")

    def test_help(self) -> None:
        """
        The help has examples, each on a line of its own, and ends with where there is more.
        """
        told = str(Options())
        self.assertIn("\n  twistd -n cardgw --config cardgw.toml\n", told)
        for option in ("--config", "--check-config", "--estk", "--help-operations", "--help-operation", "--help-transports"):
            self.assertIn(option, told)
        self.assertTrue(told.rstrip().endswith("More: README.md and docs/ of the distribution; `cardgw --help`."))
        self.assertLess(max(map(len, told.splitlines())), 100)

    def test_lists(self) -> None:
        """
        Lists are printed, and the program ends well.
        """
        self.assertEqual(self.leave("--help-operations"), 0)
        self.assertIn("profile.download        download a profile", self.out.getvalue())
        self.assertEqual(self.leave("--help-transports"), 0)
        self.assertRegex(self.out.getvalue(), "\nestk +eSTK.me cards")
        self.assertEqual(self.leave("--help-operation", "profile.download"), 0)
        self.assertIn("activation_code", self.out.getvalue())
        self.assertEqual(self.leave("--version"), 0)
        self.assertIn("cardgw 0.", self.out.getvalue())

    def test_noSuchOperation(self) -> None:
        """
        The nearest name is suggested.
        """
        told = self.leave("--help-operation", "profile.downlod")
        self.assertEqual(told, 'cardgw: no operation is called profile.downlod. Did you mean "profile.download"?')

    def test_check(self) -> None:
        """
        A check says that there is no mistake, or which.
        """
        self.assertEqual(self.leave("--check-config"), 0)
        self.assertEqual(self.out.getvalue().splitlines()[0], "the defaults: no mistake found")
        path = Path(self.mktemp())
        path.write_text("[log]\nlevel = 3\n")
        told = self.leave("--check-config", "--config", str(path))
        self.assertEqual(told, f'cardgw: {path}: [log] level: expected one of "debug", "info", "warn", "error", got 3')

    def test_checkIsDeep(self) -> None:
        """
        A check also finds what only the parts know: an endpoint that is none, a folder that is not there.
        """
        estk = {"transports": {"estk": {"listen": "nonsense:1"}}}
        self.assertIn("no endpoint", str(self.assertRaises(CardGatewayError, check, None, estk)))
        roots = {"https": {"roots": "/no/such/directory"}}
        self.assertIn("/no/such/directory", str(self.assertRaises(CardGatewayError, check, None, roots)))


class TopServiceTests(SynchronousTestCase):
    """
    L{TopService}.
    """

    def test_observer(self) -> None:
        """
        The application gets the log observer, and the service.
        """
        application: Any = Application("cardgw")
        observer = human_observer(StringIO())
        top: Any = TopService(observer, None)
        top.setServiceParent(application)
        self.assertIs(application.getComponent(ILogObserver), observer)
        self.assertEqual(list(IService(application)), [top])  # type: ignore[call-overload]

    def test_none(self) -> None:
        """
        Where the command line names an observer, the application gets none; and any other parent will do.
        """
        application: Any = Application("cardgw")
        top: Any = TopService(None, None)
        top.setServiceParent(application)
        self.assertIsNone(application.getComponent(ILogObserver, None))
        other: Any = TopService(human_observer(StringIO()), None)
        other.setServiceParent(MultiService())

    def test_secondSignal(self) -> None:
        """
        A second signal ends what a service still waits for; after that the handlers are those of before.
        """

        class Patient(Service):
            """
            Waits for something that never comes.
            """

            def stopService(self) -> Deferred[None]:
                """
                Wait.
                """
                return Deferred().addErrback(lambda failure: None)

        reactor = _Reactor()
        before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
        top: Any = TopService(None, reactor)
        Patient().setServiceParent(top)
        stopped = top.stopService()
        self.assertNoResult(stopped)
        signal.raise_signal(signal.SIGTERM)
        self.successResultOf(stopped)
        self.assertEqual([signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)], before)
