# -*- test-case-name: tests.test_schema -*-
"""
Tests for L{cardgw.schema}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import Factory, asdict, frozen
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError, SettingsError
from cardgw.fields import (
    anything,
    boolean,
    build,
    checked,
    choice,
    each_of,
    integer,
    mapping,
    matching,
    octets,
    option,
    seconds,
    table,
    tables,
    text,
)
from cardgw.schema import build_strictly, conforms, json_schema
from cardgw.values import Feature


@frozen
class Inner:
    """
    A table in a table.
    """

    port: int = option(integer(1, 65535), "the port", default=443)
    host: str = option(text, "the host")


@frozen
class Settings:
    """
    One option of every kind.
    """

    name: str = option(text, "what it is called")
    idle: float = option(seconds, "how long to wait", default=60.0)
    count: int = option(integer(1, 9), "how many", default=1)
    polite: bool = option(boolean, "whether to greet", default=True)
    word: str = option(choice("yes", "no"), "a word", default="no")
    ident: str = option(matching("an id", "[a-z]{1,3}"), "an id", default="abc")
    aid: bytes = option(octets, "an AID", default=b"\xa0\x00")
    ports: tuple[int, ...] = option(each_of(integer(1, 9)), "ports", default=(1, 2))
    routes: Mapping[str, str] = option(mapping(text), "routes", default=Factory(dict))
    inner: Inner | None = option(table(Inner), "inner", default=None)
    hosts: Mapping[str, Inner] = option(tables(Inner), "hosts", default=Factory(dict))
    pin: str = option(text, "the PIN", default="1234", secret=True)
    even: str = option(checked("something even", str), "even", default="")
    free: Any = option(anything, "whatever", default=None)
    feature: Any = option(checked("a feature", Feature), "a feature", default=Feature.SHOW)


def plain(**changes: Any) -> dict[str, Any]:
    """
    Values that are right, with changes.
    """
    return {"name": "x", **changes}


class SchemaTests(SynchronousTestCase):
    """
    L{json_schema}.
    """

    def test_object(self) -> None:
        """
        It is a valid schema of an object with its descriptions, defaults and nothing else; what has no default is required.
        """
        schema = json_schema(Settings)
        Draft202012Validator.check_schema(schema)
        self.assertEqual((schema["type"], schema["required"], schema["additionalProperties"]), ("object", ["name"], False))
        self.assertEqual(
            schema["properties"]["count"],
            {"type": "integer", "minimum": 1, "maximum": 9, "description": "how many", "default": 1},
        )
        self.assertEqual(json_schema(Inner)["required"], ["host"])

    def test_defaults(self) -> None:
        """
        Defaults are those that JSON can have: bytes in hexadecimal, lists, words; others are left out.
        """
        found = json_schema(Settings)["properties"]
        self.assertEqual(found["aid"]["default"], "A000")
        self.assertEqual(found["ports"]["default"], [1, 2])
        self.assertEqual(found["routes"]["default"], {})
        self.assertEqual(found["feature"]["default"], "messages to the card holder")
        self.assertNotIn("default", found["inner"])

    def test_secrets(self) -> None:
        """
        What is secret can be written and is never shown, nor is its default.
        """
        self.assertEqual(
            json_schema(Settings)["properties"]["pin"], {"type": "string", "description": "the PIN", "writeOnly": True}
        )


class StrictTests(SynchronousTestCase):
    """
    L{build_strictly}.
    """

    def test_right(self) -> None:
        """
        What the schema allows is built.
        """
        values = plain(count=3, idle=1, polite=False, ports=[3], aid="A0 00", inner={"host": "h"}, hosts={"a": {"host": "b"}})
        built = build_strictly(Settings, values, "body")
        self.assertEqual((built.count, built.idle, built.polite, built.ports), (3, 1.0, False, (3,)))
        self.assertEqual(built.aid, b"\xa0\x00")
        self.assertEqual(built.hosts, {"a": Inner(host="b")})

    def test_lenient(self) -> None:
        """
        What only text interfaces may write is refused, though L{build} takes it.
        """
        for wrong in (
            {"count": "3"},
            {"idle": "3"},
            {"polite": "yes"},
            {"ports": 3},
            {"ports": ["3"]},
            {"aid": "A0\n00"},
            {"inner": {"host": "h", "port": "443"}},
            {"hosts": {"a": {"host": "b", "port": "1"}}},
        ):
            build(Settings, plain(**wrong), "body")
            problem = self.assertRaises(ParameterError, build_strictly, Settings, plain(**wrong), "body")
            self.assertIn(f"body {next(iter(wrong))}: expected", str(problem))

    def test_keys(self) -> None:
        """
        Hyphens are no underscores here; what is unknown is refused, and so is what is missing.
        """
        self.assertIn("Did you mean", str(self.assertRaises(ParameterError, build_strictly, Keys, {"two-words": "x"}, "body")))
        self.assertRaises(ParameterError, build_strictly, Keys, {"two_words": "x", "other": 1}, "body")
        self.assertRaises(ParameterError, build_strictly, Settings, {}, "body")
        self.assertRaises(SettingsError, build_strictly, Settings, {}, "body", SettingsError)

    def test_secret(self) -> None:
        """
        A wrong secret is not repeated.
        """
        problem = self.assertRaises(ParameterError, build_strictly, Secrets, {"code": "12345678"}, "body")
        self.assertNotIn("12345678", str(problem))

    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.text() | st.floats(), st.lists))
    def test_anything(self, value: Any) -> None:
        """
        For every value of every kind, the schema as others understand it and the validation agree, both ways.
        """
        for name, schema in json_schema(Settings)["properties"].items():
            if name in {"even", "feature"} or (isinstance(value, float) and value.is_integer()):
                continue
            allowed = Draft202012Validator(schema).is_valid(value)
            self.assertEqual(conforms(schema, value), allowed, f"{name}: {value!r}")
            if allowed and value not in (float("inf"), "\n"):
                build_strictly(Settings, plain(**{name: value}), "body")
            elif not allowed:
                self.assertRaises(ParameterError, build_strictly, Settings, plain(**{name: value}), "body")

    def test_instance(self) -> None:
        """
        Building gives the same as the lenient way for what both take.
        """
        values = plain(ports=[1, 2], word="yes", ident="a", free=[None])
        self.assertEqual(asdict(build_strictly(Settings, values, "body")), asdict(build(Settings, values, "body")))


@frozen
class Keys:
    """
    A name of two words.
    """

    two_words: str = option(text, "two words", default="")


@frozen
class Secrets:
    """
    A secret of four digits.
    """

    code: str = option(matching("four digits", "[0-9]{4}"), "a code", secret=True)
