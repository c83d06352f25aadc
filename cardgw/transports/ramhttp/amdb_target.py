# -*- test-case-name: tests.transports.ramhttp.test_amdb_target -*-
"""
SELECT in Amendment B: scripts must not contain it (1.1.3, 3.4.2).  The application is named in a header of each script instead,
so whether it is there is found out by a script that changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cardgw.apdu.command import Command
from cardgw.transports.ramhttp.amdb_headers import Status, target_of

OK, NO_CHANNELS, NO_SUCH_FUNCTION, BAD_P1_P2, BAD_LENGTH = (
    bytes.fromhex(each) for each in ("9000", "6881", "6A81", "6A86", "6700")
)
"""Status words of ISO/IEC 7816-4, 5.6."""
STATUSES = {Status.UNKNOWN_APPLICATION: bytes.fromhex("6A82"), Status.NOT_A_SECURITY_DOMAIN: bytes.fromhex("6985")}
"""What commands are answered that their application never saw."""
PROBE = bytes.fromhex("80CA006600")
"""GET DATA of the card data: whatever an application answers to it, it is there (Card Specification 2.3.1, H.2)."""
_SELECT, _BY_NAME, _ONLY_ONE = 0xA4, 0x04, (0x00, 0x0C)
_PROPRIETARY, _ANY_CHANNEL = 0x80, 0x43
_AID_LENGTHS = range(5, 17)


def selected(octets: bytes) -> str | bytes:
    """
    What a SELECT command asks for.

    @return: the application as C{X-Admin-Targeted-Application} names it; empty for the security domain of the connection.  Or
        the status with which the command is refused.
    """
    try:
        command = Command.decode(octets)
    except ValueError:
        return BAD_LENGTH
    if command.cla & _ANY_CHANNEL:
        return NO_CHANNELS
    if command.p1 != _BY_NAME:
        return NO_SUCH_FUNCTION
    if command.p2 not in _ONLY_ONE:
        return BAD_P1_P2
    if command.data and len(command.data) not in _AID_LENGTHS:
        return BAD_LENGTH
    return target_of(command.data) if command.data else ""


def is_select(octets: bytes) -> bool:
    """
    Whether a command is SELECT of ISO/IEC 7816-4, on any channel.
    """
    return len(octets) >= 2 and octets[1] == _SELECT and not octets[0] & _PROPRIETARY


def parts(commands: Sequence[bytes]) -> Iterator[tuple[bytes, ...]]:
    """
    The commands in their order: those between two SELECT together, each SELECT alone.
    """
    together: list[bytes] = []
    for command in commands:
        if not is_select(command):
            together.append(command)
            continue
        if together:
            yield tuple(together)
        together = []
        yield (command,)
    if together:
        yield tuple(together)
