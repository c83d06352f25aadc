# -*- test-case-name: tests.virtual.test_euicc_elements -*-
"""
The profile package interpreter of the software eUICC, as far as a package's outer shape and ICCID go (TCA eUICC Profile
Package: Interoperable Format, 8.2, 8.3).
"""

from __future__ import annotations

from cardgw.apdu import tlv
from cardgw.apdu.tlv import encode

HEADER, END = 0xA0, 0xAA
"""C{ProfileElement.header}, C{ProfileElement.end}."""
HEADER_ICCID = 0x83
CONTEXT_CONSTRUCTED, CLASS_MASK = 0xA0, 0xE0
HEADER_MAX = tlv.MAX_TAG_BYTES + 1 + tlv.MAX_LENGTH_BYTES
BAD_VALUES, INVALID_FORMAT = 3, 5
"""C{PEStatus.status} (8.11)."""


class ElementsError(Exception):
    """
    The profile package cannot be installed.

    @ivar mismatch: its ICCID is not that of the metadata.
    @ivar response: C{EUICCResponse}, for the result.
    """

    def __init__(self, status: int = INVALID_FORMAT, *, mismatch: bool = False) -> None:
        super().__init__(status)
        self.mismatch = mismatch
        statuses = encode(0xA0, encode(0x30, encode(0x80, bytes((status,)))))
        self.response = encode(0x30, statuses, encode(0x81))


class Elements:
    """
    Takes a package in pieces of any size.

    @ivar size: bytes so far.
    """

    def __init__(self, iccid: str) -> None:
        """
        @param iccid: the digits in the metadata.
        """
        self.size = 0
        self._iccid = iccid
        self._rest = b""
        self._last: int | None = None

    def feed(self, octets: bytes) -> None:
        """
        Take a piece.

        @raise ElementsError: see there.
        """
        self.size += len(octets)
        whole, at = self._rest + octets, 0
        while at < len(whole):
            end = self._end(whole, at)
            if end is None or end > len(whole):
                break
            self._take(whole[at:end])
            at = end
        self._rest = whole[at:]

    def _end(self, octets: bytes, at: int) -> int | None:
        try:
            _, size, start = tlv.header(octets, at)
        except ValueError:
            if len(octets) - at >= HEADER_MAX:
                raise ElementsError from None
            return None
        return start + size

    def _take(self, octets: bytes) -> None:
        element = tlv.only(octets, tlv.header(octets)[0])
        first = self._last is None
        if octets[0] & CLASS_MASK != CONTEXT_CONSTRUCTED or self._last == END or first != (element.tag == HEADER):
            raise ElementsError
        if first:
            self._check_header(element)
        self._last = element.tag

    def _check_header(self, element: tlv.Tlv) -> None:
        try:
            iccid = element.children().need(HEADER_ICCID).value
        except ValueError:
            raise ElementsError(BAD_VALUES) from None
        # Digits in their order here; with nibbles swapped in metadata.
        if iccid.hex().upper().rstrip("F") != self._iccid:
            raise ElementsError(BAD_VALUES, mismatch=True)

    def finish(self) -> None:
        """
        There is no more.

        @raise ElementsError: it does not end with an end element.
        """
        if self._rest or self._last != END:
            raise ElementsError
