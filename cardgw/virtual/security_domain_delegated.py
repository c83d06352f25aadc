# -*- test-case-name: tests.virtual.test_security_domain_delegated -*-
"""
Delegated management, as the software card decides it (GlobalPlatform Card Specification 2.3.1, 9.1.3, 9.6, 11.1.6, C.4 and C.5):
who may change what is on the card by himself, who needs a token for it, and the receipts that are given then.
"""

from __future__ import annotations

from attrs import frozen

from cardgw.apdu import tlv
from cardgw.apdu.command import SHORT_DATA, Command
from cardgw.gp.commands import field
from cardgw.gp.parameters import CONTROL
from cardgw.gp.privileges import NONE, Privilege
from cardgw.virtual.euicc_values import SW_CONDITIONS, Refused
from cardgw.virtual.security_domain_keys import KeyRing
from cardgw.virtual.security_domain_signatures import is_signed, signed
from cardgw.virtual.security_domain_state import Card, LogicalChannel, Permit, require_host
from cardgw.virtual.security_domain_values import RECEIPT_VERSION, SW_SECURITY, TOKEN_VERSION, confirmed

_TOKEN_IDENTIFIER = 0x93
_LAST_COUNTER = 0xFFFF


@frozen
class Request:
    """
    What is asked for.

    @ivar about: the command data before the token.
    @ivar control: data objects among which a control reference template may be, with the identifier of the token.
    """

    command: Command
    about: bytes
    token: bytes
    control: bytes = b""

    @property
    def signed(self) -> bytes:
        """
        What the token must be the signature of: P1, P2, the length and the data, without it.
        """
        size = len(self.about)
        lc = bytes((size,)) if size <= SHORT_DATA else b"\\0" + size.to_bytes(2, "big")
        return bytes((self.command.p1, self.command.p2)) + lc + self.about


def permitted(card: Card, channel: LogicalChannel, request: Request, besides: Privilege = NONE) -> Permit:
    """
    @param besides: another privilege that allows it without a token.
    @raise Refused: who speaks must not do this; or not without a token, or the token is wrong.
    """
    require_host(channel)
    privileges = channel.selected.privileges
    alone = bool(privileges & (Privilege.AuthorizedManagement | besides))
    if not alone and not privileges & Privilege.DelegatedManagement:
        raise Refused(SW_CONDITIONS)
    if not alone and not request.token:
        raise Refused(SW_CONDITIONS)
    if request.token:
        _check(card, request)
    return Permit(not alone, _identifier(request.control))


def _check(card: Card, request: Request) -> None:
    keys = [key for each in _domains(card, Privilege.TokenVerification) for key in each.of_version(TOKEN_VERSION)]
    if not keys:
        raise Refused(SW_CONDITIONS)
    if not any(is_signed(key, request.token, request.signed) for key in keys):
        raise Refused(SW_SECURITY)


def confirm(card: Card, permit: Permit, *done: bytes) -> bytes:
    """
    The data of the answer: a receipt, with its counter and what is unique about the card, after delegated management; otherwise
    the length of none.

    @param done: the fields that tell what was done, each without its length.
    """
    if not permit.delegated or card.receipts >= _LAST_COUNTER:
        return confirmed()
    keys = [key for each in _domains(card, Privilege.ReceiptGeneration) for key in each.of_version(RECEIPT_VERSION)]
    parts = ((card.receipts + 1).to_bytes(2, "big"), b"".join(card.registry.numbers()), permit.token)
    confirmation = b"".join(field(each) for each in parts if each)
    receipt = signed(keys[0], confirmation + b"".join(map(field, done))) if keys else None
    if receipt is None:
        return confirmed()
    card.receipts += 1
    return field(field(receipt) + confirmation)


def _domains(card: Card, privilege: Privilege) -> list[KeyRing]:
    """
    The keys of the domains with a privilege.
    """
    return [each.ring for each in card.registry.items.values() if each.privileges & privilege and each.ring is not None]


def _identifier(parameters: bytes) -> bytes:
    """
    Of the token, where a control reference template tells it.
    """
    control = tlv.decode(parameters).find(CONTROL)
    return b"" if control is None else control.children().value(_TOKEN_IDENTIFIER)
