# -*- test-case-name: tests.virtual.test_terminal_refresh -*-
"""
Notices that a card has switched profiles and will be read anew, as the LPA has asked for (REFRESH, SGP.22 3.2.1, 3.2.2): that
cuts a connection which the profile carried.
"""

from __future__ import annotations

from cardgw.apdu import tlv

INS_STORE_DATA, INS_GET_RESPONSE = 0xE2, 0xC0
P1_LAST = 0x91
HEADER, STATUS = 5, 2
SWITCHES = (0xBF31, 0xBF32)
"""EnableProfile and DisableProfile (SGP.22 5.7.16, 5.7.17)."""
REFRESH_FLAG, RESULT = 0x81, 0x80
DONE = b"\0"


class RefreshWatch:
    """
    Sees all commands and answers of a card.
    """

    def __init__(self) -> None:
        self._request = self._answer = b""
        self._whole = False

    def switched(self, command: bytes, response: bytes) -> bool:
        """
        Whether this is the end of the answer by which the card says that it has switched, and will be read anew.

        @param command: the command APDU; C{response}: what the card answered.
        """
        if command[1] != INS_GET_RESPONSE:
            self._answer = b""
            self._note(command)
        self._answer += response[:-2]
        return len(response) > STATUS and self._whole and _has_flag(self._request) and _is_done(self._answer)

    def _note(self, command: bytes) -> None:
        if command[1] != INS_STORE_DATA or len(command) < HEADER:
            self._request, self._whole = b"", False
            return
        first = command[3] == 0 or self._whole
        self._request = (b"" if first else self._request) + command[HEADER : HEADER + command[4]]
        self._whole = command[2] == P1_LAST


def _has_flag(request: bytes) -> bool:
    return any(_value(request, tag, REFRESH_FLAG) not in (None, b"\0") for tag in SWITCHES)


def _is_done(answer: bytes) -> bool:
    return any(_value(answer, tag, RESULT) == DONE for tag in SWITCHES)


def _value(octets: bytes, tag: int, field: int) -> bytes | None:
    try:
        found = tlv.only(octets, tag).children().find(field)
    except ValueError:
        return None
    return None if found is None else found.value
