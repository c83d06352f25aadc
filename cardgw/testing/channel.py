# -*- test-case-name: tests.testing.test_channel -*-
"""
What every L{ICardChannel} does: running scripts.  L{cardgw.testing.channel_end} has the rest.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, Script, Step
from cardgw.errors import ChannelError, NotSupported
from cardgw.interfaces import ICardChannel
from cardgw.testing.channel_end import ChannelEndTestsMixin
from cardgw.testing.channel_hooks import ChannelHooks
from cardgw.values import ChannelInfo, Feature, Reset

FIRST = Command(0x80, 0xCA, 0x00, 0x01, b"one")
SECOND = Command(0x80, 0xCA, 0x00, 0x02, b"two", 256)
THIRD = Command(0x80, 0xCA, 0x00, 0x03)
DONE = Response(b"", 0x9000)
SOME = Response(b"some data", 0x9000)
REFUSED = Response(b"", 0x6A82)
LONG = Command(0x80, 0xE2, 0x91, 0x00, bytes(65535), 65536)


class CardChannelTestsMixin(ChannelEndTestsMixin, ChannelHooks):
    """
    Tests of an L{ICardChannel}.  Subclasses provide the hooks of L{ChannelHooks}.
    """

    def test_interface(self) -> Any:
        """
        It provides L{ICardChannel}, and says what it is.
        """
        return self.contract(self._interface())

    async def _interface(self) -> None:
        channel = await self.channel()
        self.verify(ICardChannel, channel)
        info = channel.info
        self.assertIsInstance(info, ChannelInfo)
        self.assertTrue(info.transport)
        self.assertEqual([each for each in info.offers if not isinstance(each, Feature)], [])
        self.assertEqual([each for each in info.resets if not isinstance(each, Reset)], [])

    def test_answers(self) -> Any:
        """
        There is one answer per command, in order, and the card gets the commands byte for byte.
        """
        return self.contract(self._answers())

    async def _answers(self) -> None:
        channel = await self.channel(DONE, SOME)
        answers = await self.settled(channel.exchange(Script.of(FIRST, SECOND)))
        self.assertEqual(answers, (DONE, SOME))
        self.assertEqual(self.sent(), [FIRST.encode(), SECOND.encode()])

    def test_empty(self) -> Any:
        """
        A script without commands gives no answers.
        """
        return self.contract(self._empty())

    async def _empty(self) -> None:
        channel = await self.channel()
        self.assertEqual(await self.settled(channel.exchange(Script(()))), ())

    def test_refusedStatus(self) -> Any:
        """
        After an answer that its step does not allow, the next command is not sent.
        """
        return self.contract(self._refused(Step(FIRST), REFUSED))

    def test_refusedData(self) -> Any:
        """
        So it is after an answer with data where there must not be any, whatever its status.
        """
        return self.contract(self._refused(Step(FIRST, data=False), SOME))

    async def _refused(self, step: Step, answer: Response) -> None:
        channel = await self.channel(answer, DONE)
        answers = await self.settled(channel.exchange(Script((step, Step(SECOND)))))
        self.assertEqual(answers, (answer,))
        self.assertEqual(self.sent(), [FIRST.encode()])

    def test_allowed(self) -> Any:
        """
        A step says which statuses it allows; the script goes on after them.
        """
        return self.contract(self._allowed())

    async def _allowed(self) -> None:
        channel = await self.channel(REFUSED, DONE)
        answers = await self.settled(channel.exchange(Script((Step(FIRST, (ANY,)), Step(SECOND)))))
        self.assertEqual(answers, (REFUSED, DONE))

    def test_pipelined(self) -> Any:
        """
        Later commands of a pipelined script may be sent before an answer is known; there are answers at least to the refused one.
        """
        return self.contract(self._pipelined())

    async def _pipelined(self) -> None:
        channel = await self.channel(DONE, REFUSED, REFUSED)
        answers = await self.settled(channel.exchange(Script((Step(FIRST), Step(SECOND), Step(THIRD)), pipelined=True)))
        self.assertEqual(answers, (DONE, REFUSED, REFUSED)[: len(answers)])
        self.assertGreaterEqual(len(answers), 2)

    def test_watch(self) -> Any:
        """
        C{watch} sees every answer in order, before the whole is there.
        """
        return self.contract(self._watch())

    async def _watch(self) -> None:
        channel = await self.channel(DONE, SOME)
        seen: list[Response] = []
        exchange = channel.exchange(Script.of(FIRST, SECOND), seen.append)
        exchange.addCallback(lambda answers: (answers, tuple(seen)))
        answers, before = await self.settled(exchange)
        self.assertEqual(before, answers)

    def test_watchRaises(self) -> Any:
        """
        What C{watch} raises is the failure of that script.  No further command of it is sent, and the channel lives on.
        """
        return self.contract(self._watch_raises())

    async def _watch_raises(self) -> None:
        channel = await self.channel(DONE, SOME)

        def watch(response: Response) -> None:
            raise ArithmeticError("a defect in a watcher")

        await self.failed(channel.exchange(Script.of(FIRST, SECOND), watch), ArithmeticError)
        self.assertEqual(await self.settled(channel.exchange(Script.of(THIRD))), (SOME,))
        self.assertEqual(self.sent(), [FIRST.encode(), THIRD.encode()])

    def test_turns(self) -> Any:
        """
        Scripts do not mix: a second one begins when the first has ended.
        """
        return self.contract(self._turns())

    async def _turns(self) -> None:
        channel = await self.channel()
        first, second = channel.exchange(Script.of(FIRST, SECOND)), channel.exchange(Script.of(THIRD))
        await self.hook(self.answer, DONE, SOME, REFUSED)
        self.assertEqual(await self.settled(first), (DONE, SOME))
        self.assertEqual(await self.settled(second), (REFUSED,))
        self.assertEqual(self.sent(), [each.encode() for each in (FIRST, SECOND, THIRD)])

    def test_cancelWaiting(self) -> Any:
        """
        A script that is cancelled before its turn is never begun, and the others go on.
        """
        return self.contract(self._cancel_waiting())

    async def _cancel_waiting(self) -> None:
        channel = await self.channel()
        first, second, third = (channel.exchange(Script.of(each)) for each in (FIRST, SECOND, THIRD))
        second.cancel()
        await self.failed(second, CancelledError)
        await self.hook(self.answer, DONE, SOME)
        self.assertEqual(await self.settled(first), (DONE,))
        self.assertEqual(await self.settled(third), (SOME,))
        self.assertEqual(self.sent(), [FIRST.encode(), THIRD.encode()])

    def test_cancelRunning(self) -> Any:
        """
        A script that is cancelled stops before its next command.  The answer to the one before belongs to nobody: the next
        script gets its own.
        """
        return self.contract(self._cancel_running())

    async def _cancel_running(self) -> None:
        channel = await self.channel()
        cancelled: Deferred[Any] = channel.exchange(Script.of(FIRST, SECOND))
        await self.hook(self.flush)
        cancelled.cancel()
        await self.failed(cancelled, CancelledError)
        next_one = channel.exchange(Script.of(THIRD))
        await self.hook(self.answer, REFUSED, SOME)
        self.assertEqual(await self.settled(next_one), (SOME,))
        self.assertEqual(self.sent(), [FIRST.encode(), THIRD.encode()])

    def test_lostBetween(self) -> Any:
        """
        When the card is lost, the failure tells the answers so far, and how many more commands may have reached it.
        """
        return self.contract(self._lost_between())

    async def _lost_between(self) -> None:
        channel = await self.channel(SOME)
        exchange, waiting = channel.exchange(Script.of(FIRST, SECOND, THIRD)), channel.exchange(Script.of(THIRD))
        await self.hook(self.flush)
        await self.hook(self.remove_card)
        error = await self.failed(exchange, ChannelError)
        self.assertEqual((error.responses, error.unanswered), ((SOME,), 1))
        error = await self.failed(waiting, ChannelError)
        self.assertEqual((error.responses, error.unanswered), ((), 0))
        self.assertEqual(self.sent(), [FIRST.encode(), SECOND.encode()])

    def test_tooLong(self) -> Any:
        """
        A script with a command that the channel cannot carry is refused before its first command.
        """
        return self.contract(self._too_long())

    async def _too_long(self) -> None:
        channel = await self.channel(DONE)
        if channel.info.max_command < len(LONG.encode()):
            await self.failed(channel.exchange(Script.of(FIRST, LONG)), NotSupported)
            self.assertEqual(self.sent(), [])
