# -*- test-case-name: tests.lpa.test_notice_policy -*-
"""
What becomes of each kind of notification (SGP.22 3.5).
"""

from __future__ import annotations

from attrs import frozen

from cardgw.fields import choice, option

REMOVE, KEEP, LEAVE = "send-and-remove", "send-and-keep", "leave"
_CHOICE = choice(REMOVE, KEEP, LEAVE)


@frozen
class NoticePolicy:
    """
    One of L{REMOVE} (from the card, once the server has it), L{KEEP} (on the card, though the server has it) and L{LEAVE} (do
    nothing) for each kind.
    """

    install: str = option(_CHOICE, "what becomes of notifications of installations", default=REMOVE)
    enable: str = option(_CHOICE, "of profiles that were enabled", default=REMOVE)
    disable: str = option(_CHOICE, "of profiles that were disabled", default=REMOVE)
    delete: str = option(
        _CHOICE, "of profiles that were deleted: with a copy on the card the provider can still be told again", default=KEEP
    )

    def of(self, events: frozenset[str]) -> str:
        """
        @param events: see L{cardgw.lpa.notification.Metadata}; one that is unknown is left.
        """
        known = [str(getattr(self, event)) for event in sorted(events) if event in ("install", "enable", "disable", "delete")]
        return known[0] if known else LEAVE
