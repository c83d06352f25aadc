# -*- test-case-name: tests.test_touch_readers -*-
"""
The readers of this machine, whose cards are lent to one after another.

A card is not touched before somebody wants it, so that other programs have it meanwhile; and it is left when nobody has wanted it
for a while.  Until then it stays as it is, with a PIN that was verified, for who had it last; for others it is started anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from attrs import define
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from cardgw.apdu.response import Response
from cardgw.bridges.touch_daemon_desk import Loan
from cardgw.bridges.touch_daemon_errors import NoCardInserted, NoReader, ReaderBusy
from cardgw.bridges.touch_pin import Pin
from cardgw.errors import ChannelError, NotSupported
from cardgw.interfaces import ICardChannel
from cardgw.transports.pcsc.board import Change, What
from cardgw.transports.pcsc.calls import Calling, Calls
from cardgw.transports.pcsc.channel import PcscChannel, open_card
from cardgw.transports.pcsc.driver import Driver
from cardgw.transports.pcsc.errors import CardTakenOut, PcscStopped, ReaderUnplugged
from cardgw.transports.pcsc.monitor import Monitor
from cardgw.transports.pcsc.pad import VerifyOnPad
from cardgw.transports.pcsc.place import Place
from cardgw.transports.pcsc.selectors import Seen, matches
from cardgw.transports.pcsc.settings import PcscSettings
from cardgw.transports.pcsc.worker import Hand, ThreadHand, Worker

LINGER = 60.0
"""Seconds that a card stays as it is for who had it last."""
PATIENCE = 30.0
"""Seconds that is waited for a card that others have."""
MOMENT = 2.0
"""Seconds within which all readers are found that are there."""
_log = Logger()


@define(eq=False)
class _Reader:
    """
    @ivar seen: as selectors see it.
    @ivar card: whether a card is in it.
    @ivar taken: whether somebody has the card.
    @ivar whom: who has it, or had it last.
    """

    seen: Seen
    worker: Worker
    card: bool = False
    taken: bool = False
    whom: str = ""
    channel: PcscChannel | None = None
    timer: IDelayedCall | None = None

    def lost(self, reason: ChannelError) -> None:
        """
        The card is not here any more.
        """
        self.card = False
        if self.channel is not None:
            self.channel.gone(reason)


def _stuck(_: object, seconds: float) -> NoReturn:
    raise ReaderBusy(f"what the card was asked for before has no answer after {seconds:g} s")


async def on_pad(channel: ICardChannel, pin: Pin) -> Response:
    """
    See L{cardgw.bridges.touch_daemon_connect.Pad}.
    """
    if not isinstance(channel, PcscChannel):
        raise NotSupported(f"{channel.info.peer}: it has no PIN pad")
    _log.info("{reader}: if it has a pad, the PIN is to be typed there", event="pin-on-pad", reader=channel.info.peer)
    return await channel.verify_on_pad(VerifyOnPad(*pin.on_pad()))


class Readers(Service):
    """
    See L{cardgw.bridges.touch_daemon_desk.Cards}.

    @param selector: which readers may be used; see L{cardgw.transports.pcsc.selectors}.
    """

    name = "readers"

    def __init__(
        self,
        driver: Driver,
        reactor: Any,
        selector: str = "*",
        linger: float = LINGER,
        *,
        hand: Callable[[str], Hand] = ThreadHand,
        make_calls: Callable[[str], Calling] | None = None,
    ) -> None:
        self._driver, self._reactor, self._selector, self._linger, self._hand = driver, reactor, selector, linger, hand
        self._settings = PcscSettings()
        self._memory: dict[str, int | None] = {}
        self._readers: dict[str, _Reader] = {}
        self._waiting: list[Deferred[None]] = []
        self._settled = 0.0
        calls = make_calls or (lambda name: Calls(reactor, name))
        self._monitor = Monitor(driver, calls, reactor, self._settings.retry, self)

    def startService(self) -> None:
        """
        See L{cardgw.transports.pcsc.monitor.Monitor.start}.
        """
        Service.startService(self)
        self._settled = self._reactor.seconds() + MOMENT
        self._monitor.start()

    async def _stop(self) -> None:
        for each in tuple(self._readers.values()):
            await self._leave(each)
            each.worker.end()
        await self._monitor.stop()

    def stopService(self) -> Deferred[None]:
        """
        Leave all cards, and watch the readers no more.
        """
        Service.stopService(self)
        return Deferred.fromCoroutine(self._stop())

    def borrow(self, whom: str) -> Deferred[Loan]:
        """
        See L{cardgw.bridges.touch_daemon_desk.Cards.borrow}.

        @raise NoReader: (as failure) there is no reader, or pcscd is not there.
        @raise NoCardInserted: (as failure) no card is in any.
        @raise ReaderBusy: (as failure) others have had all cards for too long.
        """
        return Deferred.fromCoroutine(self._borrow(whom))

    async def _borrow(self, whom: str) -> Loan:
        reader = await self._chosen(whom)
        reader.taken = True
        try:
            channel = await self._opened(reader, whom)
        except BaseException:
            self._returned(reader, keep=False)
            raise
        return Loan(reader.seen.name, channel, lambda keep: self._returned(reader, keep=keep))

    async def _chosen(self, whom: str) -> _Reader:
        """
        What is not here yet when the daemon has just begun may be so in a moment.
        """
        seconds = self._reactor.seconds
        until = seconds() + PATIENCE
        while True:
            try:
                reader = self._choose(whom)
            except (NoReader, NoCardInserted):
                if seconds() >= self._settled:
                    raise
                await self._change(self._settled)
                continue
            if reader is not None:
                return reader
            if seconds() >= until:
                raise ReaderBusy(f"it was not to be had within {PATIENCE:g} s")
            await self._change(until)

    def _choose(self, whom: str) -> _Reader | None:
        """
        @return: a card that nobody has, best of all the one that this one had last; C{None}: all are taken.
        """
        readers = [each for each in self._readers.values() if matches(self._selector, each.seen)]
        if not readers:
            named = "" if self._selector == "*" else f"{self._selector}: there is none like that"
            raise NoReader(self._monitor.problem or named)
        cards = [each for each in readers if each.card]
        if not cards:
            raise NoCardInserted(", ".join(sorted(each.seen.name for each in readers)))
        free = [each for each in cards if not each.taken]
        return min(free, key=lambda each: (each.whom != whom or each.channel is None, each.seen.name), default=None)

    async def _change(self, until: float) -> None:
        """
        Wait until something has changed, but only so long.
        """
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        timer = self._reactor.callLater(max(0.0, until - self._reactor.seconds()), waiting.callback, None)
        try:
            await waiting
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            if timer.active():
                timer.cancel()

    def _wake(self) -> None:
        """
        The first of those that wait looks first.
        """
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)

    async def _opened(self, reader: _Reader, whom: str) -> PcscChannel:
        if reader.timer is not None:
            reader.timer.cancel()
            reader.timer = None
        if reader.channel is not None and reader.whom == whom:
            return reader.channel
        await self._leave(reader)
        reader.whom = whom
        name = reader.seen.name
        place = Place(self._driver, name, name, self._settings, reader.worker, self._reactor, self._memory)
        channel = reader.channel = await open_card(place).addTimeout(
            PATIENCE + self._settings.busy_timeout, self._reactor, _stuck
        )

        def gone(_: object) -> None:
            if reader.channel is channel:
                reader.channel = None

        channel.when_gone().addCallback(gone)
        return channel

    def _returned(self, reader: _Reader, *, keep: bool) -> None:
        reader.taken = False
        if not keep:
            reader.whom = ""
        if reader.channel is not None:
            delay = self._linger if keep else 0.0
            reader.timer = self._reactor.callLater(delay, self._left_alone, reader)
        self._wake()

    def _left_alone(self, reader: _Reader) -> None:
        reader.timer = None
        Deferred.fromCoroutine(self._leave(reader))

    async def _leave(self, reader: _Reader) -> None:
        """
        Leave a card; it is started anew, and forgets its PIN.
        """
        if reader.timer is not None:
            reader.timer.cancel()
            reader.timer = None
        channel, reader.channel = reader.channel, None
        if channel is not None:
            await channel.close()

    def changed(self, changes: list[Change]) -> None:
        """
        See L{cardgw.transports.pcsc.monitor.Listener}.
        """
        for change in changes:
            name = change.reader.name
            if change.what is What.READER_HERE:
                self._readers[name] = _Reader(change.reader, Worker(self._reactor, name, self._hand))
                _log.info("{reader}: a reader is here", event="reader-here", reader=name)
            elif (reader := self._readers.get(name)) is not None:
                self._at(reader, change)
        self._wake()

    def _at(self, reader: _Reader, change: Change) -> None:
        name, reader.seen = change.reader.name, change.reader
        if change.what is What.CARD_OUT:
            reader.lost(CardTakenOut(name))
        elif change.what is What.READER_GONE:
            _log.info("{reader}: the reader is gone", event="reader-gone", reader=name)
            self._gone(name, ReaderUnplugged(name))
        else:
            reader.card = True

    def _gone(self, name: str, reason: ChannelError) -> None:
        reader = self._readers.pop(name)
        reader.lost(reason)
        reader.worker.end()

    def service_lost(self) -> None:
        """
        See L{cardgw.transports.pcsc.monitor.Listener}.
        """
        for name in list(self._readers):
            self._gone(name, PcscStopped())
        self._wake()
