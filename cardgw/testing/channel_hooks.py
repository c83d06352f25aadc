# -*- test-case-name: tests.testing.test_channel -*-
"""
What a test of a channel must provide.
"""

from __future__ import annotations

from typing import Any

from cardgw.apdu.response import Response
from cardgw.interfaces import ICardChannel
from cardgw.testing.contract import ContractMixin


class ChannelHooks(ContractMixin):
    """
    The hooks of L{cardgw.testing.channel.CardChannelTestsMixin}.  Each may return a C{Deferred}, except L{sent}.
    L{ContractMixin.flush} may be one more.
    """

    def make_channel(self) -> Any:
        """
        A channel to a card that does not answer yet.

        @return: L{ICardChannel}.
        """
        raise NotImplementedError("make_channel")

    def answer(self, *responses: Response) -> Any:
        """
        What the card answers: to commands that it has got already and not answered, and then to those that come.
        """
        raise NotImplementedError("answer")

    def sent(self) -> list[bytes]:
        """
        The commands that the card has got.
        """
        raise NotImplementedError("sent")

    def remove_card(self) -> Any:
        """
        The card or its side of the connection goes away.
        """
        raise NotImplementedError("remove_card")

    async def channel(self, *responses: Response) -> ICardChannel:
        """
        A channel to a card that gives these answers to the commands that come.
        """
        channel: ICardChannel = await self.hook(self.make_channel)
        if responses:
            await self.hook(self.answer, *responses)
        return channel
