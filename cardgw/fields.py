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

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

import attrs
from attrs import NOTHING, frozen

from cardgw.errors import CardGatewayError, SettingsError

T = TypeVar("T")
_KEY = "cardgw.option"


@frozen
class Kind:
    """
    What a value may be.

    @ivar expected: how an error names it, after "expected".
    @ivar parse: gives the value to store, or raises C{ValueError} or C{TypeError}.
    @ivar table: the attrs class, where the value is a table of its own.
    """

    expected: str
    parse: Callable[[Any], Any]
    table: type | None = None


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
    @param default: a value, or an C{attrs.Factory}.
    """
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
    for key in values:
        if key.replace("-", "_") not in known:
            near = get_close_matches(key, known, 1, 0.5)
            hint = f'Did you mean "{near[0]}"?' if near else f"Known keys: {', '.join(known) or 'none'}."
            raise error(f"{where} {key}: unknown key", hint=hint)
    given = {key.replace("-", "_"): value for key, value in values.items()}
    return cls(
        **{name: _parse(known[name], value, where, error) for name, value in given.items() if name in known}
        | _missing(known, given, where, error)
    )


def _missing(known: Mapping[str, Option], given: Mapping[str, Any], where: str, error: type[CardGatewayError]) -> dict[str, Any]:
    for name, each in known.items():
        if each.default is NOTHING and name not in given:
            raise error(f"{where} {name}: missing, expected {each.kind.expected}")
    return {}


def _parse(each: Option, value: Any, where: str, error: type[CardGatewayError]) -> Any:
    if each.kind.table is not None and isinstance(value, Mapping):
        return build(each.kind.table, value, f"{where.rstrip(']')}.{each.name}]", error)
    try:
        return each.kind.parse(value)
    except (ValueError, TypeError) as problem:
        shown = "a secret" if each.secret else _shown(value)
        reason = f" ({problem})" if str(problem) else ""
        raise error(f"{where} {each.name}: expected {each.kind.expected}, got {shown}{reason}") from None


def _shown(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _is(kind: type, value: Any) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
        raise TypeError
    return value


def integer(low: int, high: int, what: str = "a whole number") -> Kind:
    """
    A whole number within bounds, both included.
    """

    def parse(value: Any) -> int:
        number = int(value) if isinstance(value, str) else _is(int, value)
        if not low <= number <= high:
            raise ValueError
        return int(number)

    return Kind(f"{what} from {low} to {high}", parse)


def choice(*words: str) -> Kind:
    """
    One of some words.
    """

    def parse(value: Any) -> str:
        if _is(str, value) not in words:
            raise ValueError
        return str(value)

    return Kind("one of " + ", ".join(f'"{word}"' for word in words), parse)


def each_of(kind: Kind) -> Kind:
    """
    A list.  A lone value is a list of one.
    """

    def parse(value: Any) -> tuple[Any, ...]:
        return tuple(kind.parse(item) for item in (value if isinstance(value, (list, tuple)) else [value]))

    return Kind(f"a list, each {kind.expected}", parse)


def mapping(kind: Kind) -> Kind:
    """
    A table with free keys.
    """

    def parse(value: Any) -> dict[str, Any]:
        return {str(key): kind.parse(item) for key, item in _is(dict, value).items()}

    return Kind(f"a table, each value {kind.expected}", parse)


def table(cls: type) -> Kind:
    """
    A table of its own with declared keys.
    """

    def parse(value: Any) -> Any:
        if not isinstance(value, cls):
            raise TypeError
        return value

    return Kind("a table", parse, cls)


def checked(expected: str, check: Callable[[str], Any]) -> Kind:
    """
    Text that a function turns into a value, or refuses with C{ValueError}.
    """
    return Kind(expected, lambda value: check(_is(str, value)))


def _seconds(value: Any) -> float:
    number = float(value) if isinstance(value, str) else float(_is(int, value) if isinstance(value, int) else _is(float, value))
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
seconds = Kind("seconds", _seconds)
"""A duration in seconds, above zero, fractions allowed."""
boolean = Kind("true or false", _boolean)
"""A truth value; over text interfaces also yes, no, on, off."""
octets = Kind("bytes in hexadecimal", lambda value: bytes.fromhex(_is(str, value)))
"""Bytes, written in hexadecimal."""
