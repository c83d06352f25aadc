# -*- test-case-name: tests.bridges.test_touch_daemon_connect -*-
"""
Lends a card to the server that a page names, after its PIN was verified where the page wants that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from cardgw.apdu.response import Response
from cardgw.bridges.touch import Line, Outcome, Session, touch
from cardgw.bridges.touch_daemon_ask import Questions
from cardgw.bridges.touch_daemon_desk import Loan
from cardgw.bridges.touch_daemon_request import Wanted, origin_of
from cardgw.bridges.touch_daemon_trace import Trace, Tracing
from cardgw.bridges.touch_pin import Pin, PinNotEntered, typed, verify_pin
from cardgw.bridges.touch_session import parse
from cardgw.errors import NotSupported
from cardgw.interfaces import ICardChannel

Pad: TypeAlias = Callable[[ICardChannel, Pin], Awaitable[Response]]
"""Has a PIN typed on the reader itself; L{NotSupported} where it has no pad."""
_APPLICATIONS_OWN = 0x80
"""In the reference of a PIN (ISO/IEC 7816-4, 11.5.6)."""
_log = Logger()


@frozen
class Connecting:
    """
    See L{cardgw.bridges.touch_daemon_desk.Connector}.

    @ivar clock: C{IReactorTime}.
    @ivar line: makes what carries a session (L{cardgw.bridges.touch_http.HttpLine}).
    @ivar pad: how readers are asked for a PIN.
    @ivar questions: asks for it, where the reader has no pad.
    @ivar pin: gives it, where nobody is to be asked at all.
    """

    clock: Any
    line: Callable[[Session], Line]
    trace: Trace
    pad: Pad
    questions: Questions
    pin: Callable[[], bytes] | None = None

    def connect(self, loan: Loan, wanted: Wanted) -> Deferred[Outcome]:
        """
        See L{cardgw.bridges.touch_daemon_desk.Connector.connect}.
        """
        line = self.line(parse(wanted.url, wanted.session))
        watcher = Tracing(self.trace, origin_of(wanted.url))
        prepare = _Preparing(self, loan, wanted, wanted.pin) if wanted.pin is not None else None
        return touch(loan.channel, line, self.clock, watcher, prepare)


@frozen
class _Preparing:
    """
    Has the PIN verified.

    @ivar number: of the PIN.
    """

    about: Connecting
    loan: Loan
    wanted: Wanted
    number: int

    async def __call__(self, channel: ICardChannel) -> None:
        pin = Pin(reference=_APPLICATIONS_OWN | self.number, optional=False)

        async def verify(tries: int | None) -> Response:
            if self.about.pin is None:
                try:
                    return await self.about.pad(channel, pin)
                except NotSupported:
                    pass
            return await typed(channel, pin, self._enter)(tries)

        how = await verify_pin(channel, pin, verify)
        _log.info("{reader}: {how}", event="touch-pin", reader=self.loan.reader, how=how.value)

    async def _enter(self, tries: int | None) -> bytes:
        if self.about.pin is not None:
            if tries == 1:
                raise PinNotEntered("only one try is left", hint="Without --pin somebody is asked for it.")
            return self.about.pin()
        pin = await self.about.questions.pin(self.wanted, self.loan.reader, tries)
        if not pin:
            raise PinNotEntered
        return pin.encode()
