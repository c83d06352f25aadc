# -*- test-case-name: tests.gp.test_privileges -*-
"""
Privileges of applications (GlobalPlatform Card Specification 2.3.1, 6.6 and 11.1.2; Amendment C 1.3, 3.1): one byte of them or
three, and their names.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntFlag

from cardgw.errors import ParameterError

SIZES = (1, 3)
"""Bytes that they may have."""


class Privilege(IntFlag):
    """
    What an application may do; of three bytes, the first one highest.  Bits without a name are kept.
    """

    SecurityDomain = 0x800000
    DAPVerification = 0x400000
    DelegatedManagement = 0x200000
    CardLock = 0x100000
    CardTerminate = 0x080000
    CardReset = 0x040000
    CVMManagement = 0x020000
    MandatedDAPVerification = 0x010000
    TrustedPath = 0x008000
    AuthorizedManagement = 0x004000
    TokenVerification = 0x002000
    GlobalDelete = 0x001000
    GlobalLock = 0x000800
    GlobalRegistry = 0x000400
    FinalApplication = 0x000200
    GlobalService = 0x000100
    ReceiptGeneration = 0x000080
    CipheredLoadFileDataBlock = 0x000040
    ContactlessActivation = 0x000020
    ContactlessSelfActivation = 0x000010
    PrivacyTrusted = 0x000008


NONE = Privilege(0)
_FIRST_BYTE = 0xFF0000
_ALL = 0xFFFFFF
_DOMAIN, _DAP = Privilege.SecurityDomain, Privilege.SecurityDomain | Privilege.DAPVerification
_NEEDS = {
    Privilege.DAPVerification: _DOMAIN,
    Privilege.DelegatedManagement: _DOMAIN,
    Privilege.MandatedDAPVerification: _DAP,
    Privilege.AuthorizedManagement: _DOMAIN,
    Privilege.TokenVerification: _DOMAIN,
    Privilege.ReceiptGeneration: _DOMAIN,
    Privilege.CipheredLoadFileDataBlock: _DOMAIN,
}
"""What has a meaning only together with others (6.6.2, tables 6-1 and 11-7)."""
_BY_NAME = {each.name.lower(): each for each in Privilege if each.name}


def decode_privileges(octets: bytes) -> Privilege:
    """
    @param octets: one byte, or three.
    @raise ValueError: they are more or less.
    """
    if len(octets) not in SIZES:
        raise ValueError(f"privileges have 1 or 3 bytes, not {len(octets)}")
    return Privilege(int.from_bytes(octets.ljust(3, b"\0"), "big"))


def encode_privileges(privileges: Privilege) -> bytes:
    """
    @return: one byte where they fit into it, which old cards need; else three.
    @raise ParameterError: one lacks another that it needs.
    """
    check_privileges(privileges)
    octets = int(privileges).to_bytes(3, "big")
    return octets if privileges & ~_FIRST_BYTE else octets[:1]


def check_privileges(privileges: Privilege) -> Privilege:
    """
    @return: the same.
    @raise ParameterError: one lacks another that it needs, or there are more than three bytes of them.
    """
    if not 0 <= privileges <= _ALL:
        raise ParameterError("privileges: they have at most three bytes")
    for each, needed in _NEEDS.items():
        if privileges & each and needed & ~privileges:
            lacking = " and ".join(privilege_names(needed & ~privileges))
            raise ParameterError(f"privileges: {each.name} needs {lacking}")
    return privileges


def privilege_names(privileges: Privilege) -> tuple[str, ...]:
    """
    Their names, in the order of the specification; bits without a name as C{RFU(000001)}.
    """
    unknown = int(privileges) & ~sum(Privilege)
    named = tuple(each.name or "" for each in Privilege if privileges & each)
    return (*named, f"RFU({unknown:06X})") if unknown else named


def named_privileges(names: Iterable[str]) -> Privilege:
    """
    Privileges by name, in any case of letters, with those that they need.

    @raise ParameterError: there is none of that name.
    """
    found = NONE
    for name in names:
        privilege = _BY_NAME.get(name.strip().lower())
        if privilege is None:
            raise ParameterError(
                f"privileges: there is no {name.strip()!r}", hint=f"There are {', '.join(e.name or '' for e in Privilege)}."
            )
        found |= privilege | _NEEDS.get(privilege, NONE)
    return found
