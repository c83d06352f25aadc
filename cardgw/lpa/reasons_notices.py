# -*- test-case-name: tests.lpa.test_courier -*-
"""
Refusals of notifications that are final: no later attempt can end otherwise (SGP.22 5.2.6, 5.6.4).  SGP.22 itself has servers
take every notification; these are what servers answer that do check.
"""

from __future__ import annotations

_CARD = "it does not know this eUICC"
_NOT_AUTHENTIC = "it does not take the notification for authentic"
_PROFILE = "it does not know the profile that the notification is about"

FINAL: dict[tuple[str, str], str] = {
    ("8.1", "6.1"): _NOT_AUTHENTIC,
    ("8.1.1", "2.1"): _CARD,
    ("8.1.1", "3.1"): _CARD,
    ("8.1.1", "3.8"): _CARD,
    ("8.1.1", "3.9"): _CARD,
    ("8.1.1", "3.10"): _CARD,
    ("8.1.2", "6.1"): _NOT_AUTHENTIC,
    ("8.1.2", "6.3"): "the certificate of the eUICC's manufacturer has expired",
    ("8.1.3", "6.1"): _NOT_AUTHENTIC,
    ("8.1.3", "6.3"): "the certificate of the eUICC has expired",
    ("8.1.4", "6.1"): _NOT_AUTHENTIC,
    ("8.2", "3.9"): _PROFILE,
    ("8.2.1", "3.1"): _PROFILE,
    ("8.2.1", "3.9"): _PROFILE,
    ("8.2.1", "3.10"): _PROFILE,
    ("8.10.1", "3.9"): "it does not know the download that the notification is about",
    ("8.11.1", "3.9"): "it does not know the certificate issuer (CI) of the eUICC",
}
"""Subject code and reason code, and what they mean of a notification."""
