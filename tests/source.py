# -*- test-case-name: tests.test_floors,tests.test_sizes -*-
"""
The source of this project as data: modules, what they import, and their functions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).parent.parent
FOLDERS = ("cardgw", "plugins", "twisted", "bench")
"""Where the code is that others read and run."""


@frozen
class Import:
    """
    One imported module, with the name that is taken from it, if any.

    @ivar module: C{cardgw.lpa.tls} for C{from cardgw.lpa import tls}, too.
    @ivar name: C{tls} there; an empty string for C{import cardgw.lpa.tls}.
    @ivar late: whether it happens when a function is called, or for type checkers only.
    """

    module: str
    name: str
    line: int
    late: bool = False


@frozen(eq=False)
class Module:
    """
    One source file.

    @ivar path: below the top of the repository.
    """

    name: str
    path: str
    text: str
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        """
        Whether it is an C{__init__.py}.
        """
        return self.path.endswith("__init__.py")

    def imports(self, known: Iterable[str] = ()) -> list[Import]:
        """
        What it imports, inside functions too.

        @param known: names of modules, to tell C{from package import module} from C{from module import name}.
        """
        return list(_imports(self.tree, self.name if self.is_package else self.name.rpartition(".")[0], set(known), late=False))


def module(name: str, text: str, path: str = "") -> Module:
    """
    A module with this text.
    """
    return Module(name, path or name.replace(".", "/") + ".py", text, ast.parse(text))


@cache
def modules() -> tuple[Module, ...]:
    """
    All modules of this checkout that are not tests.
    """
    found = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            inside = path.relative_to(ROOT)
            name = ".".join(inside.with_suffix("").parts).removesuffix(".__init__")
            found.append(module(name, path.read_text(), inside.as_posix()))
    return tuple(found)


def _imports(tree: ast.AST, package: str, known: set[str], *, late: bool) -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, "", node.lineno, late)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(package, node)
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield Import(whole if whole in known else base, alias.name, node.lineno, late)
        else:
            yield from _imports(node, package, known, late=late or _is_late(node))


def _absolute(package: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])


def _is_late(node: ast.AST) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return True
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
