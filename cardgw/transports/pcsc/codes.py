# -*- test-case-name: tests.transports.pcsc.test_codes -*-
"""
Numbers of PC/SC: what its calls return, and what they are asked for (C{pcsclite.h} and C{reader.h} of pcsc-lite; PC/SC
parts 3, 5 and 10).
"""

from __future__ import annotations

from enum import IntEnum, IntFlag


class Code(IntEnum):
    """
    What PC/SC calls return.
    """

    SCARD_S_SUCCESS = 0x00000000
    SCARD_F_INTERNAL_ERROR = 0x80100001
    SCARD_E_CANCELLED = 0x80100002
    SCARD_E_INVALID_HANDLE = 0x80100003
    SCARD_E_INVALID_PARAMETER = 0x80100004
    SCARD_E_INVALID_TARGET = 0x80100005
    SCARD_E_NO_MEMORY = 0x80100006
    SCARD_F_WAITED_TOO_LONG = 0x80100007
    SCARD_E_INSUFFICIENT_BUFFER = 0x80100008
    SCARD_E_UNKNOWN_READER = 0x80100009
    SCARD_E_TIMEOUT = 0x8010000A
    SCARD_E_SHARING_VIOLATION = 0x8010000B
    SCARD_E_NO_SMARTCARD = 0x8010000C
    SCARD_E_UNKNOWN_CARD = 0x8010000D
    SCARD_E_CANT_DISPOSE = 0x8010000E
    SCARD_E_PROTO_MISMATCH = 0x8010000F
    SCARD_E_NOT_READY = 0x80100010
    SCARD_E_INVALID_VALUE = 0x80100011
    SCARD_E_SYSTEM_CANCELLED = 0x80100012
    SCARD_F_COMM_ERROR = 0x80100013
    SCARD_F_UNKNOWN_ERROR = 0x80100014
    SCARD_E_INVALID_ATR = 0x80100015
    SCARD_E_NOT_TRANSACTED = 0x80100016
    SCARD_E_READER_UNAVAILABLE = 0x80100017
    SCARD_P_SHUTDOWN = 0x80100018
    SCARD_E_PCI_TOO_SMALL = 0x80100019
    SCARD_E_READER_UNSUPPORTED = 0x8010001A
    SCARD_E_DUPLICATE_READER = 0x8010001B
    SCARD_E_CARD_UNSUPPORTED = 0x8010001C
    SCARD_E_NO_SERVICE = 0x8010001D
    SCARD_E_SERVICE_STOPPED = 0x8010001E
    SCARD_E_UNEXPECTED = 0x8010001F
    SCARD_E_UNSUPPORTED_FEATURE = 0x80100022
    SCARD_E_NO_READERS_AVAILABLE = 0x8010002E
    SCARD_E_COMM_DATA_LOST = 0x8010002F
    SCARD_E_SERVER_TOO_BUSY = 0x80100031
    SCARD_W_UNSUPPORTED_CARD = 0x80100065
    SCARD_W_UNRESPONSIVE_CARD = 0x80100066
    SCARD_W_UNPOWERED_CARD = 0x80100067
    SCARD_W_RESET_CARD = 0x80100068
    SCARD_W_REMOVED_CARD = 0x80100069
    SCARD_W_SECURITY_VIOLATION = 0x8010006A


def describe(code: int) -> str:
    """
    A code with its name, for people: C{SCARD_E_TIMEOUT (8010000A)}.
    """
    known = {each.value: each.name for each in Code}
    return f"{known.get(code, 'code of PC/SC')} ({code:08X})"


class Share(IntEnum):
    """
    With whom a card is shared.
    """

    EXCLUSIVE = 1
    SHARED = 2
    DIRECT = 3


class Protocol(IntFlag):
    """
    Transmission protocols.
    """

    T0 = 1
    T1 = 2
    RAW = 4


class Disposition(IntEnum):
    """
    What becomes of a card: when it is left, and how it is begun with anew.
    """

    LEAVE = 0
    RESET = 1
    UNPOWER = 2


class State(IntFlag):
    """
    The low 16 bits of a reader's state; the high ones count cards that came and went.
    """

    UNAWARE = 0x0000
    IGNORE = 0x0001
    CHANGED = 0x0002
    UNKNOWN = 0x0004
    UNAVAILABLE = 0x0008
    EMPTY = 0x0010
    PRESENT = 0x0020
    ATRMATCH = 0x0040
    EXCLUSIVE = 0x0080
    INUSE = 0x0100
    MUTE = 0x0200
    UNPOWERED = 0x0400


NEW_READERS = "\\\\?PnP?\\Notification"
"""In place of a reader's name: tells of readers that come and go."""
ATTRIBUTE_MAXINPUT = 0x0007A007
"""SCARD_ATTR_MAXINPUT: most bytes that the reader takes in one command."""
GET_FEATURES = 0x42000000 + 3400
"""CM_IOCTL_GET_FEATURE_REQUEST (PC/SC part 10, 2.2): the features of a reader, and the codes that they are asked for with."""
FEATURE_VERIFY_PIN_DIRECT = 0x06
"""The reader verifies a PIN that is typed on its own pad (PC/SC part 10, 2.2 and 2.5.2)."""
FEATURE_TLV_PROPERTIES = 0x12
"""FEATURE_GET_TLV_PROPERTIES (PC/SC part 10, 2.3)."""
PROPERTY_MAX_APDU_DATA = 0x0A
"""dwMaxAPDUDataSize (PC/SC part 10, 2.6.14): 0 for short APDUs only, 65536 for extended ones."""
