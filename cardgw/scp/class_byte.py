# -*- test-case-name: tests.scp.test_class_byte -*-
"""
Class bytes of protected commands (GlobalPlatform Card Specification 2.3.1, 11.1.4): logical channel, secure messaging, chaining.
"""

from __future__ import annotations

from cardgw.scp.errors import CommandNotProtectable

FURTHER = 0x40
"""Set for logical channels 4 to 19."""
CHAINING = 0x10
PROPRIETARY = 0x80
_MARK, _FURTHER_MARK = 0x04, 0x20
"""Secure messaging of GlobalPlatform, on logical channels 0 to 3 and 4 to 19."""
_FIRST_MARKS, _FURTHER_MARKS = 0x3C, 0x30
"""Bits that say something about secure messaging and chaining, or nothing."""


def is_marked(cla: int) -> bool:
    """
    Whether a command is protected as GlobalPlatform does it, and whole, by what its class byte says.
    """
    return cla & _FURTHER_MARKS == _FURTHER_MARK if cla & FURTHER else cla & _FIRST_MARKS == _MARK


def protected_class(cla: int) -> int:
    """
    The class byte of a command when it is protected, on the same logical channel.

    @raise CommandNotProtectable: it has marks of protection or chaining already.
    """
    if cla & (_FURTHER_MARKS if cla & FURTHER else _FIRST_MARKS):
        raise CommandNotProtectable(f"the class {cla:02X} has marks of secure messaging or chaining already")
    return cla | (_FURTHER_MARK if cla & FURTHER else _MARK)


def bare_class(cla: int) -> int:
    """
    The other way round, for the card's side.
    """
    return cla & ~(_FURTHER_MARK if cla & FURTHER else _MARK)


def signed_class(cla: int) -> int:
    """
    The class byte as it stands in the MAC (Amendment D, 6.2.4): secure messaging on the basic logical channel: 04 or 84.
    """
    return cla & PROPRIETARY | _MARK
