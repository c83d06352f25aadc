# -*- test-case-name: tests.lpa.test_profile_states -*-
"""
Requests that change profiles, and what the eUICC says to them (ES10c, SGP.22 5.7.16 to 5.7.21; ES10a.SetDefaultDpAddress, 5.7.4),
as bytes and values; no I/O.
"""

from __future__ import annotations

from collections.abc import Collection

from cardgw.apdu.tlv import encode, only
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.es10 import reading
from cardgw.lpa.isdr import FUNCTIONS
from cardgw.lpa.profiles import AID, ICCID, NICKNAME, Profile

ENABLE_PROFILE, DISABLE_PROFILE, DELETE_PROFILE = 0xBF31, 0xBF32, 0xBF33
SET_NICKNAME, MEMORY_RESET, SET_DEFAULT_DP = 0xBF29, 0xBF34, 0xBF3F
NOT_IN_STATE = 2
"""EnableProfile: it is enabled; DisableProfile: it is disabled (SGP.22 annex H)."""
CAT_BUSY = 5
NOTHING_TO_DELETE = 1
"""eUICCMemoryReset."""
RESET_OPTIONS = ("operational", "test", "default_smdp")
"""Bits of resetOptions (SGP.22 5.7.19): operational profiles, test profiles that were loaded in the field, the address."""
NICKNAME_MAX = 64
"""Most bytes of a nickname (SGP.22 annex H)."""


def identifier(profile: Profile) -> bytes:
    """
    A profile, named as the card itself names it: by its ICCID, or by its AID where it has told none.
    """
    return encode(ICCID, profile.stored_iccid) if profile.stored_iccid else encode(AID, profile.aid)


def switch_request(tag: int, profile: Profile, *, refresh: bool) -> bytes:
    """
    EnableProfileRequest or DisableProfileRequest.

    @param tag: L{ENABLE_PROFILE} or L{DISABLE_PROFILE}.
    @param refresh: the terminal is to read the card anew.
    """
    return encode(tag, encode(0xA0, identifier(profile)), encode(0x81, b"\xff" if refresh else b"\0"))


def delete_request(profile: Profile) -> bytes:
    """
    DeleteProfileRequest.
    """
    return encode(DELETE_PROFILE, identifier(profile))


def nickname_request(profile: Profile, nickname: str) -> bytes:
    """
    SetNicknameRequest.

    @param nickname: empty for none.
    """
    return encode(SET_NICKNAME, encode(ICCID, profile.stored_iccid), encode(NICKNAME, nickname.encode()))


def reset_request(options: Collection[str]) -> bytes:
    """
    EuiccMemoryResetRequest.

    @param options: of L{RESET_OPTIONS}.
    """
    bits = sum(0x80 >> at for at, option in enumerate(RESET_OPTIONS) if option in options)
    unused = (bits & -bits).bit_length() - 1 if bits else 0  # named bits end with the last one that is set (ITU-T X.690, 11.2.2)
    return encode(MEMORY_RESET, encode(0x82, bytes((unused, bits)) if bits else b"\0"))


def default_dp_request(address: str) -> bytes:
    """
    SetDefaultDpAddressRequest.

    @param address: empty for none.
    """
    return encode(SET_DEFAULT_DP, encode(0x80, address.encode()))


def check_result(tag: int, answer: bytes) -> None:
    """
    The answer to one of these.

    @raise Es10Error: the eUICC refused.
    @raise MalformedAnswer: the answer cannot be read.
    """
    function = FUNCTIONS[tag]
    with reading(function):
        value = only(answer, tag).children().need(0x80).value
        if not value:
            raise ValueError("the result has no value")
        code = int.from_bytes(value, "big")
    if code:
        raise Es10Error(function, code)
