# -*- test-case-name: tests.lpa.test_reasons -*-
"""
What the result codes of ES10 functions mean: the texts for L{cardgw.lpa.reasons} (SGP.22 5.7 and annex H).
"""

from __future__ import annotations

from typing import TypeAlias

Text: TypeAlias = tuple[str, str, str, str]
"""What happened, what to do, in short, and the standard's name."""

UNDEFINED = 127
"""undefinedError of every function."""

AGAIN = "Try again."
TELL = "Tell the provider what is written here."
BRIEF_TELL = "This card does not accept the provider's server. Please tell the provider."
BRIEF_AGAIN = "The card and the server lost track of each other. Please try again."
BRIEF_GONE = "This profile is not on the card."
BRIEF_BUSY = "The card is busy with a menu or a message. Close it, then try again."
BRIEF_POLICY = "The rules of this profile do not allow that. Please ask its provider."

UNKNOWN: Text = (
    "The eUICC refused, with a code that is not known",
    "Try again; if it happens again, ask whoever issued the card.",
    "The card refused. Please try again.",
    "",
)
UNDEFINED_ERROR: Text = (
    "The eUICC refused and gives no reason",
    "Try again; restarting the device may help.",
    "The card refused and gives no reason. Restart the phone and try again.",
    "undefinedError",
)

_NO_SESSION: Text = (
    "The eUICC has no session open to which this belongs",
    "Something else used the eUICC meanwhile. Try again.",
    BRIEF_AGAIN,
    "noSessionContext",
)
_OTHER_TRANSACTION: Text = (
    "The eUICC has another session open",
    "Something else used the eUICC meanwhile. Try again.",
    BRIEF_AGAIN,
    "invalidTransactionId",
)
_BAD_CERTIFICATE: Text = (
    "The eUICC does not accept the server's certificate",
    "The server may be meant for cards of another kind. " + TELL,
    BRIEF_TELL,
    "invalidCertificate",
)
_BAD_SIGNATURE: Text = (
    "The eUICC does not accept the server's signature",
    "Try again; if it happens again, tell the provider what is written here.",
    BRIEF_TELL,
    "invalidSignature",
)
_BAD_CURVE: Text = (
    "The server uses an elliptic curve that the eUICC does not have",
    TELL,
    BRIEF_TELL,
    "unsupportedCurve",
)
_NO_PROFILE: Text = (
    "The eUICC has no such profile",
    "Look at the list of profiles.",
    BRIEF_GONE,
    "iccidOrAidNotFound",
)
_NOT_DISABLED: Text = (
    "The profile is enabled",
    "Look at the list of profiles; disable it first if it is to be deleted.",
    "This profile is in use now.",
    "profileNotInDisabledState",
)
_BUSY: Text = (
    "The card is in the midst of a toolkit session (a menu or a message)",
    "Close it on the phone, or wait until it has ended, and try again.",
    BRIEF_BUSY,
    "catBusy",
)
_POLICY: Text = (
    "The profile that is enabled may not be disabled (policy rule PPR1)",
    "Only its provider can change that.",
    BRIEF_POLICY,
    "disallowedByPolicy",
)
_DELETION: Text = (
    "The profile may not be deleted (policy rule PPR2)",
    *_POLICY[1:],
)

RESULTS: dict[str, dict[int, Text]] = {
    "AuthenticateServer": {
        1: _BAD_CERTIFICATE,
        2: _BAD_SIGNATURE,
        3: _BAD_CURVE,
        4: _NO_SESSION,
        5: (
            "The server's certificate has another OID than the server says",
            TELL,
            BRIEF_TELL,
            "invalidOid",
        ),
        6: (
            "The server signed another challenge than the eUICC gave",
            "Something else used the eUICC meanwhile, or the server mixed up sessions. Try again.",
            BRIEF_AGAIN,
            "euiccChallengeMismatch",
        ),
        7: (
            "The eUICC does not know the certificate issuer that the server chose",
            "The server is meant for cards of another kind. " + TELL,
            "The provider's server is not made for this card. Please tell the provider.",
            "ciPKUnknown",
        ),
    },
    "PrepareDownload": {
        1: _BAD_CERTIFICATE,
        2: _BAD_SIGNATURE,
        3: _BAD_CURVE,
        4: _NO_SESSION,
        5: _OTHER_TRANSACTION,
    },
    "CancelSession": {5: _OTHER_TRANSACTION},
    "ListNotification": {},
    "RetrieveNotificationsList": {
        1: (
            "The eUICC keeps no such notification",
            "It may have been delivered already.",
            "There is no such notification on the card.",
            "noResultAvailable",
        ),
    },
    "RemoveNotificationFromList": {
        1: (
            "The eUICC keeps no such notification",
            "It was removed already; there is nothing to do.",
            "The notification was removed already.",
            "nothingToDelete",
        ),
    },
    "LoadCRL": {
        1: ("The signature of the revocation list is wrong", TELL, BRIEF_TELL, "invalidSignature"),
        2: ("The eUICC cannot read the revocation list", TELL, BRIEF_TELL, "invalidCRLFormat"),
        3: (
            "The eUICC has not enough memory for the revocation list",
            "Delete a profile that is not needed any more, and try again.",
            "The card is full. Delete a profile that you do not need, then try again.",
            "notEnoughMemorySpace",
        ),
        4: ("The eUICC does not know the issuer of the revocation list", TELL, BRIEF_TELL, "verificationKeyNotFound"),
        5: (
            "The eUICC has a newer revocation list",
            "There is nothing to do.",
            "The card has a newer list already.",
            "fresherCrlAlreadyLoaded",
        ),
        6: ("The eUICC lacks the revocation list to which this one adds", TELL, BRIEF_TELL, "baseCrlMissing"),
    },
    "GetProfilesInfo": {
        1: (
            "The eUICC does not accept the search for profiles",
            AGAIN,
            "The card could not list its profiles. Please try again.",
            "incorrectInputValues",
        ),
    },
    "EnableProfile": {
        1: _NO_PROFILE,
        2: ("The profile is enabled already", "There is nothing to do.", "This profile is in use already.", _NOT_DISABLED[3]),
        3: _POLICY,
        4: (
            "Only the profile that was enabled before the test profile may be enabled now",
            "Enable that one.",
            "Enable the profile that was in use before the test profile.",
            "wrongProfileReenabling",
        ),
        5: _BUSY,
    },
    "DisableProfile": {
        1: _NO_PROFILE,
        2: (
            "The profile is disabled already",
            "There is nothing to do.",
            "This profile is not in use.",
            "profileNotInEnabledState",
        ),
        3: _POLICY,
        5: _BUSY,
    },
    "DeleteProfile": {1: _NO_PROFILE, 2: _NOT_DISABLED, 3: _DELETION},
    "eUICCMemoryReset": {
        1: ("There is nothing to delete", "There is nothing to do.", "There is nothing to delete.", "nothingToDelete"),
        5: _BUSY,
    },
    "SetNickname": {1: (*_NO_PROFILE[:3], "iccidNotFound")},
    "SetDefaultDpAddress": {},
}
"""Results other than 0 and L{UNDEFINED} of each function."""
