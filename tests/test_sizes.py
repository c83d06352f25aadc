# -*- test-case-name: tests.test_sizes -*-
"""
Small files, small functions, and a word about each: what keeps the house readable, enforced.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from statistics import median, quantiles

from attrs import frozen
from twisted.trial.unittest import SynchronousTestCase

from tests.source import ROOT, Module, module, modules

MOST_LINES = 350
MOST_FUNCTION_LINES = 40
MEDIAN_FUNCTION_LINES = 6
NINE_TENTHS_FUNCTION_LINES = 20
FIRST_LINE = re.compile(r"# -\*- test-case-name: ([\w.,]+) -\*-")


@frozen
class Function:
    """
    One function or method.

    @ivar lines: how many it has, without its docstring.
    @ivar public: whether others may call it.
    """

    where: str
    lines: int
    public: bool
    documented: bool
    annotated: bool


def functions(source: Module) -> list[Function]:
    """
    All functions of a module, methods and inner ones included.
    """
    return list(_functions(source, source.tree, "", public=True))


def _functions(source: Module, node: ast.AST, prefix: str, *, public: bool) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            shown = public and not child.name.startswith("_") and not _is_overload(child)
            yield Function(
                f"{source.path}:{child.lineno}: {prefix}{child.name}",
                _lines(child),
                shown,
                ast.get_docstring(child) is not None,
                child.returns is not None,
            )
            yield from _functions(source, child, f"{prefix}{child.name}.", public=False)
        elif isinstance(child, ast.ClassDef):
            yield from _functions(source, child, f"{prefix}{child.name}.", public=public and not child.name.startswith("_"))
        else:
            yield from _functions(source, child, prefix, public=public)


def _is_overload(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "overload" for each in function.decorator_list)


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    count = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        count -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return count


def undocumented(source: Module) -> Iterator[str]:
    """
    Public modules, classes and functions without a docstring.
    """
    if ast.get_docstring(source.tree) is None:
        yield source.path
    for each in functions(source):
        if each.public and not each.documented:
            yield each.where
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and ast.get_docstring(node) is None:
            yield f"{source.path}:{node.lineno}: {node.name}"


def untested(source: Module) -> str | None:
    """
    What is wrong with the first line, which names the tests of a module.
    """
    found = FIRST_LINE.fullmatch(source.text.split("\n", 1)[0])
    if found is None:
        return f"{source.path}: the first line does not name its tests"
    missing = [name for name in found[1].split(",") if not _exists(name)]
    return f"{source.path}: there is no {', '.join(missing)}" if missing else None


def _exists(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return name.startswith("tests.") and (path.with_suffix(".py").exists() or (path / "__init__.py").exists())


class SizesTests(SynchronousTestCase):
    """
    This checkout.
    """

    def none(self, found: list[str]) -> None:
        """
        Fail with all that was found.
        """
        if found:
            self.fail("\n" + "\n".join(found))

    def test_files(self) -> None:
        """
        A file fits in the head.
        """
        sizes = {each.path: len(each.text.splitlines()) for each in modules()}
        self.none([f"{path}: {size} lines, at most {MOST_LINES}" for path, size in sizes.items() if size > MOST_LINES])

    def test_functions(self) -> None:
        """
        A function fits on a screen.
        """
        found = [each for source in modules() for each in functions(source) if each.lines > MOST_FUNCTION_LINES]
        self.none([f"{each.where}: {each.lines} lines, at most {MOST_FUNCTION_LINES}" for each in found])

    def test_mostFunctions(self) -> None:
        """
        Most functions are much smaller.
        """
        sizes = [each.lines for source in modules() for each in functions(source)]
        self.assertLessEqual(median(sizes), MEDIAN_FUNCTION_LINES)
        self.assertLessEqual(quantiles(sizes, n=10)[-1], NINE_TENTHS_FUNCTION_LINES)

    def test_docstrings(self) -> None:
        """
        Everything public says what it is.
        """
        self.none([each for source in modules() for each in undocumented(source)])

    def test_annotations(self) -> None:
        """
        Every function says what it returns.
        """
        self.none([each.where for source in modules() for each in functions(source) if not each.annotated])

    def test_tests(self) -> None:
        """
        The first line of every module names its tests, and they exist.
        """
        found = [untested(each) for each in modules() if not each.is_package]
        self.none([each for each in found if each])


SAMPLE = '''\
"""
A module.
"""

class Public:
    def method(self) -> None:
        """
        Documented.
        """

        def inner():
            return 1

    def _private(self): ...

class _Private:
    def method(self) -> int:
        return (
            1
        )
'''


class CheckTests(SynchronousTestCase):
    """
    The check itself.
    """

    def test_functions(self) -> None:
        """
        Docstrings do not count as lines; what is inside something private is private.
        """
        found = functions(module("cardgw.x", SAMPLE))
        self.assertEqual(
            [each.where.rsplit(" ")[1] for each in found],
            ["Public.method", "Public.method.inner", "Public._private", "_Private.method"],
        )
        self.assertEqual([each.lines for each in found], [4, 2, 1, 4])
        self.assertEqual([each.public for each in found], [True, False, False, False])
        self.assertEqual([each.annotated for each in found], [True, False, False, True])

    def test_undocumented(self) -> None:
        """
        Modules, classes and functions are looked at.
        """
        self.assertEqual(list(undocumented(module("cardgw.x", SAMPLE))), ["cardgw/x.py:5: Public"])
        text = "class Public:\n    async def method(self): ...\n    @overload\n    def other(self): ...\ndef function(): ...\n"
        self.assertEqual(
            list(undocumented(module("cardgw.x", text))),
            ["cardgw/x.py", "cardgw/x.py:2: Public.method", "cardgw/x.py:5: function", "cardgw/x.py:1: Public"],
        )

    def test_firstLine(self) -> None:
        """
        A list of test modules is fine if all of them exist.
        """
        for line, expected in (
            ("# -*- test-case-name: tests.test_sizes,tests.apdu -*-", None),
            ("# -*- test-case-name: tests.test_sizes,tests.nothing -*-", "cardgw/x.py: there is no tests.nothing"),
            ("# -*- test-case-name: cardgw.errors -*-", "cardgw/x.py: there is no cardgw.errors"),
            ('"""', "cardgw/x.py: the first line does not name its tests"),
        ):
            self.assertEqual(untested(module("cardgw.x", line + ('\nx"""' if line == '"""' else "\n"))), expected)
