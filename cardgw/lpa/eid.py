# -*- test-case-name: tests.lpa.test_eid -*-
"""
The EID: 32 digits, of which the last two check the others (SGP.02 2.2.2, SGP.29; ISO/IEC 7064, MOD 97-10).
"""

from __future__ import annotations

SIZE = 16
DIGITS = 32
_CHECK_DIGITS = 2
_MODULUS = 97


def is_eid(digits: str) -> bool:
    """
    Whether a text is an EID with the right check digits.
    """
    return len(digits) == DIGITS and digits.isdecimal() and digits.isascii() and int(digits) % _MODULUS == 1


def check_digits(digits: str) -> str:
    """
    The last two digits of the EID that begins with these.

    @param digits: 30 digits.
    @raise ValueError: they are not.
    """
    if len(digits) != DIGITS - _CHECK_DIGITS or not digits.isdecimal() or not digits.isascii():
        raise ValueError(f"{DIGITS - _CHECK_DIGITS} digits are expected")
    return f"{_MODULUS + 1 - int(digits) * 10**_CHECK_DIGITS % _MODULUS:02}"


def eid_digits(octets: bytes) -> str:
    """
    An EID as people write it.  Its check digits are not looked at: there are cards whose own are wrong.

    @param octets: 16 bytes, two digits in each, the first in the high nibble (SGP.22 annex H, Octet16).
    @raise ValueError: it is no EID.
    """
    digits = octets.hex()
    if len(octets) != SIZE or not digits.isdecimal():
        raise ValueError(f"no EID: {len(octets)} bytes, or something else than digits")
    return digits


def eid_octets(digits: str) -> bytes:
    """
    An EID as eUICCs keep it: 16 bytes.

    @param digits: 32 digits; spaces between them count for nothing.
    @raise ValueError: it is no EID.
    """
    plain = "".join(digits.split())
    if len(plain) != DIGITS or not plain.isdecimal() or not plain.isascii():
        raise ValueError(f"an EID has {DIGITS} digits")
    return bytes.fromhex(plain)
