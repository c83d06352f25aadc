# -*- test-case-name: tests.lpa.test_imei -*-
"""
The device that an eUICC is in, as the SM-DP+ gets to know it (SGP.22 4.2, annex H DeviceInfo).
"""

from __future__ import annotations

from cardgw.lpa.bcd import swap

DEFAULT_TAC = bytes.fromhex("35290611")
"""The type allocation code that other LPAs give when no IMEI is known."""
TAC_SIZE = 4
DIGITS_WITHOUT_CHECK = 14
DIGITS = 15


def check_digit(digits: str) -> int:
    """
    The Luhn check digit of the first 14 digits (3GPP TS 23.003, annex B).
    """
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(digits[:DIGITS_WITHOUT_CHECK]))
    return -sum(each // 10 + each % 10 for each in doubled) % 10


def clean_imei(text: str) -> str:
    """
    An IMEI as people write it, as 15 digits.

    @param text: 14 or 15 digits; spaces, hyphens and slashes between them count for nothing.
    @raise ValueError: it is none, or its check digit is wrong.
    """
    digits = "".join(char for char in text if char not in " -/.")
    if not digits.isascii() or not digits.isdecimal() or len(digits) not in (DIGITS_WITHOUT_CHECK, DIGITS):
        raise ValueError("an IMEI has 15 digits")
    check = str(check_digit(digits))
    if len(digits) == DIGITS and digits[-1] != check:
        raise ValueError("the last digit of the IMEI does not fit the others")
    return digits[:DIGITS_WITHOUT_CHECK] + check


def imei_octets(imei: str) -> bytes:
    """
    Eight octets of swapped digits, except the last: its check digit is in the high nibble, F in the low one (SGP.22 4.2, since
    version 2.1).

    @param imei: 15 digits.
    """
    return swap(imei[:DIGITS_WITHOUT_CHECK]) + bytes((int(imei[-1]) << 4 | 0xF,))


def device_identity(imei: str | None) -> tuple[bytes, bytes]:
    """
    @param imei: see L{clean_imei}, or C{None} where none is known.
    @return: the type allocation code (4 bytes), and the IMEI (8 bytes, or empty).
    @raise ValueError: it is no IMEI.
    """
    if not imei:
        return DEFAULT_TAC, b""
    octets = imei_octets(clean_imei(imei))
    return octets[:TAC_SIZE], octets
