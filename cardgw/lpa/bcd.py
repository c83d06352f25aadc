# -*- test-case-name: tests.lpa.test_bcd -*-
"""
Numbers as cards store them: two digits in a byte, the first in the low nibble (ITU-T E.118, ETSI TS 102 221 13.2).
"""

from __future__ import annotations

ICCID_SIZE = 10
_FILLER = "f"


def swapped(octets: bytes) -> str:
    """
    Digits of nibble-swapped octets, fillers included.
    """
    text = octets.hex()
    return "".join(text[at + 1] + text[at] for at in range(0, len(text), 2))


def swap(digits: str) -> bytes:
    """
    Nibble-swapped octets of digits, filled up with F where their number is odd.
    """
    return bytes.fromhex(swapped(bytes.fromhex(digits + _FILLER * (len(digits) % 2))))


def iccid_digits(octets: bytes) -> str:
    """
    The ICCID's digits.  Some cards put a filler in the midst of them; it counts for nothing.

    @param octets: 10 bytes (SGP.22 annex H, Iccid).
    @raise ValueError: there is something else than digits and fillers.
    """
    digits = swapped(octets).replace(_FILLER, "")
    if not digits.isdecimal() or len(octets) > ICCID_SIZE:
        raise ValueError(f"no ICCID: {octets.hex().upper()}")
    return digits


def iccid_octets(digits: str) -> bytes:
    """
    The ICCID as it is stored: 10 bytes.

    @param digits: 18 to 20 digits.
    @raise ValueError: it is none.
    """
    if not digits.isdecimal() or not digits.isascii() or not 18 <= len(digits) <= 2 * ICCID_SIZE:
        raise ValueError(f"an ICCID has 18 to 20 digits, got {len(digits)} characters")
    return swap(digits.ljust(2 * ICCID_SIZE, _FILLER))
