# -*- test-case-name: tests.transports.pcsc.test_inquiry -*-
"""
A look at the readers, for people who want to know what there is: it connects to no card.
"""

from __future__ import annotations

from attrs import frozen

from cardgw.errors import CardGatewayError
from cardgw.transports.pcsc.codes import State
from cardgw.transports.pcsc.driver import Driver, PcscError, ReaderState
from cardgw.transports.pcsc.selectors import Seen

EMPTY, CARD, MUTE, EXCLUSIVE, AWAY = "empty", "card", "mute card", "card, another program has it to itself", "not available"
"""What is in a reader."""
_NO_CARD = State.EMPTY | State.UNAVAILABLE | State.UNKNOWN


class PcscUnreachable(CardGatewayError):
    """
    The smart card service of the machine (pcscd) cannot be reached.
    """

    hint = "Is it installed, and running (systemctl status pcscd)?"


@frozen
class Found:
    """
    A reader.

    @ivar reader: as selectors see it.
    @ivar state: what is in it.
    """

    reader: Seen
    state: str


def look(driver: Driver) -> tuple[Found, ...]:
    """
    All readers, sorted by name.  It blocks.

    @raise PcscUnreachable: pcscd is not there.
    """
    try:
        context = driver.establish()
        try:
            names = sorted(driver.readers(context))
            states = driver.changes(context, [(name, 0) for name in names], 0) if names else []
        finally:
            driver.release(context)
    except PcscError as error:
        raise PcscUnreachable(str(error)) from None
    return tuple(Found(Seen(each.name, index, each.atr), _state(each)) for index, each in enumerate(states))


def _state(reader: ReaderState) -> str:
    if reader.event & State.PRESENT:
        if reader.event & State.MUTE:
            return MUTE
        return EXCLUSIVE if reader.event & State.EXCLUSIVE else CARD
    return EMPTY if reader.event & State.EMPTY or not reader.event & _NO_CARD else AWAY
