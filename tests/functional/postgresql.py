"""
A private PostgreSQL for tests.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from functools import cache
from itertools import count
from pathlib import Path

PROGRAMS = ("initdb", "pg_ctl", "postgres")
PASSWORD = "not/much@of:a secret"
USER = "cardgw"
_TIMEOUT = 60
_numbers = count(1)


def programs() -> Path | None:
    """
    The directory of PostgreSQL's programs, or C{None} where they are not installed.
    """
    path = shutil.which(PROGRAMS[0])
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: place.parent.name.zfill(4), reverse=True)
    for place in [*([Path(path).resolve().parent] if path else []), *places]:
        if all((place / name).exists() for name in PROGRAMS):
            return place
    return None


def missing() -> str | None:
    """
    Why tests must be skipped, or C{None}.
    """
    return None if programs() is not None else f"PostgreSQL is not installed: there is no {', '.join(PROGRAMS)}"


def _user() -> str | None:
    """
    PostgreSQL does not run as root.
    """
    if os.geteuid() != 0:
        return None
    known = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


class Server:
    """
    A PostgreSQL in a directory of its own, on a free port of 127.0.0.1.
    """

    def __init__(self) -> None:
        found = programs()
        assert found is not None
        self._programs, self._user = found, _user()
        self.directory = Path(tempfile.mkdtemp(prefix="cardgw-pg-"))
        self._data = self.directory / "data"
        self._running = False
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port: int = taken.getsockname()[1]
        password = self.directory / "password"
        password.write_text(PASSWORD)
        if self._user is not None:
            shutil.chown(self.directory, self._user)
            shutil.chown(password, self._user)
        authentication = ("--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password}")
        self._run("initdb", "--no-sync", "--encoding=UTF8", "--locale=C", f"--username={USER}", *authentication)
        self.start()

    def start(self) -> None:
        """
        Start it if it does not run, and wait until it answers.
        """
        if self._running:
            return
        options = f"-h 127.0.0.1 -p {self.port} -k {self.directory} -c fsync=off -c max_connections=50"
        self._run("pg_ctl", "start", "--wait", f"--log={self.directory}/log", f"--options={options}")
        self._running = True

    def stop(self) -> None:
        """
        Stop it; whoever is connected loses the connection.
        """
        self._run("pg_ctl", "stop", "--wait", "--mode=fast")
        self._running = False

    def remove(self) -> None:
        """
        Stop it, and leave nothing behind.
        """
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate", check=False)
        shutil.rmtree(self.directory, ignore_errors=True)

    def url(self, database: str, password: str = PASSWORD) -> str:
        """
        The URL of a database.
        """
        quoted = "".join(letter if letter.isalnum() else f"%{ord(letter):02X}" for letter in password)
        return f"postgresql://{USER}:{quoted}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """
        The name of a new, empty database.
        """
        name = f"test{next(_numbers)}"
        self.sql(f"CREATE DATABASE {name}")
        return name

    def sql(self, statement: str, database: str = "postgres") -> None:
        """
        Run a statement, as the owner of everything.
        """
        import psycopg

        target = f"host={self.directory} port={self.port} user={USER} dbname={database}"
        with psycopg.connect(target, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        command = [str(self._programs / program), "-D", str(self._data), *arguments]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        done = subprocess.run(
            command,
            cwd=self.directory,
            env={**environment, "LC_ALL": "C"},
            user=self._user,
            group=None if self._user is None else pwd.getpwnam(self._user).pw_gid,
            extra_groups=None if self._user is None else [],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the server inherits it: a pipe would never end
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT,
            check=False,
        )
        if check and done.returncode != 0:
            log = self.directory / "log"
            raise AssertionError(f"{program} ended with {done.returncode}: {log.read_text() if log.exists() else ''}")


@cache
def server(name: str = "") -> Server:
    """
    The one of this process, or another one of this name; it is gone when the process ends.
    """
    running = Server()
    atexit.register(running.remove)
    return running
