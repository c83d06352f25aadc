# -*- test-case-name: tests.test_settings_file -*-
"""
The settings file as C{cardgw init} prints it: every setting that the gateway and its plugins declare, with its default, commented
out, and what it means.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import Any

from attrs import NOTHING

from cardgw.config import DEFAULT_ROUTES, operation_settings, transport_settings
from cardgw.fields import Option, boolean, options, text
from cardgw.gateway.registry import Registry
from cardgw.log import LogSettings, PrivacySettings
from cardgw.lpa.settings import HttpsSettings
from cardgw.quirks import Quirks

WIDTH = 100
_HEAD = """\
# The settings of cardgw.  Every setting is here with its default, commented out: change what you need, and remove its #.
# Files in conf.d/ beside this one are read after it, in the order of their names; of two values the later one counts.
#
# Check it with:  cardgw check-config FILE
# Run it with:    twistd -n cardgw --config FILE
"""
_PLAIN = (text, boolean)
"""Kinds of which the default says it all."""
_ENTRY_NAMES = {"hosts": "smdp.example.com"}
"""What stands for the free name of an entry, in the example of a table of tables."""
_QUIRKS = """\
# What is odd about a kind of card.  Each entry says what it matches (everything, if nothing) and what is different then.
# Of several entries that match, the later one counts.
"""
_QUIRK_VALUES: Mapping[str, Any] = {
    "transport": "estk",
    "atr": bytes.fromhex("3B9F96801F"),
    "segment_size": 120,
    "isd_r": bytes.fromhex("A0000005591010FFFFFFFF8900000100"),
    "refresh": False,
}
_SECRETS = """\
# Where secrets are that operations ask for by name; the secrets themselves are not written here.
#   file:PATH         a file that only its owner may read
#   env:NAME          an environment variable
#   credential:NAME   a credential of systemd (LoadCredential= in the unit)
#   command:COMMAND   what a command prints
[secrets]
#name = "credential:name"
"""


def render(registry: Registry) -> str:
    """
    The whole file, for the plugins that are installed.
    """
    parts = [
        _HEAD,
        _section("log", LogSettings, "What is logged."),
        _section("privacy", PrivacySettings, "Personal data in the log."),
        _section("https", HttpsSettings, "HTTPS to the servers that cards and their holders name (SM-DP+)."),
    ]
    for transport in registry.transports():
        parts += _transport(transport.plugin)
    for operation in registry.operations():
        plugin = operation.plugin
        parts.append(_section(f'operations."{plugin.name}"', operation_settings(plugin.settings), _sentence(plugin.summary)))
    return "\n".join([*parts, _SECRETS, _QUIRKS + "#[[quirks]]\n" + "".join(_lines(options(Quirks), _QUIRK_VALUES))])


def _transport(plugin: Any) -> Iterator[str]:
    declared = [each for each in options(transport_settings(plugin.settings)) if each.name != "requests"]
    heading = f"# {_sentence(plugin.summary)}\n[transports.{plugin.name}]\n"
    yield heading + "".join(_lines(_enabled_first(declared)))
    routes = {request: name for (transport, request), name in DEFAULT_ROUTES.items() if transport == plugin.name}
    lines = [f"#{request} = {_value(name)}\n" for request, name in routes.items()] or ['#request = "operation.name"\n']
    comment = '# Which operation answers which request of a card; "" for none.\n'
    yield f"{comment}[transports.{plugin.name}.requests]\n" + "".join(lines)


def _section(name: str, settings: type, comment: str) -> str:
    return f"# {comment}\n[{name}]\n" + "".join(_lines(_enabled_first(options(settings)))) + "".join(_entries(name, settings))


def _enabled_first(declared: Iterable[Option]) -> list[Option]:
    return sorted(declared, key=lambda each: each.name != "enabled")


def _lines(declared: Iterable[Option], examples: Mapping[str, Any] | None = None) -> Iterator[str]:
    for each in declared:
        if each.kind.entries is None:
            value = each.default if examples is None else examples[each.name]
            yield from _comment(each)
            yield from (f"#{line}\n" for line in f"{each.name} = {_value(value)}".splitlines())


def _comment(each: Option) -> Iterator[str]:
    expected = "" if each.kind in _PLAIN else f" Expected: {each.kind.expected}."
    yield from (f"# {line}\n" for line in wrap(_sentence(each.help) + expected, WIDTH))


def _entries(name: str, settings: type) -> Iterator[str]:
    for each in options(settings):
        if each.kind.entries is not None:
            entry = _ENTRY_NAMES.get(each.name, "name")
            yield f'\n# {_sentence(each.help)} For example:\n#[{name}.{each.name}."{entry}"]\n'
            yield from _lines(options(each.kind.entries))


def _sentence(words: str) -> str:
    first = words[:1].upper() if words[:2].islower() else words[:1]  # "eSTK.me" stays
    return first + words[1:].rstrip(".") + "."


def _value(value: Any) -> str:
    """
    A value as TOML writes it, and as its kind parses it.
    """
    if value is None or value is NOTHING:
        return '""'
    if isinstance(value, bytes):
        return json.dumps(value.hex().upper())
    if isinstance(value, (bool, int, float, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (tuple, list)):
        items = [_value(each) for each in value]
        line = f"[{', '.join(items)}]"
        return line if len(line) <= WIDTH else "[\n" + "".join(f"    {each},\n" for each in items) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(each)}" for key, each in value.items()) + "}"
    return json.dumps(str(value))
