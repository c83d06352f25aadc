# -*- test-case-name: tests.scp.test_chaining -*-
"""
Command chaining: what is too long for one command is cut after it has been protected as a whole (GlobalPlatform Card
Specification 2.3.1, 11.1.5.1; ISO/IEC 7816-4, 5.3.3).  The MAC is in the last segment.
"""

from __future__ import annotations

from attrs import evolve

from cardgw.apdu.command import SHORT_DATA, SHORT_LE, Command
from cardgw.scp.class_byte import CHAINING
from cardgw.scp.errors import CommandNotProtectable
from cardgw.scp.families import Chaining

P1_MORE = 0x80
P1_CHAINED = frozenset((0xE4, 0xE6, 0xD8, 0x2A))
"""DELETE, INSTALL, PUT KEY and PERFORM SECURITY OPERATION: in P1 of all other commands bit 8 says something else."""


def refuse_uncut(command: Command, chaining: Chaining, size: int) -> None:
    """
    @param command: one that is too long.
    @param size: most bytes of data that there may be.
    @raise CommandNotProtectable: it cannot be cut, either.
    """
    marked = chaining is not Chaining.CLA and command.ins in P1_CHAINED and command.p1 & P1_MORE
    if chaining is Chaining.NONE or (chaining is Chaining.P1 and command.ins not in P1_CHAINED) or marked:
        raise CommandNotProtectable(
            f"the command {command.ins:02X} has {len(command.data)} bytes of data, at most {size} fit, and the card does not put "
            "it together of several"
        )


def segments(command: Command, chaining: Chaining, size: int = SHORT_DATA) -> tuple[Command, ...]:
    """
    @param command: one that is protected, if it is to be.
    @param size: most bytes in a segment.
    @return: short commands, each to be answered with 9000 but the last one.
    @raise CommandNotProtectable: it is too long for one, and cannot be cut.
    """
    if len(command.data) <= size:
        return (_short(command),)
    refuse_uncut(command, chaining, size)
    parts = [command.data[at : at + size] for at in range(0, len(command.data), size)]
    cla = command.cla | (CHAINING if chaining in (Chaining.CLA, Chaining.BOTH) else 0)
    p1 = command.p1 | (P1_MORE if chaining is not Chaining.CLA and command.ins in P1_CHAINED else 0)
    more = (Command(cla, command.ins, p1, command.p2, part) for part in parts[:-1])
    return (*more, _short(evolve(command, data=parts[-1])))


def _short(command: Command) -> Command:
    if not command.is_extended:
        return command
    expected = None if command.expected is None else min(command.expected, SHORT_LE)
    return evolve(command, expected=expected, extended=False)
