# -*- test-case-name: tests.test_listing -*-
"""
What is installed, as text for a terminal: C{--help-operations}, C{cardgw help} and the like.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import fill, indent
from typing import Any

from attrs import NOTHING

from cardgw.errors import CardGatewayError, PluginError, SettingsError
from cardgw.fields import Option, options
from cardgw.gateway.registry import Entry, Registry
from cardgw.gateway.verification import flaw_in_depth
from cardgw.interfaces import IOperation, ITransport
from cardgw.version import VERSION

WIDTH = 90


def version() -> str:
    """
    The version line.
    """
    return f"cardgw {VERSION}"


def one_line(mistake: CardGatewayError) -> str:
    """
    A mistake of the operator's in one line: where and what, without the sentence that every mistake in the settings shares.
    """
    if not isinstance(mistake, (SettingsError, PluginError)) or not mistake.detail:
        return str(mistake)
    return f"{mistake.detail.rstrip('.')}. {mistake.hint}" if mistake.hint else mistake.detail


def operations(registry: Registry) -> str:
    """
    What can be done to cards.  Imports no implementation.
    """
    return _table("operation", registry.operations()) + _remark(registry)


def transports(registry: Registry) -> str:
    """
    The ways in which cards are reached.  Imports no implementation.
    """
    return _table("transport", registry.transports()) + _remark(registry)


def broken(registry: Registry) -> str:
    """
    What was found and cannot be used, and why.
    """
    if not registry.broken:
        return "No plugin is broken.\n"
    return "".join(f"{each.name}\n    {each.source}\n    {each.reason}\n" for each in registry.broken)


def operation(registry: Registry, name: str) -> str:
    """
    All about one operation.

    @raise MissingPlugin: there is none of this name.
    """
    plugin = registry.operation(name)
    _check(IOperation, plugin)
    needs = [feature.value for feature in plugin.requires]
    if plugin.application is not None:
        needs.append(f"the application {plugin.application.hex().upper()}")
    lines = [f"{plugin.name}: {plugin.summary}\n", f"{plugin.help.strip()}\n"]
    if plugin.destructive:
        lines.append("It is destructive: what it takes from a card cannot be given back.\n")
    lines.append("parameters:\n" + (_declared(options(plugin.parameters)) or "  none\n"))
    lines.append(f'settings, [operations."{plugin.name}"]:\n' + (_declared(options(plugin.settings)) or "  none\n"))
    lines.append(f"needs:   {', '.join(sorted(needs)) or 'nothing in particular'}")
    lines.append(f"source:  {registry.source(IOperation, name)}\n")
    return "\n".join(lines)


def transport(registry: Registry, name: str) -> str:
    """
    All about one transport.

    @raise MissingPlugin: there is none of this name.
    """
    plugin = registry.transport(name)
    _check(ITransport, plugin)
    settings = _declared(options(plugin.settings)) or "  none\n"
    requests = "".join(f"  {request}: {answer or 'nothing'}\n" for request, answer in plugin.requests.items()) or "  none\n"
    lines = [f"{plugin.name}: {plugin.summary}\n", f"settings, [transports.{plugin.name}]:\n{settings}"]
    lines.append(f"requests and what answers them, [transports.{plugin.name}.requests]:\n{requests}")
    lines.append(f"source:  {registry.source(ITransport, name)}\n")
    return "\n".join(lines)


def checked(path: Path | None, registry: Registry) -> str:
    """
    What a check of the settings says that found nothing wrong.
    """
    return f"{path or 'the defaults'}: no mistake found\n" + _remark(registry)


def _check(interface: Any, plugin: Any) -> None:
    flaw = flaw_in_depth(interface, plugin)
    if flaw is not None:
        raise PluginError(f"{plugin.name}: {flaw}")


def _table(kind: str, entries: Iterable[Entry]) -> str:
    rows = [(entry.plugin.name, entry.plugin.summary) for entry in entries]
    if not rows:
        return f"No {kind} is installed.\n"
    width = max(len(name) for name, _ in rows)
    return "".join(f"{name:<{width}}  {summary}\n" for name, summary in rows)


def _remark(registry: Registry) -> str:
    count = len(registry.broken)
    if not count:
        return ""
    return f"\n{count} broken plugin{'s were' if count > 1 else ' was'} skipped: see `cardgw operations --broken`.\n"


def _declared(declared: Iterable[Option]) -> str:
    return "".join(_option(each) for each in declared)


def _option(each: Option) -> str:
    text = fill("; ".join([each.help, *_facts(each)]), WIDTH - 6)
    return f"  {each.name}\n{indent(text, ' ' * 6)}\n"


def _facts(each: Option) -> Iterator[str]:
    yield f"expected: {each.kind.expected}"
    if each.default is NOTHING:
        yield "must be given"
    elif isinstance(each.default, (str, int, float)) and each.default != "":
        yield f"default: {json.dumps(each.default, ensure_ascii=False)}"
    if each.from_request:
        yield "filled with what the card's holder typed"
