"""
Tests of L{cardgw.cli.touch_order}.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_pin import Form, Pin, PinNotEntered
from cardgw.cli.app import App
from cardgw.cli.touch_order import Order, order_of, tries_left
from cardgw.errors import ParameterError, SecretError

URL = "https://cards.example/rt/hsm"


class OrderTests(SynchronousTestCase):
    """
    L{order_of}.
    """

    def order(self, *, asked: str | None = None, **typed: Any) -> Order:
        """
        Of what was typed.

        @param asked: what somebody answers; C{None} where there is nobody.
        """
        app = App(environ={"PIN": "648219", "TOKEN": "t0ken"}, interactive=asked is not None)
        self.questions: list[str] = []

        def ask(_: App, text: str, **more: Any) -> str | None:
            self.questions.append(text)
            return asked

        self.patch(App, "ask", ask)
        return order_of(app, URL, **typed)

    def refused(self, error: type[Exception] = ParameterError, **typed: Any) -> str:
        """
        Why it is.
        """
        return str(self.assertRaises(error, self.order, **typed))

    def entered(self, order: Order, tries: int | None = 3) -> Deferred[bytes]:
        """
        The PIN.
        """
        assert order.enter is not None

        async def enter() -> bytes:
            assert order.enter is not None
            return await order.enter(tries)

        return Deferred.fromCoroutine(enter())

    def test_plain(self) -> None:
        """
        An address is enough.
        """
        order = self.order()
        self.assertEqual((order.session.url, order.pin, order.enter, order.reset, order.level), (URL, None, None, True, 0))

    def test_all(self) -> None:
        """
        What is typed is kept.
        """
        order = self.order(session="4711", token="env:TOKEN", no_reset=True, verbose=2, timeout=90)
        self.assertEqual((order.session.cookie, order.session.authorization), ("JSESSIONID=4711", "Bearer t0ken"))
        self.assertEqual((order.reset, order.level, order.timeout), (False, 2, 90))
        self.assertNotIn("t0ken", repr(order))

    def test_pins(self) -> None:
        """
        That of a SmartCard-HSM, or another one.
        """
        self.assertEqual(self.order(pin="pinpad").pin, Pin())
        self.assertIsNone(self.order(pin="pinpad").enter)
        other = self.order(pin="env:PIN", pin_application="A000000308", pin_reference=0x80, pin_format="ff-8")
        self.assertEqual(other.pin, Pin(bytes.fromhex("A000000308"), 0x80, Form.FF, optional=False))
        self.assertEqual(self.order(pin="env:PIN", pin_application="none").pin, Pin(b"", optional=False))

    def test_sources(self) -> None:
        """
        A PIN is asked for without being seen, or read; but not where it could be the last wrong one.
        """
        self.assertEqual(self.successResultOf(self.entered(self.order(pin="env:PIN"))), b"648219")
        self.failureResultOf(self.entered(self.order(pin="env:PIN"), 1), PinNotEntered)
        self.assertEqual(self.successResultOf(self.entered(self.order(pin="ask", asked="1234"), 1)), b"1234")
        self.assertEqual(self.questions, ["PIN (1 try left)"])
        self.failureResultOf(self.entered(self.order(pin="ask", asked="")), PinNotEntered)
        self.failureResultOf(self.entered(self.order(pin="env:NOTHING")), SecretError)

    def test_refused(self) -> None:
        """
        What is not right is said before a card is touched; secrets are not repeated.
        """
        self.assertNotIn("648219", self.refused(pin="648219"))
        self.assertIn("-p alone asks for it", self.refused(pin="648219"))
        self.assertIn("nobody to ask", self.refused(pin="ask"))
        self.assertNotIn("s3cret", self.refused(token="s3cret"))
        self.assertIn("hexadecimal", self.refused(pin="pinpad", pin_application="xyz"))
        self.assertIn("5 to 16 bytes", self.refused(pin="pinpad", pin_application="A000"))
        self.refused(SecretError, token="env:NOTHING")
        self.assertIn("none.pem", self.refused(Exception, ca=Path("none.pem")))

    def test_triesLeft(self) -> None:
        """
        Nothing where the card does not say.
        """
        self.assertEqual([tries_left(each) for each in (None, 1, 2)], ["", " (1 try left)", " (2 tries left)"])
