# -*- test-case-name: tests.cli.test_declared -*-
"""
Commands that have an option for each parameter that an operation declares.  What an operation can be told, can be typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from cardgw.cli.group import Command, Option
from cardgw.cli.parameters import convert, read
from cardgw.errors import ParameterError
from cardgw.fields import octets
from cardgw.gateway.registry import load_registry
from cardgw.schema import conforms, json_schema

_GIVEN = "cardgw.given"
_FILE = "@"


class Declared(click.ParamType[Any]):
    """
    What a schema allows, typed as people do: C{0x30} is a number, C{@file} is what a file has, where bytes or several
    lines are wanted.

    @ivar name: see L{click.ParamType}.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        kind = str(schema.get("type", "value"))
        self.name = {"string": "text", "integer": "number", "array": "list"}.get(kind, kind)
        if is_octets(schema):
            self.name = f"hex|{_FILE}file"
        elif "anyOf" in schema:
            self.name = f"lines|{_FILE}file"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """
        See L{click.ParamType}.
        """
        words = self.schema.get("enum")
        return f"[{'|'.join(words)}]" if words else None

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """
        See L{click.ParamType}.
        """
        try:
            found = self._converted(str(value))
        except ValueError as problem:
            self.fail(f"expected {problem}.", param, ctx)
        except ParameterError as problem:
            self.fail(f"{problem.detail}.", param, ctx)
        if not conforms(self.schema, found):
            self.fail(_expected(self.schema), param, ctx)
        return found

    def _converted(self, text: str) -> Any:
        if is_octets(self.schema) and text.startswith(_FILE):
            return read_octets(Path(text[1:])).hex().upper()
        if "anyOf" in self.schema and text.startswith(_FILE):
            return read(text[1:])
        if self.schema.get("type") == "integer" and text.lower().startswith("0x"):
            text = str(int(text, 16))
        return convert(self.schema, text)


def _expected(schema: Mapping[str, Any]) -> str:
    if "minimum" in schema:
        return f"expected {schema['minimum']} to {schema.get('maximum', 'any number')}."
    if is_octets(schema):
        return "expected bytes in hexadecimal."
    what = str(schema.get("description", "")).partition(";")[0]
    return f"it is not {what}." if what else "this is not what is expected."


def is_octets(schema: Mapping[str, Any]) -> bool:
    """
    Whether a schema is that of any bytes in hexadecimal.
    """
    return bool(schema.get("pattern") == octets.schema["pattern"])


def read_octets(path: Path) -> bytes:
    """
    What is in a file.

    @raise ParameterError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as problem:
        raise ParameterError(f"{path}: {problem.strerror}") from None


class OperationCommand(Command):
    """
    See the module's docstring.  What was given is in L{given}.

    @ivar operation: the name of the operation.
    @ivar without: the names of parameters for which there is no option.  There is none, either, for those for which the command
        has an option or an argument of its own.
    @ivar other_names: of options, by the names of their parameters: instead of those that follow from these.
    """

    def __init__(
        self,
        *args: Any,
        operation: str,
        without: Iterable[str] = (),
        other_names: Mapping[str, tuple[str, ...]] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.operation = operation
        self.without = frozenset(without)
        self.other_names = other_names or {}

    @cached_property
    def schema(self) -> Mapping[str, Any]:
        """
        Of all parameters, as they are declared here.
        """
        return json_schema(load_registry().operation(self.operation).parameters)

    @cached_property
    def _options(self) -> list[click.Parameter]:
        return list(self._declared())

    def _declared(self) -> Iterator[click.Parameter]:
        own = {each.name for each in self.params} | self.without
        required = self.schema.get("required", ())
        for name, schema in self.schema["properties"].items():
            if name not in own:
                names = self.other_names.get(name, (f"--{name.replace('_', '-')}",))
                yield _option(name, names, schema, required=name in required, section=self.section(name))

    def section(self, name: str) -> str:
        """
        The heading under which a parameter is listed.
        """
        return "options"

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """
        See L{click.Command}.
        """
        return [*self._options, *super().get_params(ctx)]


def _option(name: str, names: tuple[str, ...], schema: Mapping[str, Any], *, required: bool, section: str) -> Option:
    more: dict[str, Any] = {"type": Declared(schema)}
    if schema.get("type") == "boolean":
        first = f"{names[0]}/--no-{names[0].removeprefix('--')}" if schema.get("default") else names[0]
        more, names = {"is_flag": True, "default": None}, (first, *names[1:])
    return Option(
        [name, *names],
        required=required,
        help=str(schema.get("description", "")),
        section=section,
        expose_value=False,
        callback=_keep,
        **more,
    )


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is not None:
        context.meta.setdefault(_GIVEN, {})[parameter.name] = value


def given(context: click.Context) -> dict[str, Any]:
    """
    The parameters that were typed as options.
    """
    return dict(context.meta.get(_GIVEN, {}))
