"""
Tests of L{cardgw.cli.touch_run}; what needs a process and a network is in L{tests.functional.test_touch}.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch import Outcome
from cardgw.bridges.touch_errors import TouchReported
from cardgw.bridges.touch_pin import Pin, PinNotEntered, WrongPin
from cardgw.cli import touch_run
from cardgw.cli.app import App
from cardgw.cli.errors import DONE, INTERRUPTED
from cardgw.cli.touch_order import order_of
from cardgw.cli.touch_reader import LocalReader
from cardgw.cli.touch_run import run, told
from cardgw.errors import ChannelError
from cardgw.transports.pcsc.codes import GET_FEATURES
from tests.bridges.test_touch_pin import FakeHsm
from tests.bridges.touches import FakeLine
from tests.transports.pcsc.fake import FakeDriver
from tests.transports.pcsc.fake_machine import SoftCard
from tests.transports.pcsc.fake_threads import ThreadlessReactor
from tests.transports.pcsc.lookout import Lookout

NAME, CODE = "Reader 1", 0x42330006


class RunTests(SynchronousTestCase):
    """
    L{run}.
    """

    def setUp(self) -> None:
        """
        A card in a reader, and a server without a network.
        """
        self.driver, self.reactor, self.line = FakeDriver(), ThreadlessReactor(), FakeLine()
        self.lookout = Lookout(self.driver, self.reactor)
        self.place = self.driver.plug(NAME)
        self.hsm = FakeHsm()
        self.driver.insert(NAME, SoftCard(self.hsm))
        self.patch(touch_run, "HttpLine", lambda *_: self.line)
        self.said: list[str] = []
        self.patch(App, "say", lambda _, text: self.said.append(text))

    def begin(self, **typed: Any) -> Deferred[Outcome]:
        """
        Lend the card.
        """
        app = App(environ={"PIN": "648219", "WRONG": "0000"}, interactive=False, terminal=False)
        order = order_of(app, "http://cards.example/rt", **typed)
        if typed.get("pin") == "pinpad":
            order = evolve(order, pin=Pin())
        reader = LocalReader(self.driver, self.reactor, NAME, hand=self.driver.hand, make_calls=self.lookout.make)
        return Deferred.fromCoroutine(run(app, self.reactor, reader, order))

    def end(self, lending: Deferred[Outcome]) -> Deferred[Outcome]:
        """
        The server has no more to ask.
        """
        self.line.end()
        self.lookout.pass_time(1)
        return lending

    def test_lent(self) -> None:
        """
        The card is lent, and left in the end.
        """
        lending = self.begin()
        self.line.say("220400840000")
        self.assertEqual(self.successResultOf(self.end(lending)), Outcome(1))
        self.assertEqual((self.driver.contexts, self.said), (set(), ["connected to cards.example"]))

    def test_pin(self) -> None:
        """
        A PIN is verified before.
        """
        self.successResultOf(self.end(self.begin(pin="env:PIN")))
        self.assertEqual(self.said[0], "the PIN was verified")
        self.assertEqual(self.hsm.commands[-1], "0020008106363438323139")

    def test_wrongPin(self) -> None:
        """
        The server learns nothing of a card whose PIN was wrong.
        """
        lending = self.begin(pin="env:WRONG")
        self.lookout.pass_time(1)
        self.failureResultOf(lending, WrongPin)
        self.assertEqual((self.line.sent, self.driver.contexts), ([], set()))

    def test_pad(self) -> None:
        """
        A PIN may be typed on the reader.
        """
        self.place.controls = {GET_FEATURES: bytes((6, 4)) + CODE.to_bytes(4, "big"), CODE: b"\x90\x00"}
        self.successResultOf(self.end(self.begin(pin="pinpad")))
        self.assertEqual(self.said[:2], ["PIN on the reader (3 tries left)", "the PIN was verified"])

    def test_noPad(self) -> None:
        """
        Most readers have no keys.
        """
        lending = self.begin(pin="pinpad")
        self.lookout.pass_time(1)
        self.assertIn("it has no PIN pad", str(self.failureResultOf(lending, PinNotEntered).value))

    def test_cancelled(self) -> None:
        """
        Whoever cancels gets the card back.
        """
        lending = self.begin()
        self.line.say("")
        lending.cancel()
        self.assertTrue(self.successResultOf(self.end(lending)).cancelled)
        self.assertEqual(self.driver.contexts, set())

    def test_notOpened(self) -> None:
        """
        A card that another program has is said to be so, without advice for gateways.
        """
        self.driver.other_owns(NAME)
        error = self.failureResultOf(self.begin(), ChannelError).value
        self.assertEqual(error.hint, "")


class ToldTests(SynchronousTestCase):
    """
    L{told}.
    """

    def setUp(self) -> None:
        """
        What is said is written down.
        """
        self.said: list[str] = []
        self.patch(App, "say", lambda _, text: self.said.append(text))
        self.app = App(interactive=False, terminal=False)

    def test_statuses(self) -> None:
        """
        Each end has a status.
        """
        self.assertEqual(told(self.app, Outcome(1)), DONE)
        self.assertEqual(told(self.app, Outcome(2, cancelled=True)), INTERRUPTED)
        error = self.assertRaises(TouchReported, told, self.app, Outcome(2, "No\x1b!", failed=True))
        self.assertTrue(str(error).endswith(": No !"))
        self.assertEqual(self.said, ["over after 1 command", "taken back after 2 commands"])

    def test_json(self) -> None:
        """
        The same for programs.
        """
        self.app.flags.json = True
        printed: list[str] = []
        self.patch(App, "print_json", lambda _, value: printed.append(json.dumps(value)))
        told(self.app, Outcome(1, "Done"))
        self.assertEqual(json.loads(printed[0]), {"commands": 1, "notice": "Done", "good": True})
