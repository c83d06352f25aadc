"""
Tests of L{cardgw.cli.touch}; what happens to the card is in L{tests.functional.test_touch}.
"""

from __future__ import annotations

import json
from typing import Any

from cardgw.bridges.touch_pin import HSM_PIN, Form
from cardgw.cli import touch_run
from cardgw.cli.touch import FORMS
from cardgw.cli.touch_order import Order
from tests.cli.two_readers import TwoReadersTestCase

URL = "https://cards.example/rt"


class TouchTests(TwoReadersTestCase):
    """
    C{cardgw touch}.
    """

    def setUp(self) -> None:
        """
        Nothing is lent.
        """
        super().setUp()
        self.lent: list[tuple[str, Order]] = []
        self.patch(touch_run, "lend", self.lend)

    def lend(self, app: Any, driver: Any, name: str, order: Order) -> int:
        """
        In place of doing it.
        """
        self.lent.append((name, order))
        return 0

    def test_list(self) -> None:
        """
        The readers, or those that are meant.
        """
        self.assertIn("OMNIKEY 01 00", self.run_it("touch", "-l").stdout)
        listed = json.loads(self.run_it("touch", "-l", "-r", "ACS", "--json").stdout)
        self.assertEqual([each["reader"] for each in listed["items"]], ["ACS ACR39U 00 00"])
        self.run_it("touch", "-l", "-r", "nothing", status=3)

    def test_options(self) -> None:
        """
        What is typed gets there.
        """
        self.run_it("touch", URL, "-r", "OMNI", "-s", "4711", "-n", "-vv", "-p", "pinpad", "--pin-reference", "0x01")
        ((name, order),) = self.lent
        self.assertEqual((name, order.session.cookie, order.reset, order.level), ("OMNIKEY 01 00", "JSESSIONID=4711", False, 2))
        assert order.pin is not None
        self.assertEqual((order.pin.reference, order.enter), (1, None))

    def test_pinWithoutValue(self) -> None:
        """
        It may stand anywhere, also before the address.
        """
        for arguments in ((URL, "-p"), ("-p", URL), ("--pin", "-v", URL)):
            self.run_it("touch", *arguments, interactive=True)
            order = self.lent.pop()[1]
            self.assertEqual(order.session.url, URL)
            self.assertIsNotNone(order.enter)

    def test_refused(self) -> None:
        """
        Wrong usage is, before a card is touched.
        """
        self.assertIn("missing: URL", self.run_it("touch", status=2).stderr)
        self.assertIn("nobody to ask", self.run_it("touch", URL, "-p", "--no-input", interactive=True, status=2).stderr)
        self.assertNotIn("648219", self.run_it("touch", URL, "--pin=648219", status=2).stderr)
        self.run_it("touch", URL, "--pin-reference", "256", status=2)
        self.run_it("touch", URL, "--pin-reference", "x", status=2)
        self.run_it("touch", URL, "-r", "ACS", status=3)
        self.assertEqual(self.lent, [])

    def test_known(self) -> None:
        """
        What the command knows without loading the rest is what the rest knows.
        """
        self.assertEqual(list(FORMS), [each.value for each in Form])
        self.run_it("touch", URL, "-p", "pinpad")
        pin = self.lent[0][1].pin
        assert pin is not None
        self.assertEqual(pin.reference, HSM_PIN)
