# -*- test-case-name: tests.scp.test_card_chaining -*-
"""
Command chaining, the card's side: segments are put together before the whole is unprotected (GlobalPlatform Card Specification
2.3.1, 11.1.5.1; ISO/IEC 7816-4, 5.3.3).
"""

from __future__ import annotations

from attrs import evolve

from cardgw.apdu.command import EXTENDED_DATA, Command
from cardgw.apdu.response import Response

MORE_TO_COME = Response(b"", 0x9000)
LAST_EXPECTED = Response(b"", 0x6883)
TOO_LONG = Response(b"", 0x6700)
_CLASS_BIT, _P1_BIT = 0x10, 0x80
_CUT_BY_P1 = (0xE4, 0xE6, 0xD8, 0x2A)


class Segments:
    """
    What has come of a command that is not complete.
    """

    def __init__(self, *, p1: bool = True) -> None:
        """
        @param p1: whether bit 8 of P1 announces more, too, in the commands that GlobalPlatform cuts so.
        """
        self._p1 = p1
        self._begun: Command | None = None
        self._data = b""

    def take(self, command: Command) -> Command | Response:
        """
        @return: the whole command, or the answer to this segment.
        """
        more = bool(command.cla & _CLASS_BIT) or (self._p1 and command.ins in _CUT_BY_P1 and bool(command.p1 & _P1_BIT))
        bare = evolve(command, cla=command.cla & ~_CLASS_BIT)
        if self._begun is not None and _head(self._begun) != _head(bare):
            self.forget()
            return LAST_EXPECTED
        data = self._data + command.data
        self.forget()
        if len(data) > EXTENDED_DATA:
            return TOO_LONG
        if not more:
            return evolve(bare, data=data)
        self._begun, self._data = bare, data
        return MORE_TO_COME

    def forget(self) -> None:
        """
        Begin anew.
        """
        self._begun, self._data = None, b""


def _head(command: Command) -> tuple[int, int, int]:
    return command.cla, command.ins, command.p2
