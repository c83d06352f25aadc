"""
Tests of L{cardgw.cli.parameters}.
"""

from __future__ import annotations

import json
import sys
from io import StringIO
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.parameters import collect
from cardgw.errors import ParameterError
from cardgw.operations.apdu_script import ScriptParameters
from cardgw.operations.notifications import RemoveParameters
from cardgw.operations.profile import DownloadParameters
from cardgw.schema import build_strictly, json_schema

SCHEMA = {
    "properties": {
        "name": {"type": "string", "description": "a name"},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "count": {"type": "integer", "minimum": 0, "maximum": 9},
        "wait": {"type": "number"},
        "loud": {"type": "boolean"},
        "numbers": {"type": "array", "items": {"type": "integer"}},
        "table": {"type": "object"},
        "any": {},
        "the_code": {"type": "string", "writeOnly": True},
    },
    "required": ["name"],
}


class CollectTests(SynchronousTestCase):
    """
    L{collect}.
    """

    def collect(self, *single: str, whole: str = "") -> dict[str, Any]:
        """
        With the one that must be given.
        """
        found = collect(SCHEMA, whole, ("name=n", *single))
        return {name: value for name, value in found.items() if name != "name"}

    def refused(self, *single: str, whole: str = "") -> str:
        """
        Why it is refused.
        """
        return str(self.assertRaises(ParameterError, self.collect, *single, whole=whole))

    def test_kinds(self) -> None:
        """
        Each value is what the schema wants.
        """
        for typed, value in (
            ("kind=a", "a"),
            ("count=3", 3),
            ("wait=0.5", 0.5),
            ("loud=yes", True),
            ("loud=OFF", False),
            ("numbers=1, 2,3", [1, 2, 3]),
            ("numbers=[4]", [4]),
            ("numbers=", []),
            ('table={"x":1}', {"x": 1}),
            ("any=12", 12),
            ("any=x y", "x y"),
            ("the-code=a=b@c", "a=b@c"),
        ):
            self.assertEqual(list(self.collect(typed).values()), [value], typed)

    def test_refused(self) -> None:
        """
        What is wrong is said with what is expected; a secret is not repeated.
        """
        self.assertIn('kind: expected one of a, b, got "c"', self.refused("kind=c"))
        self.assertIn("count: expected a number from 0 to 9", self.refused("count=x"))
        self.assertIn("loud: expected yes or no", self.refused("loud=maybe"))
        self.assertIn("table: expected a JSON object", self.refused("table=3"))
        self.assertIn("numbers: expected a JSON array", self.refused("numbers=[3"))
        self.assertIn('Did you mean "count"?', self.refused("coutn=1"))
        self.assertIn("It knows name, kind", self.refused("zzz=1"))
        self.assertIn("NAME=VALUE", self.refused("count"))
        self.assertIn(
            "missing: name: a name. Give it with -p name=VALUE.", str(self.assertRaises(ParameterError, collect, SCHEMA, "", ()))
        )

    def test_whole(self) -> None:
        """
        All can be given as JSON, or in a file; single ones go before.
        """
        path = Path(self.mktemp())
        path.write_text('{"count": 3, "the-code": "x"}')
        self.assertEqual(self.collect("count=4", whole=f"@{path}"), {"count": 4, "the_code": "x"})
        self.assertIn("is not JSON", self.refused(whole="{"))
        self.assertIn("a JSON object", self.refused(whole="[]"))

    def test_files(self) -> None:
        """
        A value can come from a file, or from standard input, so that it is in no list of processes.
        """
        path = Path(self.mktemp())
        path.write_text("a secret\n")
        self.assertEqual(self.collect(f"the_code@{path}"), {"the_code": "a secret"})
        self.patch(sys, "stdin", StringIO("typed\n"))
        self.assertEqual(self.collect("the_code@-"), {"the_code": "typed"})
        self.assertIn("No such file", self.refused("the_code@/no/such/file"))

    def test_declared(self) -> None:
        """
        What is made for a declared operation is accepted by it.
        """
        for cls, typed in (
            (DownloadParameters, ["activation_code=1$h.example$M", "accept-policy-rules=yes", "imei=356938035643809"]),
            (RemoveParameters, ["numbers=1,2", "force=no"]),
            (ScriptParameters, ["script=00A4040000", "stop=false"]),
        ):
            build_strictly(cls, collect(json_schema(cls), "", typed), "test:")

    @given(st.text(), st.integers(), st.booleans())
    def test_anything(self, text: str, number: int, flag: bool) -> None:
        """
        Any text is a text, any number a number.
        """
        found = collect(SCHEMA, "", [f"name={text}", f"count={number}", f"loud={json.dumps(flag)}"])
        self.assertEqual(found, {"name": text, "count": number, "loud": flag})
