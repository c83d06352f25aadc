# -*- test-case-name: tests.apdu.test_base -*-
"""
Tests for L{cardgw.apdu.base}: what is not in the contract of channels, which its subclasses keep in their own tests.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from cardgw.apdu.base import Answers, ChannelBase, ChannelDecorator, Watch
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script
from cardgw.errors import ChannelClosed, ChannelError, PeerLost
from cardgw.interfaces import ICardChannel
from cardgw.values import ChannelInfo, Feature, Reset

SCRIPT = Script.of(Command(0x80, 0xCA))
INFO = ChannelInfo("test", offers=frozenset({Feature.SHOW}), resets=frozenset({Reset.COLD}))


class Channel(ChannelBase):
    """
    A channel that does as a test says.
    """

    def __init__(self) -> None:
        super().__init__(INFO)
        self.running: list[Deferred[Answers]] = []
        self.holding: Deferred[None] | None = None
        self.released = 0

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        running: Deferred[Answers] = Deferred()
        self.running.append(running)
        return running

    def _hold(self) -> Deferred[None]:
        self.holding = Deferred()
        return self.holding

    def _release(self) -> None:
        self.released += 1

    def lose(self, reason: ChannelError | None) -> None:
        """
        The card is gone.
        """
        self._lost(reason)


class ChannelBaseTests(SynchronousTestCase):
    """
    L{ChannelBase}.
    """

    def setUp(self) -> None:
        self.channel = Channel()

    def test_interface(self) -> None:
        """
        It and its decorator provide L{ICardChannel}.
        """
        verifyObject(ICardChannel, self.channel)
        verifyObject(ICardChannel, ChannelDecorator(self.channel))

    def test_manyWait(self) -> None:
        """
        However many scripts wait for a card that is lost, each is told.
        """
        first, *others = [self.channel.exchange(SCRIPT) for _ in range(2000)]
        self.channel.lose(PeerLost("gone"))
        self.channel.running[0].errback(PeerLost())
        self.failureResultOf(first, PeerLost)
        for each in others:
            self.failureResultOf(each, PeerLost)
        self.assertEqual(len(self.channel.running), 1)

    def test_raises(self) -> None:
        """
        A script that cannot be begun fails; the next one gets its turn.
        """
        self.patch(self.channel, "_run", lambda script, watch: 1 // 0)
        self.failureResultOf(self.channel.exchange(SCRIPT), ZeroDivisionError)
        self.failureResultOf(self.channel.exchange(SCRIPT), ZeroDivisionError)

    def test_holdFails(self) -> None:
        """
        When the transport cannot get the card, the one who asked is told, and the next one may try.
        """
        first, second = self.channel.hold(), self.channel.hold()
        assert self.channel.holding is not None
        self.channel.holding.errback(ArithmeticError())
        self.failureResultOf(first, ArithmeticError)
        self.channel.holding.callback(None)
        self.successResultOf(second)

    def test_cancelHolding(self) -> None:
        """
        Who gives up while the transport is getting the card lets the next one try.
        """
        first, second = self.channel.hold(), self.channel.hold()
        first.cancel()
        self.failureResultOf(first, CancelledError)
        assert self.channel.holding is not None
        self.channel.holding.callback(None)
        self.successResultOf(second)

    def test_lostWhileHolding(self) -> None:
        """
        A card that is lost while the transport is getting it is nobody's; a release after that does nothing.
        """
        first, second = self.channel.hold(), self.channel.hold()
        self.channel.lose(PeerLost())
        self.failureResultOf(second, PeerLost)
        assert self.channel.holding is not None
        self.channel.holding.errback(PeerLost())
        self.failureResultOf(first, PeerLost)
        self.channel.release()
        self.failureResultOf(self.channel.hold(), PeerLost)
        self.assertEqual(self.channel.released, 0)

    def test_releaseRaises(self) -> None:
        """
        A release that goes wrong in the transport is a release all the same.
        """
        self.patch(self.channel, "_hold", lambda: None)
        self.channel.hold()
        second = self.channel.hold()
        self.patch(self.channel, "_release", lambda: 1 // 0)
        self.assertRaises(ZeroDivisionError, self.channel.release)
        self.successResultOf(second)

    def test_releaseWithoutHold(self) -> None:
        """
        Releasing what is not held does nothing.
        """
        self.channel.release()
        self.assertEqual(self.channel.released, 0)

    def test_holdingIsFree(self) -> None:
        """
        A transport that has no lock of its own need not define anything; closing again does nothing.
        """
        channel = ChannelBase(INFO)
        self.successResultOf(channel.hold())
        channel.release()
        self.successResultOf(channel.hold())
        for _ in range(2):
            self.successResultOf(channel.close())

    def test_lostTwice(self) -> None:
        """
        The first reason counts.
        """
        gone, reason = self.channel.when_gone(), PeerLost()
        self.channel.lose(reason)
        self.channel.lose(ChannelClosed())
        self.assertIs(self.successResultOf(gone), reason)
        self.assertIs(self.successResultOf(self.channel.when_gone()), reason)

    def test_ordinaryEnd(self) -> None:
        """
        After the ordinary end everything fails with L{ChannelClosed}.
        """
        self.successResultOf(self.channel.close())
        for attempt in (
            self.channel.exchange(SCRIPT),
            self.channel.hold(),
            self.channel.show("text"),
            self.channel.reset(Reset.COLD),
        ):
            self.failureResultOf(attempt, ChannelClosed)

    def test_failuresAreTheirOwn(self) -> None:
        """
        Each failure after the end is an error of its own, whose cause is the first one.
        """
        reason = PeerLost("by a lorry")
        self.channel.lose(reason)
        errors = [self.failureResultOf(self.channel.exchange(SCRIPT)).value for _ in range(2)]
        self.assertIsNot(errors[0], errors[1])
        self.assertEqual([(str(error), error.__cause__) for error in errors], [(str(reason), reason)] * 2)

    def test_notImplemented(self) -> None:
        """
        Whoever offers something and does not define it gets a failure, not a surprise.
        """
        self.failureResultOf(self.channel.show("text"), NotImplementedError)
        self.failureResultOf(self.channel.reset(Reset.COLD), NotImplementedError)
        self.failureResultOf(ChannelBase(INFO).exchange(SCRIPT), NotImplementedError)


class DecoratorTests(SynchronousTestCase):
    """
    L{ChannelDecorator}.
    """

    def test_passesOn(self) -> None:
        """
        It passes everything on, arguments and results.
        """
        below = Recording()
        channel = ChannelDecorator(below)  # type: ignore[arg-type]
        reason = PeerLost()
        self.assertEqual(channel.info, "the info")
        for name, arguments in (
            ("exchange", (SCRIPT, print)),
            ("hold", ()),
            ("show", ("text",)),
            ("reset", (Reset.COLD,)),
            ("close", (reason,)),
            ("when_gone", ()),
        ):
            result = getattr(channel, name)(*arguments)
            self.assertEqual(below.calls[-1], (name, arguments))
            self.failureResultOf(result, ArithmeticError)
        channel.release()
        self.assertEqual(below.calls[-1], ("release", ()))


class Recording:
    """
    Takes every call.
    """

    info = "the info"

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[object, ...]]] = []

    def __getattr__(self, name: str) -> object:
        def call(*arguments: object) -> Deferred[Response]:
            self.calls.append((name, arguments))
            return Deferred() if name == "release" else fail(ArithmeticError())

        return call
