# -*- test-case-name: tests.test_fields -*-
"""
Parameters and settings, declared once: an attrs class whose fields say what they mean and expect.  The declaration serves
validation of TOML and of requests, help texts, the commented settings file, and the API.

    >>> @frozen
    ... class Settings:
    ...     idle: float = option(seconds, "silence after which a session ends", default=60.0)
    >>> build(Settings, {"idel": 5}, "cardgw.toml: [transports.estk]")
    Traceback (most recent call last):
    SettingsError: ...: idel: unknown key. Did you mean "idle"?
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

import attrs
from attrs import NOTHING, frozen

from cardgw.errors import CardGatewayError, SettingsError

T = TypeVar("T")
_KEY = "cardgw.option"
_MOST_SHOWN = 60


@frozen
class Kind:
    """
    What a value may be.

    @ivar expected: how an error names it, after "expected".
    @ivar parse: gives the value to store, or raises C{ValueError} or C{TypeError}.
    @ivar table: the attrs class, where the value is a table of its own.
    @ivar entries: the attrs class of each value, where the value is a table of tables with free keys.
    @ivar schema: the same as a JSON Schema, for interfaces where numbers are numbers (see L{cardgw.schema}).
    """

    expected: str
    parse: Callable[[Any], Any]
    table: type | None = None
    entries: type | None = None
    schema: Mapping[str, Any] = attrs.field(factory=lambda: {"type": "string"}, eq=False)


@frozen
class Option:
    """
    One declared field.

    @ivar from_request: filled with the text that the card's side sent with its request.
    @ivar secret: never shown or logged.
    @ivar default: C{attrs.NOTHING} where a value must be given.
    """

    name: str
    kind: Kind
    help: str
    default: Any
    from_request: bool
    secret: bool


def option(kind: Kind, help: str, *, default: Any = NOTHING, from_request: bool = False, secret: bool = False) -> Any:
    """
    Declare a field of an attrs class.

    @param help: one or more sentences; lower-case start, no full stop at the end.
    @param default: a value, or an C{attrs.Factory} that does not take the instance.
    """
    if isinstance(default, attrs.Factory) and default.takes_self:  # type: ignore[arg-type]
        raise TypeError("the default of an option must be known before there is an instance")
    meta = (kind, help, from_request, secret)
    return attrs.field(default=default, kw_only=True, repr=not secret, metadata={_KEY: meta})


def options(cls: type) -> tuple[Option, ...]:
    """
    The declared fields of a class, in order.
    """
    found = []
    for each in attrs.fields(cls):
        if _KEY in each.metadata:
            kind, text, from_request, secret = each.metadata[_KEY]
            default = each.default.factory() if isinstance(each.default, attrs.Factory) else each.default  # type: ignore[arg-type]
            found.append(Option(each.name, kind, text, default, from_request, secret))
    return tuple(found)


def build(cls: type[T], values: Mapping[str, Any], where: str, error: type[CardGatewayError] = SettingsError) -> T:
    """
    An instance of C{cls} from a table.

    @param where: what an error begins with, for example C{"cardgw.toml: [transports.estk]"}.
    @raise SettingsError: (or C{error}) for an unknown key (with the nearest known one), a missing or a wrong value.
    """
    known = {each.name: each for each in options(cls)}
    given = _by_name(known, values, where, error)
    for name, each in known.items():
        if each.default is NOTHING and name not in given:
            raise error(f"{where} {name}: missing, expected {each.kind.expected}")
    return cls(**{name: _parse(known[name], value, where, error) for name, value in given.items()})


def _by_name(known: Mapping[str, Option], values: Mapping[str, Any], where: str, error: type[CardGatewayError]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for key, value in values.items():
        name = key.replace("-", "_")
        if name not in known:
            near = get_close_matches(name[:_MOST_SHOWN], known, 1, 0.5)
            hint = f'Did you mean "{near[0]}"?' if near else f"Known keys: {', '.join(known) or 'none'}."
            raise error(f"{where} {_key(key)}: unknown key", hint=hint)
        if name in given:
            raise error(f"{where} {_key(key)}: given twice")
        given[name] = value
    return given


def _parse(each: Option, value: Any, where: str, error: type[CardGatewayError]) -> Any:
    if each.kind.table is not None and isinstance(value, Mapping):
        return build(each.kind.table, value, _inside(where, each.name), error)
    if each.kind.entries is not None and isinstance(value, Mapping):
        return _entries(each.kind.entries, value, _inside(where, each.name), error)
    try:
        return each.kind.parse(value)
    except (ValueError, TypeError) as problem:
        got = "" if each.secret else f", got {_because(value, problem)}"
        raise error(f"{where} {each.name}: expected {each.kind.expected}{got}") from None


def _entries(cls: type, values: Mapping[str, Any], where: str, error: type[CardGatewayError]) -> dict[str, Any]:
    for key, value in values.items():
        if not isinstance(value, (cls, Mapping)):
            raise error(f"{where} {_key(key)}: expected a table, got {_shown(value)}")
    return {
        key: value if isinstance(value, cls) else build(cls, value, _inside(where, key), error) for key, value in values.items()
    }


def _key(key: str) -> str:
    """
    A key as TOML writes it, where it is not very long.
    """
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) and len(key) <= _MOST_SHOWN else _shown(key)


def _inside(where: str, key: str) -> str:
    """
    The heading of a table in a table: C{cardgw.toml: [transports]} and C{estk} give C{cardgw.toml: [transports.estk]}.
    """
    if not where.endswith("]"):
        return f"{where} [{_key(key)}]"
    end = "]]" if where.endswith("]]") else "]"
    return f"{where.removesuffix(end)}.{_key(key)}{end}"


def _because(value: Any, problem: Exception) -> str:
    return f"{_shown(value)} ({problem})" if str(problem) else _shown(value)


def _shown(value: Any) -> str:
    """
    A value as people read it, in one line.
    """
    written = json.dumps(value, ensure_ascii=False, default=str)
    text = "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in written)
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 3] + "..."


def _is(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
        raise TypeError
    return value


def _number(kind: Callable[[str], Any], value: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise ValueError from None  # Python's own words say nothing that the error does not


def _item(kind: Kind, value: Any) -> Any:
    try:
        return kind.parse(value)
    except (ValueError, TypeError) as problem:
        raise ValueError(_because(value, problem)) from None


def integer(low: int, high: int, what: str = "a whole number") -> Kind:
    """
    A whole number within bounds, both included.
    """

    def parse(value: Any) -> int:
        number = _number(int, value) if isinstance(value, str) else _is(int, value)
        if not low <= number <= high:
            raise ValueError
        return int(number)

    return Kind(f"{what} from {low} to {high}", parse, schema={"type": "integer", "minimum": low, "maximum": high})


def choice(*words: str) -> Kind:
    """
    One of some words.
    """

    def parse(value: Any) -> str:
        if _is(str, value) not in words:
            raise ValueError
        return str(value)

    return Kind("one of " + ", ".join(f'"{word}"' for word in words), parse, schema={"type": "string", "enum": list(words)})


def matching(expected: str, pattern: str) -> Kind:
    """
    Text that a regular expression matches from end to end.

    @param pattern: one that means the same in Python and in ECMAScript.
    """

    def parse(value: Any) -> str:
        if re.fullmatch(pattern, _is(str, value)) is None:
            raise ValueError
        return str(value)

    return Kind(expected, parse, schema={"type": "string", "pattern": f"^(?:{pattern})$"})


def each_of(kind: Kind) -> Kind:
    """
    A list.  A lone value is a list of one.
    """

    def parse(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            return (kind.parse(value),)
        return tuple(_item(kind, item) for item in value)

    return Kind(f"a list, each {kind.expected}", parse, schema={"type": "array", "items": kind.schema})


def mapping(kind: Kind) -> Kind:
    """
    A table with free keys.
    """

    def parse(value: Any) -> dict[str, Any]:
        return {str(key): _item(kind, item) for key, item in _is(Mapping, value).items()}

    schema = {"type": "object", "additionalProperties": kind.schema}
    return Kind("a table" if kind is anything else f"a table, each value {kind.expected}", parse, schema=schema)


def table(cls: type) -> Kind:
    """
    A table of its own with declared keys.
    """

    def parse(value: Any) -> Any:
        if not isinstance(value, cls):
            raise TypeError
        return value

    return Kind("a table", parse, cls, schema={"type": "object"})


def tables(cls: type) -> Kind:
    """
    A table of tables: free keys, each with a table of declared keys.
    """

    def parse(value: Any) -> Any:
        raise TypeError

    return Kind("a table of tables", parse, entries=cls, schema={"type": "object"})


def checked(expected: str, check: Callable[[str], Any]) -> Kind:
    """
    Text that a function turns into a value, or refuses with C{ValueError}.
    """
    return Kind(expected, lambda value: check(_is(str, value)))


def _seconds(value: Any) -> float:
    number = float(_number(float, value) if isinstance(value, str) else _is((int, float), value))
    if not 0 < number < float("inf"):
        raise ValueError
    return number


def _boolean(value: Any) -> bool:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    return bool(_is(bool, value))


text = Kind("text", lambda value: str(_is(str, value)))
"""Any text."""
seconds = Kind("seconds", _seconds, schema={"type": "number", "exclusiveMinimum": 0})
"""A duration in seconds, above zero, fractions allowed."""
boolean = Kind("true or false", _boolean, schema={"type": "boolean"})
"""A truth value; over text interfaces also yes, no, on, off."""
octets = Kind(
    "bytes in hexadecimal",
    lambda value: bytes(_number(bytes.fromhex, _is(str, value))),
    schema={"type": "string", "pattern": "^(?:[0-9A-Fa-f]{2} ?)*$"},
)
"""Bytes, written in hexadecimal."""
anything = Kind("a value", lambda value: value, schema={})
"""Any value."""
