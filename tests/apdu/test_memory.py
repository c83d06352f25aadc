# -*- test-case-name: tests.apdu.test_memory -*-
"""
Tests for L{cardgw.apdu.memory}: what is not in the contract of channels, which L{tests.testing.test_channel} has it keep.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.errors import ChannelClosed, LimitReached, NotSupported, PeerLost, PeerMisbehaved
from cardgw.testing.card import KnowingCard, PatientCard
from cardgw.values import ChannelInfo, Feature, Reset

FIRST, SECOND, THIRD = (Command(0x80, 0xCA, 0, number) for number in (1, 2, 3))
GOOD = Response(b"", 0x9000)
BAD = Response(b"", 0x6A80)
INFO = ChannelInfo("memory", offers=frozenset({Feature.SHOW}), resets=frozenset({Reset.COLD, Reset.REBOOT}))


class MemoryChannelTests(SynchronousTestCase):
    """
    L{MemoryChannel}.
    """

    def test_controls(self) -> None:
        """
        It keeps what was shown and reset, and knows whether it is held.
        """
        channel = MemoryChannel(INFO, KnowingCard({}))
        channel.show("one")
        channel.show("two")
        channel.reset(Reset.COLD)
        self.assertEqual((channel.shown, channel.resets, channel.held), (["one", "two"], [Reset.COLD], False))
        self.successResultOf(channel.hold())
        self.assertTrue(channel.held)
        channel.release()
        self.assertFalse(channel.held)

    def test_reboot(self) -> None:
        """
        A reboot ends the connection.
        """
        channel = MemoryChannel(INFO, KnowingCard({}))
        self.successResultOf(channel.reset(Reset.REBOOT))
        self.assertIsInstance(self.successResultOf(channel.when_gone()), ChannelClosed)

    def test_burst(self) -> None:
        """
        With C{burst} as many commands of a pipelined script are sent at once; a refusal ends it after those. Other scripts go
        one by one.
        """
        script = Script.of(FIRST, SECOND, THIRD)
        for pipelined, expected in ((True, 2), (False, 1)):
            card = KnowingCard({}, BAD.encode())
            answers = self.successResultOf(MemoryChannel(INFO, card, burst=2).exchange(Script(script.steps, pipelined)))
            self.assertEqual((answers, len(card.sent)), ((BAD,) * expected, expected))

    def test_burstBytes(self) -> None:
        """
        The commands of a burst have no more bytes than C{burst_bytes}; one that has more goes alone.  Each burst is an exchange.
        """
        steps = Script.of(FIRST, SECOND, THIRD).steps
        for most, expected in ((3, 3), (8, 2), (11, 2), (12, 1), (None, 1)):
            channel = MemoryChannel(INFO, KnowingCard({}, GOOD.encode()), burst=9, burst_bytes=most)
            self.assertEqual(len(self.successResultOf(channel.exchange(Script(steps, pipelined=True)))), 3)
            self.assertEqual(channel.exchanges, expected)

    def test_burstLost(self) -> None:
        """
        All commands of a burst may have reached a card that is lost.
        """
        channel = MemoryChannel(INFO, PatientCard(), burst=2)
        running = channel.exchange(Script(Script.of(FIRST, SECOND, THIRD).steps, pipelined=True))
        channel.lose(LimitReached())
        error = self.failureResultOf(running, LimitReached).value
        self.assertEqual((error.responses, error.unanswered), ((), 2))

    def test_cardRaises(self) -> None:
        """
        A card that raises a L{ChannelError} is lost.
        """
        channel = MemoryChannel(INFO, KnowingCard({}, GOOD.encode(), lost_after=1))
        error = self.failureResultOf(channel.exchange(Script.of(FIRST, SECOND, THIRD)), PeerLost).value
        self.assertEqual((error.responses, error.unanswered), ((GOOD,), 1))
        self.assertIsInstance(self.successResultOf(channel.when_gone()), PeerLost)

    def test_cardHasADefect(self) -> None:
        """
        Anything else that it raises is the failure of the script.
        """

        def card(octets: bytes) -> bytes:
            raise ArithmeticError

        channel = MemoryChannel(INFO, card)
        self.failureResultOf(channel.exchange(Script.of(FIRST)), ArithmeticError)
        self.assertNoResult(channel.when_gone())

    def test_malformed(self) -> None:
        """
        An answer without a status word is a peer that misbehaves, and the end.
        """
        channel = MemoryChannel(INFO, KnowingCard({}, b"\x90"))
        error = self.failureResultOf(channel.exchange(Script.of(FIRST)), PeerMisbehaved).value
        self.assertEqual(error.unanswered, 1)
        self.assertIsInstance(self.successResultOf(channel.when_gone()), PeerMisbehaved)

    def test_delay(self) -> None:
        """
        With a clock each answer takes its time; what is under way when the card is lost may have reached it.
        """
        clock, card = Clock(), KnowingCard({}, GOOD.encode())
        channel = MemoryChannel(INFO, card, clock=clock, delay=2)
        running = channel.exchange(Script.of(FIRST, SECOND, THIRD))
        clock.advance(1)
        self.assertEqual(len(card.sent), 1)
        clock.advance(1)
        self.assertEqual(len(card.sent), 2)
        channel.lose()
        error = self.failureResultOf(running, PeerLost).value
        self.assertEqual((error.responses, error.unanswered), ((GOOD,), 1))
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_closedByWatcher(self) -> None:
        """
        A watcher may close the channel; nothing more is sent.
        """
        card = KnowingCard({}, GOOD.encode())
        channel = MemoryChannel(INFO, card)
        running = channel.exchange(Script.of(FIRST, SECOND), lambda _: channel.close(LimitReached()))
        error = self.failureResultOf(running, LimitReached).value
        self.assertEqual((error.responses, error.unanswered, len(card.sent)), ((GOOD,), 0, 1))

    def test_extended(self) -> None:
        """
        An extended command is refused where the channel does not offer them, or is too short for it.
        """
        long = Script.of(Command(0x80, 0xCA, data=bytes(300)))
        self.failureResultOf(MemoryChannel(INFO, KnowingCard({})).exchange(long), NotSupported)
        offers = frozenset({Feature.EXTENDED_LENGTH})
        channel = MemoryChannel(ChannelInfo("memory", offers=offers), KnowingCard({}))
        self.failureResultOf(channel.exchange(long), NotSupported)
        channel = MemoryChannel(ChannelInfo("memory", offers=offers, max_command=400), KnowingCard({}))
        self.assertEqual(len(self.successResultOf(channel.exchange(long))), 1)

    def test_manySteps(self) -> None:
        """
        A script may be long.
        """
        channel = MemoryChannel(INFO, KnowingCard({}, GOOD.encode()))
        answers = self.successResultOf(channel.exchange(Script((Step(FIRST),) * 3000)))
        self.assertEqual(len(answers), 3000)
