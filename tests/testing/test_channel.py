# -*- test-case-name: tests.testing.test_channel -*-
"""
The contract of channels, kept by the channels of C{cardgw.apdu}.  Transports keep it in their own tests.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.base import ChannelDecorator
from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.record import Recorder
from cardgw.apdu.response import Response
from cardgw.apdu.transcript import TranscriptSink
from cardgw.apdu.wrong_length import WrongLength
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
