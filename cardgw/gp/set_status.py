# -*- test-case-name: tests.gp.test_set_status -*-
"""
SET STATUS (GlobalPlatform Card Specification 2.3.1, 11.10): states of the card, of security domains and of applications.
"""

from __future__ import annotations

from cardgw.apdu.command import Command
from cardgw.errors import ParameterError
from cardgw.gp.commands import CLA, Ins, check_aid, check_byte
from cardgw.gp.life_cycle import LOCKED, CardState

CARD, APPLICATION, DOMAIN_AND_APPLICATIONS = 0x80, 0x40, 0x60
"""Whose state: P1 (table 11-86)."""


def set_card_state(state: CardState, *, for_good: bool = False) -> Command:
    """
    Set the state of the card.  C{SECURED} unlocks one that is C{CARD_LOCKED}.

    @param for_good: must be true for C{TERMINATED}, after which nothing can be done with the card ever.
    @raise ParameterError: the card would be terminated, and that was not said to be wanted.
    """
    if state is CardState.TERMINATED and not for_good:
        raise ParameterError("state: TERMINATED is for good", hint="Say so expressly if the card is to be terminated.")
    return Command(CLA, Ins.SET_STATUS, CARD, state)


def set_state(aid: bytes, state: int) -> Command:
    """
    Set the state of an application or a security domain: one of L{cardgw.gp.life_cycle}, or its own.
    """
    check_aid(aid, "application")
    return Command(CLA, Ins.SET_STATUS, APPLICATION, check_byte(state, "state"), aid)


def lock(aid: bytes, *, with_applications: bool = False) -> Command:
    """
    Lock an application or a security domain.

    @param with_applications: lock what belongs to the domain, too.
    """
    return _locking(aid, LOCKED, with_applications=with_applications)


def unlock(aid: bytes, *, with_applications: bool = False) -> Command:
    """
    Give an application or a security domain the state back that it had when it was locked.
    """
    return _locking(aid, 0x00, with_applications=with_applications)


def _locking(aid: bytes, state: int, *, with_applications: bool) -> Command:
    check_aid(aid, "application")
    return Command(CLA, Ins.SET_STATUS, DOMAIN_AND_APPLICATIONS if with_applications else APPLICATION, state, aid)
