# -*- test-case-name: tests.transports.pcsc.test_channel,tests.transports.pcsc.test_channel_contract -*-
"""
The card in a reader, as L{cardgw.interfaces.ICardChannel}.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.apdu.base import Answers, ChannelBase, Watch
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.errors import ChannelClosed, ChannelError, NotSupported
from cardgw.transports.pcsc.card import Card, Waits
from cardgw.transports.pcsc.codes import Disposition
from cardgw.transports.pcsc.driver import PcscError
from cardgw.transports.pcsc.errors import ReaderFailed, named
from cardgw.transports.pcsc.facts import channel_info, encode
from cardgw.transports.pcsc.pad import VerifyOnPad
from cardgw.transports.pcsc.place import Place
from cardgw.transports.pcsc.run import Run
from cardgw.transports.pcsc.worker import Job
from cardgw.values import Feature, Reset

_log = Logger()
PATIENCE = 5.0
"""Seconds that who closes a channel waits at most until the card is left; another program may have a transaction."""
_FAILED = bytes.fromhex("6F00")
"""In place of a reader's answer that is none."""
RESETS = {Reset.COLD: Disposition.UNPOWER, Reset.WARM: Disposition.RESET}


class PcscChannel(ChannelBase):
    """
    See L{cardgw.interfaces.ICardChannel}.

    Whatever goes wrong in the reader's thread ends the channel: the card's state is not known any more.
    """

    def __init__(self, place: Place, card: Card) -> None:
        self._place = place
        self._card = card
        self._facts = card.facts
        self._running: Run | None = None
        self._asked: list[Deferred[None]] = []
        self._over = False
        self._ending: ChannelError | None = None
        super().__init__(channel_info(place.peer, card.facts, place.settings))

    def gone(self, reason: ChannelError) -> None:
        """
        The card is gone, as the service knows from elsewhere.  Does nothing on a channel that is gone.
        """
        if self._over:
            self._lost(self._ending)
        else:
            self._perish(reason)

    def verify_on_pad(self, pad: VerifyOnPad) -> Deferred[Response]:
        """
        Have a PIN typed on the reader's own pad, and verified.

        @return: C{Deferred[Response]}: the card's answer; or the reader's, where nothing was typed: 6400 and 6401 (PC/SC part
            10, 2.5.2), 6F00 where it could not do it.
        @raise NotSupported: (as failure) the reader has no pad.
        """
        answers: list[bytes] = []

        def answered(_: None) -> Response:
            if not answers:
                raise NotSupported(f"{self.info.peer}: it has no PIN pad")
            return Response.decode(answers[0] if len(answers[0]) >= 2 else _FAILED)

        asked = self._turn.run(self._ask, self._card.on_pad(pad.encode(), answers), lambda _: None)
        return asked.addCallback(answered)

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        if self._over:
            return fail(self._closed())
        if not script.steps:
            return succeed(())
        commands = [self._encoded(step) for step in script.steps]
        run = self._running = Run(commands, self._facts.protocol, watch, self._place.reactor)
        self._job(self._card.run(run), run.finish)
        return run.done

    def _encoded(self, step: Step) -> tuple[Step, bytes]:
        octets = encode(step.command, self._facts.protocol)
        too_long = len(octets) > self.info.max_command
        if too_long or (step.command.is_extended and Feature.EXTENDED_LENGTH not in self.info.offers):
            raise NotSupported(f"{self.info.peer}: commands of more than {self.info.max_command} bytes")
        return step, octets

    def _hold(self) -> Deferred[None]:
        return self._ask(self._card.hold(), lambda _: self._release())

    def _release(self) -> None:
        if not self._over:
            self._job(self._card.release(), lambda: None)

    def _reset(self, kind: Reset) -> Deferred[None]:
        return self._turn.run(self._reset_now, kind)

    def _reset_now(self, kind: Reset) -> Deferred[None]:
        return self._ask(self._card.reset(RESETS[kind]), lambda _: None)

    def _ask(self, job: Job[None], undo: Callable[[Deferred[None]], None]) -> Deferred[None]:
        """
        @param undo: called where nobody waits for the job any more.
        """
        if self._over:
            return fail(self._closed())
        asked: Deferred[None] = Deferred(undo)
        self._asked.append(asked)
        self._job(job, partial(self._answer, asked))
        return asked

    def _answer(self, asked: Deferred[None]) -> None:
        if asked in self._asked:
            self._asked.remove(asked)
            if not asked.called:
                asked.callback(None)

    def _job(self, job: Job[None], then: Callable[[], object]) -> None:
        self._place.worker.run(job).addCallbacks(self._done, self._failed, callbackArgs=(then,))

    def _done(self, _: None, then: Callable[[], object]) -> None:
        if self._card.facts is not self._facts:
            self._facts = self._card.facts
            self.info = channel_info(self._place.peer, self._facts, self._place.settings)
        then()

    def _failed(self, failure: Failure) -> None:
        self._perish(reason_of(failure, self._place.peer))

    def _perish(self, reason: ChannelError) -> None:
        if not self._over:
            self._ending = reason
            self._leave()
            self._tell(reason)
            self._lost(reason)

    def _close(self, reason: ChannelError | None) -> None:
        if self._over:
            return
        self._ending = reason
        left = self._leave()
        patience = min(PATIENCE, self._place.settings.busy_timeout)
        timer = self._place.reactor.callLater(patience, self._lost, reason)
        self._tell(reason or ChannelClosed())
        left.addCallback(self._left, timer)

    def _left(self, _: None, timer: Any) -> None:
        if timer.active():
            timer.cancel()
        self._lost(self._ending)

    def _leave(self) -> Deferred[None]:
        """
        Before anybody learns of it, and asks for something else in the same reader.
        """
        self._over = True
        if self._running is not None:
            self._running.stopped = True
        return self._place.worker.run(self._card.leave()).addErrback(_unheard)

    def _tell(self, reason: ChannelError) -> None:
        asked, self._asked = self._asked, []
        if self._running is not None:
            self._running.fail(reason)
        for each in asked:
            if not each.called:
                each.errback(reason.during((), 0))

    def _closed(self) -> ChannelError:
        reason = self._reason or self._ending
        return reason.during((), 0) if reason is not None else ChannelClosed()


def open_card(place: Place) -> Deferred[PcscChannel]:
    """
    Connect to the card that is in a reader now.

    Nothing is left behind where that fails, or is cancelled.  The same worker may be used for the next card at once; while
    it is C{stuck}, the next one waits until it is not (see L{cardgw.transports.pcsc.worker.Worker.when_free}).

    @return: C{Deferred[PcscChannel]}.
    @raise ChannelError: (as failure) one of L{cardgw.transports.pcsc.errors}, which names the reader.
    """
    waits = Waits.of(place.peer, place.settings)
    card = Card(place.driver, place.reader, waits, place.settings, place.memory)
    opened: Deferred[PcscChannel] = Deferred(lambda _: _leave(place, card))  # before the next card is opened
    place.worker.run(card.open()).addCallbacks(
        _opened, _not_opened, callbackArgs=(place, card, opened), errbackArgs=(place, card, opened)
    )
    return opened


def _opened(_: None, place: Place, card: Card, opened: Deferred[PcscChannel]) -> None:
    if not opened.called:
        opened.callback(PcscChannel(place, card))


def _not_opened(failure: Failure, place: Place, card: Card, opened: Deferred[PcscChannel]) -> None:
    if not opened.called:
        _leave(place, card)
        opened.errback(reason_of(failure, place.peer))


def _leave(place: Place, card: Card) -> None:
    place.worker.run(card.leave()).addErrback(_unheard)


def reason_of(failure: Failure, peer: str) -> ChannelError:
    """
    Why a job has failed, by name.
    """
    error = failure.value
    if isinstance(error, PcscError):
        return named(error, peer)
    if isinstance(error, ChannelError):
        return error
    _log.failure("{reader}: a defect", failure, event="defect", reader=peer)
    return ReaderFailed(f"{peer}: {type(error).__name__}")


def _unheard(failure: Failure) -> None:
    """
    A card is left that is lost anyhow.
    """
    failure.trap(ChannelError)
