# -*- test-case-name: tests.gp.test_load_file -*-
"""
Load files, and LOAD, which sends them in blocks (GlobalPlatform Card Specification 2.3.1, 11.6; signatures: C.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Self, TypeAlias

from attrs import field, frozen

from cardgw.apdu import tlv
from cardgw.apdu.command import SHORT_LE, Command
from cardgw.apdu.script import Script, Step
from cardgw.errors import ParameterError
from cardgw.gp.commands import AID, CLA, Ins, check_aid
from cardgw.gp.errors import TooManyBlocks

SIGNATURE_BLOCK, SIGNATURE, PLAIN, CIPHERED, ICV = 0xE2, 0xC3, 0xC4, 0xD4, 0xD3
"""Tags in a load file (table 11-58)."""
MOST_BLOCKS = 256
"""P2 counts them in one byte (11.6.2.2)."""
LAST_BLOCK = 0x80
"""In P1: no more blocks follow."""
MOST_DATA = 0xFFFF

Signer: TypeAlias = Callable[[bytes], bytes]
"""Makes the signature of a load file data block from its hash: with RSA, ECDSA, or AES-CMAC.  It alone knows the key."""


@frozen
class Dap:
    """
    A DAP block: the signature of a load file data block, for the security domain that verifies it.

    @ivar domain: its AID.
    """

    domain: bytes
    signature: bytes = field(repr=False)

    def __attrs_post_init__(self) -> None:
        check_aid(self.domain, "security domain of a signature")
        if not self.signature:
            raise ParameterError("signature: it is empty")

    @classmethod
    def sign(cls, domain: bytes, code_hash: bytes, signer: Signer) -> Self:
        """
        @param code_hash: the hash of the load file data block (L{cardgw.gp.cap.code_hash}), which INSTALL [for load] must have,
            too.
        """
        return cls(domain, signer(code_hash))

    def encode(self) -> bytes:
        """
        The data object E2.
        """
        return tlv.encode(SIGNATURE_BLOCK, tlv.encode(AID, self.domain), tlv.encode(SIGNATURE, self.signature))


@frozen
class LoadFile:
    """
    What is sent with LOAD.

    @ivar code: the load file data block, or what it is when ciphered (C.6).
    @ivar daps: the signatures.
    @ivar ciphered: whether it is.
    @ivar icv: of a ciphered one, where its cipher has one.
    """

    code: bytes = field(repr=False)
    daps: tuple[Dap, ...] = ()
    ciphered: bool = False
    icv: bytes = b""

    def __attrs_post_init__(self) -> None:
        if not self.code:
            raise ParameterError("load file: it is empty")
        if self.icv and not self.ciphered:
            raise ParameterError("load file: one that is not ciphered has no initial chaining vector")

    def encode(self) -> bytes:
        """
        Signatures, then the data block.
        """
        icv = tlv.encode(ICV, self.icv) if self.icv else b""
        return b"".join(each.encode() for each in self.daps) + icv + tlv.encode(CIPHERED if self.ciphered else PLAIN, self.code)

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        @raise ValueError: it is malformed.
        """
        found = list(tlv.decode(octets))
        if not found or found[-1].tag not in {PLAIN, CIPHERED}:
            raise ValueError("a load file ends with a data object C4 or D4")
        last = found.pop()
        icv = found.pop().value if found and found[-1].tag == ICV else b""
        try:
            return cls(last.value, tuple(map(_dap, found)), last.tag == CIPHERED, icv)
        except ParameterError as problem:
            raise ValueError(problem.detail) from None


def _dap(block: tlv.Tlv) -> Dap:
    if block.tag != SIGNATURE_BLOCK:
        raise ValueError(f"expected a data object E2 before the load file data block, found {block.tag:X}")
    parts = block.children()
    return Dap(parts.need(AID).value, parts.need(SIGNATURE).value)


def blocks(octets: bytes, size: int) -> Sequence[bytes]:
    """
    Cut data into blocks.

    @param size: most bytes in one, of plain data: what the security level, the reader and the card let through.
    @raise ParameterError: the size cannot be one.
    @raise TooManyBlocks: there would be more than L{MOST_BLOCKS}.
    """
    if not 1 <= size <= MOST_DATA:
        raise ParameterError(f"block size: expected 1 to {MOST_DATA} bytes, got {size}")
    count = -(-len(octets) // size)
    if count > MOST_BLOCKS:
        raise TooManyBlocks(f"{len(octets)} bytes in blocks of {size} are {count}, at most {MOST_BLOCKS} are allowed")
    return [octets[at : at + size] for at in range(0, len(octets), size)]


def load(file: LoadFile, size: int) -> Script:
    """
    LOAD for all blocks of a load file.  Its steps may be sent before earlier ones are answered: a card refuses a block whose
    number is not the one that it expects.

    Each answer is one byte 00; the last one may be a confirmation (L{cardgw.gp.delegated.Receipt}).

    @param size: as for L{blocks}.
    """
    return Script(tuple(_steps(blocks(file.encode(), size))), pipelined=True)


def _steps(parts: Sequence[bytes]) -> Iterable[Step]:
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        yield Step(Command(CLA, Ins.LOAD, LAST_BLOCK if last else 0, number, part, SHORT_LE), slow=last)
