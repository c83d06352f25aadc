# -*- test-case-name: tests.operations.test_text_commands_data -*-
"""
Tests for L{cardgw.operations.text_commands_data}.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import NotSupported
from cardgw.operations.text_commands_data import data, fill
from cardgw.operations.text_parser import WrongForm, parse_text_command
from cardgw.testing import FakeSession, KnowingCard
from cardgw.transports.estk import gsm7
from cardgw.transports.estk.wire import Tag, encode
from cardgw.values import ChannelInfo, Feature


def on_the_wire(request: str, boxes: list[str], answer: str) -> int:
    """
    How many bytes a session has.
    """
    frames = [encode(Tag.DOWNLOAD_PROFILE, gsm7.encode(request)), encode(Tag.CLOSE)]
    frames += [encode(Tag.MESSAGE_BOX, box) for text in (*boxes, answer) for box in gsm7.boxes(text)]
    return sum(map(len, frames))


class FillTests(SynchronousTestCase):
    """
    L{fill}.
    """

    @given(st.integers(1, 1024), st.integers(1, 300))
    def test_total(self, kib: int, blanks: int) -> None:
        """
        A session is exactly as long as was asked for, however the command is typed.
        """
        request, answer = f"/data{' ' * blanks}{kib}", f"You used {kib} KiB data"
        boxes = list(fill(kib, request, answer))
        self.assertEqual(on_the_wire(request, boxes, answer), kib * 1024)

    def test_boxes(self) -> None:
        """
        Its boxes are 253 zero bytes, as those of estkme-cloud are; the last one has the rest.
        """
        boxes = [gsm7.boxes(text) for text in fill(2, "/data 2", "You used 2 KiB data")]
        self.assertEqual(boxes, [[bytes(253)]] * 7 + [[bytes(256 - 3 - 10 - 22 - 3)]])


class DataTests(SynchronousTestCase):
    """
    L{data}.
    """

    def setUp(self) -> None:
        """
        A card that can be shown something.
        """
        self.clock = Clock()
        self.session = self.make(frozenset({Feature.SHOW}))

    def make(self, offers: frozenset[Feature]) -> FakeSession:
        """
        A session.
        """
        channel = MemoryChannel(ChannelInfo("memory", offers=offers), KnowingCard({}))
        return FakeSession(channel, clock=self.clock)

    def run_with(self, text: str) -> Deferred[dict[str, Any]]:
        """
        Type a command.
        """
        return Deferred.fromCoroutine(data(self.session, parse_text_command(text)))

    def test_uses(self) -> None:
        """
        The boxes are shown, others have their turn in between, and the last text says how much it was.
        """
        done = self.run_with("/data 10")
        self.assertNoResult(done)
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(done), {"kib": 10})
        self.assertEqual(self.session.farewells, ["You used 10 KiB data"])
        self.assertEqual(on_the_wire("/data 10", self.session.shown, self.session.farewells[0]), 10240)
        self.assertEqual(self.session.percents, [40, 80])

    def test_cancel(self) -> None:
        """
        It can be cancelled in between.
        """
        done = self.run_with("/data 1024")
        done.cancel()
        self.failureResultOf(done, CancelledError)
        self.assertEqual((len(self.session.shown), self.session.farewells, self.clock.getDelayedCalls()), (16, [], []))

    def test_wrong(self) -> None:
        """
        An amount that is none is told with the right form.
        """
        for text in ("/data", "/data 0", "/data 1025", "/data much"):
            error = self.failureResultOf(self.run_with(text), WrongForm).value
            self.assertIn("/data <KiB>. KiB is a number from 1 to 1024.", error.brief)

    def test_noDisplay(self) -> None:
        """
        Where nothing can be shown, nothing can be used up.
        """
        self.session = self.make(frozenset())
        self.failureResultOf(self.run_with("/data 1"), NotSupported)
