# -*- test-case-name: tests.gateway.test_verification -*-
"""
Whether a plugin keeps its interface: what C{verifyObject} sees, and the types of its attributes, which it does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
from zope.interface.exceptions import Invalid
from zope.interface.verify import verifyObject

from cardgw.fields import options
from cardgw.gateway.discovery import reason_of
from cardgw.interfaces import IOperation, ITransport
from cardgw.values import ANY, LINK, STAY, Feature

OPERATION_NAME = re.compile(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+")
"""Operations are called C{area.verb}."""
TRANSPORT_NAME = re.compile(r"[a-z][a-z0-9-]*")
"""Transports are called by one word, which is a table of the settings."""
REQUEST_NAME = re.compile(r"[a-z][a-z0-9-]*")
"""Requests are keys of a table of the settings."""


def flaw_at_first_sight(plugin: Any) -> str | None:
    """
    What is wrong with the name and summary of a plugin, or C{None}.  Imports nothing.
    """
    name, summary = getattr(plugin, "name", None), getattr(plugin, "summary", None)
    pattern, example = (OPERATION_NAME, "area.verb") if IOperation.providedBy(plugin) else (TRANSPORT_NAME, "estk")
    if not isinstance(name, str) or not pattern.fullmatch(name):
        return f"name: expected lower-case words like {example!r}, got {name!r}"
    if not isinstance(summary, str) or not summary.strip() or "\n" in summary:
        return f"summary: expected one line of text, got {summary!r}"
    return None


def flaw_in_depth(interface: Any, plugin: Any) -> str | None:
    """
    What is wrong with a plugin, or C{None}.  Imports its implementation.
    """
    try:
        for each in (plugin, getattr(plugin, "implementation", plugin)):  # of a lazy plugin, both
            verifyObject(interface, each)
        return _wrong_attribute(plugin, _CHECKS[interface])
    except Invalid as problem:
        return re.sub(r"<(\S+) object at \w+>", r"\1", " ".join(str(problem).split()))
    except (Exception, SystemExit) as problem:
        return reason_of(problem)


def _wrong_attribute(plugin: Any, checks: dict[str, tuple[str, Callable[[Any], bool]]]) -> str | None:
    for name, (expected, check) in checks.items():
        value = getattr(plugin, name)
        if not check(value):
            return f"{name}: expected {expected}, got {value!r}"
    return None


def _is_declared(value: Any) -> bool:
    """
    Whether it is an attrs class, all of whose arguments are declared with C{cardgw.fields.option}.
    """
    if not isinstance(value, type) or not attrs.has(value):
        return False
    arguments = {each.name for each in attrs.fields(value) if each.init}
    return arguments <= {each.name for each in options(value)}


def _has_defaults(value: Any) -> bool:
    return _is_declared(value) and all(each.default is not attrs.NOTHING for each in options(value))


def _is_features(value: Any) -> bool:
    return isinstance(value, frozenset) and all(isinstance(each, Feature) for each in value)


def _is_requests(value: Any) -> bool:
    """
    Whether it maps the names of requests to those of operations.
    """
    if not isinstance(value, Mapping):
        return False
    answers = (each for each in value.values() if each not in ("", STAY))
    named = (each for each in value if each != ANY)
    return LINK not in value and _all_match(REQUEST_NAME, named) and _all_match(OPERATION_NAME, answers)


def _all_match(pattern: re.Pattern[str], values: Iterable[Any]) -> bool:
    return all(isinstance(each, str) and pattern.fullmatch(each) for each in values)


_REQUESTS = "a mapping of words like 'download' to names of operations"
_DECLARED = "an attrs class of cardgw.fields.option fields"
_SETTINGS = (f"{_DECLARED}, each with a default", _has_defaults)
_CHECKS: dict[Any, dict[str, tuple[str, Callable[[Any], bool]]]] = {
    IOperation: {
        "help": ("text", lambda value: isinstance(value, str) and bool(value.strip())),
        "parameters": (_DECLARED, _is_declared),
        "settings": _SETTINGS,
        "application": ("bytes or None", lambda value: value is None or isinstance(value, bytes)),
        "requires": ("a frozenset of cardgw.values.Feature", _is_features),
        "destructive": ("True or False", lambda value: isinstance(value, bool)),
        "repeatable": ("True or False", lambda value: isinstance(value, bool)),
    },
    ITransport: {"settings": _SETTINGS, "requests": (_REQUESTS, _is_requests)},
}
