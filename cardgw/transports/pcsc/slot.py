# -*- test-case-name: tests.transports.pcsc.test_slot -*-
"""
One reader, and the cards in it: each is opened, handed to the gateway, and let go when the gateway has done with it.

A card that was let go is not opened again before it has been taken out and put in.  One that could not be opened, or was lost
though it is still in the reader, is opened anew after a pause, which is longer each time.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.connections.sessions import Sessions
from cardgw.errors import CardGatewayError, ChannelClosed, ChannelError
from cardgw.interfaces import IGateway
from cardgw.transports.pcsc.channel import PcscChannel, open_card
from cardgw.transports.pcsc.driver import Driver
from cardgw.transports.pcsc.errors import CardInUse, CardMute, CardTakenOut, PcscStopped, ProtocolMismatch, ReaderUnplugged
from cardgw.transports.pcsc.place import Place
from cardgw.transports.pcsc.settings import PcscSettings
from cardgw.transports.pcsc.worker import Hand, ThreadHand, Worker

_log = Logger()
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 64.0
"""Seconds until a card is opened anew: at first, and at most.  It is twice as long each time."""
MOMENT = 5.0
"""Seconds that a thread has to come back from a card that was left."""
_ANY_NUMBER = 1_000_000
_FOR_GOOD = (CardMute, ProtocolMismatch)
"""What no pause can change."""
_TOLD_ELSEWHERE = (CardTakenOut, ReaderUnplugged, PcscStopped)
"""What whoever watches the readers tells, too."""


@define(eq=False)
class Hall:
    """
    What all readers have in common.

    @ivar memory: see L{Place}.
    @ivar hand: makes a thread of a name.
    @ivar opening: see L{open_card}.
    @ivar crowd: the readers, each until its thread has nothing more to do.
    """

    driver: Driver
    settings: PcscSettings
    gateway: IGateway
    hand: Callable[[str], Hand] = ThreadHand
    opening: Callable[[Place], Deferred[PcscChannel]] = open_card
    memory: dict[str, int | None] = field(factory=dict, init=False)
    crowd: Sessions[Slot] = field(factory=lambda: Sessions(_ANY_NUMBER, _ANY_NUMBER), init=False)


class Slot:
    """
    See the module's docstring.  It is a L{cardgw.connections.sessions.Session}.

    @param reader: its PC/SC name.
    """

    def __init__(self, hall: Hall, reader: str) -> None:
        self.reader = reader
        self._hall = hall
        self._worker = Worker(hall.gateway.reactor, reader, hall.hand)
        self._peer = reader
        self._card = self._fresh = self._lost = self._used = self._closed = self._ended = False
        self._problem: ChannelError | None = None
        self._opening: Deferred[PcscChannel] | None = None
        self._channel: PcscChannel | None = None
        self._job: Deferred[CardGatewayError | None] | None = None
        self._visit: Deferred[None] | None = None
        self._timer: IDelayedCall | None = None
        self._leaving: IDelayedCall | None = None
        self._pause = FIRST_PAUSE
        hall.crowd.add(self, "")

    @property
    def taken(self) -> bool:
        """
        Whether the card that is in it, if there is one, is for the gateway.
        """
        return self._card

    @property
    def busy(self) -> bool:
        """
        Whether a card is here, and the gateway with it.
        """
        return self._job is not None

    def inserted(self, peer: str) -> None:
        """
        A card was put in.

        @param peer: what the reader is called now.
        """
        self._peer, self._card, self._fresh = peer, True, True
        self._problem, self._pause = None, FIRST_PAUSE
        self._begin()

    def removed(self, reason: ChannelError) -> None:
        """
        The card is not here any more.
        """
        self._card = self._fresh = False
        self._stop_timer()
        if self._opening is not None:
            self._opening.cancel()
        if self._channel is not None:
            self._channel.gone(reason)

    def freed(self) -> None:
        """
        The card may be usable now, if it was not.
        """
        if isinstance(self._problem, CardInUse):
            self._begin()
        elif isinstance(self._problem, CardMute) and self._timer is None:
            self._later()

    def gone(self, reason: ChannelError) -> None:
        """
        The reader itself is not here any more.
        """
        self.removed(reason)
        self._closed = True
        self._end_if_idle()

    def wind_up(self) -> None:
        """
        Cancel what is being done to the card; it is let go when that has ended.
        """
        if self._job is not None:
            self._job.cancel()

    def end(self, reason: ChannelError | None) -> None:
        """
        Take no card any more, and let go the one that is here.  If something is done to it all the same, or if this was wanted
        before, nobody waits for the card.

        @param reason: C{None} for the ordinary end.
        """
        if self._ended:
            self._leave()
            return
        at_once = self.busy or self._closed
        self._closed = True
        self._stop_timer()
        if self._opening is not None:
            self._opening.cancel()
        if self._channel is not None and at_once:
            self._channel.gone(reason or ChannelClosed())
        elif self._channel is not None:
            self._channel.close(reason)
        if at_once:
            self._end()
        self._end_if_idle()

    def _begin(self) -> None:
        """
        Open the card that is here, unless that is being done, or the one before is not quite gone.
        """
        self._stop_timer()
        if self._visit is None and self._card and not self._closed and not self._hall.crowd.stopping:
            self._fresh, self._lost, self._used = False, False, True
            visit = self._visit = Deferred.fromCoroutine(self._attend())
            visit.addErrback(self._failed).addCallback(lambda _: self._attended())

    async def _attend(self) -> None:
        hall = self._hall
        place = Place(hall.driver, self.reader, self._peer, hall.settings, self._worker, hall.gateway.reactor, hall.memory)
        self._opening = hall.opening(place)
        try:
            channel = self._channel = await self._opening
        except CancelledError:
            return
        except ChannelError as error:
            self._not_opened(error.with_traceback(None))
            return
        finally:
            self._opening = None
        self._problem = None
        began = hall.gateway.reactor.seconds()
        lost = await self._serve(channel)
        if hall.gateway.reactor.seconds() - began > LONGEST_PAUSE:
            self._pause = FIRST_PAUSE
        if lost is not None and self._card and not self._fresh:
            self._problem, self._lost = lost, True
            self._later()

    async def _serve(self, channel: PcscChannel) -> ChannelError | None:
        """
        Hand a card to the gateway, and let it go after that.

        @return: how it was lost, if it was.
        """
        lost: list[ChannelError | None] = []
        channel.when_gone().addCallback(lost.append)
        job = self._job = maybeDeferred(self._hall.gateway.arrived, channel)
        try:
            await job
        except CancelledError:
            pass  # the gateway is being stopped
        finally:
            self._job = None
            reasons = tuple(lost)
            self._closed = self._closed or self._hall.crowd.stopping
            await channel.close()
            self._channel = None
        return reasons[0] if reasons else None

    def _failed(self, failure: Failure) -> None:
        _log.failure("{peer}: the card was not served", failure, event="request-not-served", peer=self._peer)

    def _attended(self) -> None:
        self._visit = None
        self._closed = self._closed or self._hall.crowd.stopping
        if self._fresh:
            self._begin()
        self._end_if_idle()

    def _not_opened(self, error: ChannelError) -> None:
        known, self._problem = self._problem, error
        if not self._card:
            return
        if str(known) != str(error) and not isinstance(error, _TOLD_ELSEWHERE):
            _log.warn("a card is not used: {reason}", event="card-not-opened", reader=self._peer, reason=str(error))
        if not isinstance(error, _FOR_GOOD):
            self._later()

    def _later(self) -> None:
        if self._closed or self._hall.crowd.stopping:
            return
        self._stop_timer()
        self._timer = self._hall.gateway.reactor.callLater(self._pause, self._again)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _again(self) -> None:
        self._timer = None
        if self._lost:
            stuck = " as soon as the reader lets go of it" if self._worker.stuck else ""
            fmt = "{reader}: the card is still here, and is opened anew{stuck}: {reason}"
            _log.info(fmt, event="card-again", reader=self._peer, reason=str(self._problem), stuck=stuck)
        self._begin()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _end_if_idle(self) -> None:
        if self._closed and self._visit is None:
            self._end()

    def _end(self) -> None:
        """
        The thread ends when it has done all that it was given; nobody waits for it any longer than a moment.
        """
        if self._ended:
            return
        self._ended = True
        self._stop_timer()
        stuck = self._worker.stuck
        if self._used:
            self._leaving = self._hall.gateway.reactor.callLater(MOMENT, self._leave)
            self._worker.when_free().addCallback(lambda _: self._free())
        else:
            self._free()
        if stuck:
            self._leave()

    def _free(self) -> None:
        self._worker.end()
        self._leave()

    def _leave(self) -> None:
        if self in self._hall.crowd.here:
            if self._leaving is not None and self._leaving.active():
                self._leaving.cancel()
            self._hall.crowd.ended(self, "")
