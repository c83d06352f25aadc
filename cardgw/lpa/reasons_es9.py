# -*- test-case-name: tests.lpa.test_reasons -*-
"""
What the subject and reason codes of servers mean: the texts for L{cardgw.lpa.reasons} (SGP.22 5.2.6, 5.6).
"""

from __future__ import annotations

from typing import TypeAlias

Text: TypeAlias = tuple[str, str, str]
"""What happened, what to do, in short."""

NEW_CODE = "Ask the provider for a new activation code."
TELL = "Tell the provider what is written here."
CHECK_CODE = "Check the activation code, its capitals too; if it is right, ask the provider."
AGAIN = "Try again; if it happens again, tell the provider what is written here."
ISSUER = "Ask whoever issued the card."
LATER = "Try again later; if it happens again, ask the provider."

_OTHER_CARD: Text = (
    "The profile is reserved for another eUICC",
    "It can only be downloaded to that one. " + NEW_CODE,
    "This profile is reserved for another card. Ask the provider for a new activation code.",
)
_EXPIRED: Text = (
    "The order for this profile has expired",
    NEW_CODE,
    "The activation code has expired. Ask the provider for a new one.",
)
_WRONG_ICCID: Text = (
    "The server does not know a profile with this ICCID for this order",
    NEW_CODE,
    "The provider has no such profile. Ask for a new activation code.",
)
_OTHER_ORDER: Text = (
    "The matching id belongs to another eUICC or another profile",
    CHECK_CODE,
    "The activation code belongs to another card or profile. Check it, or ask the provider.",
)
_OTHER_OID: Text = (
    "The OID of the SM-DP+ does not belong to this session",
    AGAIN,
    "The provider's server mixed something up. Please try again.",
)
_EUM: Text = (
    "The server does not accept the certificate of the eUICC's manufacturer",
    "The server may be meant for cards of another kind. " + TELL,
    "The provider's server does not accept this make of card. Please tell the provider.",
)
_EUM_EXPIRED: Text = (
    "To the server, the certificate of the eUICC's manufacturer has expired",
    ISSUER,
    "The card's manufacturer certificate has expired. Ask whoever issued the card.",
)
_CARD: Text = (
    "The server does not accept the certificate of the eUICC",
    "The server may be meant for cards of another kind. " + TELL,
    "The provider's server does not accept this card. Please tell the provider.",
)
_CARD_EXPIRED: Text = (
    "To the server, the certificate of the eUICC has expired",
    ISSUER,
    "The card's certificate has expired. Ask whoever issued the card.",
)
_CARD_SIGNATURE: Text = (
    "The server does not accept the signature of the eUICC",
    AGAIN,
    "The provider's server does not accept the card's signature. Please try again.",
)
_WRONG_CODE: Text = (
    "The server does not accept the matching id",
    CHECK_CODE + " It may also have been used already.",
    "The activation code is wrong or was used already. Check it, or ask the provider.",
)
_DISCOVERY: Text = (
    "The server could not use the discovery server (SM-DS)",
    LATER,
    "The provider's server has a problem of its own. Please try again later.",
)
_NO_MATCH: Text = (
    "The server has no certificate that the eUICC can check",
    "The server is meant for cards of another kind. " + TELL,
    "The provider's server is not made for this card. Please tell the provider.",
)

PAIRS: dict[tuple[str, str], Text] = {
    ("8.1", "4.8"): (
        "The eUICC has not enough memory for the profile, says the server",
        "Delete a profile that is not needed any more, and try again.",
        "The card is full. Delete a profile that you do not need, then try again.",
    ),
    ("8.1", "6.1"): _CARD_SIGNATURE,
    ("8.1.1", "2.1"): (
        "The server does not support this EID",
        TELL,
        "The provider does not support this card. Please ask the provider.",
    ),
    ("8.1.1", "2.2"): (
        "The order for this profile names no EID, but needs one",
        "Tell the provider the EID of the card.",
        "The provider needs to know the EID of this card. Please ask the provider.",
    ),
    ("8.1.1", "3.1"): _OTHER_CARD,
    ("8.1.1", "3.8"): (
        "The EID of this eUICC is not the one that the provider expects",
        "Tell the provider the EID of this card, or use the card for which the activation code was made.",
        "The activation code was made for another card. Please ask the provider.",
    ),
    ("8.1.1", "3.10"): _OTHER_CARD,
    ("8.1.2", "6.1"): _EUM,
    ("8.1.2", "6.3"): _EUM_EXPIRED,
    ("8.1.3", "6.1"): _CARD,
    ("8.1.3", "6.3"): _CARD_EXPIRED,
    ("8.1.4", "6.1"): (
        "The EID is not one that the eUICC's manufacturer may give, says the server",
        ISSUER,
        "The provider's server does not accept this card's EID. Ask whoever issued the card.",
    ),
    ("8.2", "1.2"): (
        "The provider has not released the profile yet",
        LATER,
        "The profile is not ready yet. Please try again later, or ask the provider.",
    ),
    ("8.2", "3.7"): (
        "The server does not prepare this profile another time",
        "It was prepared for a download that did not end well. " + NEW_CODE,
        "The profile cannot be downloaded again. Ask the provider for a new activation code.",
    ),
    ("8.2.1", "1.2"): (
        "The provider may not use the profile with this ICCID",
        TELL,
        "The provider may not use this profile. Please tell the provider.",
    ),
    ("8.2.1", "3.1"): _WRONG_ICCID,
    ("8.2.1", "3.3"): (
        "The profile with this ICCID is in use already",
        NEW_CODE,
        "This profile is in use already. Ask the provider for a new activation code.",
    ),
    ("8.2.1", "3.5"): (
        "The profile with this ICCID cannot be used for this order",
        NEW_CODE,
        "The provider's order does not fit its profile. Ask for a new activation code.",
    ),
    ("8.2.1", "3.9"): _WRONG_ICCID,
    ("8.2.1", "3.10"): (
        "The profile with this ICCID belongs to another eUICC or order",
        NEW_CODE,
        "This profile belongs to another card. Ask the provider for a new activation code.",
    ),
    ("8.2.5", "1.2"): (
        "The provider may not use profiles of this type",
        TELL,
        "The provider may not use profiles of this type. Please tell the provider.",
    ),
    ("8.2.5", "3.7"): (
        "The server has no profile of this type left",
        LATER,
        "The provider has no profile of this type left. Please ask the provider.",
    ),
    ("8.2.5", "3.8"): (
        "The type of the profile does not fit the order",
        TELL,
        "The provider's order does not fit its profile. Please tell the provider.",
    ),
    ("8.2.5", "3.9"): (
        "The server does not know the type of profile that was ordered",
        TELL,
        "The provider's server does not know this type of profile. Please tell the provider.",
    ),
    ("8.2.5", "4.3"): (
        "The server has no profile that fits this eUICC or this device",
        "Ask the provider which cards and devices it supports; an IMEI with the activation code may help.",
        "The provider has no profile for this card or phone. Please ask the provider.",
    ),
    ("8.2.6", "3.1"): _OTHER_ORDER,
    ("8.2.6", "3.3"): (
        "The server knows this matching id more than once",
        TELL,
        "The provider's server knows this activation code twice. Please tell the provider.",
    ),
    ("8.2.6", "3.8"): _WRONG_CODE,
    ("8.2.6", "3.10"): _OTHER_ORDER,
    ("8.2.7", "2.2"): (
        "The server wants a confirmation code",
        "Write it at the end of the activation code: LPA:1$<SM-DP+ address>$<matching id>$$<confirmation code>.",
        "A confirmation code is needed. Add two dollar signs and the code to the activation code.",
    ),
    ("8.2.7", "3.8"): (
        "The confirmation code is wrong",
        "Check it; after a few wrong ones the server blocks the order.",
        "The confirmation code is wrong. Check it: there are only a few tries.",
    ),
    ("8.2.7", "6.4"): (
        "The confirmation code was wrong too often, and the server has blocked the order",
        NEW_CODE,
        "Too many wrong confirmation codes. Ask the provider for a new activation code.",
    ),
    ("8.8", "3.1"): _OTHER_OID,
    ("8.8", "3.10"): _OTHER_OID,
    ("8.8", "4.2"): (
        "The server does not support this eUICC",
        TELL,
        "The provider's server does not support this card. Please ask the provider.",
    ),
    ("8.8.1", "3.8"): (
        "The server says that the address in the activation code is not its own",
        CHECK_CODE,
        "The address in the activation code is wrong. Check it, or ask the provider.",
    ),
    ("8.8.2", "3.1"): (
        "The eUICC and the server have no certificate issuer (CI) in common",
        "The server is meant for cards of another kind. " + TELL,
        "The provider's server is not made for this card. Please tell the provider.",
    ),
    ("8.8.3", "3.1"): (
        "The server does not support the eUICC's version of the standard",
        TELL,
        "The provider's server does not support a card of this version. Please ask the provider.",
    ),
    ("8.8.4", "3.7"): _NO_MATCH,
    ("8.8.5", "4.1"): _EXPIRED,
    ("8.8.5", "4.10"): _EXPIRED,
    ("8.8.5", "6.4"): (
        "This profile was tried too often, and the server has blocked the order",
        NEW_CODE,
        "The download was tried too often. Ask the provider for a new activation code.",
    ),
    ("8.9", "4.2"): _DISCOVERY,
    ("8.9", "5.1"): (
        "The server cannot reach the discovery server (SM-DS)",
        LATER,
        "The provider's server cannot reach another one. Please try again later.",
    ),
    ("8.9.1", "3.8"): (
        "The discovery server (SM-DS) says that the address is not its own",
        "Check the address of the discovery server.",
        "The address of the discovery server is wrong. Please ask whoever issued the card.",
    ),
    ("8.9.2", "3.1"): (
        "The eUICC and the discovery server (SM-DS) have no certificate issuer (CI) in common",
        "The discovery server is meant for cards of another kind. " + ISSUER,
        "The discovery server is not made for this card. Ask whoever issued the card.",
    ),
    ("8.9.3", "3.1"): (
        "The discovery server (SM-DS) does not support the eUICC's version of the standard",
        ISSUER,
        "The discovery server does not support a card of this version. Ask whoever issued it.",
    ),
    ("8.9.4", "3.7"): (
        "The discovery server (SM-DS) has no certificate that the eUICC can check",
        "The discovery server is meant for cards of another kind. " + ISSUER,
        "The discovery server has no certificate for this card. Ask whoever issued the card.",
    ),
    ("8.9.5", "3.3"): (
        "The discovery server (SM-DS) has this event already",
        TELL,
        "The discovery server knows this order twice. Please tell the provider.",
    ),
    ("8.9.5", "3.9"): (
        "The discovery server (SM-DS) does not know this event",
        "It may have been used already. " + NEW_CODE,
        "The discovery server does not know this order. Ask the provider for an activation code.",
    ),
    ("8.10.1", "3.9"): (
        "The server does not know this session any more",
        "It may have taken too long. Try again.",
        "The server has forgotten this download. Please try again.",
    ),
    ("8.11.1", "3.9"): (
        "The server does not know the certificate issuer (CI) of the eUICC",
        "The server is meant for cards of another kind. " + TELL,
        "The provider's server does not know the issuer of this card. Please tell the provider.",
    ),
}
"""Subject code and reason code.  8.1.1/3.1, 8.2.6/3.1, 8.8/3.1 and 8.8.5/4.1 are what some servers make of 3.10 and 4.10."""
