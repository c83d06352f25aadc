# -*- test-case-name: tests.test_identities -*-
"""
Who a card is, as text: a scheme, a colon, and digits, hexadecimal ones in upper case.

    eid:89049032000000000000000000000163    of an eUICC: its EID (SGP.02 2.2.2), 32 decimal digits
    cuid:47905032123412345678               else: fabricator, type, batch and serial number of the chip, from its production life
                                            cycle data (CPLC)
    iin-cin:42099999-3D5F8004132EDA         else: issuer and card number (GlobalPlatform Card Specification 2.3.1, H.2)
    uid:04A1B2C3D4E5F6                      else: the UID of a contactless card (ISO/IEC 14443-3), of 4, 7 or 10 bytes;
                                            the 8 bytes of an IDm (JIS X 6319-4) or of ISO/IEC 15693-3
    agent:..se-id.iccid.8949000000000001    else: how the card's own administration agent calls itself (GlobalPlatform Amendment
                                            B), where that names no EID; upper and lower case are not the same
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from cardgw.apdu import tlv
from cardgw.values import CONTACTLESS, EUICC, GLOBALPLATFORM

EID, CUID, IIN_CIN, UID, AGENT = "eid", "cuid", "iin-cin", "uid", "agent"
"""The schemes."""
MOST_IIN, MOST_CIN = 10, 32
"""Bytes of the numbers of issuer and card, at most: no real ones have as many, and names of cards have to end somewhere."""
MOST_AGENT = 94
"""Characters of what an agent calls itself, as we write it: with the scheme, names in the API have 100 at most."""
FORMS: Mapping[str, str] = {
    EID: r"[0-9]{32}",
    CUID: r"[0-9A-F]{20}",
    IIN_CIN: rf"(?:[0-9A-F]{{2}}){{1,{MOST_IIN}}}-(?:[0-9A-F]{{2}}){{1,{MOST_CIN}}}",
    UID: r"(?:[0-9A-F]{20}|[0-9A-F]{16}|[0-9A-F]{14}|[0-9A-F]{8})",
    AGENT: rf"[0-9A-Za-z._~-]{{0,{MOST_AGENT - 1}}}[0-9A-Za-z]",
}
"""What stands behind the colon: regular expressions."""
KINDS: Mapping[str, str] = {EID: EUICC, CUID: GLOBALPLATFORM, IIN_CIN: GLOBALPLATFORM, UID: CONTACTLESS, AGENT: GLOBALPLATFORM}
"""What kind of card tells who it is in this way."""
WORDS = "eid: and 32 digits, cuid:, iin-cin: or uid: and hexadecimal digits, or agent: and a name"
"""How people are told what an identity is."""
UID_SIZES = (4, 7, 8, 10)
"""Bytes of a UID: single, double and triple size (ISO/IEC 14443-3, 6.5.4); 8 of other kinds of contactless cards."""
RANDOM_UID = 0x08
"""A single-size UID that begins so is made anew each time (ISO/IEC 14443-3, 6.5.4)."""
_IDENTITY = re.compile("|".join(f"{scheme}:{form}" for scheme, form in FORMS.items()))
_NAMES_EID = re.compile(r"//se-id/eid/([0-9]{32})(?:;.*)?", re.IGNORECASE | re.DOTALL)
_PSK_EID = 0x81
_STRANGE = re.compile(r"[^0-9A-Za-z_/-]|[_/-]\Z")
_DIGEST = 16


def is_identity(text: str) -> bool:
    """
    Whether a text is an identity, written as it should be.
    """
    return _IDENTITY.fullmatch(text) is not None


def as_identity(text: str) -> str:
    """
    The identity that somebody means who does not care about upper and lower case where they mean the same; an empty text where
    it is none.
    """
    scheme, colon, rest = text.partition(":")
    wanted = f"{scheme.lower()}{colon}{rest if scheme.lower() == AGENT else rest.upper()}"
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


def agent_identity(name: str) -> str:
    """
    Who a card is by what its agent calls itself (C{X-Admin-From}; in SGP.02 C{//se-id/eid/…;//aa-id/aid/…}): its EID where
    that is in it.  Otherwise the name, written so that it can stand in a URL, and different names differently: a dot for a slash,
    a tilde and two hexadecimal digits for each byte of whatever is no letter, digit, underscore or hyphen; of a name that is too
    long, the end is a digest of all of it, behind two tildes.

    @return: an identity; empty for an empty name.
    """
    found = _NAMES_EID.fullmatch(name)
    if found is not None:
        return f"{EID}:{found[1]}"
    octets = name.encode("utf-8", "surrogatepass")
    written = _STRANGE.sub(lambda each: _escaped(each[0]), name).replace("/", ".")
    if len(written) > MOST_AGENT:
        written = f"{written[: MOST_AGENT - _DIGEST - 2]}~~{hashlib.sha256(octets).hexdigest()[:_DIGEST]}"
    return f"{AGENT}:{written}" if written else ""


def psk_identity(identity: bytes) -> str:
    """
    Who a card is by its identity of TLS-PSK, where that tells (SGP.02 2.4.4.1: data objects, as hexadecimal text; 81 is the EID).

    @return: an identity; empty where it tells nothing.
    """
    try:
        eid = tlv.decode(bytes.fromhex(identity.decode("ascii"))).value(_PSK_EID).hex()
    except ValueError:
        return ""
    return f"{EID}:{eid}" if re.fullmatch(FORMS[EID], eid) else ""


def psk_name(identity: bytes) -> str:
    """
    What an agent is called that does not say it, by its identity of TLS-PSK: the text, or else hexadecimal digits.
    """
    text = identity.decode("ascii", "replace")
    return text if text.isascii() and text.isprintable() else identity.hex().upper()


def _escaped(character: str) -> str:
    return "".join(f"~{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
