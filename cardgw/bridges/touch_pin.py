# -*- test-case-name: tests.bridges.test_touch_pin -*-
"""
The PIN of a card, verified here before a server gets at the card.  It goes to the card and nowhere else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TypeAlias

from attrs import frozen

from cardgw.apdu.command import SHORT_LE, Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script
from cardgw.apdu.status import describe
from cardgw.errors import CardError, CardGatewayError, ParameterError, UnexpectedStatus
from cardgw.interfaces import ICardChannel

SMARTCARD_HSM = bytes.fromhex("E82B0601040181C31F0201")
"""The AID of a SmartCard-HSM's application."""
HSM_PIN = 0x81
"""The reference of its user PIN."""
LONGEST = 64
_VERIFY = 0x20
_OK, _BLOCKED, _TIMED_OUT, _CANCELLED = 0x9000, 0x6983, 0x6400, 0x6401
_COUNTED = 0x63C0
_FOUND = frozenset((0x90, 0x61, 0x62))
"""SW1 of a SELECT that has found something."""
_BLOCK = 8
_NIBBLES = 14
"""Most digits of a PIN block of format 2 (ISO 9564-1)."""

Verify: TypeAlias = Callable[[int | None], Awaitable[Response]]
"""Has a PIN verified; is told how many tries are left, where the card says so."""


class PinError(CardError):
    """
    The PIN was not verified.
    """


class WrongPin(PinError):
    """
    The PIN is wrong.
    """


class PinBlocked(PinError):
    """
    The PIN is blocked: it was wrong too often.
    """


class PinNotEntered(CardGatewayError):
    """
    No PIN was entered.
    """


class Form(Enum):
    """
    What a PIN looks like in a command: as it is; filled up to 8 bytes with FF or 00; a PIN block of format 2 (ISO 9564-1).
    """

    PLAIN = "plain"
    FF = "ff-8"
    ZERO = "00-8"
    BLOCK = "block-2"


_FILLED: dict[Form, bytes] = {Form.PLAIN: b"", Form.FF: b"\xff" * _BLOCK, Form.ZERO: bytes(_BLOCK)}
_ASCII, _DIGITS = 0x82, 0x89
_ON_PAD = {
    Form.PLAIN: (_ASCII, 0x00, 0x00),
    Form.FF: (_ASCII, _BLOCK, 0x00),
    Form.ZERO: (_ASCII, _BLOCK, 0x00),
    Form.BLOCK: (_DIGITS, 0x47, 0x04),
}
"""PC/SC part 10, 2.5.2: units of bytes, left justified, ASCII; or packed digits after one byte, of 7, with 4 bits of length."""


class Verified(Enum):
    """
    How it was.
    """

    NOW = "the PIN was verified"
    BEFORE = "the PIN had been verified before"
    OTHER_CARD = "the card has no such PIN, and is lent as it is"


@frozen
class Pin:
    """
    Which PIN it is.

    @ivar application: the AID of what is to be selected; empty for nothing.
    @ivar optional: a card that has no such application is left as it is.
    """

    application: bytes = SMARTCARD_HSM
    reference: int = HSM_PIN
    form: Form = Form.PLAIN
    optional: bool = True

    def command(self, pin: bytes) -> Command:
        """
        The command that verifies it.

        @raise ParameterError: no card has such a PIN in this form.
        """
        return Command(0, _VERIFY, 0, self.reference, self._formed(pin))

    def _formed(self, pin: bytes) -> bytes:
        if not 1 <= len(pin) <= LONGEST:
            raise ParameterError(f"PIN: expected 1 to {LONGEST} characters")
        if self.form is Form.BLOCK:
            if not pin.isdigit() or len(pin) > _NIBBLES - 2:
                raise ParameterError(f"PIN: expected at most {_NIBBLES - 2} digits")
            return bytes.fromhex(f"2{len(pin):X}{pin.decode('ascii').ljust(_NIBBLES, 'F')}")
        if self.form is not Form.PLAIN and len(pin) > _BLOCK:
            raise ParameterError(f"PIN: expected at most {_BLOCK} characters")
        return pin + _FILLED[self.form][len(pin) :]

    def on_pad(self) -> tuple[bytes, int, int, int]:
        """
        The same for the pad of a reader (PC/SC part 10, 2.5.2).

        @return: the command without digits, bmFormatString, bmPINBlockString, bmPINLengthFormat.
        """
        filled = bytes.fromhex("20") + b"\xff" * (_BLOCK - 1) if self.form is Form.BLOCK else _FILLED[self.form]
        return bytes((0, _VERIFY, 0, self.reference, len(filled))) + filled, *_ON_PAD[self.form]


def typed(channel: ICardChannel, pin: Pin, enter: Callable[[int | None], Awaitable[bytes]]) -> Verify:
    """
    Has a PIN verified that somebody gives.

    @param enter: is told how many tries are left, and gives the PIN.
    """

    async def verify(tries: int | None) -> Response:
        return await _ask(channel, pin.command(await enter(tries)))

    return verify


async def verify_pin(channel: ICardChannel, pin: Pin, verify: Verify) -> Verified:
    """
    Have a PIN verified, unless it is already.

    @raise PinError: it was wrong, or is blocked.
    @raise PinNotEntered: nobody gave one.
    @raise UnexpectedStatus: the card has no such application or PIN.
    """
    if pin.application:
        selected = await _ask(channel, Command(0, 0xA4, 4, 0, pin.application, SHORT_LE))
        if selected.sw1 not in _FOUND:
            if pin.optional:
                return Verified.OTHER_CARD
            raise UnexpectedStatus(selected, "SELECT")
    state = await _ask(channel, Command(0, _VERIFY, 0, pin.reference))
    if state.status == _OK:
        return Verified.BEFORE
    tries = state.status & 0xF if state.status & 0xFFF0 == _COUNTED else None
    if state.status == _BLOCKED or tries == 0:
        raise PinBlocked
    _judge(await verify(tries))
    return Verified.NOW


def _judge(answer: Response) -> None:
    if answer.status in {_TIMED_OUT, _CANCELLED}:
        raise PinNotEntered("in time" if answer.status == _TIMED_OUT else "cancelled at the reader")
    left = answer.status & 0xF
    if answer.status in {_BLOCKED, _COUNTED}:
        raise PinBlocked
    if answer.status & 0xFFF0 == _COUNTED:
        raise WrongPin(f"{left} {'try' if left == 1 else 'tries'} left")
    if answer.sw1 == 0x63:
        raise WrongPin(describe(answer.status))
    if answer.status != _OK:
        raise UnexpectedStatus(answer, "VERIFY")


async def _ask(channel: ICardChannel, command: Command) -> Response:
    (answer,) = await channel.exchange(Script.of(command))
    return answer
