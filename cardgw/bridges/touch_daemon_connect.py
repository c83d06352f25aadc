# -*- test-case-name: tests.bridges.test_touch_daemon_connect -*-
"""
Lends a card to the server that a page names, after its PIN was verified where the page wants that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from attrs import field, frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from cardgw.apdu.response import Response
from cardgw.apdu.script import Script
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
_OK, _WRONG, _COUNTED = 0x9000, 0x63, 0x63C0
_BY_HAND = "Without --pin somebody is asked for it."
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
    _refused: set[tuple[str, int | None, int]] = field(factory=set, init=False, repr=False)

    def take(self, reader: str, tries: int | None) -> bytes:
        """
        The PIN that was given.

        @raise PinNotEntered: it would be the last try; or a card in this reader, which had as many tries left then, has refused
            it: pages ask again and again, and would use up all.
        """
        assert self.pin is not None
        pin = self.pin()
        if tries == 1:
            raise PinNotEntered("only one try is left", hint=_BY_HAND)
        if (reader, tries, hash(pin)) in self._refused:
            raise PinNotEntered("this card has refused it before", hint=_BY_HAND)
        return pin

    def learn(self, reader: str, pin: bytes, answer: Response) -> None:
        """
        How a card has taken it.
        """
        if answer.status == _OK:
            self._refused.difference_update({each for each in self._refused if each[0] == reader})
        elif answer.sw1 == _WRONG:
            left = answer.status & 0xF if answer.status & 0xFFF0 == _COUNTED else None
            self._refused.add((reader, left, hash(pin)))

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
            if self.about.pin is not None:
                return await self._given(channel, pin, tries)
            try:
                return await self.about.pad(channel, pin)
            except NotSupported:
                return await typed(channel, pin, self._enter)(tries)

        how = await verify_pin(channel, pin, verify)
        _log.info("{reader}: {how}", event="touch-pin", reader=self.loan.reader, how=how.value)

    async def _given(self, channel: ICardChannel, pin: Pin, tries: int | None) -> Response:
        given = self.about.take(self.loan.reader, tries)
        (answer,) = await channel.exchange(Script.of(pin.command(given)))
        self.about.learn(self.loan.reader, given, answer)
        return answer

    async def _enter(self, tries: int | None) -> bytes:
        pin = await self.about.questions.pin(self.wanted, self.loan.reader, tries)
        if not pin:
            raise PinNotEntered
        return pin.encode()
