# -*- test-case-name: tests.apdu.test_status -*-
"""
Names of status words (ISO/IEC 7816-4, 5.6; ETSI TS 102 221, 10.2.1; GlobalPlatform Card Specification 2.3.1, 11.1.3).
"""

_NAMES = {
    0x9000: "success",
    0x6281: "part of the returned data may be corrupted",
    0x6282: "end of file reached before Le bytes",
    0x6283: "selected file or application is deactivated",
    0x6285: "selected file is in termination state",
    0x6310: "more data available",
    0x6300: "authentication failed, or a warning without more information",
    0x6400: "execution error, state unchanged",
    0x6581: "memory failure",
    0x6600: "security-related issue",
    0x6700: "wrong length",
    0x6800: "function in CLA not supported",
    0x6881: "logical channel not supported",
    0x6882: "secure messaging not supported",
    0x6883: "last command of the chain expected",
    0x6884: "command chaining not supported",
    0x6900: "command not allowed",
    0x6982: "security status not satisfied",
    0x6983: "authentication method blocked",
    0x6984: "reference data not usable",
    0x6985: "conditions of use not satisfied",
    0x6986: "command not allowed, no current file",
    0x6987: "secure messaging data objects missing",
    0x6988: "secure messaging data objects incorrect",
    0x6A80: "incorrect parameters in the command data",
    0x6A81: "function not supported",
    0x6A82: "file or application not found",
    0x6A83: "record not found",
    0x6A84: "not enough memory",
    0x6A86: "incorrect P1-P2",
    0x6A87: "Lc inconsistent with P1-P2",
    0x6A88: "referenced data not found",
    0x6A89: "file already exists",
    0x6A8A: "application name already exists",
    0x6B00: "wrong P1-P2",
    0x6D00: "instruction not supported",
    0x6E00: "class not supported",
    0x6F00: "no precise diagnosis",
    0x9300: "SIM application toolkit is busy",
    0x9484: "algorithm not supported",
    0x9485: "invalid key check value",
}

_FAMILIES = {
    0x61: "{0} more bytes available",
    0x62: "warning, state unchanged",
    0x63: "warning, state changed",
    0x64: "execution error, state unchanged",
    0x65: "execution error, state changed",
    0x66: "security-related issue",
    0x67: "wrong length",
    0x68: "function in CLA not supported",
    0x69: "command not allowed",
    0x6A: "wrong parameters",
    0x6B: "wrong P1-P2",
    0x6C: "wrong Le, {0} bytes available",
    0x6D: "instruction not supported",
    0x6E: "class not supported",
    0x6F: "no precise diagnosis",
    0x91: "success, a proactive command of {0} bytes is pending",
    0x92: "success after {0} internal retries, or a transfer layer message",
}


def name(status: int) -> str:
    """
    What a status word means, in a few lower-case words; C{"unknown status"} when no source names it.
    """
    if status & 0xFFF0 == 0x63C0:
        return f"verification failed, {status & 0xF} tries left"
    exact = _NAMES.get(status)
    if exact is not None:
        return exact
    return _FAMILIES.get(status >> 8, "unknown status").format(status & 0xFF or 256)


def describe(status: int) -> str:
    """
    The status word in hex with its name: C{"6A82 (file or application not found)"}.
    """
    return f"{status:04X} ({name(status)})"
