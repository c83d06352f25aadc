"""
Tests of L{cardgw.cli.readers}.
"""

from __future__ import annotations

import json
from pathlib import Path

from cardgw.cli import readers
from cardgw.errors import SettingsError
from cardgw.transports.pcsc.driver import Driver
from tests.cli.two_readers import TwoReadersTestCase


class ReadersTests(TwoReadersTestCase):
    """
    C{cardgw readers}.
    """

    def test_list(self) -> None:
        """
        Each reader with its number, what is in it, and the ATR.
        """
        rows = [line.split() for line in self.run_it("readers").stdout.splitlines()]
        self.assertEqual(
            rows[1:], [["0", "ACS", "ACR39U", "00", "00", "empty", "-"], ["1", "OMNIKEY", "01", "00", "card", "3B9F95"]]
        )

    def test_json(self) -> None:
        """
        The same for programs.
        """
        found = json.loads(self.run_it("readers", "--json").stdout)
        self.assertEqual(found["items"][1], {"number": 1, "reader": "OMNIKEY 01 00", "state": "card", "atr": "3B9F95"})
        self.assertEqual(found["items"][0]["atr"], None)

    def test_selector(self) -> None:
        """
        A selector is tried before it is written into the settings.
        """
        for selector in ("omnikey", "1", "OMNI*", "atr:3B9F*"):
            found = json.loads(self.run_it("readers", selector, "--json").stdout)
            self.assertEqual([each["number"] for each in found["items"]], [1], selector)

    def test_name(self) -> None:
        """
        Names are in the settings.
        """
        config = Path(self.mktemp())
        config.write_text('[transports.pcsc.names]\nbench-left = "OMNI*"\n')
        found = json.loads(self.run_it("readers", "bench-left", "--config", str(config), "--json").stdout)
        self.assertEqual([each["number"] for each in found["items"]], [1])
        self.run_it("readers", "bench-left", status=3)
        config.write_text("")
        self.run_it("readers", "bench-left", "--config", str(config), status=3)

    def test_none(self) -> None:
        """
        No reader is status 3, as no card is; a wrong selector is wrong usage.
        """
        self.assertEqual(self.run_it("readers", "Gemalto", status=3).stderr, "No reader is Gemalto.\n")
        self.driver.plugged.clear()
        self.assertEqual(self.run_it("readers", status=3).stderr, "There is no reader.\n")
        self.assertIn("after atr: come hexadecimal digits", self.run_it("readers", "atr:xyz", status=2).stderr)

    def test_unreachable(self) -> None:
        """
        Where pcscd does not run, that is told in one line.
        """
        self.driver.stop()
        told = self.run_it("readers", status=1).stderr
        self.assertIn("pcscd", told)
        self.assertEqual(told.count("\n"), 1)

    def test_told(self) -> None:
        """
        Reports of problems have them in lines.
        """
        self.assertEqual(readers.told(), ["ACS ACR39U 00 00: empty", "OMNIKEY 01 00: card"])
        self.driver.plugged.clear()
        self.assertEqual(readers.told(), ["none"])

        def missing() -> Driver:
            raise SettingsError("pyscard is not installed")

        self.patch(readers, "driver", missing)
        self.assertIn("pyscard is not installed", readers.told()[0])
