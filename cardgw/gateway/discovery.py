# -*- test-case-name: tests.gateway.test_discovery -*-
"""
Where plugins come from: drop-ins and entry points.  What cannot even be imported is told with its source and a one-line reason.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from attrs import frozen
from twisted.logger import Logger, LogLevel
from twisted.plugin import CachedDropin, CachedPlugin, getCache
from twisted.python import log as legacy_log
from zope.interface import Interface

import cardgw.plugins
from cardgw.interfaces import IOperation, ITransport
from cardgw.plugin_path import plugin_path

_log = Logger()
GROUPS = {"cardgw.operations": IOperation, "cardgw.transports": ITransport}
"""The entry point groups."""
_NOTHING = "it holds no plugin: an instance must provide twisted.plugin.IPlugin and IOperation or ITransport of cardgw.interfaces"


@frozen
class Found:
    """
    A plugin as it was found, not verified.

    @ivar interface: C{IOperation} or C{ITransport}.
    @ivar source: C{dropin:/path} or C{dist:name version}.
    @ivar label: how its source calls it, where it turns out to have no name of its own.
    """

    interface: Any
    plugin: Any
    source: str
    label: str


@frozen
class Broken:
    """
    Something that cannot be used.

    @ivar name: the plugin's name, or that of its module or directory.
    @ivar reason: one line.
    """

    name: str
    source: str
    reason: str


def discover() -> Iterator[Found | Broken]:
    """
    All there is: refused directories, drop-ins in the order of the path, entry points.
    """
    for each in plugin_path(cardgw.plugins.__path__).refused:
        yield Broken(str(each.directory), f"dropin:{each.directory}", f"the directory is refused: {each.reason}")
    yield from drop_ins(cardgw.plugins)
    for group, interface in GROUPS.items():
        yield from from_entry_points(interface, entry_points(group=group))


def drop_ins(package: ModuleType) -> Iterator[Found | Broken]:
    """
    The plugins in the modules of a package whose C{__path__} has several directories.
    """
    cache = _quiet(lambda: getCache(package))
    seen: dict[str, Path] = {}
    for path in _module_files(package):
        source = f"dropin:{path}"
        if path.stem in seen:
            yield Broken(path.stem, source, f"{seen[path.stem]} has the same file name and is used instead")
            continue
        seen[path.stem] = path
        dropin = cache.get(path.stem)
        if dropin is None:
            yield Broken(path.stem, source, _why_not(f"{package.__name__}.{path.stem}"))
        else:
            yield from _of_drop_in(dropin, path.stem, source)


def from_entry_points(interface: type[Interface], points: Iterable[EntryPoint]) -> Iterator[Found | Broken]:
    """
    The plugins that installed distributions name, in the order of the distributions' names.
    """
    for point in sorted(points, key=lambda each: (each.dist.name if each.dist else "", each.name)):
        source = f"dist:{point.dist.name} {point.dist.version}" if point.dist else "dist:unknown"
        try:
            plugin = point.load()
        except (Exception, SystemExit) as problem:
            yield Broken(point.name, source, reason_of(problem))
        else:
            yield Found(interface, plugin, source, point.name)


def reason_of(problem: BaseException) -> str:
    """
    An exception in one line; its traceback becomes a debug event.
    """
    _log.debug("{traceback}", event="plugin-traceback", traceback="".join(traceback.format_exception(problem)))
    place = [each for each in traceback.extract_tb(problem.__traceback__) if not _is_machinery(each.filename)]
    line = f" (line {place[-1].lineno} of {place[-1].filename})" if place and not isinstance(problem, SyntaxError) else ""
    text = " ".join(str(problem).split())
    return f"{type(problem).__name__}: {text}{line}" if text else f"{type(problem).__name__}{line}"


def _is_machinery(file: str) -> bool:
    return file.startswith("<") or "importlib" in Path(file).parts


def _of_drop_in(dropin: CachedDropin, name: str, source: str) -> Iterator[Found | Broken]:
    held = False
    for cached in dropin.plugins:
        for interface in GROUPS.values():
            if any(provided.isOrExtends(interface) for provided in cached.provided):
                held = True
                yield _loaded(interface, cached, source)
    if not held:
        yield Broken(name, source, _why_not(dropin.moduleName))  # the cache may be that of an older file


def _loaded(interface: Any, cached: CachedPlugin, source: str) -> Found | Broken:
    try:
        return Found(interface, cached.load(), source, cached.name)
    except (Exception, SystemExit) as problem:
        return Broken(cached.name, source, reason_of(problem))


def _module_files(package: ModuleType) -> Iterator[Path]:
    for directory in package.__path__:
        for path in sorted(Path(directory).glob("*.py")):
            if path.stem != "__init__":
                yield path


def _why_not(module: str) -> str:
    """
    Why a module that C{twisted.plugin} could not load cannot be loaded.
    """
    try:
        import_module(module)
    except (Exception, SystemExit) as problem:
        return reason_of(problem)
    return _NOTHING


def _quiet(scan: Callable[[], dict[str, CachedDropin]]) -> dict[str, CachedDropin]:
    """
    Let C{twisted.plugin} log the tracebacks of broken drop-ins as debug events: they are reported in one line each.
    """
    found: dict[str, CachedDropin] = legacy_log.callWithContext({"log_level": LogLevel.debug}, scan)
    return found


def forget_modules(package: ModuleType = cardgw.plugins) -> None:
    """
    Have changed drop-ins imported anew at the next scan.
    """
    for name in [name for name in sys.modules if name.startswith(f"{package.__name__}.")]:
        del sys.modules[name]
