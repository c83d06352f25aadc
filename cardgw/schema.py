# -*- test-case-name: tests.test_schema -*-
"""
Declared parameters and settings (L{cardgw.fields}) as JSON Schema (2020-12), and validation of JSON that is as strict as that.

Settings files and command lines write numbers as text where they like, a lone value for a list, hyphens for underscores.  JSON
says what it means: what the schema does not allow is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar

from attrs import NOTHING

from cardgw.errors import CardGatewayError, ParameterError
from cardgw.fields import Kind, Option, build, options

T = TypeVar("T")
_NONE = object()


def json_schema(cls: type) -> dict[str, Any]:
    """
    The schema of a declared class: an object.
    """
    declared = options(cls)
    required = [each.name for each in declared if each.default is NOTHING]
    return {
        "type": "object",
        "properties": {each.name: _property(each) for each in declared},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def kind_schema(kind: Kind) -> dict[str, Any]:
    """
    The schema of one value.
    """
    if kind.table is not None:
        return json_schema(kind.table)
    if kind.entries is not None:
        return {"type": "object", "additionalProperties": json_schema(kind.entries)}
    return dict(kind.schema)


def _property(each: Option) -> dict[str, Any]:
    schema, default = kind_schema(each.kind), _plain(each.default)
    shown = default is not _NONE and not each.secret and conforms(schema, default)
    return {
        **schema,
        "description": each.help,
        **({"default": default} if shown else {}),
        **({"writeOnly": True} if each.secret else {}),
    }


def _plain(value: Any) -> Any:
    """
    A default as JSON, or C{_NONE} where JSON has nothing like it.
    """
    if isinstance(value, bytes):
        return value.hex().upper()
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, (list, tuple)):
        items = [_plain(item) for item in value]
        return _NONE if any(item is _NONE for item in items) else items
    if isinstance(value, Mapping):
        return dict(value) if all(isinstance(item, (str, int, float)) for item in value.values()) else _NONE
    return value if isinstance(value, (str, int, float)) else _NONE


def build_strictly(cls: type[T], values: Mapping[str, Any], where: str, error: type[CardGatewayError] = ParameterError) -> T:
    """
    An instance of a declared class from JSON.

    @param where: what an error begins with.
    @raise ParameterError: (or C{error}) as L{build} does, and where C{json_schema} does not allow a value or a key.
    """
    built = build(cls, values, where, error)
    known = {each.name: each for each in options(cls)}
    for name, value in values.items():
        if name not in known:
            raise error(f"{where} {name}: unknown key", hint=f'Did you mean "{name.replace("-", "_")}"?')
        if not conforms(kind_schema(known[name].kind), value):
            got = "" if known[name].secret else f", got {_shown(value)}"
            raise error(f"{where} {name}: expected {known[name].kind.expected}{got}")
    return built


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def conforms(schema: Mapping[str, Any], value: Any) -> bool:
    """
    Whether a value is as a schema says; of the words of JSON Schema, those that L{cardgw.fields} uses.  Whole numbers are C{int}.
    """
    if "type" in schema and not _TYPES[schema["type"]](value):
        return False
    return all(check(schema[word], value) for word, check in _WORDS.items() if word in schema) and _object(schema, value)


def _object(schema: Mapping[str, Any], value: Any) -> bool:
    if not isinstance(value, Mapping):
        return True
    declared: Mapping[str, Any] = schema.get("properties", {})
    others = schema.get("additionalProperties", {})
    if not all(name in value for name in schema.get("required", ())):
        return False
    if others is False and not all(name in declared for name in value):
        return False
    return all(conforms(declared.get(name, others or {}), item) for name, item in value.items())


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": _is_number,
    "array": lambda value: isinstance(value, (list, tuple)),
    "object": lambda value: isinstance(value, Mapping),
}
_WORDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "enum": lambda words, value: value in words,
    "minimum": lambda least, value: value >= least,
    "maximum": lambda most, value: value <= most,
    "exclusiveMinimum": lambda bound, value: value > bound,
    "pattern": lambda pattern, value: re.fullmatch(pattern, value) is not None,
    "items": lambda schema, value: all(conforms(schema, item) for item in value),
    "anyOf": lambda schemas, value: any(conforms(schema, value) for schema in schemas),
}
