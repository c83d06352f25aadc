# -*- test-case-name: tests.virtual.test_euicc_notifications -*-
"""
The notifications that the software eUICC keeps until the LPA removes them (SGP.22 3.5, 5.7.9 to 5.7.11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum

from attrs import field, frozen

from cardgw.apdu.tlv import Tlvs, encode
from cardgw.virtual.euicc_identity import Chain
from cardgw.virtual.euicc_values import iccid_digits, read_bits, read_integer, shaped, write_bits, write_integer

LIST, RETRIEVE, REMOVE = 0xBF28, 0xBF2B, 0xBF30
METADATA = 0xBF2F
SIGNATURE = 0x5F37
NO_RESULT = 1
"""C{noResultAvailable}."""
NOTHING_TO_DELETE = 1


class Event(IntEnum):
    """
    Bits of C{NotificationEvent} (SGP.22 annex H).
    """

    INSTALL = 0
    ENABLE = 1
    DISABLE = 2
    DELETE = 3


@frozen
class Notification:
    """
    One pending notification.

    @ivar iccid: ten bytes as in metadata, or empty.
    @ivar metadata: the whole BF2F.
    @ivar raw: the whole C{PendingNotification}: BF37 or 30.
    """

    sequence: int
    event: Event
    address: str
    iccid: bytes = field(repr=False)
    metadata: bytes = field(repr=False)
    raw: bytes = field(repr=False)

    @property
    def digits(self) -> str:
        """
        The ICCID in digits, or an empty string.
        """
        return iccid_digits(self.iccid) if self.iccid else ""


class Notifications:
    """
    The list, in the order of sequence numbers.

    @ivar pending: all that were not removed.
    """

    def __init__(self, first: int, signer: Chain) -> None:
        self.pending: list[Notification] = []
        self._next = first
        self._signer = signer

    def functions(self) -> dict[int, Callable[[Tlvs], bytes]]:
        """
        Tags of requests to what answers them.
        """
        return {LIST: self._list, RETRIEVE: self._retrieve, REMOVE: self._remove}

    def keep(self, event: Event, address: str, iccid: bytes, seal: Callable[[bytes], bytes]) -> Notification:
        """
        Keep a new one.

        @param seal: makes the whole notification from its metadata (BF2F).
        """
        sequence, self._next = self._next, self._next + 1
        metadata = encode(
            METADATA,
            encode(0x80, write_integer(sequence)),
            encode(0x81, write_bits((event,))),
            encode(0x0C, address.encode()),
            encode(0x5A, iccid) if iccid else b"",
        )
        found = Notification(sequence, event, address, iccid, metadata, seal(metadata))
        self.pending.append(found)
        return found

    def tell(self, event: Event, wishes: Iterable[tuple[frozenset[int], str]], iccid: bytes, but: str = "") -> None:
        """
        Keep an C{OtherSignedNotification} for each address that wants to hear of the event.

        @param wishes: bits of events and an address each: C{notificationConfigurationInfo} of a profile.
        @param but: the address that hears of it anyway.
        """
        for events, address in wishes:
            if event in events and address != but:
                self.keep(event, address, iccid, self._seal)

    def _seal(self, metadata: bytes) -> bytes:
        signer = self._signer
        return encode(0x30, metadata, encode(SIGNATURE, signer.sign(metadata)), signer.euicc, signer.eum)

    def _list(self, request: Tlvs) -> bytes:
        shaped(request, 0x81, optional=frozenset({0x81}))
        found = self._about(read_bits(request[0].value)) if request else self.pending
        return encode(LIST, encode(0xA0, *(each.metadata for each in found)))

    def _about(self, events: frozenset[int]) -> list[Notification]:
        return [each for each in self.pending if each.event in events]

    def _retrieve(self, request: Tlvs) -> bytes:
        found = self._search(request)
        if not found:
            return encode(RETRIEVE, encode(0x81, bytes((NO_RESULT,))))
        return encode(RETRIEVE, encode(0xA0, *(each.raw for each in found)))

    def _search(self, request: Tlvs) -> list[Notification]:
        if not request:
            return self.pending
        if len(request) > 1:
            raise ValueError("more than one search criterion")
        # searchCriteria is an untagged CHOICE for some encoders, and a tagged one for others.
        (criterion,) = request[0].children() if request[0].tag == 0xA0 else request
        if criterion.tag == 0x81:
            return self._about(read_bits(criterion.value))
        if criterion.tag != 0x80:
            raise ValueError("no such search criterion")
        sequence = read_integer(criterion.value)
        return [each for each in self.pending if each.sequence == sequence]

    def _remove(self, request: Tlvs) -> bytes:
        sequence = read_integer(shaped(request, 0x80)[0].value)
        left = [each for each in self.pending if each.sequence != sequence]
        result = NOTHING_TO_DELETE if len(left) == len(self.pending) else 0
        self.pending = left
        return encode(REMOVE, encode(0x80, bytes((result,))))
