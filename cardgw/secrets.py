# -*- test-case-name: tests.test_secrets -*-
"""
Secrets stand neither in the settings nor on a command line: C{[secrets]} only says where each of them is.

  - C{file:/etc/cardgw/key}: a file that only its owner can read;
  - C{env:NAME}: an environment variable;
  - C{credential:NAME}: a credential that systemd hands to the service (C{LoadCredential=});
  - C{command:pass show cardgw/key}: what a command prints.

A line break at the end does not count.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path

from attrs import field, frozen

from cardgw.errors import SecretError
from cardgw.fields import checked

COMMAND_TIMEOUT = 30.0
"""Seconds that a command has to print a secret."""
_CREDENTIALS = "CREDENTIALS_DIRECTORY"
_LIKE_A_KEY = re.compile("[0-9A-Fa-f]{32,}")


@frozen
class Source:
    """
    Where one secret is.

    @ivar kind: C{file}, C{env}, C{credential} or C{command}.
    @ivar place: the rest: a path, a name, a command line.
    """

    kind: str
    place: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.kind}:{_shown(self.place)}"


def _shown(place: str) -> str:
    """
    A place for people.  What has the form of a key may be one that was written here by mistake.
    """
    return "***" if _LIKE_A_KEY.fullmatch(place) else place


def parse_source(text: str) -> Source:
    """
    @raise ValueError: it names no source.
    """
    kind, _, place = text.partition(":")
    if kind not in _READERS:
        raise ValueError("the secret itself does not belong here" if not place else f"{kind}: is no source")
    if not place.strip():
        raise ValueError(f"nothing follows {kind}:")
    return Source(kind, place.strip())


@frozen
class Secrets:
    """
    The secrets that settings name.  They are read once, when the gateway starts or reads its settings again.
    """

    _values: Mapping[str, bytes] = field(factory=dict, repr=False)

    def __call__(self, name: str) -> bytes:
        """
        @raise SecretError: no secret is called so.
        """
        try:
            return self._values[name]
        except KeyError:
            near = get_close_matches(name, self._values, 1, 0.5)
            hint = f'Did you mean "{near[0]}"?' if near else "Say where it is in [secrets] of cardgw.toml."
            raise SecretError(f"{name}: it is not set", hint=hint) from None


def read_secrets(sources: Mapping[str, Source], environ: Mapping[str, str] | None = None) -> Secrets:
    """
    @param sources: by name.
    @param environ: the environment, by default that of the process.
    @raise SecretError: one cannot be read; the text says which and why, not what.
    """
    return Secrets({name: read_secret(source, f"[secrets] {name}", environ) for name, source in sources.items()})


def read_secret(source: Source, where: str, environ: Mapping[str, str] | None = None, *, binary: bool = False) -> bytes:
    """
    One secret.

    @param where: what an error begins with: the place in the settings.
    @param binary: a line break at the end does count.
    @raise SecretError: it cannot be read, or is empty.
    """
    value = _READERS[source.kind](where, source.place, os.environ if environ is None else environ)
    if not binary and source.kind != "env":
        value = value.removesuffix(b"\n").removesuffix(b"\r")
    if not value:
        raise SecretError(f"{where}: {source} is empty")
    return value


def _from_file(where: str, place: str, _: Mapping[str, str]) -> bytes:
    path = Path(place).expanduser()
    try:
        status = path.stat()
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            hint = f"Run: chmod 600 {shlex.quote(str(path))}"
            raise SecretError(f"{where}: others may read {path} (mode {stat.S_IMODE(status.st_mode):04o})", hint=hint)
        return path.read_bytes()
    except OSError as problem:
        raise SecretError(f"{where}: {_shown(str(path))}: {problem.strerror}") from None


def _from_environment(where: str, place: str, environ: Mapping[str, str]) -> bytes:
    if place not in environ:
        raise SecretError(f"{where}: the environment variable {_shown(place)} is not set")
    return os.fsencode(environ[place])


def _from_credential(where: str, place: str, environ: Mapping[str, str]) -> bytes:
    directory = environ.get(_CREDENTIALS)
    if directory is None:
        hint = f"Put LoadCredential={_shown(place)}:/path/of/the/file into the unit."
        raise SecretError(f"{where}: systemd gave this service no credentials (${_CREDENTIALS} is not set)", hint=hint)
    if Path(place).name != place:
        raise SecretError(f"{where}: the name of a credential has no slashes")
    try:
        return (Path(directory) / place).read_bytes()
    except OSError as problem:
        raise SecretError(f"{where}: credential {_shown(place)}: {problem.strerror}") from None


def _from_command(where: str, place: str, environ: Mapping[str, str]) -> bytes:
    try:
        arguments = shlex.split(place)
        done = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=COMMAND_TIMEOUT, env=dict(environ), check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as problem:
        reason = getattr(problem, "strerror", None) or type(problem).__name__
        raise SecretError(f"{where}: the command could not be run: {reason}") from None
    if done.returncode:
        raise SecretError(f"{where}: the command ended with status {done.returncode}")
    return done.stdout


_READERS: dict[str, Callable[[str, str, Mapping[str, str]], bytes]] = {
    "file": _from_file,
    "env": _from_environment,
    "credential": _from_credential,
    "command": _from_command,
}

secret_source = checked('where the secret is: "file:…", "env:…", "credential:…" or "command:…"', parse_source)
"""A L{Source}, as settings write it."""
