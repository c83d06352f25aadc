# -*- test-case-name: tests.lpa.test_reasons -*-
"""
What the subject codes of servers mean where the reason code beside them is none that belongs there: the texts for
L{cardgw.lpa.reasons} (SGP.22 5.2.6.1).
"""

from __future__ import annotations

from cardgw.lpa.reasons_es9 import AGAIN, CHECK_CODE, ISSUER, NEW_CODE, PAIRS, TELL, Text

_FORM: Text = (
    "The server did not understand the request",
    TELL,
    "The provider's server did not understand the request. Please tell the provider.",
)
SUBJECTS: dict[str, Text] = {
    "1.2.1": _FORM,
    "1.2.2": (
        "The server does not support this version of the protocol",
        TELL,
        "The provider's server is of another version. Please tell the provider.",
    ),
    "1.6": _FORM,
    "8.1": (
        "The server has an objection to the eUICC",
        TELL,
        "The provider's server refuses this card. Please ask the provider.",
    ),
    "8.1.1": (
        "The server has an objection to the EID of the eUICC",
        "Tell the provider the EID of the card.",
        "The provider refuses the EID of this card. Please ask the provider.",
    ),
    "8.1.2": PAIRS["8.1.2", "6.1"],
    "8.1.3": PAIRS["8.1.3", "6.1"],
    "8.1.4": (
        "The server has an objection to the range of the EID",
        ISSUER,
        "The provider's server refuses this card's EID. Ask whoever issued the card.",
    ),
    "8.2": (
        "The server does not give out the profile",
        "Ask the provider.",
        "The provider does not give out this profile. Please ask the provider.",
    ),
    "8.2.1": (
        "The server has an objection to the ICCID of the profile",
        NEW_CODE,
        "The provider's profile cannot be used. Ask for a new activation code.",
    ),
    "8.2.5": (
        "The server has an objection to the type of the profile",
        "Ask the provider.",
        "The provider has no profile of this type for you. Please ask the provider.",
    ),
    "8.2.6": PAIRS["8.2.6", "3.8"],
    "8.2.7": (
        "The server has an objection to the confirmation code",
        "Check the confirmation code; if it is right, ask the provider.",
        "The confirmation code was not accepted. Check it, or ask the provider.",
    ),
    "8.8": ("The SM-DP+ refused", AGAIN, "The provider's server refused. Please try again, or ask the provider."),
    "8.8.1": (
        "The server has an objection to its address",
        CHECK_CODE,
        "The address in the activation code was not accepted. Check it, or ask the provider.",
    ),
    "8.8.2": PAIRS["8.8.4", "3.7"],
    "8.8.3": (
        "The server has an objection to the eUICC's version of the standard",
        TELL,
        "The provider's server does not accept a card of this version. Please ask the provider.",
    ),
    "8.8.4": PAIRS["8.8.4", "3.7"],
    "8.8.5": (
        "The order for this profile cannot be used",
        NEW_CODE,
        "The activation code cannot be used any more. Ask the provider for a new one.",
    ),
    "8.9": PAIRS["8.9", "4.2"],
    "8.9.1": PAIRS["8.9", "4.2"],
    "8.9.2": PAIRS["8.9", "4.2"],
    "8.9.3": PAIRS["8.9", "4.2"],
    "8.9.4": PAIRS["8.9", "4.2"],
    "8.9.5": PAIRS["8.9", "4.2"],
    "8.10.1": (
        "The server has an objection to the session",
        "Try again.",
        "The server has lost track of this download. Please try again.",
    ),
    "8.11.1": (
        "The server has an objection to the certificate issuer (CI) of the eUICC",
        "The server may be meant for cards of another kind. " + TELL,
        "The provider's server refuses the issuer of this card. Please tell the provider.",
    ),
}
"""Subject code to text."""
