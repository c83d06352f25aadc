# -*- test-case-name: tests.gateway.test_registry -*-
"""
Plugins: found by presence, verified, and known by name.

They come from drop-ins (modules on the path of L{cardgw.plugins}, found with C{twisted.plugin}) and from the entry points
C{cardgw.operations} and C{cardgw.transports} of installed distributions.  Both go the same way from there on.

Two plugins of one name are a mistake of whoever put the second one there: the first one found is kept (the order is that of the
path, then entry points by distribution), the other is reported with both sources.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, cast

from attrs import define, field, frozen
from twisted.logger import Logger
from zope.interface.registry import Components

from cardgw.errors import MissingPlugin, PluginClash
from cardgw.gateway.discovery import Broken, Found, discover
from cardgw.gateway.verification import flaw_at_first_sight, flaw_in_depth
from cardgw.interfaces import IOperation, ITransport

_log = Logger()
KINDS = {IOperation: "operation", ITransport: "transport"}
"""The interfaces of plugins, and what people call them."""


@frozen
class Entry:
    """
    One plugin that can be used.

    @ivar plugin: an L{IOperation} or L{ITransport}.
    @ivar source: where it is from: C{dropin:/path} or C{dist:name version}.
    """

    plugin: Any
    source: str


@define(eq=False)
class Registry:
    """
    The plugins that are installed, as named utilities of a component registry.

    @ivar components: the C{zope.interface} registry.
    @ivar broken: what was found and cannot be used.
    """

    components: Components = field(factory=lambda: Components("cardgw"))
    broken: list[Broken] = field(factory=list)
    _sources: dict[tuple[Any, str], str] = field(factory=dict, init=False)

    def operations(self) -> tuple[Entry, ...]:
        """
        All operations, by name.
        """
        return self._all(IOperation)

    def transports(self) -> tuple[Entry, ...]:
        """
        All transports, by name.
        """
        return self._all(ITransport)

    def operation(self, name: str) -> IOperation:
        """
        The operation of this name.

        @raise MissingPlugin: there is none; the nearest name is suggested.
        """
        return cast("IOperation", self._named(IOperation, name))

    def transport(self, name: str) -> ITransport:
        """
        The transport of this name.

        @raise MissingPlugin: there is none; the nearest name is suggested.
        """
        return cast("ITransport", self._named(ITransport, name))

    def source(self, interface: Any, name: str) -> str:
        """
        Where the plugin of this name is from, or an empty string.
        """
        return self._sources.get((interface, name), "")

    def verify(self) -> None:
        """
        Look at every plugin in depth, which imports their implementations; drop those that break their interface.
        """
        for interface in KINDS:
            for entry in self._all(interface):
                reason = flaw_in_depth(interface, entry.plugin)
                if reason is not None:
                    self.components.unregisterUtility(provided=interface, name=entry.plugin.name)
                    del self._sources[interface, entry.plugin.name]
                    self.reject(Broken(entry.plugin.name, entry.source, reason))

    def add(self, found: Found) -> None:
        """
        Register a plugin, unless it is flawed at first sight or its name is taken.
        """
        interface, plugin = found.interface, found.plugin
        reason = flaw_at_first_sight(plugin)
        if reason is None:
            taken = self.source(interface, plugin.name)
            if taken:
                reason = str(PluginClash(f"{KINDS[interface]} {plugin.name}: {taken} is used, {found.source} is not"))
        if reason is not None:
            self.reject(Broken(str(getattr(plugin, "name", found.label)), found.source, reason))
            return
        self.components.registerUtility(plugin, interface, plugin.name, found.source, event=False)
        self._sources[interface, plugin.name] = found.source

    def reject(self, broken: Broken) -> None:
        """
        Remember and report what cannot be used: one line; the traceback is a debug event.
        """
        self.broken.append(broken)
        fmt = "plugin skipped: {plugin} ({source}): {reason}"
        _log.warn(fmt, event="plugin-skipped", plugin=broken.name, source=broken.source, reason=broken.reason)

    def _all(self, interface: Any) -> tuple[Entry, ...]:
        known: Any = self.components.getUtilitiesFor(interface)
        return tuple(Entry(plugin, self.source(interface, name)) for name, plugin in sorted(known, key=lambda pair: str(pair[0])))

    def _named(self, interface: Any, name: str) -> Any:
        plugin = self.components.queryUtility(interface, name)
        if plugin is None:
            raise MissingPlugin(f"no {KINDS[interface]} is called {name}", hint=self._advice(interface, name))
        return plugin

    def _advice(self, interface: Any, name: str) -> str:
        for each in self.broken:
            if each.name == name:
                return f"It was skipped ({each.source}): {each.reason}"
        names = [entry.plugin.name for entry in self._all(interface)]
        near = get_close_matches(name, names, 1, 0.5)
        if near:
            return f'Did you mean "{near[0]}"?'
        skipped = " Some plugins were skipped: see `cardgw operations --broken`." if self.broken else ""
        return f"Installed: {', '.join(names) or 'none'}.{skipped}"


def load_registry(sources: Iterable[Found | Broken] | None = None) -> Registry:
    """
    Find all plugins.  Nothing but the drop-ins themselves (and what entry points name) is imported.

    @param sources: what to register, by default what L{discover} finds.
    """
    registry = Registry()
    for each in _or_discover(sources):
        if isinstance(each, Broken):
            registry.reject(each)
        else:
            registry.add(each)
    return registry


def _or_discover(sources: Iterable[Found | Broken] | None) -> Iterator[Found | Broken]:
    yield from discover() if sources is None else sources
