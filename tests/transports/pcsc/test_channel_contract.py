# -*- test-case-name: tests.transports.pcsc.test_channel_contract -*-
"""
L{cardgw.transports.pcsc.channel.PcscChannel} does what every channel does.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.response import Response
from cardgw.interfaces import ICardChannel
from cardgw.testing.channel import CardChannelTestsMixin
from cardgw.transports.pcsc.codes import Protocol
from cardgw.transports.pcsc.errors import CardTakenOut
from tests.transports.pcsc.fake_machine import SoftCard
from tests.transports.pcsc.stage import EXTENDED_ATR, READER, T1_ATR, Stage


class PcscChannelContractTests(CardChannelTestsMixin, SynchronousTestCase):
    """
    See L{CardChannelTestsMixin}.  The monitor sees that the card is gone before its thread does.
    """

    atr = T1_ATR
    share = "shared"

    def make_channel(self) -> ICardChannel:
        """
        A card that does not answer by itself.
        """
        card = SoftCard(self._answer, self.atr, Protocol.T1, silent=True)
        self.answers: list[bytes] = []
        self.stage = Stage(card, share=self.share, busy_timeout=1.0, apdu_timeout=1000.0)
        self.channel_made = self.stage.channel()
        channel: Any = self.channel_made
        return channel  # type: ignore[no-any-return]

    def _answer(self, octets: bytes) -> bytes:
        answer = self.answers.pop(0)
        self.stage.card.silent = not self.answers
        return answer

    def flush(self) -> None:
        """
        Let the thread go on, and those who wait for it lose patience.
        """
        self.stage.driver.go()
        self.stage.reactor.advance(1)

    def answer(self, *responses: Response) -> None:
        """
        What the card answers.
        """
        self.answers.extend(each.encode() for each in responses)
        self.stage.card.silent = False
        self.flush()

    def sent(self) -> list[bytes]:
        """
        The commands that the card has got.
        """
        return self.stage.transmitted()

    def remove_card(self) -> None:
        """
        The card is taken out.
        """
        self.stage.driver.remove(READER)
        self.channel_made.gone(CardTakenOut("bench"))
        self.flush()


class ThreadFirstContractTests(PcscChannelContractTests):
    """
    The same where the thread sees first that the card is gone.
    """

    def remove_card(self) -> None:
        """
        The card is taken out.
        """
        self.stage.driver.remove(READER)
        self.flush()
        self.channel_made.gone(CardTakenOut("bench"))


class ExclusiveContractTests(PcscChannelContractTests):
    """
    The same where no other program may use the card.
    """

    share = "exclusive"


class ExtendedLengthContractTests(PcscChannelContractTests):
    """
    The same with a card that takes long commands.
    """

    atr = EXTENDED_ATR
