# -*- test-case-name: tests.lpa.test_notices -*-
"""
The notifications that an eUICC keeps: listing, retrieving and removing them (ES10b.ListNotification, RetrieveNotificationsList
and RemoveNotificationFromList, SGP.22 5.7.9 to 5.7.11).
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from cardgw.apdu.tlv import Tlv, decode, only
from cardgw.errors import ParameterError
from cardgw.interfaces import ISession
from cardgw.lpa.courier import NOTIFICATION
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.es10 import reading
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.notification import EVENTS, INSTALL_RESULT, Metadata, parse_metadata, parse_removed, remove, retrieve
from cardgw.values import Parcel

LIST = bytes.fromhex("BF2800")
OTHER_SIGNED, METADATA, RESULT_DATA = 0x30, 0xBF2F, 0xBF27
NUMBER_MAX = 2**31 - 1


class NoSuchNotification(ParameterError):
    """
    The card has no notification with this number.
    """


@frozen
class Listed:
    """
    What is on a card.

    @ivar notices: in the order of their numbers, in which servers are to get them (SGP.22 3.5).
    @ivar unreadable: how many further ones there are.
    """

    notices: tuple[Metadata, ...]
    unreadable: int = 0

    def find(self, number: int) -> Metadata:
        """
        @raise NoSuchNotification: there is none with this number.
        """
        found = next((each for each in self.notices if each.sequence == number), None)
        if found is None:
            raise NoSuchNotification(str(number), hint=f"It has {self._numbers() or 'none'}.")
        return found

    def _numbers(self) -> str:
        return ", ".join(str(each.sequence) for each in self.notices)


@frozen
class Pending:
    """
    One notification.

    @ivar raw: the whole data object, as its server wants it.
    """

    raw: bytes
    metadata: Metadata


def event_of(notice: Metadata) -> str:
    """
    What has happened: of L{EVENTS}, or empty.
    """
    return next((event for event in EVENTS if event in notice.events), "")


def described(notice: Metadata) -> dict[str, Any]:
    """
    A notification as results have it: the names of SGP.22 annex H, the words that lpac prints.
    """
    return {
        "seqNumber": notice.sequence,
        "profileManagementOperation": event_of(notice),
        "notificationAddress": notice.address,
        "iccid": notice.iccid,
    }


def parcel_of(card: str, pending: Pending, trusted: frozenset[bytes], *, remove: bool) -> Parcel:
    """
    A notification for the outbox.

    @param card: the card's identity.
    @param trusted: key identifiers of the CIs that the card trusts.
    @param remove: see L{Parcel}.
    """
    notice = pending.metadata
    facts = {"event": event_of(notice), "iccid": notice.iccid}
    return Parcel(NOTIFICATION, card, notice.sequence, notice.address, pending.raw, facts, trusted, remove)


def is_about(parcel: Parcel, notice: Metadata) -> bool:
    """
    Whether a parcel has the number and the facts of a notification, as far as the list tells.
    """
    return (
        parcel.kind == NOTIFICATION
        and parcel.number == notice.sequence
        and parcel.address == notice.address
        and (parcel.facts.get("event"), parcel.facts.get("iccid")) == (event_of(notice), notice.iccid)
    )


def parse_list(answer: bytes) -> Listed:
    """
    ListNotificationResponse.  One that cannot be read does not hide the others.

    @raise Es10Error: the eUICC gives no list.
    """
    with reading("ListNotification"):
        fields = only(answer, 0xBF28).children()
        found = fields.find(0xA0)
        if found is None:
            raise Es10Error("ListNotification", int.from_bytes(fields.need(0x81).value, "big"))
        items = [_readable(item) for item in found.children()]
    notices = sorted((each for each in items if each is not None), key=lambda notice: notice.sequence)
    return Listed(tuple(notices), len(items) - len(notices))


def _readable(item: Tlv) -> Metadata | None:
    try:
        return parse_metadata(item) if item.tag == METADATA else None
    except ValueError:
        return None


def parse_retrieved(answer: bytes, number: int) -> Pending:
    """
    RetrieveNotificationsListResponse.

    @param number: of the one that was asked for.
    @raise Es10Error: the eUICC has none.
    @raise MalformedAnswer: it gave another one, or one that cannot be read.
    """
    with reading("RetrieveNotificationsList"):
        fields = only(answer, 0xBF2B).children()
        error = fields.find(0x81)
        if error is not None:
            raise Es10Error("RetrieveNotificationsList", int.from_bytes(error.value, "big"))
        for item in decode(fields.need(0xA0).value):
            pending = Pending(item.raw, _metadata(item))
            if pending.metadata.sequence == number:
                return pending
        raise ValueError(f"notification {number} is not in it")


def _metadata(item: Tlv) -> Metadata:
    """
    Of a PendingNotification: ProfileInstallationResult or OtherSignedNotification.
    """
    if item.tag == INSTALL_RESULT:
        return parse_metadata(item.children().need(RESULT_DATA).children().need(METADATA))
    if item.tag == OTHER_SIGNED:
        return parse_metadata(item.children().need(METADATA))
    raise ValueError(f"a notification of an unknown kind, {item.tag:X}")


async def list_notices(session: ISession, isdr: Isdr) -> Listed:
    """
    All that are on the card.

    @raise CardGatewayError: it does not tell.
    """
    session.stage("es10b_list_notification")
    listed = parse_list(await isdr.command(LIST))
    if listed.unreadable:
        session.log.warn("the card has {count} notifications that cannot be read", count=listed.unreadable)
    return listed


async def retrieve_notice(isdr: Isdr, number: int) -> Pending:
    """
    One of them.

    @raise CardGatewayError: the card does not give it.
    """
    return parse_retrieved(await isdr.command(retrieve(number)), number)


async def forget(session: ISession, isdr: Isdr, number: int, *, last: bool = False) -> None:
    """
    Remove one from the card.

    @param last: nothing is asked of the card after that; see L{Isdr.last}.
    @raise CardGatewayError: it is still there.
    """
    session.stage("es10b_remove_notification_from_list", sequence=number)
    parse_removed(await (isdr.last if last else isdr.command)(remove(number)))
