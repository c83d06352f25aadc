# -*- test-case-name: tests.virtual.test_euicc_values -*-
"""
Values inside the data objects of SGP.22 as the software eUICC reads and writes them, and the status words it gives.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from cardgw.apdu.tlv import Tlvs

SW_OK = 0x9000
SW_PROACTIVE = 0x9100
"""Success; the second byte tells the bytes of a proactive command (ETSI TS 102 221, 10.2.1.1)."""
SW_MORE = 0x6100
"""The second byte tells the bytes that GET RESPONSE can fetch (ISO/IEC 7816-4, 5.6)."""
SW_WRONG_LE = 0x6C00
SW_WRONG_LENGTH = 0x6700
SW_CHANNEL = 0x6881
"""Logical channel not supported."""
SW_CONDITIONS = 0x6985
"""Conditions of use not satisfied."""
SW_DATA = 0x6A80
"""Incorrect parameters in the command data."""
SW_FUNCTION = 0x6A81
"""Function not supported: no more logical channels."""
SW_NOT_FOUND = 0x6A82
"""Application not found."""
SW_MEMORY = 0x6A84
SW_PARAMETERS = 0x6A86
"""Incorrect P1-P2."""
SW_REFERENCE = 0x6A88
"""Reference data not found: a function that the eUICC does not have."""
SW_INS = 0x6D00
SW_CLA = 0x6E00
SW_FAILED = 0x6F00
"""No precise diagnosis."""

ICCID_BYTES = 10


class Refused(Exception):
    """
    The command ends in this status word.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


def read_bits(value: bytes) -> frozenset[int]:
    """
    The numbers of those bits that are set in the value of a BIT STRING (ITU-T X.690, 8.6).

    @raise ValueError: it is none.
    """
    if not value or value[0] > 7 or (value[0] and len(value) == 1):
        _wrong("not a BIT STRING")
    return frozenset(8 * at + bit for at, octet in enumerate(value[1:]) for bit in range(8) if octet & 0x80 >> bit)


def write_bits(bits: Iterable[int]) -> bytes:
    """
    The value of a BIT STRING with named bits: no zeros at its end (ITU-T X.690, 11.2.2).
    """
    numbers = frozenset(bits)
    if not numbers:
        return b"\0"
    size = max(numbers) + 1
    octets = (size + 7) // 8
    number = sum(1 << 8 * octets - 1 - bit for bit in numbers)
    return bytes((-size % 8,)) + number.to_bytes(octets, "big")


def read_integer(value: bytes) -> int:
    """
    An INTEGER of one to four bytes.

    @raise ValueError: it is none, or negative.
    """
    if not 1 <= len(value) <= 4 or value[0] & 0x80:
        _wrong("not an INTEGER from 0 to 2147483647")
    return int.from_bytes(value, "big")


def write_integer(number: int) -> bytes:
    """
    The value of a non-negative INTEGER, in its shortest form.
    """
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def write_oid(dotted: str) -> bytes:
    """
    The value of an OBJECT IDENTIFIER (ITU-T X.690, 8.19).
    """
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return b"".join(_arc(arc) for arc in (40 * first + second, *rest))


def _arc(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(0x80 | number & 0x7F)
    return bytes(reversed(octets))


def swap_nibbles(octets: bytes) -> bytes:
    """
    Each byte with its halves exchanged (3GPP TS 31.102, 4.2, EF.ICCID).
    """
    return bytes((octet << 4 | octet >> 4) & 0xFF for octet in octets)


def iccid_digits(iccid: bytes) -> str:
    """
    The digits of an ICCID as metadata have it: nibbles swapped, filled up with F.

    @raise ValueError: it does not have 18 to 20 digits in ten bytes.
    """
    digits = swap_nibbles(iccid).hex().upper().rstrip("F")
    if len(iccid) != ICCID_BYTES or not digits.isdigit() or len(digits) < 18:
        _wrong("not an ICCID")
    return digits


def iccid_octets(digits: str) -> bytes:
    """
    The ten bytes of an ICCID, the reverse of L{iccid_digits}.
    """
    return swap_nibbles(bytes.fromhex(digits.ljust(2 * ICCID_BYTES, "F")))


def shaped(items: Tlvs, *tags: int, optional: frozenset[int] = frozenset()) -> Tlvs:
    """
    The same data objects, which must be these, in this order.

    @param optional: those of C{tags} that may be absent.
    @raise ValueError: there are others.
    """
    left = list(tags)
    for item in items:
        while left and left[0] != item.tag and left[0] in optional:
            left.pop(0)
        if not left or left.pop(0) != item.tag:
            _wrong(f"data object {item.tag:X} is not expected here")
    if not optional.issuperset(left):
        _wrong("a data object is missing")
    return items


def _wrong(detail: str) -> NoReturn:
    raise ValueError(detail)
