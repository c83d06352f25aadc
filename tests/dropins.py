"""
Drop-ins for tests: files in a directory of their own, which is all that C{cardgw.plugins} then has.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

import cardgw.plugins
from cardgw.fields import boolean, option
from cardgw.interfaces import IOperation, ISession

OPERATION = """
    from tests.dropins import Operation
    {variable} = Operation({name!r})
"""
"""A drop-in with one sound operation."""


@frozen
class NoOptions:
    """
    Nothing is declared.
    """


@frozen
class OneOption:
    """
    One thing is declared.
    """

    loud: bool = option(boolean, "whether it is loud", default=False)


@implementer(IPlugin, IOperation)
class Operation:
    """
    A sound operation that does nothing.
    """

    def __init__(self, name: str = "test.nothing", summary: str = "do nothing", **different: Any) -> None:
        self.name = name
        self.summary = summary
        self.help = "It does nothing."
        self.parameters: Any = NoOptions
        self.settings: Any = OneOption
        self.application: bytes | None = None
        self.requires: Any = frozenset()
        self.destructive = False
        self.repeatable = False
        for key, value in different.items():
            setattr(self, key, value)

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.
        """
        return {}


def drop_in(test: SynchronousTestCase, files: Mapping[str, str], *more: Mapping[str, str]) -> tuple[Path, ...]:
    """
    Make C{cardgw.plugins} consist of these files, for one test.

    @param files: content by file name; further mappings are further directories.
    @return: the directories.
    """
    directories = []
    for content in (files, *more):
        directory = Path(test.mktemp()).resolve()
        directory.mkdir(parents=True)
        for name, text in content.items():
            (directory / name).write_text(dedent(text))
            test.addCleanup(sys.modules.pop, f"cardgw.plugins.{name.removesuffix('.py')}", None)
        directories.append(directory)
    test.patch(cardgw.plugins, "__path__", [str(each) for each in directories])
    return tuple(directories)


def shipped_registry() -> Any:
    """
    The registry of what cardgw comes with, whatever else this machine has.
    """
    from cardgw.gateway.discovery import discover
    from cardgw.gateway.registry import load_registry
    from cardgw.plugin_path import shipped

    ours = f"dropin:{shipped()}"
    registry = load_registry([each for each in discover() if each.source.startswith(ours)])
    registry.verify()
    return registry
