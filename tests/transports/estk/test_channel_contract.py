# -*- test-case-name: tests.transports.estk.test_channel_contract -*-
"""
L{cardgw.transports.estk.channel.EstkChannel} does what every channel does.
"""

from __future__ import annotations

from collections import deque

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.response import Response
from cardgw.interfaces import ICardChannel
from cardgw.testing.channel import CardChannelTestsMixin
from cardgw.transports.estk.wire import Tag, encode
from tests.transports.estk.fakes import Talk


class EstkChannelContractTests(CardChannelTestsMixin, SynchronousTestCase):
    """
    See L{CardChannelTestsMixin}.
    """

    def make_channel(self) -> ICardChannel:
        """
        A card that has asked for a download.
        """
        self.talk = Talk()
        self.commands: list[bytes] = []
        self.answers: deque[Response] = deque()
        self.unanswered = 0
        self.here = True
        return self.talk.ask()

    def flush(self) -> None:
        """
        Let the card read and answer until nothing moves.
        """
        while self.here and (self._read() or self._write()):
            pass

    def _read(self) -> bool:
        frames = self.talk.heard()
        for tag, value in frames:
            if tag == Tag.APDU:
                self.commands.append(value)
                self.unanswered += 1
            elif tag == Tag.CLOSE:
                self.remove_card()
        return bool(frames)

    def _write(self) -> bool:
        if not (self.unanswered and self.answers):
            return False
        self.unanswered -= 1
        self.talk.say(encode(Tag.APDU, self.answers.popleft().encode()))
        return True

    def answer(self, *responses: Response) -> None:
        """
        What the card answers.
        """
        self.answers.extend(responses)
        self.flush()

    def sent(self) -> list[bytes]:
        """
        The commands that the card has got.
        """
        return self.commands

    def remove_card(self) -> None:
        """
        The connection is gone.
        """
        self.here = False
        self.talk.hang_up()
