# -*- test-case-name: tests.transports.ramhttp.test_channel_contract -*-
"""
L{cardgw.transports.ramhttp.contact_channel.ContactChannel} does what every channel does.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.response import Response
from cardgw.interfaces import ICardChannel
from cardgw.testing.channel import CardChannelTestsMixin
from cardgw.transports.ramhttp.wire import Closed, Rapdu, encode_response
from tests.transports.ramhttp.fakes import ATR, EXTENDED, Client


class ContactChannelContractTests(CardChannelTestsMixin, SynchronousTestCase):
    """
    See L{CardChannelTestsMixin}.
    """

    atr = ATR

    def make_channel(self) -> ICardChannel:
        """
        A card that has come.
        """
        self.client = Client(atr=self.atr)
        self.client.patient = True
        self.client.begin()
        self.client.house.clock.advance(25)
        self.client.move()
        channel: Any = self.client.channel
        return channel  # type: ignore[no-any-return]

    def flush(self) -> None:
        """
        Let the client do what it is told.  One whose card is at work does not hear that it is over.
        """
        self.client.move()
        if self.client.channel._leaving:
            self.client.house.clock.advance(10)

    def answer(self, *responses: Response) -> None:
        """
        What the card answers.
        """
        self.client.answers.extend(each.encode() for each in responses)
        self.flush()

    def sent(self) -> list[bytes]:
        """
        The commands that the card has got.
        """
        self.client.peek()
        return self.client.commands

    def remove_card(self) -> Any:
        """
        The client ends the session.
        """
        self.client.move()
        self.client.peek()
        if self.client.over is None:
            out = bool(self.client.replies)
            self.client.replies.clear()
            self.client.post(encode_response([*([Rapdu(b"")] if out else []), Closed("Card was removed.")], 0))


class ExtendedLengthContractTests(ContactChannelContractTests):
    """
    The same with a card that takes long commands.
    """

    atr = EXTENDED


class SilentContractTests(ContactChannelContractTests):
    """
    The same where the client does not come back.
    """

    def remove_card(self) -> Any:
        """
        Nothing comes any more.
        """
        self.client.move()
        self.client.peek()
        self.client.drop()
        self.client.house.clock.advance(400)
