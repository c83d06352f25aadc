# -*- test-case-name: tests.scp.test_channel_contract -*-
"""
L{cardgw.scp.channel} does what every channel does, at level 00, where commands are not changed.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script
from cardgw.scp.channel import SecureChannel
from cardgw.scp.errors import SecureSessionOver
from cardgw.scp.level import Level
from cardgw.scp.messaging import SecureMessaging
from cardgw.testing import CardChannelTestsMixin
from cardgw.testing.card import PatientCard
from cardgw.testing.channel import FIRST, SECOND, THIRD
from cardgw.values import ChannelInfo, Feature, Reset
from tests.scp.rig import fresh_keys

INFO = ChannelInfo("memory", offers=frozenset({Feature.SHOW, Feature.SELECT}), resets=frozenset({Reset.COLD, Reset.REBOOT}))


class SecureChannelTests(CardChannelTestsMixin, SynchronousTestCase):
    """
    L{SecureChannel}.
    """

    def setUp(self) -> None:
        self.card = PatientCard()
        self.below = MemoryChannel(INFO, self.card)

    def make_channel(self) -> SecureChannel:
        """
        See L{cardgw.testing.channel_hooks.ChannelHooks}.
        """
        return SecureChannel(self.below, SecureMessaging(fresh_keys(), Level.NONE))

    def answer(self, *responses: Response) -> None:
        """
        Likewise.
        """
        self.card.answer(*responses)

    def sent(self) -> list[bytes]:
        """
        Likewise.
        """
        return self.card.sent

    def remove_card(self) -> None:
        """
        Likewise.
        """
        self.below.lose()

    def test_cancelRunning(self) -> Any:
        """
        Unlike others, this one is over then: the answer is lost.
        """
        return self.contract(self._over())

    async def _over(self) -> None:
        channel = await self.channel()
        cancelled = channel.exchange(Script.of(FIRST, SECOND))
        cancelled.cancel()
        await self.failed(cancelled, CancelledError)
        await self.failed(channel.exchange(Script.of(THIRD)), SecureSessionOver)
        self.assertEqual(self.sent(), [FIRST.encode()])
