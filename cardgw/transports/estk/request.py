# -*- test-case-name: tests.transports.estk.test_request -*-
"""
What an eSTK.me card asks for, and the text that its holder typed.
"""

from __future__ import annotations

import re

from cardgw.transports.estk import gsm7
from cardgw.transports.estk.wire import Tag
from cardgw.values import CardRequest

REMOTE_MANAGEMENT = "remote-management"
DOWNLOAD = "download"
NOTIFICATIONS = "notifications"

NAMES = {Tag.REMOTE_MANAGEMENT: REMOTE_MANAGEMENT, Tag.DOWNLOAD_PROFILE: DOWNLOAD, Tag.PROCESS_NOTIFICATION: NOTIFICATIONS}
"""The requests of the protocol, by the names that settings route to operations."""

_GSM_DOLLAR = b"\x02"
_ASCII_DOLLAR = b"$"
_SPACED = re.compile(r"(?:[^\s/]\S*[:/])?\d+ ")


def request_from(tag: int, value: bytes) -> CardRequest:
    """
    @param tag: one of L{NAMES}.
    @param value: what came with it; counts only for a download.
    @raise KeyError: the tag is no request.
    """
    return CardRequest(NAMES[Tag(tag)], typed_text(value) if tag == Tag.DOWNLOAD_PROFILE else "")


def typed_text(value: bytes) -> str:
    """
    What the holder typed.  Phones hand it to the card in the GSM 7-bit default alphabet, where C{$} is 02; a text that has 24
    (in that alphabet C{¤}) instead is ASCII.  iOS 10 makes spaces of the C{$}: they are put back where a format number and a
    space stand at the start of a text without C{$}.

    @return: the text with C{$} as separators, without white space around it.
    """
    if _ASCII_DOLLAR in value and _GSM_DOLLAR not in value:
        return value.decode("ascii", "replace").strip()
    text = gsm7.decode(value).replace("¤", "$")
    if "$" not in text and _SPACED.match(text.lstrip()):
        return text.lstrip().rstrip("\r\n").replace(" ", "$")
    return text.strip()
