# -*- test-case-name: tests.transports.pcsc.test_limits -*-
"""
How long commands may be in a reader: what it tells by PC/SC part 10, or by an attribute.  Many tell nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from cardgw.apdu.command import SHORT_COMMAND
from cardgw.transports.pcsc.codes import ATTRIBUTE_MAXINPUT, FEATURE_TLV_PROPERTIES, GET_FEATURES, PROPERTY_MAX_APDU_DATA
from cardgw.transports.pcsc.driver import Driver

EXTENDED_COMMAND, EXTENDED_RESPONSE = 65544, 65538
"""Most bytes of APDUs of extended length (ISO/IEC 7816-4, 5.2)."""
_FRAME = EXTENDED_COMMAND - 65535
"""What stands around the data of an extended command."""


def longest_command(driver: Driver, handle: int) -> int | None:
    """
    Ask a reader.

    @return: most bytes in one command; L{SHORT_COMMAND} where there are no extended ones; C{None} where it does not tell.
    """
    properties = _properties(driver, handle)
    data = {} if properties is None else dict(entries(properties))
    if PROPERTY_MAX_APDU_DATA in data:
        return _command(int.from_bytes(data[PROPERTY_MAX_APDU_DATA], "little"))
    most = driver.attribute(handle, ATTRIBUTE_MAXINPUT)
    return None if not most else min(max(int.from_bytes(most, "little"), SHORT_COMMAND), EXTENDED_COMMAND)


def _properties(driver: Driver, handle: int) -> bytes | None:
    """
    @return: the properties of the reader, C{None} where there are none.
    """
    code = feature(driver, handle, FEATURE_TLV_PROPERTIES)
    return None if code is None else driver.control(handle, code, b"")


def feature(driver: Driver, handle: int, tag: int) -> int | None:
    """
    @param tag: of a feature (PC/SC part 10, 2.2).
    @return: the code with which the reader is asked for it, C{None} where it does not have it.
    """
    value = dict(entries(driver.control(handle, GET_FEATURES, b"") or b"")).get(tag)
    return None if value is None else int.from_bytes(value, "big")


def _command(data: int) -> int:
    return min(data + _FRAME, EXTENDED_COMMAND) if data > 0xFF else SHORT_COMMAND


def entries(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """
    Tag (one byte), length (one byte), value; up to where it is cut.
    """
    while len(octets) >= 2 and len(octets) >= 2 + octets[1]:
        yield octets[0], octets[2 : 2 + octets[1]]
        octets = octets[2 + octets[1] :]
