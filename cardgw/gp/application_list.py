# -*- test-case-name: tests.gp.test_application_list -*-
"""
The list of applications that a card tells to everybody (GlobalPlatform Card Specification 2.3.1, 11.3.3.1).
"""

from __future__ import annotations

from attrs import frozen

from cardgw.apdu import tlv
from cardgw.errors import MalformedAnswer
from cardgw.gp.commands import AID, split_field

APPLICATIONS = 0x2F00
"""The tag of GET DATA; no tag of BER-TLV, though some cards begin their answer with it."""
TEMPLATE, LABEL = 0x61, 0x50


@frozen
class ListedApplication:
    """
    One of them.

    @ivar label: its name, where the card tells; bytes that are no text are told in hexadecimal.
    """

    aid: bytes
    label: str = ""


def parse_applications(answer: bytes) -> tuple[ListedApplication, ...]:
    """
    The answer to GET DATA for the list.

    @raise MalformedAnswer: it is something else.
    """
    try:
        return tuple(_application(each) for each in tlv.decode(_inside(answer)))
    except ValueError as problem:
        raise MalformedAnswer(f"GET DATA of 2F00: {problem}") from None


def _inside(answer: bytes) -> bytes:
    head = APPLICATIONS.to_bytes(2, "big")
    if not answer.startswith(head):
        return answer
    inside, end = split_field(answer, len(head))
    if end != len(answer):
        raise ValueError("something follows the list")
    return inside


def _application(item: tlv.Tlv) -> ListedApplication:
    if item.tag != TEMPLATE:
        raise ValueError(f"expected data objects 61, found {item.tag:X}")
    parts = item.children()
    label = parts.value(LABEL)
    try:
        text = label.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    return ListedApplication(parts.need(AID).value, text if text.isprintable() and text else label.hex().upper())
