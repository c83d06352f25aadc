# -*- test-case-name: tests.transports.estk.test_request -*-
"""
What an eSTK.me card asks for, and the text that its holder typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cardgw.transports.estk import gsm7
from cardgw.transports.estk.wire import Tag
from cardgw.values import STAY, CardRequest

REMOTE_MANAGEMENT = "remote-management"
DOWNLOAD = "download"
COMMAND = "command"
NOTIFICATIONS = "notifications"

NAMES = {Tag.REMOTE_MANAGEMENT: REMOTE_MANAGEMENT, Tag.DOWNLOAD_PROFILE: DOWNLOAD, Tag.PROCESS_NOTIFICATION: NOTIFICATIONS}
"""The requests of the protocol, by the names that settings route to operations; a download may turn out to be a L{COMMAND}."""
ANSWERS: Mapping[str, str] = {
    DOWNLOAD: "profile.download",
    COMMAND: "card.command",
    NOTIFICATIONS: "notifications.send-all",
    REMOTE_MANAGEMENT: STAY,
}
"""What answers them, unless settings say otherwise."""
COMMAND_SIGN = "/"
"""What a command begins with that is typed in place of an activation code."""

_GSM_DOLLAR = b"\x02"
_ASCII_DOLLAR = b"$"
_SPACED = re.compile(r"(?:[^\s/]\S*[:/])?\d+ ")


def request_from(tag: int, value: bytes) -> CardRequest:
    """
    @param tag: one of L{NAMES}.
    @param value: what came with it; counts only for a download.
    @return: a typed text that begins with L{COMMAND_SIGN} is a L{COMMAND}, with the sign.
    @raise KeyError: the tag is no request.
    """
    if tag != Tag.DOWNLOAD_PROFILE:
        return CardRequest(NAMES[Tag(tag)])
    text = typed_text(value)
    return CardRequest(COMMAND if text.startswith(COMMAND_SIGN) else DOWNLOAD, text)


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
