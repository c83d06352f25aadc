# -*- test-case-name: tests.virtual.test_smdp_answers -*-
"""
What all functions of ES9+ share (SGP.22 6.5): reading request fields and the data objects in them, the header of an answer, and
refusals.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from cardgw.apdu import tlv
from cardgw.apdu.tlv import Tlvs

SUCCESS = "Executed-Success"
WARNING = "Executed-WithWarning"
FAILED = "Failed"

EUICC = "8.1"
"""Subject codes of SGP.22 5.2.6.1."""
EID = "8.1.1"
EUM_CERTIFICATE = "8.1.2"
EUICC_CERTIFICATE = "8.1.3"
PROFILE = "8.2"
MATCHING_ID = "8.2.6"
CONFIRMATION_CODE = "8.2.7"
SMDP = "8.8"
SMDP_ADDRESS = "8.8.1"
SECURITY_CONFIGURATION = "8.8.2"
SVN = "8.8.3"
SMDP_CERTIFICATE = "8.8.4"
DOWNLOAD_ORDER = "8.8.5"
TRANSACTION_ID = "8.10.1"
CI_PUBLIC_KEY = "8.11.1"
REQUESTER = "1.2.1"
PROTOCOL_VERSION = "1.2.2"
FUNCTION = "1.6"

NOT_ALLOWED = "1.2"
"""Reason codes of SGP.22 5.2.6.2."""
INVALID = "2.1"
ELEMENT_MISSING = "2.2"
UNSUPPORTED = "3.1"
UNAVAILABLE = "3.7"
REFUSED = "3.8"
UNKNOWN = "3.9"
INVALID_ASSOCIATION = "3.10"
EXECUTION_ERROR = "4.2"
VERIFICATION_FAILED = "6.1"
CERTIFICATE_EXPIRED = "6.3"
RETRIES_EXCEEDED = "6.4"


class Refusal(Exception):
    """
    The server says no.

    @ivar subject: subject code (SGP.22 5.2.6.1).
    @ivar reason: reason code (SGP.22 5.2.6.2).
    @ivar message: for people.
    """

    def __init__(self, subject: str, reason: str, message: str) -> None:
        super().__init__(f"{subject}/{reason} {message}")
        self.subject, self.reason, self.message = subject, reason, message


def header(status: str = SUCCESS, refusal: Refusal | None = None) -> dict[str, Any]:
    """
    The C{header} object of an answer (SGP.22 6.5.1.4).
    """
    state: dict[str, Any] = {"status": status}
    if refusal is not None:
        codes = {"subjectCode": refusal.subject, "reasonCode": refusal.reason, "message": refusal.message}
        state["statusCodeData"] = codes
    return {"functionExecutionStatus": state}


def failure(refusal: Refusal) -> dict[str, Any]:
    """
    A whole answer that says no; HTTP's status is 200 all the same.
    """
    return {"header": header(FAILED, refusal)}


def text(request: Mapping[str, Any], name: str) -> str:
    """
    A text field.

    @raise Refusal: it is missing or no text.
    """
    value = request.get(name)
    if value is None:
        raise Refusal(FUNCTION, ELEMENT_MISSING, f"{name} is missing")
    if not isinstance(value, str):
        raise Refusal(FUNCTION, INVALID, f"{name} is not a string")
    return value


def octets(request: Mapping[str, Any], name: str) -> bytes:
    """
    A base64 field.

    @raise Refusal: it is missing or no base64 of RFC 4648.
    """
    try:
        return b64decode(text(request, name), validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(FUNCTION, INVALID, f"{name} is not base64") from None


def pack(value: bytes) -> str:
    """
    Bytes as base64.
    """
    return b64encode(value).decode("ascii")


def shape(value: bytes, *tags: int) -> Tlvs:
    """
    Data objects that must be exactly these.

    @raise ValueError: they are others.
    """
    found = tlv.decode(value)
    if tuple(item.tag for item in found) != tags:
        wanted = " ".join(f"{tag:X}" for tag in tags)
        raise ValueError(f"expected {wanted}, found {' '.join(f'{item.tag:X}' for item in found) or 'nothing'}")
    return found


def encode_oid(dotted: str) -> bytes:
    """
    The value octets of an object identifier (X.690, 8.19).
    """
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return b"".join(_base128(arc) for arc in (40 * first + second, *rest))


def _base128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))
