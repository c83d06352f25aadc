# -*- test-case-name: tests.lpa.test_reasons -*-
"""
Why a profile was not installed: the texts for L{cardgw.lpa.reasons} (ProfileInstallationResult, SGP.22 2.5.6 and annex H).
"""

from __future__ import annotations

TELL = "Nothing was installed. Tell the provider what is written here; the provider may have to make the profile anew."
AGAIN = "Nothing was installed. Try again; if the server refuses, ask the provider for a new activation code."
DAMAGED = "The profile does not fit this card. Nothing was installed. Please tell the provider."

STEPS = {
    0: "initialiseSecureChannel",
    1: "configureISDP",
    2: "storeMetadata",
    3: "storeMetadata2",
    4: "replaceSessionKeys",
    5: "loadProfileElements",
}
"""BppCommandId (SGP.22 annex H)."""

UNKNOWN = ("The eUICC did not install the profile, for a reason that is not known", AGAIN, "Not installed. Please try again.", "")

REASONS: dict[int, tuple[str, str, str, str]] = {
    1: (
        "The eUICC found a value in the package that it does not accept",
        TELL,
        DAMAGED,
        "incorrectInputValues",
    ),
    2: (
        "The server's signature on the package is wrong",
        TELL,
        "The profile is not signed as it must be. Nothing was installed. Please tell the provider.",
        "invalidSignature",
    ),
    3: (
        "The package was made for another download session",
        AGAIN,
        "The profile was meant for another download. Please try again.",
        "invalidTransactionId",
    ),
    4: (
        "The package asks for a kind of encryption that the eUICC does not have",
        TELL,
        "This card cannot decrypt the profile. Nothing was installed. Please tell the provider.",
        "unsupportedCrtValues",
    ),
    5: (
        "The package asks for an operation that the eUICC does not have",
        TELL,
        DAMAGED,
        "unsupportedRemoteOperationType",
    ),
    6: (
        "The eUICC does not take profiles of this class",
        "Nothing was installed. Test profiles need an eUICC for tests; ask the provider for an operational profile.",
        "This card does not take this kind of profile (a test profile, perhaps). Ask the provider.",
        "unsupportedProfileClass",
    ),
    7: (
        "A protected block of the package has the wrong structure",
        TELL,
        "The profile is damaged. Nothing was installed. Please tell the provider.",
        "scp03tStructureError",
    ),
    8: (
        "A protected block of the package could not be verified or decrypted",
        AGAIN,
        "The profile arrived damaged. Nothing was installed. Please try again.",
        "scp03tSecurityError",
    ),
    9: (
        "A profile with this ICCID is already on the eUICC",
        "Use the one that is there, or delete it and ask the provider for a new activation code.",
        "This profile is already on the card. Enable it in the profile menu.",
        "iccidAlreadyExists",
    ),
    10: (
        "The eUICC has not enough memory for the profile",
        "Nothing was installed. Delete a profile that is not needed any more, and try again.",
        "The card is full. Delete a profile that you do not need, then try again.",
        "insufficientMemory",
    ),
    11: (
        "The installation was interrupted",
        AGAIN,
        "The installation was interrupted. Nothing was installed. Please try again.",
        "interruption",
    ),
    12: (
        "The eUICC could not process an element of the profile",
        TELL + " Another card may be able to.",
        DAMAGED,
        "PEProcessingError",
    ),
    13: (
        "The ICCID in the profile is not the one that was announced",
        TELL,
        "The provider sent another profile than announced. Nothing was installed. Please tell the provider.",
        "dataMismatch",
    ),
    14: (
        "The test profile has a network key that is not one for tests",
        TELL,
        "The test profile has a wrong network key. Nothing was installed. Please tell the provider.",
        "testProfileInstallFailedDueToInvalidNaaKey",
    ),
    15: (
        "The profile has policy rules that the eUICC does not allow",
        "Nothing was installed. Ask the provider for a profile without them.",
        "This card does not allow the rules of this profile. Please ask the provider.",
        "pprNotAllowed",
    ),
    127: (
        "The eUICC did not install the profile and gives no reason",
        AGAIN,
        "The card did not install the profile and gives no reason. Please try again.",
        "installFailedDueToUnknownError",
    ),
}
"""ErrorReason (SGP.22 annex H): what, what to do, in short, and the standard's name."""
