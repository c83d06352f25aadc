# -*- test-case-name: tests.bridges.test_attached_card -*-
"""
A card of the gateway as a reader sees it: powered on and off, started anew, asked for its ATR, sent one command after another.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from cardgw.apdu.base import Answers
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, Script, Step
from cardgw.bridges.one_application import WRONG_LENGTH, OneApplication
from cardgw.errors import ChannelError, NotSupported
from cardgw.interfaces import ICardChannel
from cardgw.values import ChannelInfo, Feature, Reset

ANYTHING = (ANY,)
"""What the card may say: whatever follows from it is the local program's affair, 61xx and 6Cxx too."""
POWER_ON, RESET = (Reset.COLD, Reset.WARM), (Reset.WARM, Reset.COLD)
"""What each is best done by; where a channel has neither, only what is kept here is forgotten."""


class AttachedCard:
    """
    See the module's docstring.  Its owner waits for the end of one thing before the next.

    @ivar commands: how many were sent to it.
    @ivar starts: how often it was started anew.
    @ivar powered: whether it is on.
    """

    def __init__(self, channel: ICardChannel, spare_atr: bytes, used: Callable[[], object] = lambda: None) -> None:
        """
        @param spare_atr: the answer to reset, where the channel has none.
        @param used: called whenever somebody does something with the card.
        """
        self.commands = self.starts = 0
        self.powered = False
        self._channel = channel
        self._spare_atr = spare_atr
        self._used = used
        info = channel.info
        bound = info.application if Feature.SELECT not in info.offers else None
        self._bound = OneApplication(bound) if bound is not None else None

    @property
    def atr(self) -> bytes:
        """
        The answer to reset; it is there before the first power on, so that a reader sees that there is a card.
        """
        return self._channel.info.atr or self._spare_atr

    def power_on(self) -> Deferred[None]:
        """
        Power it on, and so start it anew; nothing if it is on.

        @raise ChannelError: (as failure) the card is lost.
        """
        return succeed(None) if self.powered else self._start(POWER_ON)

    def power_off(self) -> None:
        """
        It is off until it is powered on, and forgets all then.
        """
        self.powered = False
        self._used()

    def reset(self) -> Deferred[None]:
        """
        Start it anew.

        @raise ChannelError: (as failure) the card is lost.
        """
        return self._start(RESET)

    def _start(self, kinds: tuple[Reset, ...]) -> Deferred[None]:
        self.powered = True
        self.starts += 1
        self._used()
        return self._renew(kinds)

    def _renew(self, kinds: tuple[Reset, ...]) -> Deferred[None]:
        if self._bound is not None:
            self._bound.reset()
        kind = next((each for each in kinds if each in self._channel.info.resets), None)
        return succeed(None) if kind is None else self._channel.reset(kind)

    def transmit(self, octets: bytes) -> Deferred[bytes]:
        """
        Send it a command APDU.

        @return: C{Deferred[bytes]}: the response APDU; nothing where the card is off.  What is no command APDU, or one that
            cannot be brought to this card, is answered with 6700 here.
        @raise ChannelError: (as failure) the card is lost.
        """
        if not self.powered:
            return succeed(b"")
        self.commands += 1
        self._used()
        found = self._taken(octets)
        if isinstance(found, Response):
            return succeed(found.encode())
        running = self._channel.exchange(Script((Step(found, ANYTHING, slow=True),)))
        return running.addCallbacks(_answer, _refused)

    def _taken(self, octets: bytes) -> Command | Response:
        """
        @return: what the card is to get, or what is answered in its place.
        """
        try:
            command = Command.decode(octets)
        except ValueError:
            return WRONG_LENGTH
        if not _fits(self._channel.info, command, len(octets)):
            return WRONG_LENGTH
        return command if self._bound is None else self._bound.take(command)

    async def put_back(self) -> None:
        """
        Nobody uses it here any more: what programs have left on it, a PIN that was verified, say, is gone where that is possible.
        Never fails.
        """
        if self.starts:
            with suppress(ChannelError, NotSupported):
                await self._renew(POWER_ON)
        self.powered = False


def _fits(info: ChannelInfo, command: Command, size: int) -> bool:
    """
    @param size: bytes of the command.
    """
    return size <= info.max_command and (not command.is_extended or Feature.EXTENDED_LENGTH in info.offers)


def _answer(answers: Answers) -> bytes:
    return answers[0].encode()


def _refused(failure: Failure) -> bytes:
    """
    The channel has other limits besides.
    """
    failure.trap(NotSupported)
    return WRONG_LENGTH.encode()
