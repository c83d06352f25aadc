# -*- test-case-name: tests.virtual.test_security_domain -*-
"""
Status words, instructions and tags of the software card of GlobalPlatform (GlobalPlatform Card Specification 2.3.1, 11).
"""

from __future__ import annotations

from cardgw.gp.privileges import Privilege

SW_ENTRIES = 0x6310
"""More entries are there (11.4.3.2)."""
SW_IS_LOCKED = 0x6283
"""What is selected is there, but the card is locked (11.9.3.2)."""
SW_SECURE_MESSAGING = 0x6882
"""Another kind of secure messaging."""
SW_SECURITY = 0x6982
SW_BLOCKED = 0x6983
"""Too many authentications have failed."""
SW_ALGORITHM, SW_CHECK_VALUE = 0x9484, 0x9485
"""An algorithm that is not there; a check value that is wrong (11.8.3.2)."""

MANAGE_CHANNEL, SELECT, GET_RESPONSE = 0x70, 0xA4, 0xC0
INITIALIZE_UPDATE, EXTERNAL_AUTHENTICATE, PERFORM_SECURITY_OPERATION, INTERNAL_AUTHENTICATE = 0x50, 0x82, 0x2A, 0x88

ISD_PRIVILEGES = Privilege(0x9EFE80)
DOMAIN_FILE, DOMAIN_MODULE = bytes.fromhex("A0000001515350"), bytes.fromhex("A000000151535041")
"""The load file that is there from the factory, and what makes security domains in it."""

TOKEN_VERSION, RECEIPT_VERSION, DAP_VERSION, CIPHER_VERSION = 0x70, 0x71, 0x73, 0x75
"""Key versions for tokens, receipts, signatures of load files, and ciphered load files (GlobalPlatform UICC Configuration)."""


def confirmed() -> bytes:
    """
    The answer of commands that have no receipt to give: the length of one (11.1.6).
    """
    return b"\0"
