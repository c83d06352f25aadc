# -*- test-case-name: tests.apdu.test_command_names -*-
"""
Names of commands (ISO/IEC 7816-4, -8 and -9; GlobalPlatform Card Specification 2.3.1, 11; ETSI TS 102 221, 10.1.2).

    >>> name(0x00, 0xA4)
    'SELECT'
    >>> name(0x84, 0xE6, 0x0C)
    'INSTALL [for install and make selectable]'
"""

from __future__ import annotations

from collections.abc import Mapping

_ISO: Mapping[int, str] = {
    0x04: "DEACTIVATE FILE",
    0x0C: "ERASE RECORD",
    0x0E: "ERASE BINARY",
    0x0F: "ERASE BINARY",
    0x20: "VERIFY",
    0x21: "VERIFY",
    0x22: "MANAGE SECURITY ENVIRONMENT",
    0x24: "CHANGE REFERENCE DATA",
    0x25: "CHANGE REFERENCE DATA",
    0x26: "DISABLE VERIFICATION REQUIREMENT",
    0x28: "ENABLE VERIFICATION REQUIREMENT",
    0x2A: "PERFORM SECURITY OPERATION",
    0x2B: "PERFORM SECURITY OPERATION",
    0x2C: "RESET RETRY COUNTER",
    0x2D: "RESET RETRY COUNTER",
    0x44: "ACTIVATE FILE",
    0x46: "GENERATE ASYMMETRIC KEY PAIR",
    0x47: "GENERATE ASYMMETRIC KEY PAIR",
    0x70: "MANAGE CHANNEL",
    0x82: "EXTERNAL AUTHENTICATE",
    0x84: "GET CHALLENGE",
    0x86: "GENERAL AUTHENTICATE",
    0x87: "GENERAL AUTHENTICATE",
    0x88: "INTERNAL AUTHENTICATE",
    0xA0: "SEARCH BINARY",
    0xA1: "SEARCH BINARY",
    0xA2: "SEARCH RECORD",
    0xA4: "SELECT",
    0xB0: "READ BINARY",
    0xB1: "READ BINARY",
    0xB2: "READ RECORD",
    0xB3: "READ RECORD",
    0xC0: "GET RESPONSE",
    0xC2: "ENVELOPE",
    0xC3: "ENVELOPE",
    0xCA: "GET DATA",
    0xCB: "GET DATA",
    0xD0: "WRITE BINARY",
    0xD1: "WRITE BINARY",
    0xD2: "WRITE RECORD",
    0xD6: "UPDATE BINARY",
    0xD7: "UPDATE BINARY",
    0xDA: "PUT DATA",
    0xDB: "PUT DATA",
    0xDC: "UPDATE RECORD",
    0xDD: "UPDATE RECORD",
    0xE0: "CREATE FILE",
    0xE2: "APPEND RECORD",
    0xE4: "DELETE FILE",
    0xE6: "TERMINATE DF",
    0xE8: "TERMINATE EF",
    0xFE: "TERMINATE CARD USAGE",
}
_PROPRIETARY: Mapping[int, str] = {
    0x10: "TERMINAL PROFILE",
    0x12: "FETCH",
    0x14: "TERMINAL RESPONSE",
    0x50: "INITIALIZE UPDATE",
    0x78: "END R-MAC SESSION",
    0x7A: "BEGIN R-MAC SESSION",
    0xAA: "TERMINAL CAPABILITY",
    0xD8: "PUT KEY",
    0xE2: "STORE DATA",
    0xE4: "DELETE",
    0xE8: "LOAD",
    0xF0: "SET STATUS",
    0xF2: "GET STATUS",
}
"""With a class byte of the industry's (bit 8 is set); others mean what they mean without it."""
_INSTALL = {
    0x02: "load",
    0x04: "install",
    0x08: "make selectable",
    0x0C: "install and make selectable",
    0x10: "extradition",
    0x20: "personalization",
    0x40: "registry update",
}
_INS_INSTALL, _MORE = 0xE6, 0x80
UNKNOWN = "unknown command"


def name(cla: int, ins: int, p1: int = 0) -> str:
    """
    What a command is called.
    """
    if not cla & 0x80:
        return _ISO.get(ins, UNKNOWN)
    if ins == _INS_INSTALL:
        purpose = _INSTALL.get(p1 & ~_MORE)
        return f"INSTALL [for {purpose}]" if purpose else "INSTALL"
    return _PROPRIETARY.get(ins) or _ISO.get(ins, UNKNOWN)
