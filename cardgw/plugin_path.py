# -*- test-case-name: tests.test_plugin_path -*-
"""
The directories in which plugins are looked for, and which of them may be trusted.

Python code (and the pickle C{dropin.cache} that Twisted keeps beside it) is run from each of them, so a directory outside the
installation in which a stranger may put a file is refused.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import frozen
from twisted.plugin import pluginPackagePaths

PACKAGE = "cardgw.plugins"
"""The package whose modules are drop-ins."""
SYSTEM = Path("/etc/cardgw/plugins")
"""Where the operator of a machine puts drop-ins."""
VARIABLE = "CARDGW_PLUGIN_PATH"
"""The environment variable that names more directories, separated like C{$PATH}."""


@frozen
class Refused:
    """
    A directory that is not searched.

    @ivar reason: why, in words.
    """

    directory: Path
    reason: str


@frozen
class PluginPath:
    """
    What C{cardgw.plugins.__path__} is made of.
    """

    accepted: tuple[Path, ...]
    refused: tuple[Refused, ...]


def plugin_path(
    own: Iterable[str] = (), environ: Mapping[str, str] | None = None, system: Path = SYSTEM, user: int | None = None
) -> PluginPath:
    """
    Sort the directories into those that are searched and those that are refused.

    @param own: the package's own directory, always first.
    @param environ: the environment, by default that of the process.
    @param system: the machine's directory for drop-ins.
    @param user: the numeric user id that the service runs under, by default that of the process.
    """
    owners = {0, os.geteuid() if user is None else user}
    accepted, refused = [], []
    for each in dict.fromkeys(_candidates(own, os.environ if environ is None else environ, system)):
        reason = None if _within_installation(each) else _reason_to_refuse(each, owners)
        if reason is None:
            accepted.append(each)
        else:
            refused.append(Refused(each, reason))
    return PluginPath(tuple(accepted), tuple(refused))


def shipped() -> Path:
    """
    The drop-ins that cardgw comes with: C{plugins/} in a checkout, C{cardgw/dropins} where it is installed.
    """
    package = Path(__file__).resolve().parent
    checkout = package.parent
    return checkout / "plugins" if (checkout / "setup.py").exists() else package / "dropins"


def _candidates(own: Iterable[str], environ: Mapping[str, str], system: Path) -> list[Path]:
    named = [Path(each) for each in environ.get(VARIABLE, "").split(os.pathsep) if each]
    found = [Path(each) for each in (*own, *pluginPackagePaths(PACKAGE))]
    return [each.resolve() for each in (*found, shipped(), system, *named) if _is_directory(each)]


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _within_installation(directory: Path) -> bool:
    roots = {Path(sys.prefix).resolve(), shipped().parent}
    return any(directory.is_relative_to(root) for root in roots)


def _reason_to_refuse(directory: Path, owners: set[int]) -> str | None:
    try:
        return _distrust(directory, owners)
    except OSError as problem:
        return f"it cannot be examined: {problem.strerror}"


def _distrust(directory: Path, owners: set[int]) -> str | None:
    """
    Why a directory must not be searched: somebody else may put a file in it, replace one, or replace the directory.
    """
    for each in (directory, *directory.glob("*.py"), *directory.glob("dropin.cache")):
        status = each.stat()
        if status.st_mode & stat.S_IWOTH:
            return f"everybody may write to {each}"
        if status.st_uid not in owners:
            return f"{each} belongs to user {status.st_uid}, neither root nor the user of this service"
    for parent in directory.parents:
        status = parent.stat()
        if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
            return f"everybody may replace it: {parent} is writable by all"
    return None
