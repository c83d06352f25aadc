# -*- test-case-name: tests.transports.pcsc.test_monitor -*-
"""
Watches for readers and cards that come and go, and for pcscd itself: it may be absent, stop, and come back.

Nothing is asked again and again: one call waits until something has changed.  pcscd does not tell of a reader that comes between
two such calls, so each ends after a while, sooner when something has just changed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.transports.pcsc.board import Board, Change
from cardgw.transports.pcsc.calls import Calling
from cardgw.transports.pcsc.codes import Code
from cardgw.transports.pcsc.driver import Driver, PcscError, ReaderState

_log = Logger()
SOON, LATER = 2.0, 60.0
"""Seconds after which the list of readers is read again: when something has just changed, and otherwise."""
OLD = 5.0
"""The same where pcscd does not tell of new readers."""
BREATH, RESTLESS = 1.0, 20
"""Seconds of pause between calls that tell nothing new, and how many of them there may be before."""
AGAIN, PATIENCE = 0.5, 10
"""Seconds between tries to end a call that waits, and how many there are before its thread is left behind."""
_NOTHING = frozenset((Code.SCARD_E_TIMEOUT, Code.SCARD_E_CANCELLED, Code.SCARD_E_UNKNOWN_READER))
"""What L{Driver.changes} raises though pcscd is well: the last is for a reader that has just gone."""
_HINT = "Is it installed, and running (systemctl status pcscd)?"
_HINTS: dict[int, str] = {
    Code.SCARD_W_SECURITY_VIOLATION: "Its polkit rules do not let this user in (org.debian.pcsc-lite.access_pcsc)."
}


class Listener(Protocol):
    """
    Who is told.
    """

    def changed(self, changes: list[Change]) -> None:
        """
        Something has happened.
        """

    def service_lost(self) -> None:
        """
        The service pcscd is gone, and with it all readers.
        """


class Monitor:
    """
    See the module's docstring.

    @param make_calls: starts a thread of a name.
    @param retry: seconds until pcscd is looked for again.
    """

    def __init__(
        self, driver: Driver, make_calls: Callable[[str], Calling], clock: Any, retry: float, listener: Listener
    ) -> None:
        self._driver = driver
        self._make_calls = make_calls
        self._calls: Calling | None = None
        self._clock = clock
        self._retry = retry
        self._listener = listener
        self._context: int | None = None
        self._since: float | None = None
        self._any: bool | None = None
        self._old = self._broken = False
        self._stopping = False
        self._pausing: Deferred[None] | None = None
        self._watching: Deferred[None] = succeed(None)

    @property
    def problem(self) -> str:
        """
        Why no card can be reached now; empty where they can.
        """
        if self._broken:
            return "readers are not watched any more, because of a defect that the log tells of; the service has to be restarted"
        if self._since is None:
            return ""
        since = datetime.fromtimestamp(self._since, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return f"pcscd is not reachable since {since}; tried again every {self._retry:g} s"

    def start(self) -> None:
        """
        Begin.
        """
        self._calls = self._make_calls("pcsc: readers")
        self._watching = Deferred.fromCoroutine(self._watch(self._calls)).addErrback(self._defect)

    async def stop(self) -> None:
        """
        End, with the thread.  Where pcscd does not even let go of a call, its thread is left behind.
        """
        self._stopping = True
        if self._pausing is not None:
            self._pausing.cancel()
        helper = self._make_calls("pcsc: end") if self._context is not None else None  # this call may wait, too
        for _ in range(PATIENCE):
            if self._watching.called:
                break
            if helper is not None and self._context is not None:
                helper.run(self._driver.cancel, self._context).addErrback(_expected)
            await self._ended_within(AGAIN)
        for each in (helper, self._calls):
            if each is not None:
                each.end()

    async def _ended_within(self, seconds: float) -> None:
        """
        Wait for the end, but only so long.
        """
        bell: Deferred[None] = Deferred()
        timer = self._clock.callLater(seconds, bell.callback, None)

        def ended(result: None) -> None:
            if timer.active():
                timer.cancel()
                bell.callback(None)

        self._watching.addCallback(ended)
        await bell

    async def _watch(self, calls: Calling) -> None:
        while not self._stopping:
            try:
                await self._follow(calls)
            except PcscError as error:
                self._unreachable(error)
                await self._pause(self._retry)

    async def _follow(self, calls: Calling) -> None:
        """
        Tell what happens until it is to stop.

        @raise PcscError: pcscd is gone, or is not there at all.
        """
        context = self._context = await calls.run(self._driver.establish)
        board = Board()
        try:
            await self._look(calls, context, board)
        finally:
            self._context = None
            calls.run(self._driver.release, context).addErrback(_expected)

    async def _look(self, calls: Calling, context: int, board: Board) -> None:
        seconds, restless = SOON, 0
        while not self._stopping:
            names = await calls.run(self._driver.readers, context)
            self._reachable(names)
            told = self._tell(board.listed(names))
            states, seconds = await self._changes(calls, context, board, seconds)
            told = self._tell(board.saw(states)) or told
            restless = 0 if told or seconds == LATER else restless + 1
            if board.tells_new is None and restless > RESTLESS:
                board.tells_new = False
            if board.tells_new is False:
                self._look_often()
            if restless > RESTLESS:
                await self._pause(BREATH)

    async def _changes(self, calls: Calling, context: int, board: Board, seconds: float) -> tuple[list[ReaderState], float]:
        """
        Wait until something has changed.

        @param seconds: how long.
        @return: what pcscd tells, and how long to wait the next time.
        """
        known, limit = board.known(), seconds if board.tells_new is not False else OLD
        if not known:
            await self._pause(limit)
            return [], LATER
        try:
            return await calls.run(self._driver.changes, context, known, limit), SOON
        except PcscError as error:
            if error.code not in _NOTHING and not (error.code == Code.SCARD_E_INVALID_PARAMETER and board.too_many()):
                raise
            return [], LATER if error.code == Code.SCARD_E_TIMEOUT else SOON

    async def _pause(self, seconds: float) -> None:
        if self._stopping:
            return
        self._pausing = deferLater(self._clock, seconds)
        try:
            await self._pausing
        except CancelledError:
            pass  # it is to stop
        finally:
            self._pausing = None

    def _tell(self, changes: list[Change]) -> bool:
        if changes:
            self._listener.changed(changes)
        return bool(changes)

    def _look_often(self) -> None:
        if not self._old:
            self._old = True
            fmt = "pcscd does not tell of new readers: they are looked for every {seconds:g} s"
            _log.info(fmt, event="readers-looked-for", seconds=OLD)

    def _reachable(self, names: list[str]) -> None:
        if self._since is not None:
            self._since = None
            _log.info("pcscd is reachable again", event="pcscd-reachable")
        if bool(names) is not self._any:
            self._any = bool(names)
            if not names:
                _log.info("pcscd has no reader; one may be plugged in at any time", event="no-readers")

    def _unreachable(self, error: PcscError) -> None:
        self._any = None
        if self._since is not None or self._stopping:
            return
        self._since = self._clock.seconds()
        _log.warn(
            "pcscd is not reachable: {reason}; tried again every {seconds:g} s. {hint}",
            event="pcscd-not-reachable",
            reason=str(error),
            seconds=self._retry,
            hint=_HINTS.get(error.code, _HINT),
        )
        self._listener.service_lost()

    def _defect(self, failure: Failure) -> None:
        self._broken = True
        _log.failure("readers are not watched any more", failure, event="readers-not-watched")


def _expected(failure: Failure) -> None:
    failure.trap(PcscError)
