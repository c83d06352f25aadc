"""
C{twistd cardgw} as a process: C{twistd} in the foreground and in the background, and C{python -m twisted}.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.functional.commands import LOOPBACK, TIMEOUT, TWIST, TWISTD, Process, run

_ACTIVATED = """
import os, sys
os.dup2(int(sys.argv[1]), 3, inheritable=True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="cardgw-estk")
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""
"""What systemd does for a service that has a socket unit (sd_listen_fds(3))."""
_REMOTE_MANAGEMENT = b"\x01\x00\x00"
"""A request of the eSTK.me protocol: tag 01, no value."""


def listening(test: SynchronousTestCase) -> socket.socket:
    """
    A port on loopback that is in use.
    """
    taken = socket.socket()
    test.addCleanup(taken.close)
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return taken


def served(test: SynchronousTestCase, port: int) -> None:
    """
    Be a card that asks for what nobody does, and is told so: then the gateway runs.
    """
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as card:
        card.sendall(_REMOTE_MANAGEMENT)
        test.assertTrue(card.recv(1000))


class StartTests(SynchronousTestCase):
    """
    Mistakes of whoever starts it: one line on standard error, status 1, no traceback.
    """

    forms = (("foreground", (*TWISTD, "-n", "--pidfile=")), ("background", TWISTD), ("python -m twisted", TWIST))

    def refuse(self, *arguments: str) -> str:
        """
        What is said in all three forms alike.
        """
        said = set()
        for name, command in self.forms:
            directory = Path(self.mktemp())
            directory.mkdir(parents=True)
            done = run(directory, *command, "cardgw", *arguments)
            self.assertEqual((done.returncode, done.stdout), (1, ""), name)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertEqual(list(directory.iterdir()), [], "nothing is left behind")
            said.add(done.stderr)
        (line,) = said
        return line

    def test_portInUse(self) -> None:
        """
        A port in use.
        """
        endpoint = f"tcp:{listening(self).getsockname()[1]}:interface=127.0.0.1"
        told = self.refuse("--estk", endpoint)
        self.assertEqual(told, f"cardgw: [transports.estk] listen: {endpoint}: address already in use\n")

    def test_wrongSetting(self) -> None:
        """
        A wrong setting: file, table, key, and what was expected.
        """
        path = Path(self.mktemp()).resolve()
        path.write_text("[transports.estk]\nidle_timeout = 'soon'\n")
        told = self.refuse("--config", str(path))
        self.assertEqual(told, f'cardgw: {path}: [transports.estk] idle_timeout: expected seconds, got "soon"\n')

    def test_noFile(self) -> None:
        """
        A settings file that is not there.
        """
        self.assertIn("no such file or directory", self.refuse("--config", "/no/such/file.toml"))

    def test_noEndpoint(self) -> None:
        """
        An endpoint that is none.
        """
        self.assertIn('"nonsense:1" is no endpoint', self.refuse("--estk", "nonsense:1"))


class ForegroundTests(SynchronousTestCase):
    """
    A gateway that runs.
    """

    def test_serves(self) -> None:
        """
        It listens where it says; SIGTERM ends it, as it ends any process.
        """
        gateway = Process(self, "--estk", LOOPBACK)
        served(self, gateway.port())
        self.assertEqual(gateway.stop(), -signal.SIGTERM)

    def test_reload(self) -> None:
        """
        SIGHUP has the settings read again, and a mistake in them does no harm.
        """
        path = Path(self.mktemp()).resolve()
        path.write_text(f'[transports.estk]\nlisten = "{LOOPBACK}"\n')
        gateway = Process(self, "--config", str(path))
        served(self, gateway.port())
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_for("reloaded")
        path.write_text("[log]\nlevel = 3")
        gateway.process.send_signal(signal.SIGHUP)
        self.assertIn("[log] level: expected one of", gateway.wait_for("reload-failed")["reason"])
        self.assertEqual(gateway.stop(), -signal.SIGTERM)

    def test_notify(self) -> None:
        """
        Systemd hears that it is ready when its listeners are open, and that it stops.
        """
        path = f"/tmp/cardgw-functional-{os.getpid()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            self.addCleanup(Path(path).unlink)
            manager.settimeout(TIMEOUT)
            gateway = Process(self, "--estk", LOOPBACK, environ={"NOTIFY_SOCKET": path})
            self.assertEqual(manager.recv(100), b"READY=1")
            served(self, gateway.port())
            gateway.process.send_signal(signal.SIGTERM)
            self.assertEqual(manager.recv(100), b"STOPPING=1")

    def test_socketActivation(self) -> None:
        """
        It takes the socket that systemd has opened, by the name that the socket unit gives it.
        """
        taken = listening(self)
        number = taken.fileno()
        through = ("-c", _ACTIVATED, str(number))
        endpoint = "systemd:domain=INET:name=cardgw-estk"
        gateway = Process(self, "--estk", endpoint, through=through, inherited=[number])
        self.assertEqual(gateway.port(), taken.getsockname()[1])
        served(self, taken.getsockname()[1])


class BackgroundTests(SynchronousTestCase):
    """
    A gateway that is a daemon.
    """

    def test_serves(self) -> None:
        """
        The listener that was opened before the process went into the background works there.
        """
        directory = Path(self.mktemp())
        directory.mkdir(parents=True)
        taken = listening(self)
        port = taken.getsockname()[1]
        taken.close()
        done = run(directory, *TWISTD, "cardgw", "--web", LOOPBACK, "--estk", f"tcp:{port}:interface=127.0.0.1")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertRegex(done.stderr, r"^The first token .*\n  cgw_\S{43}\nKeep it with: cardgw login\n$")
        number = int((directory / "twistd.pid").read_text())
        self.addCleanup(_kill, number)
        served(self, port)
        os.kill(number, signal.SIGTERM)
        self.assertRegex((directory / "twistd.log").read_text(), rf"info  eSTK.me cards may dial in at 127.0.0.1:{port}\n")


def _kill(number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)
