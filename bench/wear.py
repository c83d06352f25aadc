# -*- test-case-name: tests.bench.test_ramhttp -*-
"""
How long cards and readers take, so that software cards can take as long.

Figures of a sysmoEUICC1, of readers (T=0 at 250 kbit/s) and of flash memory, as L{cardgw.transports.ramhttp.plan} has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrs import define, field, frozen

_STORE_DATA, _LAST = 0xE2, 0x91
_PACKAGE = b"\xbf\x36"
_THINKING = (b"\xbf\x38", b"\xbf\x21")
"""AuthenticateServer and PrepareDownload: signatures are verified and made."""
_INSTALL = 0xE6


@frozen
class Speed:
    """
    Seconds that a card and its reader take.

    @ivar command: for any command.
    @ivar octet: for each octet of a command or an answer.
    @ivar segment: more for the last block of a segment of a profile package.
    @ivar thinking: more for a signature, or for INSTALL.
    """

    command: float = 0.0
    octet: float = 0.0
    segment: float = 0.0
    thinking: float = 0.0


AT_ONCE, USUAL, SLOW = "at once", "usual", "slow"
SPEEDS: Mapping[str, Speed] = MappingProxyType(
    {AT_ONCE: Speed(), USUAL: Speed(0.02, 0.0001, 0.4, 2.0), SLOW: Speed(0.04, 0.0002, 1.2, 5.0)}
)
"""By name: a card in software; one as it is expected; one that takes three times as long for a segment."""


@define(eq=False)
class Clockwork:
    """
    Tells how long each command takes.
    """

    speed: Speed
    _request: bytes = field(default=b"", init=False)
    _loading: bool = field(default=False, init=False)

    def seconds(self, command: bytes, answer: bytes) -> float:
        """
        @param answer: of the card, with its status.
        """
        speed = self.speed
        return speed.command + speed.octet * (len(command) + len(answer)) + self._more(command)

    def _more(self, command: bytes) -> float:
        if command[1] == _INSTALL:
            return self.speed.thinking
        if command[1] != _STORE_DATA:
            return 0.0
        if not self._request:
            self._request = command[5:7]
            self._loading = self._loading or self._request == _PACKAGE
        if command[2] != _LAST:
            return 0.0
        request, self._request = self._request, b""
        if (self._loading and request[:1] != b"\xbf") or request == _PACKAGE:
            return self.speed.segment
        self._loading = False
        return self.speed.thinking if request in _THINKING else 0.0
