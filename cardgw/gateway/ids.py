# -*- test-case-name: tests.gateway.test_ids -*-
"""
Names for jobs and cards.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

CARD_BYTES = 4
_RANDOM_BYTES = 3
_IN_A_MILLISECOND = 0xFFFF


@define
class Ids:
    """
    Makes names that no other gateway makes.

    @ivar seconds: gives the time in seconds since 1970.
    @ivar entropy: gives so many random bytes.
    """

    seconds: Callable[[], float]
    entropy: Callable[[int], bytes]
    _last: int = field(default=0, init=False)
    _count: int = field(default=0, init=False)

    def job(self) -> str:
        """
        Of a job: in hexadecimal, milliseconds since 1970, a counter, and random bytes; a later one of this process is greater.
        """
        now = int(self.seconds() * 1000)
        if now > self._last:
            self._last, self._count = now, 0
        elif self._count < _IN_A_MILLISECOND:
            self._count += 1
        else:
            self._last, self._count = self._last + 1, 0
        return f"{self._last:011x}{self._count:04x}{self.entropy(_RANDOM_BYTES).hex()}"

    def card(self) -> str:
        """
        Of a card that is here.
        """
        return self.entropy(CARD_BYTES).hex()
