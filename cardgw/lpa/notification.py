# -*- test-case-name: tests.lpa.test_notification -*-
"""
Notifications that an eUICC keeps until they were delivered (SGP.22 3.5, 5.7.9 to 5.7.11), and the result of an installation,
which is one of them (SGP.22 2.5.6).
"""

from __future__ import annotations

from attrs import frozen

from cardgw.apdu.tlv import Tlv, decode, encode, only
from cardgw.lpa.bcd import iccid_digits
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.es10 import named_bits, reading

EVENTS = ("install", "enable", "disable", "delete")
"""Bits of NotificationEvent (SGP.22 annex H)."""
RETRIEVE_INSTALL = bytes.fromhex("BF2B06A00481020780")
"""RetrieveNotificationsList: all about installations."""
NOTHING_TO_DELETE = 1
"""RemoveNotificationFromList: it is gone already (SGP.22 5.7.11)."""
INSTALL_RESULT = 0xBF37


@frozen
class Metadata:
    """
    What a notification is about (NotificationMetadata, SGP.22 5.7.9).

    @ivar sequence: its number on this eUICC, from 0.
    @ivar events: of L{EVENTS}, one.
    @ivar address: the host to send it to.
    @ivar iccid: digits, or empty.
    """

    sequence: int
    events: frozenset[str]
    address: str
    iccid: str


@frozen
class InstallResult:
    """
    What became of an installation (ProfileInstallationResult, SGP.22 2.5.6).

    @ivar raw: the whole data object BF37: the notification for the server.
    @ivar transaction_id: as the server named the session.
    @ivar aid: the AID of the new ISD-P; empty if it failed.
    @ivar failure: bppCommandId and errorReason, or C{None}.
    @ivar instead: what the card had answered in its place, where it had to be looked for; or empty.
    """

    raw: bytes
    transaction_id: bytes
    metadata: Metadata
    aid: bytes
    failure: tuple[int, int] | None
    instead: str = ""


def retrieve(sequence: int) -> bytes:
    """
    RetrieveNotificationsListRequest for one (SGP.22 5.7.10).
    """
    return encode(0xBF2B, encode(0xA0, encode(0x80, _integer(sequence))))


def remove(sequence: int) -> bytes:
    """
    NotificationSentRequest (SGP.22 5.7.11).
    """
    return encode(0xBF30, encode(0x80, _integer(sequence)))


def _integer(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def parse_metadata(found: Tlv) -> Metadata:
    """
    A notification's metadata, from its data object BF2F.

    @raise ValueError: a field is missing or malformed.
    """
    fields = found.children()
    number = int.from_bytes(fields.need(0x80).value, "big", signed=True)
    # Some servers' addresses have spaces in them.
    address = "".join(fields.value(0x0C).decode().split())
    iccid = fields.value(0x5A)
    return Metadata(number, named_bits(fields.value(0x81), EVENTS), address, iccid_digits(iccid) if iccid else "")


def parse_install_result(octets: bytes) -> InstallResult:
    """
    A ProfileInstallationResult.

    @raise MalformedAnswer: it is none.
    """
    with reading("LoadBoundProfilePackage"):
        return _install_result(only(octets, INSTALL_RESULT))


def _install_result(found: Tlv) -> InstallResult:
    data = found.children().need(0xBF27).children()
    final = data.need(0xA2).children()
    transaction, metadata = data.need(0x80).value, parse_metadata(data.need(0xBF2F))
    good = final.find(0xA0)
    if good is not None:
        return InstallResult(found.raw, transaction, metadata, good.children().value(0x4F), None)
    bad = final.need(0xA1).children()
    failure = (int.from_bytes(bad.need(0x80).value, "big"), int.from_bytes(bad.need(0x81).value, "big"))
    return InstallResult(found.raw, transaction, metadata, b"", failure)


def find_install_result(answer: bytes, transaction_id: bytes) -> InstallResult | None:
    """
    The result of one session among those that RetrieveNotificationsList gave.
    """
    with reading("RetrieveNotificationsList"):
        fields = only(answer, 0xBF2B).children()
        found = decode(fields.value(0xA0)).every(INSTALL_RESULT)
    return next((each for each in map(_readable, found) if each is not None and each.transaction_id == transaction_id), None)


def _readable(found: Tlv) -> InstallResult | None:
    """
    A result, or C{None}: one that cannot be read must not hide the others.
    """
    try:
        return _install_result(found)
    except ValueError:
        return None


def parse_removed(answer: bytes) -> None:
    """
    NotificationSentResponse: gone, now or before.

    @raise Es10Error: the eUICC keeps it.
    """
    with reading("RemoveNotificationFromList"):
        code = int.from_bytes(only(answer, 0xBF30).children().need(0x80).value, "big")
    if code not in (0, NOTHING_TO_DELETE):
        raise Es10Error("RemoveNotificationFromList", code)
