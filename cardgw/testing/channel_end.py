# -*- test-case-name: tests.testing.test_channel -*-
"""
What every L{ICardChannel} does besides running scripts: holding, messages, resets, and its end.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError

from cardgw.apdu.command import Command
from cardgw.apdu.script import Script
from cardgw.errors import ChannelClosed, ChannelError, LimitReached, NotSupported
from cardgw.testing.channel_hooks import ChannelHooks
from cardgw.values import Feature, Reset

_SCRIPT = Script.of(Command(0x80, 0xCA))


class ChannelEndTestsMixin(ChannelHooks):
    """
    A part of L{cardgw.testing.channel.CardChannelTestsMixin}.
    """

    def test_hold(self) -> Any:
        """
        Whoever holds the card has it alone; the next one gets it after the release, in order.
        """
        return self.contract(self._hold())

    async def _hold(self) -> None:
        channel = await self.channel()
        await self.settled(channel.hold())
        second, third = channel.hold(), channel.hold()
        await self.hook(self.flush)
        self.assertNoResult(second)
        channel.release()
        await self.settled(second)
        self.assertNoResult(third)
        channel.release()
        await self.settled(third)
        channel.release()

    def test_cancelHold(self) -> Any:
        """
        Cancelling gives up the place in the queue.
        """
        return self.contract(self._cancel_hold())

    async def _cancel_hold(self) -> None:
        channel = await self.channel()
        await self.settled(channel.hold())
        second, third = channel.hold(), channel.hold()
        second.cancel()
        await self.failed(second, CancelledError)
        channel.release()
        await self.settled(third)

    def test_holdEnds(self) -> Any:
        """
        When the card is lost, those who wait for it are told, nobody gets it any more, and a release does nothing.
        """
        return self.contract(self._hold_ends())

    async def _hold_ends(self) -> None:
        channel = await self.channel()
        await self.settled(channel.hold())
        second, third = channel.hold(), channel.hold()
        await self.hook(self.remove_card)
        await self.failed(second, ChannelError)
        await self.failed(third, ChannelError)
        channel.release()
        await self.failed(channel.hold(), ChannelError)
        channel.release()

    def test_show(self) -> Any:
        """
        A text is shown where the channel offers that; elsewhere it is refused.
        """
        return self.contract(self._show())

    async def _show(self) -> None:
        channel = await self.channel()
        if Feature.SHOW in channel.info.offers:
            self.assertIsNone(await self.settled(channel.show("All is well.")))
        else:
            await self.failed(channel.show("All is well."), NotSupported)

    def test_resetRefused(self) -> Any:
        """
        Resets that the channel does not offer are refused.
        """
        return self.contract(self._reset_refused())

    async def _reset_refused(self) -> None:
        channel = await self.channel()
        for kind in set(Reset) - channel.info.resets:
            await self.failed(channel.reset(kind), NotSupported)

    def test_gone(self) -> Any:
        """
        Everybody who waits for the end is told the same reason, and who asks later is told at once.
        """
        return self.contract(self._gone())

    async def _gone(self) -> None:
        channel = await self.channel()
        first, cancelled, second = channel.when_gone(), channel.when_gone(), channel.when_gone()
        cancelled.cancel()
        await self.failed(cancelled, CancelledError)
        self.assertNoResult(first)
        await self.hook(self.remove_card)
        reason = await self.settled(first)
        self.assertIsInstance(reason, (ChannelError, type(None)))
        self.assertIs(await self.settled(second), reason)
        self.assertIs(self.successResultOf(channel.when_gone()), reason)

    def test_afterwards(self) -> Any:
        """
        Nothing works on a channel that is gone, and each attempt is a L{ChannelError}.
        """
        return self.contract(self._afterwards())

    async def _afterwards(self) -> None:
        channel = await self.channel()
        await self.hook(self.remove_card)
        await self.settled(channel.when_gone())
        error = await self.failed(channel.exchange(_SCRIPT), ChannelError)
        self.assertEqual((error.responses, error.unanswered), ((), 0))
        await self.failed(channel.show("Too late."), ChannelError, NotSupported)
        await self.settled(channel.close())
        self.assertEqual(self.sent(), [])

    def test_tellsInTellingOfTheEnd(self) -> Any:
        """
        Who is told of the end may ask for it again, cancel the others, and close.
        """
        return self.contract(self._tells())

    async def _tells(self) -> None:
        channel = await self.channel()
        first, second, third = channel.when_gone(), channel.when_gone(), channel.when_gone()
        again: list[ChannelError | None] = []
        first.addCallback(lambda _: second.cancel())
        first.addCallback(lambda _: channel.when_gone().addCallback(again.append))
        first.addCallback(lambda _: channel.close())
        await self.hook(self.remove_card)
        await self.settled(first)
        await self.failed(second, CancelledError)
        self.assertEqual(again, [await self.settled(third)])

    def test_close(self) -> Any:
        """
        Closing ends the channel in the ordinary way; it may be done again.
        """
        return self.contract(self._close())

    async def _close(self) -> None:
        channel = await self.channel()
        gone = channel.when_gone()
        self.assertIsNone(await self.settled(channel.close()))
        self.assertIsNone(await self.settled(gone))
        self.assertIsNone(await self.settled(channel.close(LimitReached("too late"))))
        self.assertIsNone(await self.settled(channel.when_gone()))

    def test_closeWithReason(self) -> Any:
        """
        A reason is what everybody is told, the script that runs and the one that waits among them.
        """
        return self.contract(self._close_with_reason())

    async def _close_with_reason(self) -> None:
        channel = await self.channel()
        gone, reason = channel.when_gone(), LimitReached("a test")
        running, waiting = channel.exchange(_SCRIPT), channel.exchange(_SCRIPT)
        await self.hook(self.flush)
        closed = channel.close(reason)
        error = await self.failed(running, ChannelError)
        self.assertEqual((type(error), error.unanswered), (LimitReached, 1))
        error = await self.failed(waiting, ChannelError)
        self.assertEqual((type(error), error.unanswered), (LimitReached, 0))
        await self.settled(closed)
        self.assertIs(await self.settled(gone), reason)

    def test_closeWhileRunning(self) -> Any:
        """
        Without a reason a script that runs is told that the channel is closed.
        """
        return self.contract(self._close_while_running())

    async def _close_while_running(self) -> None:
        channel = await self.channel()
        running = channel.exchange(_SCRIPT)
        await self.hook(self.flush)
        closed = channel.close()
        await self.failed(running, ChannelClosed)
        await self.settled(closed)
