"""
The texts that an expression in the source may give: constants, f-strings and conditions, with samples for what stands in them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import product

from attrs import frozen

from tests.source import Module


class UnknownText(AssertionError):
    """
    Somebody has to say what an expression may give.
    """


@frozen
class Call:
    """
    One call, where it stands.

    @ivar name: of the function or method.
    @ivar within: the functions around it, the innermost first.
    """

    name: str
    node: ast.Call
    within: tuple[ast.AST, ...]
    source: Module

    @property
    def where(self) -> str:
        """
        For people.
        """
        return f"{self.source.path}:{self.node.lineno}: {ast.unparse(self.node)}"

    def texts(self, argument: int, samples: Mapping[str, tuple[str, ...]]) -> list[str]:
        """
        What an argument may be, as far as it is written here: what the function around it was itself given is not.

        @param samples: source of an expression to what it may give.
        @raise UnknownText: that is not to be seen, and not among the samples.
        """
        if len(self.node.args) <= argument:
            return []
        return self._texts(self.node.args[argument], samples)

    def _texts(self, node: ast.expr, samples: Mapping[str, tuple[str, ...]]) -> list[str]:
        written = ast.unparse(node)
        if written in samples:
            return list(samples[written])
        found = self._written(node, samples)
        if found is None and isinstance(node, ast.Name) and node.id in self._parameters():
            found = []
        if found is None and isinstance(node, ast.Name) and (value := self._value(node.id)) is not None:
            found = self._texts(value, samples)
        if found is None:
            raise UnknownText(f"{self.where}: say in tests/texts/emitted.py what {written} may be")
        return found

    def _written(self, node: ast.expr, samples: Mapping[str, tuple[str, ...]]) -> list[str] | None:
        match node:
            case ast.Constant(value=text):
                return [str(text)]
            case ast.FormattedValue(value=value):
                return self._texts(value, samples)
            case ast.JoinedStr(values=parts):
                return ["".join(each) for each in product(*(self._texts(part, samples) for part in parts))]
            case ast.IfExp(body=one, orelse=other):
                return [*self._texts(one, samples), *self._texts(other, samples)]
            case ast.Attribute(attr="brief") | ast.Call(func=ast.Attribute(attr="words" | "_words")):
                return []  # errors, and calls that translate, are all collected by themselves
        return None

    def _value(self, name: str) -> ast.expr | None:
        inside = (each for function in self.within for each in ast.walk(function))
        for each in (*inside, *self.source.tree.body):
            if isinstance(each, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in each.targets):
                return each.value
        return None

    def _parameters(self) -> set[str]:
        functions = [each for each in self.within if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
        return {argument.arg for each in functions for argument in each.args.args}


def calls(source: Module, *names: str) -> Iterator[Call]:
    """
    The calls of functions and methods with one of these names.
    """
    yield from _calls(source, source.tree, (), names)


def _calls(source: Module, node: ast.AST, within: tuple[ast.AST, ...], names: tuple[str, ...]) -> Iterator[Call]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        within = (node, *within)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
        if name in names:
            yield Call(name, node, within, source)
    for child in ast.iter_child_nodes(node):
        yield from _calls(source, child, within, names)
