# -*- test-case-name: tests.lpa.test_deliver -*-
"""
A world whose card has notifications for its providers.
"""

from __future__ import annotations

from collections.abc import Iterable

from twisted.internet.defer import Deferred

from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.tlv import encode
from cardgw.lpa.bcd import iccid_octets
from cardgw.lpa.deliver import Settled, settle
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.notice_policy import NoticePolicy
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.profile_package import make_iccid
from tests.lpa.world import World

HOST = "smdp.example.test"
ICCID = make_iccid(7)
ENABLE, DISABLE, DELETE = 0xBF31, 0xBF32, 0xBF33
EVENTS = (0, 1, 2, 3)


class Notified(World):
    """
    A card with a profile whose providers hear of all that becomes of it.
    """

    def __init__(self, *changes: int, hosts: Iterable[str] = (HOST,), options: Options | None = None) -> None:
        """
        @param changes: what is done to the profile beforehand: L{ENABLE}, L{DISABLE}, L{DELETE}.
        @param hosts: the addresses that are notified.
        """
        super().__init__(options=options)
        self.card.add_profile(ICCID, "Example", "Example", wishes=[(EVENTS, host) for host in hosts])
        for change in changes:
            self.change(change)

    def change(self, tag: int) -> None:
        """
        Enable, disable or delete the profile.
        """
        named = encode(0x5A, iccid_octets(ICCID))
        self.ask((encode(tag, named) if tag == DELETE else encode(tag, encode(0xA0, named), encode(0x81, b"\0"))).hex())

    def settle(
        self, policy: NoticePolicy | None = None, *, numbers: Iterable[int] | None = None, again: bool = False
    ) -> Deferred[Settled]:
        """
        Begin to settle.
        """
        named = None if numbers is None else tuple(numbers)
        work = settle(self.session, self.isdr(), policy or NoticePolicy(), numbers=named, again=again)
        return Deferred.fromCoroutine(work)

    def isdr(self) -> Isdr:
        """
        The ISD-R of the card in the present session.
        """
        return Isdr(GetResponse(self.wire))

    @property
    def numbers(self) -> list[int]:
        """
        The numbers of the notifications on the card.
        """
        return [each.sequence for each in self.card.notifications]

    @property
    def heard(self) -> list[int]:
        """
        The numbers of the notifications that the server got, in their order.
        """
        return [each.sequence for each in self.smdp.notifications]

    def commands(self, tag: int) -> int:
        """
        How many requests with this tag the card got in the present session.
        """
        return sum(command[5:7] == tag.to_bytes(2, "big") for command in self.wire.sent)
