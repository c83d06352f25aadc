# -*- test-case-name: tests.test_quirks -*-
"""
What is odd about a kind of card, as data: C{[[quirks]]} in the settings.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve, frozen

from cardgw.fields import boolean, integer, octets, option, text
from cardgw.values import ChannelInfo

SEGMENT_MAX = 255
"""Most data bytes in one STORE DATA block (ISO/IEC 7816-4, 5.2, short Lc)."""


@frozen
class Quirks:
    """
    Each field that is not C{None} overrides the default for the cards that the entry matches.
    """

    transport: str | None = option(text, "matches cards of this transport", default=None)
    atr: bytes | None = option(octets, "matches cards whose ATR begins with these bytes", default=None)
    segment_size: int | None = option(integer(16, SEGMENT_MAX, "bytes"), "most data bytes in one STORE DATA block", default=None)
    isd_r: bytes | None = option(octets, "the AID of the ISD-R, where it is not the standard one", default=None)
    refresh: bool | None = option(boolean, "the refresh flag of EnableProfile and DisableProfile", default=None)

    def matches(self, info: ChannelInfo) -> bool:
        """
        Whether this entry is about such a channel.
        """
        if self.transport is not None and self.transport != info.transport:
            return False
        return self.atr is None or (info.atr is not None and info.atr.startswith(self.atr))


def quirks_of(info: ChannelInfo, entries: Iterable[Quirks]) -> Quirks:
    """
    All matching entries in one; where two speak of the same thing, the later one counts.
    """
    merged = Quirks()
    for entry in entries:
        if entry.matches(info):
            known = {name: getattr(entry, name) for name in ("segment_size", "isd_r", "refresh")}
            merged = evolve(merged, **{name: value for name, value in known.items() if value is not None})
    return merged
