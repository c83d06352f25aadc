# -*- test-case-name: tests.apdu.test_logical -*-
"""
L{cardgw.apdu.logical}.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.logical import close_channel, open_any, open_channel
from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import MalformedAnswer, PeerLost, UnexpectedStatus
from cardgw.interfaces import ICardChannel
from cardgw.values import ChannelInfo, Feature

READER = ChannelInfo("memory", offers=frozenset({Feature.LOGICAL_CHANNELS}))
Opener = Callable[[ICardChannel], Coroutine[Any, Any, int]]
OPEN, CLOSE = "0070000001", "00708002"
FIRST = "80aa000002a900"


class OpenTests(SynchronousTestCase):
    """
    L{open_channel} and L{close_channel}.
    """

    def setUp(self) -> None:
        self.sent: list[str] = []
        self.answers: list[Deferred[bytes]] = []

    def open(self, *answers: str, info: ChannelInfo = READER, how: Opener = open_channel) -> Deferred[int]:
        """
        Open one on a card that gives these answers.
        """
        given = iter(answers)

        def card(command: bytes) -> bytes:
            self.sent.append(command.hex())
            return bytes.fromhex(next(given))

        self.channel = MemoryChannel(info, card)
        return Deferred.fromCoroutine(how(self.channel))

    def slow(self, command: bytes) -> Deferred[bytes]:
        """
        A card that thinks.
        """
        self.sent.append(command.hex())
        self.answers.append(Deferred())
        return self.answers[-1]

    def test_opened(self) -> None:
        """
        The card says which one it is; closing names it.
        """
        self.assertEqual(self.successResultOf(self.open("029000", "9000")), 2)
        self.successResultOf(Deferred.fromCoroutine(close_channel(self.channel, 2)))
        self.assertEqual(self.sent, [OPEN, CLOSE])

    def test_basic(self) -> None:
        """
        Where there are none it is the basic one, which is not closed.
        """
        self.assertEqual(self.successResultOf(self.open(info=ChannelInfo("memory"))), 0)
        self.successResultOf(Deferred.fromCoroutine(close_channel(self.channel, 0)))
        self.assertEqual(self.sent, [])

    def test_before(self) -> None:
        """
        A command may go before, in the same exchange where the channel carries many; whatever becomes of it, a channel is opened.
        """
        for answer in ("9000", "6E00", "6D00", "AA9000"):
            for burst, exchanges in ((1, 2), (2, 1)):
                self.sent.clear()
                given = iter([answer, "029000"])

                def card(command: bytes, given: Iterator[str] = given) -> bytes:
                    self.sent.append(command.hex())
                    return bytes.fromhex(next(given))

                channel = MemoryChannel(READER, card, burst=burst)
                opening = Deferred.fromCoroutine(open_channel(channel, Command.decode(bytes.fromhex(FIRST))))
                self.assertEqual(self.successResultOf(opening), 2)
                self.assertEqual((self.sent, channel.exchanges), ([FIRST, OPEN], exchanges))
        basic = MemoryChannel(ChannelInfo("memory"), lambda _: b"\x6e\x00")
        opening = Deferred.fromCoroutine(open_channel(basic, Command.decode(bytes.fromhex(FIRST))))
        self.assertEqual((self.successResultOf(opening), basic.exchanges), (0, 1))

    def test_refused(self) -> None:
        """
        A card that refuses, or names one that cannot be, has given none.
        """
        self.assertIn("MANAGE CHANNEL: 6A81", str(self.failureResultOf(self.open("6a81"), UnexpectedStatus).value))
        for answer in ("9000", "009000", "149000", "01029000"):
            self.failureResultOf(self.open(answer), MalformedAnswer)

    def test_any(self) -> None:
        """
        A card may have the basic channel alone, and tell so when it is asked for another; one that has others is not disturbed
        on the basic one because they are all taken.
        """
        for answer, number in (("039000", 3), ("6881", 0), ("6986", 0), ("6d00", 0), ("6e00", 0)):
            self.assertEqual(self.successResultOf(self.open(answer, how=open_any)), number)
        self.failureResultOf(self.open("6a81", how=open_any), UnexpectedStatus)

    def test_closeNeverFails(self) -> None:
        """
        Closing never fails: the card may refuse, or be gone.
        """
        for answer in ("6881", ""):
            self.open("029000", answer)
            self.successResultOf(Deferred.fromCoroutine(close_channel(self.channel, 2)))

    def test_cancelled(self) -> None:
        """
        Who cancels it while the card thinks leaves no channel open.
        """
        opening = Deferred.fromCoroutine(open_channel(MemoryChannel(READER, self.slow)))
        opening.cancel()
        self.answers[0].callback(bytes.fromhex("029000"))
        self.assertNoResult(opening)
        self.answers[1].callback(b"\x90\x00")
        self.failureResultOf(opening, CancelledError)
        self.assertEqual(self.sent, [OPEN, CLOSE])

    def test_cancelledInVain(self) -> None:
        """
        Where the card refuses then, there is none to close; where it is lost, that is told.
        """
        opening = Deferred.fromCoroutine(open_channel(MemoryChannel(READER, self.slow)))
        opening.cancel()
        self.answers[0].callback(b"\x6a\x81")
        self.failureResultOf(opening, CancelledError)
        opening = Deferred.fromCoroutine(open_channel(MemoryChannel(READER, self.slow)))
        opening.cancel()
        self.answers[1].errback(PeerLost())
        self.failureResultOf(opening, PeerLost)
        self.assertEqual(self.sent, [OPEN, OPEN])

    def test_closingCancelled(self) -> None:
        """
        Closing is done to its end, also where it is cancelled.
        """
        closing = Deferred.fromCoroutine(close_channel(MemoryChannel(READER, self.slow), 2))
        closing.cancel()
        self.assertNoResult(closing)
        self.answers[0].callback(b"\x90\x00")
        self.failureResultOf(closing, CancelledError)
