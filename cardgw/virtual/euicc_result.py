# -*- test-case-name: tests.virtual.test_euicc_package -*-
"""
What becomes of a bound profile package: ProfileInstallationResult (SGP.22 2.5.6).
"""

from __future__ import annotations

from enum import IntEnum

from cardgw.apdu.tlv import encode
from cardgw.virtual.euicc_auth import SIGNATURE, Session
from cardgw.virtual.euicc_stream import CONFIGURE, ELEMENTS, METADATA, PACKAGE, REPLACE_KEYS, SECURE_CHANNEL

RESULT, RESULT_DATA = 0xBF37, 0xBF27
SMDP_OID = 0x06
PE_OK = bytes.fromhex("3007A0053003800100")
"""C{EUICCResponse}: one status, ok (TCA Profile Package, 8.11)."""


class Command(IntEnum):
    """
    C{BppCommandId} (SGP.22 annex H).
    """

    INITIALISE_SECURE_CHANNEL = 0
    CONFIGURE_ISDP = 1
    STORE_METADATA = 2
    REPLACE_SESSION_KEYS = 4
    LOAD_PROFILE_ELEMENTS = 5


class Reason(IntEnum):
    """
    C{ErrorReason} (SGP.22 annex H).
    """

    INCORRECT_VALUES = 1
    INVALID_SIGNATURE = 2
    INVALID_TRANSACTION_ID = 3
    UNSUPPORTED_CRT = 4
    UNSUPPORTED_OPERATION = 5
    UNSUPPORTED_CLASS = 6
    STRUCTURE = 7
    SECURITY = 8
    ICCID_EXISTS = 9
    MEMORY = 10
    INTERRUPTION = 11
    ELEMENT = 12
    ICCID_MISMATCH = 13
    RULE_NOT_ALLOWED = 15


COMMANDS = {
    PACKAGE: Command.INITIALISE_SECURE_CHANNEL,
    SECURE_CHANNEL: Command.INITIALISE_SECURE_CHANNEL,
    CONFIGURE: Command.CONFIGURE_ISDP,
    METADATA: Command.STORE_METADATA,
    REPLACE_KEYS: Command.REPLACE_SESSION_KEYS,
    ELEMENTS: Command.LOAD_PROFILE_ELEMENTS,
}


def write_success(aid: bytes) -> bytes:
    """
    C{finalResult} of a profile that was installed.

    @param aid: of its ISD-P.
    """
    return encode(0xA0, encode(0x4F, aid), encode(0x04, PE_OK))


def write_error(command: Command, reason: Reason, response: bytes = b"") -> bytes:
    """
    C{finalResult} of one that was not.

    @param response: of the profile package interpreter, if it came that far.
    """
    codes = encode(0x80, bytes((command,))) + encode(0x81, bytes((reason,)))
    return encode(0xA1, codes, encode(0x82, response) if response else b"")


def write_result(session: Session, metadata: bytes, outcome: bytes) -> bytes:
    """
    The whole BF37, signed.

    @param metadata: of the notification, the whole BF2F.
    @param outcome: see L{write_success} and L{write_error}.
    """
    oid, identifier = encode(SMDP_OID, session.oid()), encode(0x80, session.transaction_id)
    data = encode(RESULT_DATA, identifier, metadata, oid, encode(0xA2, outcome))
    return encode(RESULT, data, encode(SIGNATURE, session.signer().sign(data)))
