# -*- test-case-name: tests.cli.test_parameters -*-
"""
Parameters as they are typed, made into what the JSON Schema of the operation wants.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from cardgw.errors import ParameterError

_TYPED = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)([=@])(.*)", re.DOTALL)
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
HIDDEN = "***"
_NONE: Mapping[str, Any] = {}


def collect(schema: Mapping[str, Any], whole: str, single: Iterable[str], given: Mapping[str, Any] = _NONE) -> dict[str, Any]:
    """
    @param schema: of all parameters.
    @param whole: a JSON object, or C{@} and the file that has it; or empty.
    @param single: each C{name=value}, or C{name@file}.
    @param given: those that count where nothing else was typed.
    @raise ParameterError: one is unknown, missing, or not what is expected.
    """
    known: Mapping[str, Any] = schema.get("properties", {})
    found = {**given, **({_name(known, name): value for name, value in _whole(whole).items()} if whole else {})}
    for text in single:
        name, value = _single(known, text)
        found[name] = value
    missing = [name for name in schema.get("required", ()) if name not in found]
    if missing:
        told = f"{missing[0]}: {known.get(missing[0], {}).get('description', '')}".rstrip(": ")
        raise ParameterError(f"missing: {told}", hint=f"Give it with -p {missing[0]}=VALUE.")
    return found


def _whole(text: str) -> dict[str, Any]:
    try:
        value = json.loads(read(text[1:]) if text.startswith("@") else text)
    except ValueError:
        raise ParameterError("--parameters: this is not JSON") from None
    if not isinstance(value, dict):
        raise ParameterError("--parameters: expected a JSON object")
    return value


def _name(known: Mapping[str, Any], name: str) -> str:
    found = name.replace("-", "_")
    if found in known:
        return found
    near = get_close_matches(found, known, 1, 0.5)
    hint = f'Did you mean "{near[0]}"?' if near else f"It knows {', '.join(known) or 'none'}."
    raise ParameterError(f"{name}: there is no such parameter", hint=hint)


def _single(known: Mapping[str, Any], text: str) -> tuple[str, Any]:
    typed = _TYPED.fullmatch(text)
    if typed is None:
        raise ParameterError("-p: expected NAME=VALUE, or NAME@FILE")
    name = _name(known, typed[1])
    schema = known[name]
    value = read(typed[3]).rstrip("\n") if typed[2] == "@" else typed[3]
    try:
        return name, convert(schema, value)
    except ValueError as problem:
        got = "" if schema.get("writeOnly") else f', got "{value}"'
        raise ParameterError(f"{name}: expected {problem}{got}") from None


def read(path: str) -> str:
    """
    The text of a file, or of standard input.

    @param path: C{-} for standard input.
    @raise ParameterError: it cannot be read.
    """
    try:
        if path == "-":
            return sys.stdin.read()
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeError) as problem:
        raise ParameterError(f"{path}: {getattr(problem, 'strerror', None) or 'it is not UTF-8'}") from None


def convert(schema: Mapping[str, Any], text: str) -> Any:
    """
    A typed value as JSON.

    @raise ValueError: it is none that the schema allows; the text says what is expected.
    """
    kind = schema.get("type")
    if kind is None and "anyOf" in schema:
        kind = schema["anyOf"][0].get("type")
    return _KINDS.get(str(kind), _anything)(schema, text)


def _boolean(_: Mapping[str, Any], text: str) -> bool:
    try:
        return _WORDS[text.strip().lower()]
    except KeyError:
        raise ValueError("yes or no") from None


def _number(kind: Callable[[str], Any]) -> Callable[[Mapping[str, Any], str], Any]:
    def parse(schema: Mapping[str, Any], text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            bounds = f" from {schema['minimum']} to {schema['maximum']}" if {"minimum", "maximum"} <= set(schema) else ""
            raise ValueError(f"a number{bounds}") from None

    return parse


def _array(schema: Mapping[str, Any], text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        return list(_json(list, text))
    items = [each.strip() for each in text.split(",") if each.strip()]
    return [convert(schema.get("items", {"type": "string"}), each) for each in items]


def _object(_: Mapping[str, Any], text: str) -> dict[str, Any]:
    return dict(_json(dict, text))


def _json(kind: type, text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, kind):
        raise ValueError("a JSON array" if kind is list else "a JSON object")
    return value


def _string(schema: Mapping[str, Any], text: str) -> str:
    words = schema.get("enum")
    if words and text not in words:
        raise ValueError(f"one of {', '.join(words)}")
    return text


def _anything(_: Mapping[str, Any], text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


_KINDS: Mapping[str, Callable[[Mapping[str, Any], str], Any]] = {
    "boolean": _boolean,
    "integer": _number(int),
    "number": _number(float),
    "array": _array,
    "object": _object,
    "string": _string,
}
