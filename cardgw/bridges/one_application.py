# -*- test-case-name: tests.bridges.test_one_application -*-
"""
A card of whose applications only one is reached, and that one for good: what programs expect of a card besides, answered here.

Such a channel (C{ChannelInfo.application}) knows no SELECT, no logical channels and no TERMINAL CAPABILITY.  Logical channels are
counted here, each with or without the application selected; what they have in common is that one application.  Status words are
those of ISO/IEC 7816-4, 5.6; where that leaves a choice, the Java Card Runtime Environment Specification 3.1, 4.5 and 4.6.
"""

from __future__ import annotations

from attrs import evolve

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response

CHANNELS = 20
"""With the basic one, 0 (ISO/IEC 7816-4, 5.4.1)."""
BASIC = 0
MANAGE_CHANNEL, SELECT, TERMINAL_CAPABILITY, GET_RESPONSE = 0x70, 0xA4, 0xAA, 0xC0
"""Instructions (ISO/IEC 7816-4, 5.4.2; ETSI TS 102 221, 11.1.19)."""
OPEN, CLOSE = 0x00, 0x80
"""P1 of MANAGE CHANNEL."""
BY_NAME = 0x04
"""P1 of SELECT: by the name of an application, or the beginning of it."""
LEAST_NAME = 5
"""Bytes of a name: those of the provider, at least (ISO/IEC 7816-4, 12.2.3)."""
NEXT, PREVIOUS = 0x02, 0x03
"""P2 of SELECT, b2 and b1: another application whose name begins so."""
TEMPLATES = {0x00: 0x6F, 0x04: 0x62, 0x08: 0x64}
"""P2 of SELECT, b4 and b3: in which template the answer is; there is none with 0C (ISO/IEC 7816-4, 11.2.2)."""
NAME = 0x84

PROPRIETARY, FURTHER, FURTHER_SECURE, CHAINING, SECURE = 0x80, 0x40, 0x20, 0x10, 0x0C
"""In class bytes.  The further ones have channels 4 to 19 (ISO/IEC 7816-4, 5.4.1)."""
FIRST_OF_FURTHER = 4
NO_HEADER, OF_PROVIDER = 0x08, 0x04
"""Secure messaging, as the first class bytes say it: of ISO/IEC 7816-4; of GlobalPlatform, in the proprietary ones (11.1.4)."""

OK = Response(b"", 0x9000)
CLOSED_BEFORE = Response(b"", 0x6200)
WRONG_LENGTH = Response(b"", 0x6700)
NO_CHANNEL = Response(b"", 0x6881)
NO_SECURE_MESSAGING = Response(b"", 0x6882)
NO_CHAINING = Response(b"", 0x6884)
NOTHING_TO_GIVE = Response(b"", 0x6985)
NOT_POSSIBLE = Response(b"", 0x6A81)
NOT_FOUND = Response(b"", 0x6A82)
WRONG_PARAMETERS = Response(b"", 0x6A86)
NO_CLASS = Response(b"", 0x6E00)


def split_class(cla: int) -> tuple[int, int] | None:
    """
    A class byte, taken apart.

    @return: the logical channel, and the class byte of the same command on the basic one; C{None} where ISO/IEC 7816-4, 5.4.1
        and, for proprietary classes, GlobalPlatform, 11.1.4, give it no meaning.
    """
    if cla == 0xFF:
        return None
    if not cla & FURTHER:
        return (cla & 0x03, cla & ~0x03) if not cla & FURTHER_SECURE else None
    proprietary = cla & PROPRIETARY
    secure = (OF_PROVIDER if proprietary else NO_HEADER) if cla & FURTHER_SECURE else 0
    return FIRST_OF_FURTHER + (cla & 0x0F), proprietary | cla & CHAINING | secure


class OneApplication:
    """
    See the module's docstring.

    @param aid: the name of the application.
    @ivar selected: of each logical channel that is open, whether the application is selected there.
    """

    def __init__(self, aid: bytes) -> None:
        self._aid = aid
        self.reset()

    def reset(self) -> None:
        """
        The card is started anew: nothing is selected, and only the basic channel is open.
        """
        self.selected: dict[int, bool] = {BASIC: False}
        self._last: int | None = None

    def take(self, command: Command) -> Response | Command:
        """
        A command of a local program.

        @return: the answer; or the command as the card is to get it.
        """
        found = split_class(command.cla)
        if found is None:
            return NO_CLASS
        channel, cla = found
        if channel not in self.selected:
            return NO_CHANNEL
        answer = self._answer(channel, cla, command)
        if answer is not None:
            self._forget(channel)
            return answer
        self._last = channel
        return command if cla == command.cla else evolve(command, cla=cla)

    def _answer(self, channel: int, cla: int, command: Command) -> Response | None:
        if command.ins == TERMINAL_CAPABILITY and cla & PROPRIETARY:
            return OK
        if command.ins in (MANAGE_CHANNEL, SELECT):
            return self._refusal(cla) or (self._manage if command.ins == MANAGE_CHANNEL else self._select)(channel, command)
        if not self.selected[channel]:
            return NOT_FOUND
        return NOTHING_TO_GIVE if command.ins == GET_RESPONSE and channel != self._last else None

    def _refusal(self, cla: int) -> Response | None:
        if cla & PROPRIETARY:
            return NO_CLASS
        if cla & SECURE:
            return NO_SECURE_MESSAGING
        return NO_CHAINING if cla & CHAINING else None

    def _manage(self, channel: int, command: Command) -> Response:
        if command.data:
            return WRONG_LENGTH
        if command.p1 == OPEN:
            return self._open(channel, command.p2)
        return self._close(command.p2) if command.p1 == CLOSE else NOT_POSSIBLE

    def _open(self, origin: int, wanted: int) -> Response:
        """
        What is selected on the channel that opens it is selected there, too, unless that is the basic one.
        """
        number = wanted or next((each for each in range(1, CHANNELS) if each not in self.selected), CHANNELS)
        if number >= CHANNELS or number in self.selected:
            return NOT_POSSIBLE
        self.selected[number] = origin != BASIC and self.selected[origin]
        return OK if wanted else evolve(OK, data=bytes((number,)))

    def _close(self, number: int) -> Response:
        if number == BASIC or number >= CHANNELS:
            return NOT_POSSIBLE
        if self.selected.pop(number, None) is None:
            return CLOSED_BEFORE
        self._forget(number)
        return OK

    def _select(self, channel: int, command: Command) -> Response:
        if command.p1 != BY_NAME:
            return NOT_FOUND
        if command.p2 & ~0x0F:
            return WRONG_PARAMETERS
        other = command.p2 & 0x03 in (NEXT, PREVIOUS)
        if other or len(command.data) < LEAST_NAME or not self._aid.startswith(command.data):
            return NOT_FOUND
        self.selected[channel] = True
        template = TEMPLATES.get(command.p2 & 0x0C)
        return OK if template is None else evolve(OK, data=tlv.encode(template, tlv.encode(NAME, self._aid)))

    def _forget(self, channel: int) -> None:
        """
        What the card has still to say to this channel can be asked for no more.
        """
        if channel == self._last:
            self._last = None
