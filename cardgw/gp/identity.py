# -*- test-case-name: tests.gp.test_identity -*-
"""
Who a card of GlobalPlatform is: by how its chip was made, or by the numbers that its issuer gave.
"""

from __future__ import annotations

from cardgw.gp.card_data import CardData, Cplc
from cardgw.identities import CUID, IIN_CIN

BLANKS = (b"\x00", b"\xff")
"""Of these bytes alone is a number that nobody has given."""


def gp_identity(data: CardData) -> str:
    """
    The identity of a card that has told this (see L{cardgw.identities}); empty where that says nothing.
    """
    if data.cplc is not None and not _is_blank(data.cplc.ic_serial_number):
        return f"{CUID}:{chip_id(data.cplc).hex().upper()}"
    if _is_blank(data.iin) or _is_blank(data.cin):
        return ""
    return f"{IIN_CIN}:{data.iin.hex().upper()}-{data.cin.hex().upper()}"


def chip_id(cplc: Cplc) -> bytes:
    """
    What no two chips have in common: fabricator, type, batch and serial number; 10 bytes.
    """
    return cplc.ic_fabricator + cplc.ic_type + cplc.ic_batch_identifier + cplc.ic_serial_number


def _is_blank(number: bytes) -> bool:
    return not number or any(number == blank * len(number) for blank in BLANKS)
