# -*- test-case-name: tests.bench.test_scp -*-
"""
L{bench.scp}.
"""

from __future__ import annotations

import json
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from bench.cap import PACKAGE, make_package
from bench.pcscd import missing
from bench.scp import main, render
from bench.scp_loading import MANY, Limits, at_once, refusal
from bench.scp_opening import OPENINGS, open_once
from bench.scp_wrapping import KINDS, Alone, Load
from cardgw.gp.cap import CapFile
from tests.functional.commands import ROOT, environment


class WrappingTests(SynchronousTestCase):
    """
    L{bench.scp_wrapping}.
    """

    def test_alone(self) -> None:
        """
        What the ciphers alone are given is what a session gives them: the same comes out.
        """
        for kind in KINDS:
            each = Load(kind, 700)
            self.assertEqual((Alone(each)(), each.by_channel()), (each.by_session(), len(each.plain)))


class OpeningTests(SynchronousTestCase):
    """
    L{bench.scp_opening}.
    """

    def test_openings(self) -> None:
        """
        All of them succeed.
        """
        found = {name: open_once(make())[1] for name, make in OPENINGS.items()}
        self.assertEqual({found[name] for name in found if name.startswith(("SCP03", "SCP11b"))}, {2})
        self.assertEqual({found[name] for name in found if name.startswith(("SCP11a", "SCP11c"))}, {4})


class LoadingTests(SynchronousTestCase):
    """
    L{bench.scp_loading}.
    """

    def test_package(self) -> None:
        """
        It can be loaded, and is as long as is wanted.
        """
        cap = CapFile.decode(make_package(1000))
        self.assertEqual((cap.package.aid, len(cap.code())), (PACKAGE, 1000))

    def test_atOnce(self) -> None:
        """
        A load is as few exchanges as the limits let it be: 9 blocks of up to 261 bytes.
        """
        for limits, expected in ((Limits(1), 9), (Limits(4), 3), (Limits(MANY, 1044), 3), (Limits(MANY), 1)):
            found = at_once(limits, "33", 2000)
            self.assertEqual((found["blocks"], found["exchanges"]), (9, expected), limits.name)

    def test_refusal(self) -> None:
        """
        A channel that cannot select a security domain is not for loading.
        """
        self.assertIn("SELECT", refusal())


class ReportTests(SynchronousTestCase):
    """
    What is printed.
    """

    def test_render(self) -> None:
        """
        A line for each figure, and one for what cannot be.
        """
        report = {
            "rates": {"33 AES-128 S8": {"case_3": 100_000.0, "case_4": 90_000.0, "long": 80_000.0}},
            "loads": {
                "33 AES-128 S8": {
                    "alone_ms": 1.0,
                    "session_ms": 1.5,
                    "session_ratio": 1.5,
                    "channel_ms": 2.5,
                    "channel_ratio": 2.5,
                }
            },
            "openings": {"SCP03 AES-128": {"ms": 0.06, "commands": 2}},
            "exchanges": {"vpcd": {"33": {"blocks": 126, "exchanges": 126, "all": 133}}, "estk": "it does not"},
        }
        lines = [each.split() for each in render(report).splitlines()]
        self.assertIn(["33", "AES-128", "S8", "1.00", "1.50", "1.50", "2.50", "2.50"], lines)
        self.assertEqual(lines[-2:], [["vpcd", "33", "126", "126", "133"], ["estk", "cannot:", "it", "does", "not"]])


class CommandLineTests(SynchronousTestCase):
    """
    C{python -m bench.scp}.
    """

    def test_help(self) -> None:
        """
        It says what it does.
        """
        self.assertRaises(SystemExit, main, ["--help"])

    def test_measure(self) -> None:
        """
        The real thing, small: over the transports, each block of a load is an exchange; over HTTP many are one.
        """
        command = [sys.executable, "-m", "bench.scp", "--json", "--quick"]
        done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=120, check=False)
        self.assertNotEqual(done.stdout, "", done.stderr)
        exchanges = json.loads(done.stdout)["exchanges"]
        for transport in ("vpcd",) if missing() else ("vpcd", "pcsc"):
            counts = {level: (each["blocks"], each["exchanges"]) for level, each in exchanges[transport].items()}
            self.assertEqual(counts, {"01": (122, 122), "33": (126, 126)})
        for blocks, (level, each) in zip((122, 126), exchanges["ramhttp"].items(), strict=True):
            self.assertEqual(each["blocks"], blocks, level)
            self.assertLessEqual(each["exchanges"], 4)
