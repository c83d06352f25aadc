# -*- test-case-name: tests.scp.test_families -*-
"""
What families of cards do each in its own way, as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from attrs import frozen

from cardgw.errors import ParameterError


class Counting(Enum):
    """
    Which commands the counter for encryption counts.
    """

    EVERY = "every command"
    """Amendment D, 6.2.6."""
    WITH_DATA = "commands with data only"


class LePolicy(Enum):
    """
    Whether a wrapped command asks for an answer.
    """

    PROTECTED = "also where only the MAC is to come back"
    AS_GIVEN = "where the plain command does"


class Chaining(Enum):
    """
    How what is too long for one command is cut.
    """

    NONE = "not at all: extended length"
    CLA = "bit 5 of the class byte (ISO/IEC 7816-4, 5.3.3)"
    P1 = "bit 8 of P1 (GlobalPlatform Card Specification 2.3.1, 11.1.5.1)"
    BOTH = "both bits"


@frozen
class Family:
    """
    What the cards of a family do.

    @ivar encrypts_empty: whether no data are one block of padding when they are encrypted; elsewhere they stay nothing.
    @ivar chaining: of protected commands.
    @ivar certificates: likewise of the certificates that SCP11 sends before the session.
    """

    name: str
    counting: Counting = Counting.EVERY
    encrypts_empty: bool = False
    le: LePolicy = LePolicy.PROTECTED
    chaining: Chaining = Chaining.P1
    certificates: Chaining = Chaining.BOTH


STRICT = Family("strict")
"""To the letter of the documents."""
YUBIKEY = Family("yubikey", encrypts_empty=True, chaining=Chaining.CLA, certificates=Chaining.CLA)
JCOP = Family("jcop")
EUICC = Family("euicc")
LEGACY = Family("legacy", counting=Counting.WITH_DATA)
"""Cards that do not count a command without data."""

FAMILIES: Mapping[str, Family] = MappingProxyType({each.name: each for each in (STRICT, YUBIKEY, JCOP, EUICC, LEGACY)})
"""By name."""


def family(name: str) -> Family:
    """
    @raise ParameterError: there is none of this name.
    """
    found = FAMILIES.get(name)
    if found is None:
        raise ParameterError(f"there is no family of cards {name}; there are {', '.join(FAMILIES)}")
    return found
