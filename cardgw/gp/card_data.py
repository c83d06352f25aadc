# -*- test-case-name: tests.gp.test_card_data -*-
"""
What a card of GlobalPlatform tells about itself (GlobalPlatform Card Specification 2.3.1, 11.3 and H.2): how it was made (CPLC),
who issued it (IIN), which one it is (CIN).  Answers in, values out; some cards give each in its data object, others without.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Self

from attrs import field, fields, frozen

from cardgw.apdu.tlv import only
from cardgw.errors import MalformedAnswer

CPLC, IIN, CIN = 0x9F7F, 0x42, 0x45
"""Tags of these data objects."""
CPLC_LENGTH = 42


def _part(size: int, *, personal: bool = False) -> bytes:
    """
    @param personal: whether it tells one card from others of its making.
    """
    made: bytes = field(metadata={"size": size}, repr=not personal)
    return made


@frozen
class Cplc:
    """
    Card production life cycle data (Visa GlobalPlatform 2.1.1 Card Implementation Requirements; GlobalPlatform itself leaves them
    to makers of cards).  All fields are bytes as they come.  Dates are four digits in two bytes: the last one of the year, and
    the day of the year.
    """

    ic_fabricator: bytes = _part(2)
    ic_type: bytes = _part(2)
    os_id: bytes = _part(2)
    os_release_date: bytes = _part(2)
    os_release_level: bytes = _part(2)
    ic_fabrication_date: bytes = _part(2)
    ic_serial_number: bytes = _part(4, personal=True)
    ic_batch_identifier: bytes = _part(2, personal=True)
    ic_module_fabricator: bytes = _part(2)
    ic_module_packaging_date: bytes = _part(2)
    icc_manufacturer: bytes = _part(2)
    ic_embedding_date: bytes = _part(2)
    ic_pre_personalizer: bytes = _part(2)
    ic_pre_personalization_date: bytes = _part(2)
    ic_pre_personalization_equipment: bytes = _part(4, personal=True)
    ic_personalizer: bytes = _part(2)
    ic_personalization_date: bytes = _part(2)
    ic_personalization_equipment: bytes = _part(4, personal=True)

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        @param octets: 42 bytes.
        @raise ValueError: they are more or less.
        """
        if len(octets) != CPLC_LENGTH:
            raise ValueError(f"production life cycle data have {CPLC_LENGTH} bytes, not {len(octets)}")
        sizes = [each.metadata["size"] for each in fields(cls)]
        ends = list(accumulate(sizes))
        return cls(*(octets[end - size : end] for size, end in zip(sizes, ends, strict=True)))

    def encode(self) -> bytes:
        """
        The same 42 bytes.
        """
        return b"".join(getattr(self, each.name) for each in fields(type(self)))


@frozen
class CardData:
    """
    What a card has told.

    @ivar cplc: C{None} where it did not.
    @ivar iin: the number of its issuer, as bytes; empty where it did not.
    @ivar cin: its own number, likewise.
    """

    cplc: Cplc | None = None
    iin: bytes = field(default=b"", repr=False)
    cin: bytes = field(default=b"", repr=False)


def parse_cplc(answer: bytes) -> Cplc:
    """
    The answer to GET DATA for the CPLC.

    @raise MalformedAnswer: it is something else.
    """
    try:
        return Cplc.decode(answer if len(answer) == CPLC_LENGTH else only(answer, CPLC).value)
    except ValueError as problem:
        raise MalformedAnswer(f"GET DATA of 9F7F: {problem}") from None


def parse_number(answer: bytes, tag: int, most: int) -> bytes:
    """
    The answer to GET DATA for the number of issuer or card.

    @param tag: L{IIN} or L{CIN}.
    @param most: bytes that the number may have.
    @return: the number, not empty.
    @raise MalformedAnswer: it is something else.
    """
    try:
        number = only(answer, tag).value
    except ValueError:
        number = answer
    if not 1 <= len(number) <= most:
        raise MalformedAnswer(f"GET DATA of {tag:04X}: a number of 1 to {most} bytes is expected, not {len(number)}")
    return number
