# -*- test-case-name: tests.test_identities -*-
"""
Who a card is, as text: a scheme, a colon, and digits, hexadecimal ones in upper case.

    eid:89049032000000000000000000000163    of an eUICC: its EID (SGP.02 2.2.2), 32 decimal digits
    cuid:47905032123412345678               else: fabricator, type, batch and serial number of the chip, from its production life
                                            cycle data (CPLC)
    iin-cin:42099999-3D5F8004132EDA         else: issuer and card number (GlobalPlatform Card Specification 2.3.1, H.2)
    uid:04A1B2C3D4E5F6                      else: the UID of a contactless card (ISO/IEC 14443-3), of 4, 7 or 10 bytes;
                                            the 8 bytes of an IDm (JIS X 6319-4) or of ISO/IEC 15693-3
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cardgw.values import CONTACTLESS, EUICC, GLOBALPLATFORM

EID, CUID, IIN_CIN, UID = "eid", "cuid", "iin-cin", "uid"
"""The schemes."""
MOST_IIN, MOST_CIN = 10, 32
"""Bytes of the numbers of issuer and card, at most: no real ones have as many, and names of cards have to end somewhere."""
FORMS: Mapping[str, str] = {
    EID: r"[0-9]{32}",
    CUID: r"[0-9A-F]{20}",
    IIN_CIN: rf"(?:[0-9A-F]{{2}}){{1,{MOST_IIN}}}-(?:[0-9A-F]{{2}}){{1,{MOST_CIN}}}",
    UID: r"(?:[0-9A-F]{20}|[0-9A-F]{16}|[0-9A-F]{14}|[0-9A-F]{8})",
}
"""What stands behind the colon: regular expressions."""
KINDS: Mapping[str, str] = {EID: EUICC, CUID: GLOBALPLATFORM, IIN_CIN: GLOBALPLATFORM, UID: CONTACTLESS}
"""What kind of card tells who it is in this way."""
WORDS = "eid: and 32 digits, cuid:, iin-cin: or uid: and hexadecimal digits"
"""How people are told what an identity is."""
UID_SIZES = (4, 7, 8, 10)
"""Bytes of a UID: single, double and triple size (ISO/IEC 14443-3, 6.5.4); 8 of other kinds of contactless cards."""
RANDOM_UID = 0x08
"""A single-size UID that begins so is made anew each time (ISO/IEC 14443-3, 6.5.4)."""
_IDENTITY = re.compile("|".join(f"{scheme}:{form}" for scheme, form in FORMS.items()))


def is_identity(text: str) -> bool:
    """
    Whether a text is an identity, written as it should be.
    """
    return _IDENTITY.fullmatch(text) is not None


def as_identity(text: str) -> str:
    """
    The identity that somebody means who does not care about upper and lower case; an empty text where it is none.
    """
    scheme, colon, rest = text.partition(":")
    wanted = f"{scheme.lower()}{colon}{rest.upper()}"
    return wanted if is_identity(wanted) else ""


def kind_of(identity: str) -> str:
    """
    The kind of card that tells who it is in this way; empty for an empty identity.
    """
    return KINDS.get(identity.partition(":")[0], "")


def uid_identity(uid: bytes | None) -> str:
    """
    Who a contactless card is by its UID; empty where that says nothing: there is none, or it is random.
    """
    if uid is None or len(uid) not in UID_SIZES or (len(uid) == UID_SIZES[0] and uid[0] == RANDOM_UID):
        return ""
    return f"{UID}:{uid.hex().upper()}"
