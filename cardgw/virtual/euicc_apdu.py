# -*- test-case-name: tests.virtual.test_euicc_apdu -*-
"""
The APDUs of the software eUICC: logical channels, SELECT, blocks of STORE DATA, GET RESPONSE, and the proactive REFRESH
(ISO/IEC 7816-4; ETSI TS 102 221; SGP.22 5.7.2).
"""

from __future__ import annotations

from attrs import define, frozen

from cardgw.apdu.command import Command
from cardgw.apdu.tlv import encode, only
from cardgw.virtual.euicc_answer import Outgoing
from cardgw.virtual.euicc_info import SVN
from cardgw.virtual.euicc_isdr import Isdr
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.euicc_values import (
    SW_CHANNEL,
    SW_CLA,
    SW_CONDITIONS,
    SW_FUNCTION,
    SW_INS,
    SW_MEMORY,
    SW_NOT_FOUND,
    SW_OK,
    SW_PARAMETERS,
    SW_PROACTIVE,
    SW_WRONG_LENGTH,
    Refused,
)

FETCH, TERMINAL_RESPONSE, MANAGE_CHANNEL, SELECT, TERMINAL_CAPABILITY, GET_RESPONSE, STORE_DATA = (
    0x12, 0x14, 0x70, 0xA4, 0xAA, 0xC0, 0xE2,
)  # fmt: skip
"""Instructions (ETSI TS 102 221, 10.1.2; GlobalPlatform 11.11)."""
PROPRIETARY = 0x80
BOTH_CLASSES = frozenset((GET_RESPONSE,))
INTERINDUSTRY = frozenset((MANAGE_CHANNEL, SELECT))
PINNED = frozenset((STORE_DATA, GET_RESPONSE))
"""All that there is on a channel that is bound to the ISD-R."""
MORE_BLOCKS, LAST_BLOCK = 0x11, 0x91
"""P1 of STORE DATA (SGP.22 5.7.2)."""
OPEN, CLOSE = 0x00, 0x80
BY_FILE, BY_NAME = 0x00, 0x04
MF, WITH_FCP = bytes.fromhex("3F00"), 0x04
FCP = encode(
    0x62,
    bytes.fromhex("82027821"),
    encode(0x83, MF),
    encode(0xA5, bytes.fromhex("870101")),
    bytes.fromhex("8A0105"),
)
"""Of the master file; the card knows TERMINAL CAPABILITY (ETSI TS 102 221, 11.1.1.4)."""
TERMINAL, TERMINAL_EUICC, HAS_LPA = 0xA9, 0x83, 0x01
"""Terminal capabilities, and the bit of an LPA in the terminal (ETSI TS 102 221, 11.1.19.2.4)."""
AID_MIN = 5
REQUEST_MAX = 65535
"""Bytes of one ES10 request that the card can hold."""
REFRESH = bytes.fromhex("D009810301010482028182")
"""The proactive command: REFRESH, UICC reset, from the UICC to the terminal (ETSI TS 102 223, 6.6.13)."""


@define
class Channel:
    """
    One logical channel.

    @ivar selected: the ISD-R is.
    @ivar blocks: those of a request that have come.
    """

    selected: bool
    outgoing: Outgoing
    blocks: bytes = b""
    next_block: int = 0


@frozen
class _Head:
    channel: int
    proprietary: bool


class ApduLayer:
    """
    What stands between the terminal and the ISD-R.
    """

    def __init__(self, options: Options, isdr: Isdr) -> None:
        self.options = options
        self._isdr = isdr
        self.reset()

    def reset(self) -> None:
        """
        Power off and on: only the basic channel is open, with nothing selected unless it is bound to the ISD-R.
        """
        self._selects = 0
        self._hidden = self.options.shy
        self._channels = {0: self._channel()}

    def _channel(self) -> Channel:
        return Channel(self.options.pinned, Outgoing(self.options.delivery, self.options.faults.chunks))

    def transmit(self, apdu: bytes) -> bytes:
        """
        One command APDU.

        @return: the response APDU.
        """
        try:
            return self._command(Command.decode(apdu))
        except ValueError:
            return SW_WRONG_LENGTH.to_bytes(2, "big")
        except Refused as refused:
            return refused.status.to_bytes(2, "big")

    def _command(self, command: Command) -> bytes:
        if command.is_extended:
            raise Refused(SW_WRONG_LENGTH)
        head = _head(command.cla)
        functions = {
            FETCH: self._fetch,
            TERMINAL_RESPONSE: self._terminal_response,
            MANAGE_CHANNEL: self._manage_channel,
            SELECT: self._select,
            TERMINAL_CAPABILITY: self._terminal_capability,
            GET_RESPONSE: self._get_response,
            STORE_DATA: self._store_data,
        }
        run = functions.get(command.ins)
        if run is None or (self.options.pinned and command.ins not in PINNED):
            raise Refused(SW_INS)
        if command.ins not in BOTH_CLASSES and head.proprietary == (command.ins in INTERINDUSTRY):
            raise Refused(SW_CLA)
        channel = self._channels.get(head.channel)
        if channel is None:
            raise Refused(SW_CHANNEL)
        if command.ins != GET_RESPONSE:
            channel.outgoing.clear()
        return run(channel, command)

    def _status(self) -> int:
        if not self._isdr.refresh:
            return SW_OK
        # On a bound channel it is the phone, not we, that fetches the command, and does so at once.
        self._isdr.refresh = not self.options.pinned
        return SW_PROACTIVE | len(REFRESH)

    def _fetch(self, _: Channel, command: Command) -> bytes:
        if not self._isdr.refresh:
            raise Refused(SW_CONDITIONS)
        if command.expected != len(REFRESH):
            raise Refused(SW_WRONG_LENGTH)
        self._isdr.refresh = False
        return REFRESH + SW_OK.to_bytes(2, "big")

    def _terminal_response(self, _: Channel, __: Command) -> bytes:
        return self._status().to_bytes(2, "big")

    def _terminal_capability(self, _: Channel, command: Command) -> bytes:
        if command.p1 or command.p2 or not command.data:
            raise Refused(SW_PARAMETERS)
        told = only(command.data, TERMINAL).children().value(TERMINAL_EUICC)
        self._hidden = self._hidden and not (told and told[0] & HAS_LPA)
        return self._status().to_bytes(2, "big")

    def _manage_channel(self, _: Channel, command: Command) -> bytes:
        if command.p1 == CLOSE:
            return self._close(command.p2)
        if command.p1 != OPEN or command.data:
            raise Refused(SW_PARAMETERS)
        number = command.p2 or next((at for at in range(1, self.options.channels + 1) if at not in self._channels), 0)
        if not 1 <= number <= self.options.channels or number in self._channels:
            raise Refused(SW_FUNCTION)
        self._channels[number] = self._channel()
        return (b"" if command.p2 else bytes((number,))) + self._status().to_bytes(2, "big")

    def _close(self, number: int) -> bytes:
        if number == 0:
            raise Refused(SW_PARAMETERS)
        gone = self._channels.pop(number, None)
        if gone is None:
            raise Refused(SW_CHANNEL)
        if gone.selected:
            self._isdr.interrupt()
        return self._status().to_bytes(2, "big")

    def _select(self, channel: Channel, command: Command) -> bytes:
        if (command.p1, command.p2, command.data) == (BY_FILE, WITH_FCP, MF):
            return channel.outgoing.begin(FCP, self._status())
        if command.p1 != BY_NAME or command.p2 not in (0x00, 0x0C):
            raise Refused(SW_PARAMETERS)
        aid = self.options.aid
        if self._hidden or not AID_MIN <= len(command.data) <= len(aid) or not aid.startswith(command.data):
            raise Refused(SW_NOT_FOUND)
        self._selects += 1
        if self.options.faults.select_once and self._selects > 1:
            raise Refused(SW_CONDITIONS)
        self._isdr.interrupt()
        channel.selected, channel.blocks, channel.next_block = True, b"", 0
        information = encode(0x6F, encode(0x84, aid), encode(0xA5, encode(0x9F65, b"\xff")), encode(0xE0, encode(0x82, SVN)))
        return channel.outgoing.begin(b"" if command.p2 else information, self._status())

    def _get_response(self, channel: Channel, command: Command) -> bytes:
        if command.p1 or command.p2:
            raise Refused(SW_PARAMETERS)
        if command.data or command.expected is None:
            raise Refused(SW_WRONG_LENGTH)
        return channel.outgoing.fetch(command.expected)

    def _store_data(self, channel: Channel, command: Command) -> bytes:
        if not channel.selected:
            raise Refused(SW_CONDITIONS)
        if not command.data:
            raise Refused(SW_WRONG_LENGTH)
        if command.p2 == 0 and channel.next_block % 256:
            channel.blocks, channel.next_block = b"", 0
        blocks, channel.blocks = channel.blocks + command.data, b""
        number, channel.next_block = channel.next_block, 0
        if command.p1 not in (MORE_BLOCKS, LAST_BLOCK) or command.p2 != number % 256:
            raise Refused(SW_PARAMETERS)
        if len(blocks) > REQUEST_MAX:
            raise Refused(SW_MEMORY)
        if command.p1 == MORE_BLOCKS:
            channel.blocks, channel.next_block = blocks, number + 1
            return self._status().to_bytes(2, "big")
        answer = self._isdr.answer(blocks)
        return channel.outgoing.begin(answer, self._status())


def _head(cla: int) -> _Head:
    """
    The class byte (ISO/IEC 7816-4, 5.4.1): channels 0 to 3, or 4 to 19; without secure messaging and chaining.
    """
    proprietary = bool(cla & PROPRIETARY)
    if cla & 0x7C == 0:
        return _Head(cla & 0x03, proprietary)
    if cla & 0x70 == 0x40:
        return _Head(4 + (cla & 0x0F), proprietary)
    raise Refused(SW_CLA)
