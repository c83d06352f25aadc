# -*- test-case-name: tests.web.test_query -*-
"""
The parameters behind the question mark: text that becomes numbers and truth values where they are declared so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes, urlencode

from cardgw.errors import ParameterError
from cardgw.fields import options
from cardgw.schema import build_strictly
from cardgw.web.faults import MalformedRequest

T = TypeVar("T")
WHERE = "in the query:"
_INTEGER = re.compile("0|-?[1-9][0-9]{0,18}")
_TRUTH = {"true": True, "false": False}
_ALONE = "true"
"""What a name without a value means: C{?verbose}."""


def parse_query(cls: type[T], query: bytes) -> T:
    """
    @param cls: an attrs class of L{cardgw.fields.option} fields.
    @raise MalformedRequest: it is not UTF-8.
    @raise ParameterError: a parameter is unknown, given twice, or wrong.
    """
    kinds = {each.name: each.kind.schema.get("type") for each in options(cls)}
    given: dict[str, Any] = {}
    for name, text in _pairs(query):
        if name in given:
            raise ParameterError(f"{WHERE} {name}: given twice")
        given[name] = _value(kinds.get(name), text)
    return build_strictly(cls, given, WHERE)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    pairs = [each.partition(b"=") for each in query.split(b"&") if each]
    return [(_plus(name), _plus(value) if equals else _ALONE) for name, equals, value in pairs]


def _plus(text: bytes) -> str:
    return decoded(text.replace(b"+", b" "))


def decoded(text: bytes) -> str:
    """
    Percent-encoded text.

    @raise MalformedRequest: it is not UTF-8.
    """
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedRequest("a part of the URL is not UTF-8") from None


def _value(kind: Any, text: str) -> Any:
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "boolean":
        return _TRUTH.get(text, text)
    return text


def query_text(values: Mapping[str, Any]) -> str:
    """
    The parameters that are not empty, as text behind a question mark.
    """
    return urlencode({name: value for name, value in values.items() if value not in (None, "")})
