# -*- test-case-name: tests.operations.test_gp_family -*-
"""
Of which family a card is (L{cardgw.scp.families}), by its answer to reset and what it tells of itself, as data.
"""

from __future__ import annotations

from collections.abc import Container

from attrs import field, frozen

from cardgw.apdu.atr import Atr
from cardgw.gp.card_data import Cplc
from cardgw.scp.families import EUICC, JCOP, LEGACY, STRICT, YUBIKEY, Family

_NXP = bytes.fromhex("4790")
_JCOP_SYSTEMS = frozenset(map(bytes.fromhex, ("4051", "4700", "4791")))
_ISD_R = bytes.fromhex("A0000005591010FFFFFFFF89000001")
_VISA = bytes.fromhex("A000000003000000")
_OLD = frozenset({1, 2})


@frozen
class Signs:
    """
    What is known of a card.

    @ivar historical: the historical bytes of its answer to reset.
    @ivar aid: of the security domain.
    @ivar protocols: numbers of the secure channel protocols that it tells.
    """

    historical: bytes = b""
    cplc: Cplc | None = None
    aid: bytes = b""
    protocols: frozenset[int] = frozenset()


@frozen
class Mark:
    """
    By what a family is known: all that is given here.

    @ivar historical: these bytes are among the historical bytes.
    @ivar fabricator: of the chip.
    @ivar systems: one of these operating systems.
    @ivar aid: how the AID of the security domain begins.
    @ivar most: the card tells no secure channel protocols but these.
    @ivar told: whether it tells any; C{None} where that does not matter.
    """

    family: Family
    historical: bytes = b""
    fabricator: bytes = b""
    systems: Container[bytes] = frozenset()
    aid: bytes = b""
    most: frozenset[int] = field(default=frozenset())
    told: bool | None = None

    def fits(self, signs: Signs) -> bool:
        """
        Whether a card has it.
        """
        return (
            self.historical in signs.historical
            and signs.aid.startswith(self.aid)
            and (not self.fabricator or self._made_so(signs.cplc))
            and self.told in (None, bool(signs.protocols))
            and (not self.most or signs.protocols <= self.most)
        )

    def _made_so(self, cplc: Cplc | None) -> bool:
        return cplc is not None and cplc.ic_fabricator == self.fabricator and cplc.os_id in self.systems


MARKS = (
    Mark(YUBIKEY, historical=b"YubiKey"),
    Mark(EUICC, aid=_ISD_R),
    Mark(JCOP, historical=b"JCOP"),
    Mark(JCOP, fabricator=_NXP, systems=_JCOP_SYSTEMS),
    Mark(LEGACY, most=_OLD, told=True),
    Mark(LEGACY, aid=_VISA, told=False),
)
"""The first that fits counts; a card that none fits is taken by the letter of the documents."""


def recognise(signs: Signs) -> Family:
    """
    The family of a card.
    """
    return next((mark.family for mark in MARKS if mark.fits(signs)), STRICT)


def historical_bytes(atr: bytes | None) -> bytes:
    """
    Of an answer to reset; empty where there is none that is understood.
    """
    try:
        return Atr.decode(atr).historical if atr is not None else b""
    except ValueError:
        return b""
