# -*- test-case-name: tests.cli.test_touch_order -*-
"""
What was typed for C{cardgw touch}, checked before a card is touched.
"""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from cardgw.bridges.touch import Session
from cardgw.bridges.touch_pin import Form, Pin, PinNotEntered
from cardgw.bridges.touch_session import parse
from cardgw.bridges.touch_tls import Policy, policy
from cardgw.cli.app import App
from cardgw.cli.touch import ASK, PINPAD
from cardgw.errors import ParameterError
from cardgw.secrets import Source, parse_source, read_secret

NONE = "none"
"""No application has the PIN."""
_AID_BYTES = range(5, 17)
"""ISO/IEC 7816-4, 12.2.3."""

Enter = Callable[[int | None], Awaitable[bytes]]
"""Gives a PIN; is told how many tries are left."""


@frozen
class Order:
    """
    What is to be done.

    @ivar tls: whom this side believes, and who it is.
    @ivar pin: which PIN; C{None} for none.
    @ivar enter: gives it; C{None} where it is typed on the reader.
    @ivar reset: the card is reset in the end.
    @ivar level: how much is shown: see L{cardgw.cli.touch_trace}.
    """

    session: Session
    tls: Policy
    pin: Pin | None
    enter: Enter | None
    reset: bool
    level: int
    timeout: float


def order_of(
    app: App,
    url: str,
    *,
    session: str = "",
    token: str = "",
    pin: str = "",
    pin_application: str = "",
    pin_reference: int = 0x81,
    pin_format: str = Form.PLAIN.value,
    ca: Path | None = None,
    cert: Path | None = None,
    key: Path | None = None,
    no_reset: bool = False,
    verbose: int = 0,
    timeout: float = 60,
) -> Order:
    """
    @raise ParameterError: something is not what is expected.
    @raise SecretError: a secret cannot be read.
    """
    bearer = read_secret(_source("--token", token), "--token", app.environ) if token else b""
    which = _pin(pin_application, pin_reference, pin_format) if pin else None
    return Order(
        session=parse(url, session, bearer),
        tls=policy(ca, cert, key),
        pin=which,
        enter=_enter(app, pin) if pin not in {"", PINPAD} else None,
        reset=not no_reset,
        level=verbose,
        timeout=timeout,
    )


def _pin(application: str, reference: int, form: str) -> Pin:
    if not application:
        return Pin(reference=reference, form=Form(form))
    return Pin(_aid(application), reference, Form(form), optional=False)


def _aid(text: str) -> bytes:
    try:
        aid = b"" if text == NONE else bytes.fromhex(text)
    except ValueError:
        raise ParameterError("--pin-application: expected an AID in hexadecimal") from None
    if aid and len(aid) not in _AID_BYTES:
        raise ParameterError("--pin-application: an AID has 5 to 16 bytes")
    return aid


def _source(option: str, text: str) -> Source:
    try:
        return parse_source(text)
    except ValueError as problem:
        hint = "-p alone asks for it." if option == "--pin" else "file:FILE and env:NAME say where it is."
        raise ParameterError(f"{option}: {problem}", hint=hint) from None


def _enter(app: App, pin: str) -> Enter:
    if pin == ASK:
        if not app.may_ask:
            hint = "file:FILE, env:NAME or pinpad after -p say where it comes from."
            raise ParameterError("--pin: there is nobody to ask for it", hint=hint)
        return lambda tries: _asked(app, tries)
    source = _source("--pin", pin)
    return lambda tries: _read(app, source, tries)


def tries_left(tries: int | None) -> str:
    """
    How many tries are left, in brackets after something else; empty where the card does not say.
    """
    return "" if tries is None else f" ({tries} {'try' if tries == 1 else 'tries'} left)"


@contextmanager
def _interruptible() -> Iterator[None]:
    """
    Meanwhile the reactor waits, so Control-C does what it does without one.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


async def _asked(app: App, tries: int | None) -> bytes:
    with _interruptible():
        answer = app.ask(f"PIN{tries_left(tries)}", secret=True)
    if not answer:
        raise PinNotEntered
    return answer.encode()


async def _read(app: App, source: Source, tries: int | None) -> bytes:
    if tries == 1:
        raise PinNotEntered("only one try is left", hint="-p alone asks for it.")
    return read_secret(source, "--pin", app.environ)
