"""
Tests for L{cardgw.bridges.touch_daemon_child}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.error import ProcessDone, ProcessExitedAlready
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_daemon_child import Child, surroundings

ENDED = Failure(ProcessDone(0))


class FakeProcesses:
    """
    Starts nothing.  See C{IReactorProcess}, and C{IProcessTransport}.

    @ivar started: the arguments of each process.
    @ivar signals: that were sent.
    @ivar typed: what was written.
    """

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken
        self.started: list[list[str]] = []
        self.environ: dict[str, str] = {}
        self.signals: list[str] = []
        self.typed = ""
        self.protocol: Any = None
        self.over = False

    def spawnProcess(self, protocol: Any, executable: str, args: list[str], env: dict[str, str]) -> None:
        """
        See C{IReactorProcess}.
        """
        if self.broken:
            raise PermissionError(13, "Permission denied")
        assert executable == args[0]
        self.started.append(args)
        self.environ, self.protocol = env, protocol
        protocol.makeConnection(self)

    def signalProcess(self, name: str) -> None:
        """
        See C{IProcessTransport}.
        """
        if self.over:
            raise ProcessExitedAlready
        self.signals.append(name)

    def write(self, data: bytes) -> None:
        """
        See C{IProcessTransport}.
        """
        self.typed += data.decode()

    def closeStdin(self) -> None:
        """
        See C{IProcessTransport}.
        """
        self.typed += "<end>"

    def says(self, text: str) -> None:
        """
        The process writes to its standard output.
        """
        self.protocol.outReceived(text.encode())

    def ends(self) -> None:
        """
        The process ends.
        """
        self.over = True
        self.protocol.processEnded(ENDED)


class ChildTests(SynchronousTestCase):
    """
    L{Child}.
    """

    def setUp(self) -> None:
        self.processes = FakeProcesses()
        self.child = Child()
        self.done = self.child.start(self.processes, ["/bin/ask", "x; y"], {"PATH": "/bin", "PIN": "1234"})

    def test_said(self) -> None:
        """
        What it says, when it has ended; complaints are not listened to.
        """
        self.processes.says("al")
        self.processes.says("ways\n")
        self.child.errReceived(b"warning")
        self.assertNoResult(self.done)
        self.processes.ends()
        self.assertEqual(self.successResultOf(self.done), "always\n")
        self.assertEqual((self.processes.started, self.processes.environ), ([["/bin/ask", "x; y"]], {"PATH": "/bin"}))

    def test_cancelled(self) -> None:
        """
        It is ended; what it says then is of no use.
        """
        self.done.cancel()
        self.assertEqual(self.processes.signals, ["TERM"])
        self.failureResultOf(self.done, CancelledError)
        self.processes.ends()
        self.child.kill()
        self.assertEqual(self.processes.signals, ["TERM"])

    def test_justEnded(self) -> None:
        """
        It may have ended before we know it.
        """
        self.processes.over = True
        self.done.cancel()
        self.failureResultOf(self.done, CancelledError)

    def test_talkative(self) -> None:
        """
        Not everything is kept.
        """
        self.processes.says("x" * 5000)
        self.assertEqual(self.processes.signals, ["TERM"])
        self.processes.ends()
        self.assertEqual(len(self.successResultOf(self.done)), 4096)

    def test_notStarted(self) -> None:
        """
        It cannot be started.
        """
        self.failureResultOf(Child().start(FakeProcesses(broken=True), ["/bin/ask"], {}), OSError)


class SurroundingsTests(SynchronousTestCase):
    """
    L{surroundings}.
    """

    def test_kept(self) -> None:
        """
        What a window needs is there, and nothing else.
        """
        given = {"DISPLAY": ":0", "XDG_RUNTIME_DIR": "/run", "LC_ALL": "C", "CARD_PIN": "1234", "LD_PRELOAD": "x.so"}
        self.assertEqual(surroundings(given), {"DISPLAY": ":0", "XDG_RUNTIME_DIR": "/run", "LC_ALL": "C"})
