# -*- test-case-name: tests.gp.test_life_cycle -*-
"""
Life cycle states by name (GlobalPlatform Card Specification 2.3.1, 5 and 11.1.1).
"""

from __future__ import annotations

from enum import Enum, IntEnum


class Kind(Enum):
    """
    What stands in the registry of a card.  The values are the words of listings.
    """

    ISD = "ISD"
    SSD = "SSD"
    APP = "APP"
    PKG = "PKG"


class CardState(IntEnum):
    """
    Of the card, and so of its issuer security domain (table 11-6).
    """

    OP_READY = 0x01
    INITIALIZED = 0x07
    SECURED = 0x0F
    CARD_LOCKED = 0x7F
    TERMINATED = 0xFF


class DomainState(IntEnum):
    """
    Of a supplementary security domain (table 11-5).
    """

    INSTALLED = 0x03
    SELECTABLE = 0x07
    PERSONALIZED = 0x0F


class LoadFileState(IntEnum):
    """
    Of an executable load file (table 11-3).
    """

    LOGICALLY_DELETED = 0x00
    LOADED = 0x01


INSTALLED, SELECTABLE = 0x03, 0x07
"""Of an application (table 11-4)."""
LOCKED = 0x80
"""The bit of applications and domains that are locked; the others tell what they were before."""
_LOCKED_MASK = 0x83
_SELECTABLE_MASK = 0x87
"""Four bits between these are the application's own."""
_TABLES: dict[Kind, type[IntEnum]] = {Kind.ISD: CardState, Kind.SSD: DomainState, Kind.PKG: LoadFileState}


def state_name(kind: Kind, state: int) -> str:
    """
    The name of a state, C{"SELECTABLE"}; where no document has one, its number: C{"0x42"}.
    """
    if kind in {Kind.SSD, Kind.APP} and state & _LOCKED_MASK == _LOCKED_MASK:
        return "LOCKED"
    if kind is Kind.APP:
        return _application_state(state)
    try:
        return _TABLES[kind](state).name
    except ValueError:
        return f"0x{state:02X}"


def _application_state(state: int) -> str:
    if state == INSTALLED:
        return "INSTALLED"
    return "SELECTABLE" if state & _SELECTABLE_MASK == SELECTABLE else f"0x{state:02X}"
