"""
Tests of L{cardgw.cli.gp_order}.
"""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.gp import gp
from cardgw.cli.gp_order import HEAD, GpCommand, head, read_cap
from cardgw.cli.group import Context, Group
from cardgw.errors import ParameterError
from cardgw.gateway.registry import load_registry
from cardgw.gp.errors import CapFileError
from cardgw.schema import json_schema
from tests.gp.cap_maker import make_components, zipped


def commands(group: Group, path: str = "gp") -> dict[str, GpCommand]:
    """
    All that run an operation.
    """
    found: dict[str, GpCommand] = {}
    for name, each in group.commands.items():
        if isinstance(each, Group):
            found |= commands(each, f"{path} {name}")
        elif isinstance(each, GpCommand):
            found[f"{path} {name}"] = each
    return found


class CommandsTests(SynchronousTestCase):
    """
    Every command of C{cardgw gp}.
    """

    def test_operations(self) -> None:
        """
        There is one for every operation of GlobalPlatform.
        """
        known = {each.plugin.name for each in load_registry().operations() if each.plugin.name.startswith("gp.")}
        self.assertEqual({each.operation for each in commands(gp).values()}, known)

    def test_parameters(self) -> None:
        """
        Whatever an operation can be told, some command has it, as an option or otherwise.
        """
        for operation in {each.operation for each in commands(gp).values()}:
            declared = set(json_schema(load_registry().operation(operation).parameters)["properties"])
            offered: set[str | None] = set()
            for each in commands(gp).values():
                if each.operation == operation:
                    offered |= {one.name for one in each.get_params(Context(each))} | each.without
            self.assertLessEqual(declared, offered)

    def test_head(self) -> None:
        """
        All have the same head, under a heading of its own.
        """
        for name, each in commands(gp).items():
            found = {one.name for one in each.get_params(Context(each)) if getattr(one, "section", "") == HEAD}
            self.assertEqual(found, head(), name)

    def test_help(self) -> None:
        """
        All have an example, and begin with their own name there.
        """
        for name, each in commands(gp).items():
            self.assertTrue(each.examples, name)
            self.assertTrue(all(f"cardgw {name} " in f"{example} " for example in each.examples), name)


class CapTests(SynchronousTestCase):
    """
    L{read_cap}.
    """

    def test_read(self) -> None:
        """
        The file and what is in it; errors name the file.
        """
        path = Path(self.mktemp())
        self.assertIn(str(path), str(self.assertRaises(ParameterError, read_cap, path)))
        path.write_bytes(b"nothing")
        self.assertIn(str(path), str(self.assertRaises(CapFileError, read_cap, path)))
        path.write_bytes(zipped(make_components()))
        self.assertEqual(read_cap(path)[0], path.read_bytes())
