# -*- test-case-name: tests.bridges.test_attach_operation -*-
"""
C{card.attach}: a card is put into a reader of this machine, for whatever program wants it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IAddress, IDelayedCall
from twisted.internet.protocol import Factory
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu.atr import Atr, make_atr
from cardgw.bridges.attach_errors import ReaderUnreachable
from cardgw.bridges.attached_card import AttachedCard
from cardgw.bridges.card_side import CardSide
from cardgw.errors import CardGatewayError, ChannelClosed, ChannelError, ParameterError, Unreachable
from cardgw.fields import Kind, each_of, integer, option, seconds, text
from cardgw.interfaces import IOperation, ISession
from cardgw.values import Feature

DEFAULT_READER = "tcp:127.0.0.1:35963"
"""Where vsmartcard's vpcd listens unless it was told otherwise."""
SPARE_ATR = make_atr(bytes.fromhex("8031C073C0211F") + b"\x56cardgw")
"""T=0; applications are selected by their names or the beginnings of these; logical channels, no extended length."""
CANCELLED, IDLE = "cancelled", "idle"
TELL_EVERY = 10.0
"""Seconds: how often it is told how many commands there were, while there are some."""
PATIENCE = 5.0
"""Seconds that a reader has to take the end of the connection."""
_YEAR = 366 * 86_400


def _atr(value: Any) -> bytes:
    if not isinstance(value, str):
        raise TypeError
    return Atr.decode(bytes.fromhex(value)).octets


@frozen
class AttachParameters:
    """
    What the caller gives.
    """

    vpcd: str = option(
        text, "the reader, as a Twisted endpoint string; the settings say which may be used", default=DEFAULT_READER
    )


@frozen
class AttachSettings:
    """
    What the operator of the gateway sets.
    """

    readers: tuple[str, ...] = option(
        each_of(text),
        "the readers that cards may be put into: endpoint strings, in which * stands for anything but a colon",
        default=("tcp:127.0.0.1:*", "tcp:localhost:*"),
    )
    atr: bytes = option(
        Kind("an answer to reset in hexadecimal", _atr),
        "what readers are told of a card whose own answer to reset is not known, as those of eSTK.me",
        default=SPARE_ATR,
    )
    connect_timeout: float = option(seconds, "a reader that has not asked for the card by then is left alone", default=10.0)
    idle_timeout: int = option(
        integer(0, _YEAR, "whole seconds"), "a card that no program has used for so long is taken out; 0: never", default=0
    )


@implementer(IPlugin, IOperation)
class AttachCard:
    """
    See L{IOperation}.
    """

    name = "card.attach"
    summary = "put a card into a virtual reader of this machine, for local programs"
    help = """\
The card appears in a reader of vsmartcard's vpcd: pcscd has it, and so every program that knows PC/SC.  What such a program sends
goes to the card wherever that is, and the card's answers go back, one by one, as they are.  Meanwhile nothing else is done to it.

Powering it on and off, and resets, start the card anew where it can be started anew from here.  A card that is bound to one
application (eSTK.me) is completed: it has an ATR from the settings, its application can be selected, on logical channels too, and
there is nothing else on it.

It goes on until the job is cancelled: that takes the card out.  It also ends when the reader powers the card off and closes the
connection, as pcscd does when it is stopped.  What programs do to the card is theirs to answer for: they may destroy something.
"""
    parameters: Any = AttachParameters
    settings: Any = AttachSettings
    application: bytes | None = None
    requires: frozenset[Feature] = frozenset()
    destructive = False
    repeatable = False

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.

        @return: C{reader}; C{commands} and C{resets}, counted; C{seconds}; C{ended}, why: C{"reader-closed"}, C{"idle"},
            C{"cancelled"} or the code of an error.
        @raise ParameterError: the settings do not allow this reader.
        @raise ReaderUnreachable: it cannot be reached, or does not want a card.
        @raise ReaderHungUp: it closed the connection while the card was in use.
        @raise ChannelError: the card is lost.
        """
        reader, settings = session.parameters.vpcd, session.settings
        if not permitted(reader, settings.readers):
            hint = f'See readers in [operations."{self.name}"].'
            raise ParameterError(f"{self.name} vpcd: the settings do not allow {reader}", hint=hint)
        return await _Attachment(session, reader).run()


def permitted(reader: str, patterns: Iterable[str]) -> bool:
    """
    Whether a reader is one of those that settings name.
    """
    return any(re.fullmatch(re.escape(each).replace(r"\*", "[^:]*"), reader) for each in patterns)


@define(eq=False)
class _Attachment:
    """
    One card in one reader.
    """

    session: ISession
    reader: str
    _card: AttachedCard = field(init=False)
    _side: CardSide = field(init=False)
    _began: float = field(init=False)
    _last_use: float = field(init=False)
    _attached: bool = field(default=False, init=False)
    _timers: dict[str, IDelayedCall] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        session = self.session
        self._card = AttachedCard(session.channel, session.settings.atr, self._used)
        self._side = CardSide(self._card)
        self._began = self._last_use = session.clock.seconds()

    async def run(self) -> dict[str, Any]:
        """
        See L{AttachCard.run}.
        """
        gone = self.session.channel.when_gone().addCallback(self._card_gone)
        try:
            ended = await self._go()
        except Exception as problem:  # a transport's defect leaves no card in the reader either
            await self._put_back(gone)
            if self._attached and isinstance(problem, (CardGatewayError, CancelledError)):
                code = problem.code if isinstance(problem, CardGatewayError) else CANCELLED
                with suppress(CardGatewayError):  # why it has ended counts more
                    await self.session.achieved(self._result(code))
            raise
        await self._put_back(gone)
        return self._result(ended)

    async def _go(self) -> str:
        session = self.session
        session.stage("attaching", reader=self.reader)
        await self._connect(session.settings.connect_timeout)
        self._began = self._last_use = session.clock.seconds()
        self._attached = True
        self._tell()
        if session.settings.idle_timeout:
            self._later(IDLE, session.settings.idle_timeout, self._check_idle)
        return await self._side.ended

    async def _connect(self, patience: float) -> None:
        """
        The connection alone says little: it waits in a queue where another card is in the reader.
        """
        try:
            await self._in_time(self.session.connect(self.reader, _One(self._side)), patience, "nobody answered")
            await self._in_time(self._side.begun, patience, "it asked for nothing")
        except Unreachable as problem:
            raise ReaderUnreachable(problem.detail, hint=problem.hint) from None

    def _in_time(self, waiting: Deferred[Any], patience: float, otherwise: str) -> Deferred[Any]:
        def late(result: object, _: float) -> None:
            raise Unreachable(f"{self.reader}: {otherwise} within {patience:g} s")

        return waiting.addTimeout(patience, self.session.clock, late)

    def _card_gone(self, reason: ChannelError | None) -> None:
        self._side.end(reason or ChannelClosed())

    def _used(self) -> None:
        self._last_use = self.session.clock.seconds()
        if self._attached and "tell" not in self._timers:
            self._later("tell", TELL_EVERY, self._tell)

    def _later(self, what: str, delay: float, then: Any) -> None:
        self._timers[what] = self.session.clock.callLater(delay, then)

    def _tell(self) -> None:
        self._timers.pop("tell", None)
        count = {"commands": self._card.commands} if self._card.commands else {}
        self.session.stage("attached", reader=self.reader, **count, atr=self._card.atr.hex().upper())

    def _check_idle(self) -> None:
        left = self._last_use + self.session.settings.idle_timeout - self.session.clock.seconds()
        if left > 0:
            self._later(IDLE, left, self._check_idle)
        else:
            del self._timers[IDLE]
            self._side.end(IDLE)

    async def _put_back(self, gone: Deferred[None]) -> None:
        gone.addErrback(lambda _: None)
        gone.cancel()
        for timer in self._timers.values():
            timer.cancel()
        await self._side.leave(self.session.clock, PATIENCE)
        await self._card.put_back()

    def _result(self, ended: str) -> dict[str, Any]:
        card, lasted = self._card, self.session.clock.seconds() - self._began
        counts = {"commands": card.commands, "resets": card.starts, "seconds": round(lasted, 1)}
        return {"reader": self.reader, **counts, "ended": ended}


class _One(Factory):
    """
    Makes one protocol.
    """

    noisy = False

    def __init__(self, side: CardSide) -> None:
        self._side = side

    def buildProtocol(self, addr: IAddress | None) -> CardSide:
        return self._side
