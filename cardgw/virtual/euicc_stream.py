# -*- test-case-name: tests.virtual.test_euicc_stream -*-
"""
A bound profile package as the software eUICC gets it, segment by segment (SGP.22 2.5.4, 2.5.5): cuts it into its data objects.
No cryptography.
"""

from __future__ import annotations

from attrs import frozen

from cardgw.apdu import tlv

PACKAGE = 0xBF36
SECURE_CHANNEL, CONFIGURE, METADATA, REPLACE_KEYS, ELEMENTS = 0xBF23, 0xA0, 0xA1, 0xA2, 0xA3
"""The sections, in their order; the last but one is optional."""
CHILD = {CONFIGURE: 0x87, METADATA: 0x88, REPLACE_KEYS: 0x87, ELEMENTS: 0x86}
"""What each section is a sequence of."""
FOLLOWING: dict[int, tuple[int, ...]] = {
    PACKAGE: (SECURE_CHANNEL,),
    SECURE_CHANNEL: (CONFIGURE,),
    CONFIGURE: (METADATA,),
    METADATA: (ELEMENTS, REPLACE_KEYS),
    REPLACE_KEYS: (ELEMENTS,),
    ELEMENTS: (),
}
HEADER_MAX = tlv.MAX_TAG_BYTES + 1 + tlv.MAX_LENGTH_BYTES


class StreamError(Exception):
    """
    The package does not have the structure of one, or is not cut as it must be.
    """


@frozen
class Item:
    """
    One data object of the package.

    @ivar section: where it stands: C{BF23} itself, or C{A0} to C{A3}.
    @ivar raw: the whole data object.
    @ivar last: it ends its section.
    """

    section: int
    raw: bytes
    last: bool


class PackageStream:
    """
    @ivar section: where we are; after a L{StreamError}, what was expected or is wrong.
    @ivar done: the package is complete.
    """

    def __init__(self, strict: bool) -> None:
        """
        @param strict: refuse segments that are not cut as SGP.22 2.5.5 says; otherwise any cuts will do.
        """
        self.section = PACKAGE
        self.done = False
        self._strict = strict
        self._rest = b""
        self._package_left = 0
        self._section_left = 0
        self._begun = False

    def feed(self, segment: bytes) -> list[Item]:
        """
        Take a segment.

        @return: the data objects that it completes.
        @raise StreamError: see there.
        """
        octets = self._rest + segment
        at, items, headers = 0, [], []
        while at < len(octets):
            found = self._header(octets, at)
            if found is None:
                break
            tag, size, start = found
            if self._is_header(tag):
                self._open(tag, size, start - at)
                headers.append(tag)
                at = start
                continue
            end = start + size
            self._check_fit(tag, end - at)
            if end > len(octets):
                break
            items.append(self._take(octets[at:end]))
            at = end
        self._rest = octets[at:]
        if self._strict:
            self._check_cut(headers, items)
        return items

    def _header(self, octets: bytes, at: int) -> tuple[int, int, int] | None:
        if self.done:
            raise StreamError("bytes after the end of the package")
        try:
            return tlv.header(octets, at)
        except ValueError as problem:
            if len(octets) - at >= HEADER_MAX:
                raise StreamError(str(problem)) from None
            return None

    def _is_header(self, tag: int) -> bool:
        """
        Whether what comes is the header of the package or of a sequence, whose content follows by itself.
        """
        if self._section_left:
            return False
        if not self._begun:
            return True
        following = FOLLOWING[self.section]
        if tag not in following:
            self.section = following[0]
            raise StreamError(f"data object {tag:X} is not expected here")
        return tag != SECURE_CHANNEL

    def _open(self, tag: int, size: int, header: int) -> None:
        if not self._begun:
            if tag != PACKAGE:
                raise StreamError("a bound profile package begins with BF36")
            self._begun, self._package_left = True, size
            return
        self.section = tag
        self._package_left -= header
        fits = size == self._package_left if tag == ELEMENTS else size < self._package_left
        if not size or not fits:
            raise StreamError("the lengths do not add up")
        self._section_left = size

    def _check_fit(self, tag: int, size: int) -> None:
        left = self._section_left or self._package_left
        if size > left or (self._section_left and tag != CHILD[self.section]):
            raise StreamError(f"data object {tag:X} with {size} bytes does not fit here")

    def _take(self, raw: bytes) -> Item:
        self._package_left -= len(raw)
        if self._section_left:
            self._section_left -= len(raw)
        else:
            self.section = SECURE_CHANNEL
        self.done = self.section == ELEMENTS and not self._section_left
        return Item(self.section, raw, not self._section_left)

    def _check_cut(self, headers: list[int], items: list[Item]) -> None:
        """
        SGP.22 2.5.5: C{BF36} and C{A0}, C{A2} come with the first data object inside, C{A1} and C{A3} alone; all else is one
        data object a segment.
        """
        wanted = 0 if headers and headers[0] in (METADATA, ELEMENTS) else 1
        if self._rest or len(headers) > 1 or len(items) != wanted:
            raise StreamError("the package is not cut into the segments of SGP.22 2.5.5")
