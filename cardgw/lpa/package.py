# -*- test-case-name: tests.lpa.test_package -*-
"""
Bound profile packages: whether one has the structure that it must have, and how it is cut into segments (SGP.22 2.5.5, annex H
BoundProfilePackage).
"""

from __future__ import annotations

from attrs import frozen

from cardgw.apdu.tlv import Tlvs, header, only
from cardgw.errors import CardGatewayError

BOUND_PROFILE_PACKAGE = 0xBF36
INITIALISE_SECURE_CHANNEL = 0xBF23
BLOCK_MAX = 1036
"""Most bytes in a protected block of profile elements.  SGP.22 2.5.3 says 1020; a common SM-DP+ makes more; cards take it."""


@frozen
class _Part:
    """
    One sequence of protected blocks.

    @ivar joined: its header goes with its first block, in one segment.
    """

    tag: int
    name: str
    block: int
    joined: bool
    optional: bool = False


_PARTS = (
    _Part(0xA0, "firstSequenceOf87", 0x87, True),
    _Part(0xA1, "sequenceOf88", 0x88, False),
    _Part(0xA2, "secondSequenceOf87", 0x87, True, True),
    _Part(0xA3, "sequenceOf86", 0x86, False),
)


class PackageError(CardGatewayError):
    """
    The bound profile package has the wrong structure.
    """

    hint = "Nothing was installed. Try again; if it happens again, tell the provider."

    @property
    def brief(self) -> str:
        """
        See L{CardGatewayError.brief}.
        """
        return "The profile arrived damaged. Nothing was installed. Try again, or tell the provider."


def check(package: bytes) -> None:
    """
    Check the structure, before the first byte goes to the card.

    @raise PackageError: a part is missing, empty, out of order or unknown, or lengths do not add up.
    """
    segments(package)


def segments(package: bytes) -> tuple[bytes, ...]:
    """
    The segments, each of which is one ES10b command: the header with InitialiseSecureChannel; the header of each sequence of 87
    with its first block; the headers of the other sequences; every other block.

    @param package: the whole data object BF36.
    @raise PackageError: see L{check}.
    """
    try:
        items = only(package, BOUND_PROFILE_PACKAGE).children()
        start = header(package)[2]
        return tuple(_segments(package[:start], items))
    except ValueError as problem:
        raise PackageError(str(problem)) from None


def _segments(head: bytes, items: Tlvs) -> list[bytes]:
    if not items or items[0].tag != INITIALISE_SECURE_CHANNEL:
        raise ValueError("it does not begin with initialiseSecureChannelRequest")
    found, rest = [head + items[0].raw], list(items[1:])
    for part in _PARTS:
        if not rest or rest[0].tag != part.tag:
            if part.optional:
                continue
            raise ValueError(f"{part.name} is missing" + (f", {rest[0].tag:X} is in its place" if rest else ""))
        found += _blocks(part, rest.pop(0).raw)
    if rest:
        raise ValueError(f"{rest[0].tag:X} follows the last part")
    return found


def _blocks(part: _Part, raw: bytes) -> list[bytes]:
    _, _, start = header(raw)
    blocks = only(raw, part.tag).children()
    if not blocks:
        raise ValueError(f"{part.name} is empty")
    for block in blocks:
        if block.tag != part.block:
            raise ValueError(f"{part.name} has a {block.tag:X} in it")
        if part.block == 0x86 and len(block.raw) > BLOCK_MAX:
            raise ValueError(f"{part.name} has a block of {len(block.raw)} bytes")
    raws = [block.raw for block in blocks]
    return [raw[:start] + raws[0], *raws[1:]] if part.joined else [raw[:start], *raws]
