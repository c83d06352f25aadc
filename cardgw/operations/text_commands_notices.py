# -*- test-case-name: tests.operations.test_text_commands_notices -*-
"""
C{/ln} and C{/process}: the notifications on the card, for its holder; as estkme-cloud has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import fields

from cardgw.interfaces import ISession
from cardgw.lpa.deliver import Settled, settle
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.notices import NUMBER_MAX, described, event_of, list_notices
from cardgw.lpa.notification import EVENTS, Metadata
from cardgw.operations.notifications import KEEP_ALL
from cardgw.operations.text_commands_profiles import short_iccid
from cardgw.operations.text_parser import Typed, number, wrong_form

SHOWN_MAX = 4
"""Most notifications in the list (estkme-cloud)."""
HEAD = "Seq ICCID Operation"
_WORDS = {
    "delivered": "was delivered. It stays on the card",
    "removed": "was delivered",
    "kept": "was delivered before",
    "waiting": "could not be delivered now. The server tries again by itself",
    "refused": "was refused by its receiver",
    "left": "cannot be delivered",
}


def notice_lines(notices: Sequence[Metadata]) -> str:
    """
    The last notifications, newest first.
    """
    if not notices:
        return "No notifications."
    newest = sorted(notices, key=lambda each: each.sequence, reverse=True)[:SHOWN_MAX]
    return "\n".join([HEAD, *(f"{each.sequence} {short_iccid(each.iccid)} {event_of(each) or 'unknown'}" for each in newest)])


async def list_notifications(session: ISession, isdr: Isdr, typed: Typed) -> dict[str, Any]:
    """
    C{/ln}.

    @raise WrongForm: there is no such kind of notification.
    """
    kind = typed.argument.casefold()
    if kind and kind not in EVENTS:
        raise wrong_form(typed)
    listed = await list_notices(session, isdr)
    wanted = [each for each in listed.notices if not kind or kind in each.events]
    session.farewell(notice_lines(wanted))
    return {"notifications": [described(each) for each in wanted]}


async def process(session: ISession, isdr: Isdr, typed: Typed) -> dict[str, Any]:
    """
    C{/process}: a notification is sent, also if that was done before, and stays on the card.

    @raise WrongForm: the number is not one.
    @raise NoSuchNotification: the card has none with this number.
    """
    sequence = number(typed, 0, NUMBER_MAX, "the number of /ln")
    settled = await settle(session, isdr, KEEP_ALL, numbers={sequence}, again=True)
    fate = _fate(settled)
    session.farewell(f"Notification {sequence} {_WORDS[fate]}.")
    return {"seqNumber": sequence, "outcome": fate, **settled.shown()}


def _fate(settled: Settled) -> str:
    return next((each.name for each in fields(Settled) if getattr(settled, each.name)), "left")
