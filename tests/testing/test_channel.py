# -*- test-case-name: tests.testing.test_channel -*-
"""
The contract of channels, kept by the channels of C{cardgw.apdu}.  Transports keep it in their own tests.
"""

from __future__ import annotations

import gc

from attrs import evolve
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import FailTest, SynchronousTestCase

from cardgw.apdu.base import Answers, ChannelDecorator, Watch
from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.record import Recorder
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, Script
from cardgw.apdu.transcript import TranscriptSink
from cardgw.apdu.wrong_length import WrongLength
from cardgw.errors import ChannelError, PeerLost
from cardgw.interfaces import ICardChannel
from cardgw.testing.card import PatientCard
from cardgw.testing.channel import CardChannelTestsMixin
from cardgw.values import ChannelInfo, Feature


class MemoryHooks(CardChannelTestsMixin):
    """
    The contract over a L{MemoryChannel}, with whatever L{wrap} puts on it.
    """

    info = ChannelInfo("memory", offers=frozenset({Feature.SHOW}))

    def wrap(self, channel: ICardChannel) -> ICardChannel:
        return channel

    def make_channel(self) -> ICardChannel:
        self.card = PatientCard()
        self.memory = MemoryChannel(self.info, self.card)
        return self.wrap(self.memory)

    def answer(self, *responses: Response) -> None:
        self.card.answer(*responses)

    def sent(self) -> list[bytes]:
        return self.card.sent

    def remove_card(self) -> None:
        self.memory.lose()


class MemoryChannelTests(MemoryHooks, SynchronousTestCase):
    """
    L{MemoryChannel} itself.
    """


class DelayedMemoryChannelTests(MemoryHooks, SynchronousTestCase):
    """
    A L{MemoryChannel} with a clock, three commands at a time, without messages.
    """

    info = ChannelInfo("memory")

    def setUp(self) -> None:
        self.clock = Clock()

    def make_channel(self) -> ICardChannel:
        self.card = PatientCard()
        self.memory = MemoryChannel(self.info, self.card, clock=self.clock, delay=0.5, burst=3)
        return self.memory

    def flush(self) -> None:
        self.clock.pump([0.5] * 10)


class DecoratorTests(MemoryHooks, SynchronousTestCase):
    """
    L{ChannelDecorator}.
    """

    def wrap(self, channel: ICardChannel) -> ICardChannel:
        return ChannelDecorator(channel)


class GetResponseTests(MemoryHooks, SynchronousTestCase):
    """
    L{GetResponse}.
    """

    def wrap(self, channel: ICardChannel) -> ICardChannel:
        return GetResponse(channel)


class RecorderTests(MemoryHooks, SynchronousTestCase):
    """
    L{Recorder}.
    """

    def wrap(self, channel: ICardChannel) -> ICardChannel:
        self.text: list[str] = []
        return Recorder(channel, TranscriptSink(self.text.append, channel.info), Clock())


class StackTests(MemoryHooks, SynchronousTestCase):
    """
    Several decorators on each other.
    """

    def wrap(self, channel: ICardChannel) -> ICardChannel:
        return WrongLength(GetResponse(channel))


class FlawsTests(SynchronousTestCase):
    """
    A channel with a flaw does not pass.
    """

    def refused(self, flawed: type[ChannelDecorator], *tests: str) -> None:
        """
        Run tests of the contract on a channel that must not pass them.
        """

        class Case(MemoryHooks, SynchronousTestCase):
            def wrap(self, channel: ICardChannel) -> ICardChannel:
                return flawed(channel)

        for test in tests:
            self.assertRaises((Exception, FailTest), getattr(Case(test), test))
        gc.collect()  # what a failed test leaves behind is told when it is collected
        self.flushLoggedErrors()

    def test_deaf(self) -> None:
        """
        A channel that forgets the watcher.
        """

        class Deaf(ChannelDecorator):
            def exchange(self, script: Script, watch: Watch = None) -> Deferred[Answers]:
                return self.channel.exchange(script)

        self.refused(Deaf, "test_watch", "test_watchRaises")

    def test_stubborn(self) -> None:
        """
        A channel that goes on whatever the card says.
        """

        class Stubborn(ChannelDecorator):
            def exchange(self, script: Script, watch: Watch = None) -> Deferred[Answers]:
                return self.channel.exchange(
                    Script(tuple(evolve(step, allowed=(ANY,), data=True) for step in script.steps)), watch
                )

        self.refused(Stubborn, "test_refusedStatus", "test_refusedData")

    def test_impatient(self) -> None:
        """
        A channel whose scripts mix, or that does not tell how far a script had come.
        """

        class Impatient(ChannelDecorator):
            def exchange(self, script: Script, watch: Watch = None) -> Deferred[Answers]:
                return Deferred.fromCoroutine(self._one_by_one(script, watch))

            async def _one_by_one(self, script: Script, watch: Watch) -> Answers:
                answers: Answers = ()
                for step in script.steps:
                    answers += await self.channel.exchange(Script((step,)), watch)
                return answers

        self.refused(Impatient, "test_turns", "test_lostBetween", "test_refusedStatus")

    def test_generous(self) -> None:
        """
        A channel that gives the card to everybody.
        """

        class Generous(ChannelDecorator):
            def hold(self) -> Deferred[None]:
                return succeed(None)

        self.refused(Generous, "test_hold", "test_holdEnds", "test_cancelHold")

    def test_secretive(self) -> None:
        """
        A channel that does not tell its end, or another reason.
        """

        class Secretive(ChannelDecorator):
            def when_gone(self) -> Deferred[ChannelError | None]:
                return Deferred()

        class Liar(ChannelDecorator):
            def close(self, reason: ChannelError | None = None) -> Deferred[None]:
                return self.channel.close(PeerLost())

        self.refused(Secretive, "test_gone", "test_close", "test_tellsInTellingOfTheEnd", "test_afterwards")
        self.refused(Liar, "test_close", "test_closeWithReason")
