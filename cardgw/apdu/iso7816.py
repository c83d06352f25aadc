# -*- test-case-name: tests.apdu.test_iso7816 -*-
"""
Numbers of ISO/IEC 7816-4 that have to do with logical channels and long answers, and the class bytes that follow.  There is no
I/O here, so that programs without Twisted can use it.
"""

from __future__ import annotations

INS_MANAGE_CHANNEL = 0x70
P1_CLOSE = 0x80
BASIC = 0
"""The channel that is always open."""
MAX_CHANNEL = 19
"""ISO/IEC 7816-4, 5.4.1: channels 0 to 3 and 4 to 19."""
BASIC_CHANNELS = 4

INS_GET_RESPONSE = 0xC0
SW1_MORE = 0x61
SW1_WRONG_LENGTH = 0x6C
MAX_ROUNDS = 256
"""Most GET RESPONSE commands for one answer."""

_FURTHER = 0x40
"""Set in the classes with logical channels 4 to 19 (ISO/IEC 7816-4, 5.4.1; GlobalPlatform Card Specification, 11.1.4)."""
_FURTHER_KEPT = 0xCF
"""All but secure messaging (b6) and chaining (b5) of those."""
_FIRST_KEPT = 0xE3
"""All but chaining (b5) and secure messaging (b4, b3) of the others."""


def class_byte(cla: int, number: int) -> int:
    """
    A class byte with a logical channel in it (ISO/IEC 7816-4, 5.4.1).

    @param number: 0 to 19.
    """
    if number < BASIC_CHANNELS:
        return cla & 0xBC | number
    return cla & 0xB0 | _FURTHER | (number - BASIC_CHANNELS)


def channel_number(cla: int) -> int:
    """
    The logical channel that a class byte says, 0 to 19 (ISO/IEC 7816-4, 5.4.1).
    """
    return BASIC_CHANNELS + (cla & 0x0F) if cla & _FURTHER else cla & 0x03


def get_response_class(cla: int) -> int:
    """
    The class byte of the GET RESPONSE that belongs to a command: on the same logical channel, without chaining and secure
    messaging.
    """
    return cla & (_FURTHER_KEPT if cla & _FURTHER else _FIRST_KEPT)
