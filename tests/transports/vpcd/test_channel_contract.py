# -*- test-case-name: tests.transports.vpcd.test_channel_contract -*-
"""
L{cardgw.transports.vpcd.channel.VpcdChannel} does what every channel does.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.response import Response
from cardgw.interfaces import ICardChannel
from cardgw.testing.channel import CardChannelTestsMixin
from tests.transports.vpcd.fakes import ATR, EXTENDED, Card, Talk


class VpcdChannelContractTests(CardChannelTestsMixin, SynchronousTestCase):
    """
    See L{CardChannelTestsMixin}.
    """

    atr = ATR

    def make_channel(self) -> ICardChannel:
        """
        A card that has been shown.
        """
        self.card = Card(Talk(), self.atr)
        self.card.move()
        channel: Any = self.card.talk.gateway.channels[0]
        return channel  # type: ignore[no-any-return]

    def flush(self) -> None:
        """
        Let the card read and answer until nothing moves.
        """
        self.card.move()

    def answer(self, *responses: Response) -> None:
        """
        What the card answers.
        """
        self.card.answers.extend(each.encode() for each in responses)
        self.flush()

    def sent(self) -> list[bytes]:
        """
        The commands that the card has got.
        """
        return self.card.commands

    def remove_card(self) -> Any:
        """
        The connection is gone.
        """
        self.card.move()
        self.card.leave()


class ExtendedLengthContractTests(VpcdChannelContractTests):
    """
    The same with a card that takes long commands.
    """

    atr = EXTENDED


class TakenOutContractTests(VpcdChannelContractTests):
    """
    The same where the card is taken out, and its side stays.
    """

    def remove_card(self) -> Any:
        """
        There is no ATR any more, nor an answer.
        """
        self.card.move()
        self.card.atr = b""
        self.card.answers.append(b"")
        self.card.talk.session._ask_for_atr(b"\x00\x01\x04")
        self.card.move()
