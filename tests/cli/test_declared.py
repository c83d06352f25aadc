"""
Tests of L{cardgw.cli.declared}.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from attrs import frozen
from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli import declared
from cardgw.cli.declared import OperationCommand, given
from cardgw.cli.options import JOB
from cardgw.fields import Kind, boolean, choice, each_of, integer, octets, option, text


@frozen
class Parameters:
    """
    One of each kind.
    """

    code: bytes = option(octets, "the bytes")
    version: int | None = option(integer(1, 0x7F), "the version", default=None)
    way: str = option(choice("left", "right"), "the way", default="left")
    names: tuple[str, ...] = option(each_of(text), "the names", default=())
    big: bool = option(boolean, "make it big", default=False)
    stop: bool = option(boolean, "stop there", default=True)
    other_thing: str = option(text, "something else", default="", secret=True)
    dry_run: bool = option(boolean, "do nothing", default=False)
    lines: str = option(Kind("lines", str, schema={"anyOf": [{"type": "string"}, {"type": "array"}]}), "lines", default="")
    apart: str = option(text, "not for people", default="")


class FakeRegistry:
    """
    Knows one operation.
    """

    parameters = Parameters

    def operation(self, name: str) -> FakeRegistry:
        """
        Whatever it is called.
        """
        return self


class Headed(OperationCommand):
    """
    One option is elsewhere.
    """

    def section(self, name: str) -> str:
        """
        See L{OperationCommand}.
        """
        return "output" if name == "way" else super().section(name)


class DeclaredTests(SynchronousTestCase):
    """
    L{OperationCommand}.
    """

    def setUp(self) -> None:
        """
        A command.
        """
        self.patch(declared, "load_registry", FakeRegistry)
        self.found: list[dict[str, Any]] = []

        @click.command(
            "act",
            cls=Headed,
            operation="acme.act",
            without=("apart",),
            other_names={"other_thing": ("--thing", "--it")},
        )
        @JOB
        @click.pass_context
        def act(context: click.Context) -> None:
            self.found.append(given(context))

        self.command = act

    def run_it(self, *typed: str, status: int = 0) -> Result:
        """
        Type something.
        """
        result = CliRunner().invoke(self.command, typed)
        self.assertEqual(result.exit_code, status, result.output)
        return result

    def test_nothing(self) -> None:
        """
        What is not typed is not given; what must be is asked for.
        """
        self.run_it("--code", "00")
        self.assertEqual(self.found, [{"code": "00"}])
        self.assertIn("--code", self.run_it(status=2).output)

    def test_all(self) -> None:
        """
        Each kind is typed as people do.
        """
        typed = ["--version", "0x30", "--way", "right", "--names", "One,Two", "--big", "--no-stop", "--it", "there"]
        self.run_it("--code", "00 01ff", *typed)
        expected = {"version": 48, "way": "right", "names": ["One", "Two"], "big": True, "stop": False, "other_thing": "there"}
        self.assertEqual(self.found, [{"code": "00 01ff", **expected}])

    def test_file(self) -> None:
        """
        Bytes may be in a file, and so may lines.
        """
        path, other = Path(self.mktemp()), Path(self.mktemp())
        path.write_bytes(b"\x01\xff")
        other.write_text("one\ntwo\n")
        self.run_it("--code", f"@{path}", "--lines", f"@{other}")
        self.run_it("--code", "00", "--lines", "one")
        self.assertEqual(self.found, [{"code": "01FF", "lines": "one\ntwo\n"}, {"code": "00", "lines": "one"}])
        self.assertIn("No such file", self.run_it("--code", f"@{path}2", status=2).output)

    def test_wrong(self) -> None:
        """
        What the schema does not allow is wrong usage, and it is said what is expected.
        """
        for name, value, told in (
            ("--code", "0", "bytes in hexadecimal"),
            ("--version", "128", "1 to 127"),
            ("--version", "0xzz", "expected"),
            ("--version", "x", "a number from 1 to 127"),
            ("--way", "up", "one of left, right"),
            ("--apart", "x", "No such option"),
        ):
            self.assertIn(told, self.run_it("--code", "00", name, value, status=2).output)

    def test_own(self) -> None:
        """
        What the command has an option for already, it has no second one for; others are listed where they belong.
        """
        told = self.run_it("--help").output
        self.assertEqual(told.count("--dry-run"), 1)
        self.assertIn("--way [left|right]", told.partition("output:")[2])
        self.assertIn("hex|@file", told.lower())
        self.assertNotIn("--apart", told)
