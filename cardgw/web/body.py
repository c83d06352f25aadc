# -*- test-case-name: tests.web.test_body -*-
"""
JSON as strictly as RFC 8259 and RFC 7493 (I-JSON) have it: what two programs could read in two ways is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cardgw.web.faults import MalformedBody

MOST_DEPTH = 32
"""Objects and lists in each other."""
_MOST_DIGITS = 40
_MOST_EXACT = 2**53
"""Up to here every whole number is one of IEEE 754 (RFC 7493 2.2)."""


def parse_json(content: bytes) -> Any:
    """
    @raise MalformedBody: it is no JSON, or has duplicate keys, numbers that are none, half characters, or is nested too deep.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise MalformedBody(f"it is not UTF-8, at byte {problem.start}") from None
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_integer)
    except json.JSONDecodeError as problem:
        raise MalformedBody(f"line {problem.lineno}, column {problem.colno}: {problem.msg}") from None
    except RecursionError:
        raise MalformedBody("it is nested too deep") from None
    _check(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedBody("an object has a key twice")
    return found


def _constant(word: str) -> Any:
    raise MalformedBody(f"{word} is no number")


def _float(digits: str) -> float:
    """
    JSON has one kind of numbers: 6.0 is 6.
    """
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise MalformedBody("a number is out of range")
    return int(value) if value.is_integer() and abs(value) <= _MOST_EXACT else value


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise MalformedBody("a number has too many digits")
    return int(digits)


def _check(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MOST_DEPTH and any(isinstance(each, (dict, list)) for each in level):
            raise MalformedBody("it is nested too deep")
        level = [inner for each in level for inner in _inside(each)]


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise MalformedBody("a text has half a character (a lone surrogate)")
    elif isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list):
        yield from value
