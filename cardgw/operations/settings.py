# -*- test-case-name: tests.operations.test_settings -*-
"""
Settings that several operations on eUICCs have.  C{[operations."*"]} sets one for all of them.
"""

from __future__ import annotations

from attrs import Factory, frozen

from cardgw.fields import integer, option, table
from cardgw.interfaces import ISession
from cardgw.lpa.notice_policy import NoticePolicy
from cardgw.quirks import SEGMENT_MAX


@frozen
class LpaSettings:
    """
    Of all that talk to an ISD-R.
    """

    segment_size: int = option(
        integer(16, SEGMENT_MAX, "bytes"),
        "most data bytes in one STORE DATA block; larger is faster, odd cards need less (see [[quirks]])",
        default=240,
    )


@frozen
class NoticeSettings(LpaSettings):
    """
    Of those that leave notifications behind.
    """

    notifications: NoticePolicy = option(table(NoticePolicy), "what becomes of notifications", default=Factory(NoticePolicy))


def segment_size(session: ISession) -> int:
    """
    The block size for this card: that of its quirks, else that of the operation's settings.
    """
    return int(session.quirks.segment_size or session.settings.segment_size)
