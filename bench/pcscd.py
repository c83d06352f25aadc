# -*- test-case-name: tests.functional.test_pcscd -*-
"""
A pcscd of one's own with the virtual readers of vsmartcard (vpcd), in mount and network namespaces of its own: no other pcscd of
this machine is in its way, nor are the machine's readers.  Programs reach it where C{PCSCLITE_CSOCK_NAME} says that it is.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Self

VARIABLE = "PCSCLITE_CSOCK_NAME"
"""Where libpcsclite looks for pcscd; it reads this once per process."""
FIRST_PORT = 35963
"""Where the first slot waits for its card; the next ones follow."""
SLOTS = 2
"""Slots of a virtual reader."""
NAMESPACES = ("unshare", "--mount", "--net")
_DRIVERS = Path("/usr/lib/pcsc/drivers")
_PLACES = (_DRIVERS, *Path("/usr/lib").glob("*-linux-*/pcsc/drivers"))
_DRIVER = "libifdvpcd.so"
_PROGRAMS = {"unshare": "util-linux", "setpriv": "util-linux", "mount": "mount", "ip": "iproute2", "pcscd": "pcscd"}
"""What is run, and the Debian packages that bring it."""
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
_PATIENCE = 20.0
_PAUSE = 0.005
_SCRIPT = """
[ "$PPID" = "$1" ] || exit 1
[ -d /run/pcscd ] || { mount -t tmpfs tmpfs /run && mkdir /run/pcscd; } || exit 1
ip link set lo up && mount --bind "$2/run" /run/pcscd && mount --bind "$2/nothing" "$3" || exit 1
exec pcscd --foreground --config "$2/readers"
"""
"""What becomes pcscd.  Its directory for drivers of USB readers is empty, so it takes none of the machine's readers."""
_READER = """
FRIENDLYNAME "{name}"
DEVICENAME /dev/null:{port:#x}
CHANNELID {port:#x}
LIBPATH {driver}
"""


def _driver() -> Path | None:
    return next((place / "serial" / _DRIVER for place in _PLACES if (place / "serial" / _DRIVER).exists()), None)


@cache
def missing() -> str | None:
    """
    Why there can be none here, or no program that uses it; or C{None}.
    """
    if importlib.util.find_spec("smartcard") is None:
        return "pyscard is not installed"
    lacking = {package for program, package in _PROGRAMS.items() if shutil.which(program, path=_PATH) is None}
    if _driver() is None:
        lacking.add("vsmartcard-vpcd")
    if lacking:
        return f"a private pcscd needs what is not installed: {', '.join(sorted(lacking))}"
    if os.geteuid() != 0:
        return "a private pcscd needs root"
    tried = subprocess.run([*NAMESPACES, "true"], capture_output=True, text=True, check=False)
    return f"there can be no private pcscd: {tried.stderr.strip()}" if tried.returncode else None


class Pcscd:
    """
    See the module's docstring.  It dies with the thread that has started it, however that ends.

    @ivar names: what its slots are called: each reader has two.
    @ivar process: that of pcscd, which is its own namespaces' first.
    @param directory: becomes its own; the path is short (a socket's name is in it).
    @param readers: how many there are.
    @param through: programs that run it: what makes the namespaces.
    """

    def __init__(self, directory: Path, readers: int = 1, through: Sequence[str] = NAMESPACES) -> None:
        self.directory = directory
        self.names: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None
        self._through = through
        for name in ("run", "readers", "nothing"):
            (directory / name).mkdir(parents=True, mode=0o700)
        self.configure(readers)

    def configure(self, readers: int) -> None:
        """
        Have another number of readers when it is started next.  Each has a copy of the driver, which keeps its slots in global
        variables.
        """
        found = _driver()
        assert found is not None
        text, self.names = "", []
        for number in range(readers):
            name, driver = f"cardgw {number + 1}", self.directory / f"{number}-{_DRIVER}"
            shutil.copyfile(found, driver)
            text += _READER.format(name=name, port=FIRST_PORT + SLOTS * number, driver=driver)
            self.names += [f"{name} 00 {slot:02}" for slot in range(SLOTS)]
        (self.directory / "readers" / "virtual").write_text(text)

    @property
    def socket(self) -> Path:
        """
        Where programs reach it: the value of L{VARIABLE}.
        """
        return self.directory / "run" / "pcscd.comm"

    @property
    def running(self) -> bool:
        """
        Whether it runs.
        """
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """
        Start it, and wait until it answers; it has its readers then.

        @raise RuntimeError: it does not.
        """
        drivers = str(next(place for place in _PLACES if place.exists()))
        script = ("sh", "-c", _SCRIPT, "sh", str(os.getpid()), str(self.directory), drivers)
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._through, "setpriv", "--pdeathsig", "KILL", *script],
                env={**os.environ, "PATH": _PATH},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            if not self.running or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"pcscd did not start: {(self.directory / 'log').read_text()}")
            time.sleep(_PAUSE)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def stop(self) -> None:
        """
        Stop it as the system does.
        """
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """
        Kill it: its socket stays behind.
        """
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(_PATIENCE)

    def remove(self) -> None:
        """
        Leave nothing behind.
        """
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()
