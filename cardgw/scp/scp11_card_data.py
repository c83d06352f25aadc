# -*- test-case-name: tests.scp.test_scp11_card_data -*-
"""
What a card says about SCP11 in its card data: the parameter i (GlobalPlatform Card Specification 2.3 Amendment F, table 5-1).
"""

from __future__ import annotations

from attrs import frozen

from cardgw.scp.errors import LevelNotPossible
from cardgw.scp.level import S8, S16
from cardgw.scp.scp11_terms import Variant

_VARIANTS = {Variant.A: 0x01, Variant.B: 0x02, Variant.C: 0x10}
_S16 = 0x40


@frozen
class Scp11Implementation:
    """
    The parameter.

    @ivar first: its low byte.
    """

    first: int

    @classmethod
    def of(cls, parameter: int) -> Scp11Implementation:
        """
        @param parameter: the last number of the object identifier: one byte, or two.  What the second one says of certificates
            cards do not keep to.
        """
        return cls(parameter & 0xFF)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """
        Which there are.
        """
        return tuple(variant for variant, bit in _VARIANTS.items() if self.first & bit)

    @property
    def mac_length(self) -> int:
        """
        8 or 16.
        """
        return S16 if self.first & _S16 else S8

    def refuse(self, variant: Variant) -> None:
        """
        @raise LevelNotPossible: the card does not do this variant.
        """
        if variant not in self.variants:
            known = ", ".join(f"SCP11{each.value}" for each in self.variants) or "none"
            raise LevelNotPossible(f"SCP11{variant.value} is wanted, and the card says that it does {known}")
