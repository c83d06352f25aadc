"""
The text of C{plugins/README.md}, run as it stands.
"""

from __future__ import annotations

import importlib
import re
import sys
import unittest
from pathlib import Path
from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.config import load_config
from cardgw.gateway.registry import Registry, load_registry
from cardgw.lpa.isdr import ISD_R
from cardgw.testing import FakeSession, KnowingCard, session_for
from cardgw.values import ChannelInfo, Feature, Parcel, Question, Reset
from tests.dropins import drop_in

_README = Path(__file__).parents[1] / "plugins" / "README.md"
_EID = "89049032000000000000000000000163"
_CARD = {bytes.fromhex("80E2910006BF3E035C015A"): bytes.fromhex(f"BF3E125A10{_EID}9000")}


def blocks(language: str) -> list[str]:
    """
    The code blocks of the text.
    """
    return re.findall(rf"```{language}\n(.*?)```", _README.read_text(), re.DOTALL)


class ReadmeTests(SynchronousTestCase):
    """
    What the text shows works.
    """

    def setUp(self) -> None:
        """
        The operation, as a drop-in.
        """
        (self.directory,) = drop_in(self, {"eid.py": blocks("python")[0]})

    def registry(self) -> Registry:
        """
        What is found.
        """
        registry = load_registry()
        registry.verify()
        self.assertEqual(registry.broken, [])
        return registry

    def run_it(self, **parameters: Any) -> Any:
        """
        One run, on a card in memory.

        @return: its result and its session.
        """
        operation = self.registry().operation("card.eid")
        info = ChannelInfo("memory", application=ISD_R, offers=frozenset({Feature.SHOW}))
        session = session_for(operation, MemoryChannel(info, KnowingCard(_CARD)), parameters)
        return self.successResultOf(ensureDeferred(operation.run(session))), session  # type: ignore[arg-type]

    def test_short(self) -> None:
        """
        It is about thirty lines of code.
        """
        lines = [
            line for line in blocks("python")[0].splitlines() if line.strip() and not line.startswith(("import", "from", '"""'))
        ]
        self.assertLess(len(lines), 36)

    def test_runs(self) -> None:
        """
        It is found as a drop-in, runs, gives the EID and shows it.
        """
        result, session = self.run_it()
        self.assertEqual(result, {"eid": _EID})
        self.assertEqual(session.farewells, [f"EID: {_EID}"])

    def test_parameter(self) -> None:
        """
        Its parameter does what it says.
        """
        _, session = self.run_it(show=False)
        self.assertEqual(session.farewells, [])

    def test_session(self) -> None:
        """
        What it says of sessions can be done with one.
        """
        parcel = Parcel("notification", f"eid:{_EID}", 1, "smdp.example.test", b"")
        names: dict[str, Any] = {"Question": Question, "Reset": Reset, "eid": _EID, "parcel": parcel}
        exec(compile(blocks("python")[1], str(_README), "exec"), names)
        session = FakeSession(answers={"consent": "yes"})
        self.successResultOf(ensureDeferred(names["run"](None, session)))
        self.assertEqual((session.identity, session.results), (f"eid:{_EID}", [{"audited": True}]))
        self.assertEqual((session.outbox.delivered, session.resets), ([parcel], [Reset.REBOOT]))  # type: ignore[attr-defined]

    def test_route(self) -> None:
        """
        The settings that it shows route a request to it.
        """
        path = Path(self.mktemp())
        path.write_text(blocks("toml")[0])
        config = load_config(path, load_registry([*_shipped(), *_found(self.registry())]))
        self.assertEqual(config.routes["estk", "notifications"], "card.eid")

    def test_test(self) -> None:
        """
        The test that it shows passes.
        """
        (self.directory / "readme_eid_test.py").write_text(blocks("python")[-1])
        self.patch(sys, "path", [str(self.directory), *sys.path])
        for name in ("eid", "readme_eid_test"):
            self.addCleanup(sys.modules.pop, name, None)
        module = importlib.import_module("readme_eid_test")
        result = unittest.TestResult()
        suite = unittest.defaultTestLoader.loadTestsFromTestCase(module.ReadEidTests)
        suite.run(result)
        self.assertGreater(result.testsRun, 3)
        self.assertEqual([*result.failures, *result.errors], [])

    def test_entryPoint(self) -> None:
        """
        The group that it names for entry points is the one that is looked at.
        """
        from cardgw.gateway.discovery import GROUPS

        for group in GROUPS:
            self.assertIn(group, _README.read_text())


def _found(registry: Registry) -> list[Any]:
    from cardgw.gateway.discovery import Found
    from cardgw.interfaces import IOperation

    return [Found(IOperation, each.plugin, each.source, "x") for each in registry.operations()]


def _shipped() -> list[Any]:
    from cardgw.gateway.discovery import Found
    from cardgw.interfaces import ITransport
    from cardgw.transports.estk.service import EstkTransport

    return [Found(ITransport, EstkTransport(), "dropin:/x.py", "x")]
