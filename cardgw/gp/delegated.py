# -*- test-case-name: tests.gp.test_delegated -*-
"""
Delegated management (GlobalPlatform Card Specification 2.3.1, 9.6 and C.4, C.5): tokens, with which the issuer of a card allows
others to change what is on it, and receipts, with which the card confirms that it was done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self, TypeAlias, TypeVar

from attrs import field, frozen

from cardgw.apdu.command import SHORT_DATA
from cardgw.errors import MalformedAnswer
from cardgw.gp import commands
from cardgw.gp.commands import check_aid, split_field, split_fields
from cardgw.gp.delete import Delete
from cardgw.gp.errors import ReceiptInvalid
from cardgw.gp.install import Install

Sign: TypeAlias = Callable[[bytes], bytes]
"""Makes a token from what it is about.  It alone knows the key."""
Verify: TypeAlias = Callable[[bytes, bytes], bool]
"""Whether a receipt, given first, is that of data, given second."""
_Content = TypeVar("_Content", Install, Delete)
_LEAST_PARTS, _MOST_PARTS = 3, 5


def token_input(content: Install | Delete) -> bytes:
    """
    What a token for this is made from: P1, P2, the length of the fields before the token, and these (C.4.1 to C.4.7).
    """
    command, data = content.command(), content.data
    long = len(data) > SHORT_DATA
    return bytes((command.p1, command.p2)) + (b"\0" if long else b"") + len(data).to_bytes(2 if long else 1, "big") + data


def with_token(content: _Content, sign: Sign) -> _Content:
    """
    The same, with its token.
    """
    return content.with_token(sign(token_input(content)))


@frozen
class Receipt:
    """
    A confirmation of delegated management (11.1.6).

    @ivar signature: the receipt itself.
    @ivar confirmation: what it is made from, together with what was done.
    @ivar counter: of all receipts of the card.
    @ivar unique_data: of the card; may be empty.
    @ivar token_identifier: where the token had one.
    @ivar token_digest: likewise.
    """

    signature: bytes
    confirmation: bytes = field(repr=False)
    counter: int
    unique_data: bytes = field(repr=False)
    token_identifier: bytes = b""
    token_digest: bytes = b""

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        @param octets: the confirmation without its length.
        @raise ValueError: it is malformed.
        """
        signature, at = split_field(octets)
        confirmation = octets[at:]
        parts = split_fields(confirmation)
        if not signature or not _LEAST_PARTS - 1 <= len(parts) <= _MOST_PARTS - 1 or not parts[0]:
            raise ValueError("a confirmation has a receipt, a counter, data of the card, and at most two more fields")
        return cls(signature, confirmation, int.from_bytes(parts[0], "big"), *parts[1:])

    def check(self, done: bytes, verify: Verify) -> None:
        """
        @param done: what was done: what one of the functions below gives.
        @raise ReceiptInvalid: the card did not make this receipt, or not for this.
        """
        if not verify(self.signature, self.confirmation + done):
            raise ReceiptInvalid(f"confirmation {self.counter}")


def parse_receipt(answer: bytes) -> Receipt | None:
    """
    The confirmation in the answer to the last LOAD, to INSTALL or to DELETE.

    Most cards give it a length before its own fields; some do not.

    @return: C{None} where there is none.
    @raise MalformedAnswer: the answer is something else.
    """
    if not answer.strip(b"\0"):
        return None
    try:
        whole, end = split_field(answer)
        if end == len(answer):
            return Receipt.decode(whole)
        return Receipt.decode(answer)
    except ValueError as problem:
        raise MalformedAnswer(f"receipt: {problem}") from None


def loaded(load_file: bytes, domain: bytes) -> bytes:
    """
    What the receipt of loading is about.

    @param domain: the AID of the security domain that the load file belongs to.
    """
    return _aids(load_file, domain)


def installed(load_file: bytes, application: bytes) -> bytes:
    """
    What the receipt of installing or making selectable is about.
    """
    return _aids(load_file, application)


def extradited(before: bytes, aid: bytes, after: bytes) -> bytes:
    """
    What the receipt of an extradition is about.

    @param before: the AID of the security domain that C{aid} belonged to.
    @param after: of that which it belongs to now.
    """
    return _aids(before, aid, after)


def updated(
    application: bytes,
    privileges: bytes = b"",
    *,
    before: bytes = b"",
    after: bytes = b"",
    parameters: bytes = b"",
) -> bytes:
    """
    What the receipt of a registry update is about.

    @param privileges: as they were sent; empty where they were left.
    @param before: the AID of the security domain that it belonged to; empty where that was left.
    @param after: likewise.
    @param parameters: as they were sent.
    """
    aids = (check_aid(each, "AID in a receipt", optional=True) for each in (before, application, after))
    return b"".join(map(commands.field, (*aids, privileges, parameters)))


def deleted(aid: bytes) -> bytes:
    """
    What the receipt of a deletion is about.
    """
    return _aids(aid)


def _aids(*aids: bytes) -> bytes:
    return b"".join(commands.field(check_aid(each, "AID in a receipt")) for each in aids)
