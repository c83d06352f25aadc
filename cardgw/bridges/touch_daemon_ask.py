# -*- test-case-name: tests.bridges.test_touch_daemon_ask -*-
"""
What the person at this machine is asked: whether a page may use the card with a server, and for PINs.  One question at a time.

What is shown of a server is its scheme, host and port: the rest of its address may be secret, and is the page's to choose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Protocol, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred, DeferredLock, succeed
from twisted.internet.defer import TimeoutError as LateError
from twisted.logger import Logger

from cardgw.bridges.touch_daemon_approvals import Approvals, approval_for
from cardgw.bridges.touch_daemon_errors import NotApproved
from cardgw.bridges.touch_daemon_request import HIDDEN, PROGRAM, Wanted, origin_of

PATIENCE = 60.0
"""Seconds until a question that nobody answers is answered with no."""
QUIET = 10.0
"""Seconds after a no in which the same page is not asked about again, whichever server it names; what waits of it is refused."""
MOST_WAITING = 8
"""Questions at once; a page may ask without end."""
_T = TypeVar("_T")
_log = Logger()


class Choice(Enum):
    """
    What may be answered.
    """

    ONCE = "once"
    ALWAYS = "always"
    NO = "no"


class Asker(Protocol):
    """
    Shows one question at a time.  Cancelling takes it away.
    """

    def choose(self, lines: Sequence[str], choices: Sequence[Choice]) -> Deferred[Choice]:
        """
        @param lines: what it is about.
        """

    def secret(self, lines: Sequence[str]) -> Deferred[str]:
        """
        Ask for a PIN, which is not shown.

        @return: C{Deferred[str]}: empty where the person does not want to.
        """


class Gate(Protocol):
    """
    Lets pages in, or not.
    """

    def known(self, wanted: Wanted) -> bool:
        """
        Whether a page is let in without a question.
        """

    def admit(self, wanted: Wanted) -> Deferred[None]:
        """
        @raise NotApproved: (as failure) not this one.
        """


def who(page: str) -> str:
    """
    A page as people call it.
    """
    names = {PROGRAM: "a program of this machine", HIDDEN: "a web page that does not say where it is from"}
    return names.get(page) or f"a web page of {page}"


def approval_lines(wanted: Wanted) -> list[str]:
    """
    The question whether a page may use the card.
    """
    server, page = origin_of(wanted.url), who(wanted.page)
    lines = [f"{page[0].upper()}{page[1:]} wants to use the smart card here,", f"with the server {server}"]
    if server.startswith("http://"):
        lines.append("The connection to it is not encrypted.")
    if wanted.page == HIDDEN:
        lines.append("Any page can hide so, therefore this can be approved once only.")
    return lines


def pin_lines(wanted: Wanted, reader: str, tries: int | None = None) -> list[str]:
    """
    What a PIN is for.

    @param tries: how many are left, where that is known.
    """
    left = [] if tries is None else [f"{tries} {'try is' if tries == 1 else 'tries are'} left."]
    return [
        f"PIN {wanted.pin} of the card in {reader}, for {who(wanted.page)}",
        f"and the server {origin_of(wanted.url)}. The server does not get the PIN.",
        *left,
    ]


@define(eq=False)
class Questions:
    """
    Asks, where something must be asked.

    @ivar asker: C{None} where there is nobody.
    @ivar clock: C{IReactorTime}.
    """

    asker: Asker | None
    approvals: Approvals
    clock: Any
    patience: float = PATIENCE
    _lock: DeferredLock = field(factory=DeferredLock, init=False)
    _refused: dict[str, float] = field(factory=dict, init=False)

    def known(self, wanted: Wanted) -> bool:
        """
        See L{Gate.known}.
        """
        return self.approvals.cover(wanted.url, wanted.page)

    def admit(self, wanted: Wanted) -> Deferred[None]:
        """
        See L{Gate.admit}.
        """
        return Deferred.fromCoroutine(self._admit(wanted))

    async def _admit(self, wanted: Wanted) -> None:
        if self.known(wanted):
            return
        server, page = origin_of(wanted.url), wanted.page
        if self.asker is None:
            raise NotApproved(f"{server}, for {who(page)}", hint=self._how(wanted))
        self._ponder(wanted)
        choice = await self._asked(self._choose, wanted)
        _log.info("{server}, for {page}: {choice}", event="approval", server=server, page=who(page), choice=choice.value)
        if choice is Choice.NO:
            raise NotApproved(f"{server}, for {who(page)}")

    def _ponder(self, wanted: Wanted) -> None:
        """
        @raise NotApproved: the page has had a no a moment ago.
        """
        now = self.clock.seconds()
        self._refused = {page: until for page, until in self._refused.items() if until > now}
        if wanted.page in self._refused:
            raise NotApproved(f"{origin_of(wanted.url)}, for {who(wanted.page)}: it was refused a moment ago")

    def _how(self, wanted: Wanted) -> str:
        """
        What somebody can do who cannot be asked.
        """
        approval = approval_for(wanted.url, wanted.page)
        if approval is None:
            return f'Nobody can be asked here. Starting with --approve "{origin_of(wanted.url)} *" approves it for every page.'
        return (
            f'Nobody can be asked here. Starting with --approve "{approval}" approves it, or that line in {self.approvals.file}.'
        )

    def _choose(self, asker: Asker, wanted: Wanted) -> Deferred[Choice]:
        return Deferred.fromCoroutine(self._chosen(asker, wanted))

    async def _chosen(self, asker: Asker, wanted: Wanted) -> Choice:
        if self.known(wanted):  # meanwhile
            return Choice.ALWAYS
        self._ponder(wanted)
        approval = approval_for(wanted.url, wanted.page)
        choices = [each for each in Choice if approval is not None or each is not Choice.ALWAYS]
        try:
            choice = await asker.choose(approval_lines(wanted), choices).addTimeout(self.patience, self.clock)
        except LateError:
            choice = Choice.NO
        if choice is Choice.NO:
            self._refused[wanted.page] = self.clock.seconds() + QUIET
        if choice is Choice.ALWAYS and approval is not None:
            try:
                self.approvals.add(approval)
            except OSError as problem:
                fmt = "{file} cannot be written, so this is approved once: {reason}"
                _log.warn(fmt, event="approval-lost", file=str(self.approvals.file), reason=problem.strerror)
        return choice

    def pin(self, wanted: Wanted, reader: str, tries: int | None = None) -> Deferred[str]:
        """
        Ask for a PIN: see L{pin_lines}.

        @return: C{Deferred[str]}: empty where there is none.
        """
        return Deferred.fromCoroutine(self._asked(self._secret, wanted, reader, tries)) if self.asker is not None else succeed("")

    def _secret(self, asker: Asker, wanted: Wanted, reader: str, tries: int | None) -> Deferred[str]:
        def late(failure: Any) -> str:
            failure.trap(LateError)
            return ""

        return asker.secret(pin_lines(wanted, reader, tries)).addTimeout(self.patience, self.clock).addErrback(late)

    async def _asked(self, ask: Callable[..., Deferred[_T]], *about: Any) -> _T:
        """
        @raise NotApproved: there are too many questions.
        """
        if len(self._lock.waiting) >= MOST_WAITING:
            raise NotApproved("too many questions wait to be answered")
        await self._lock.acquire()
        try:
            return await ask(self.asker, *about)
        finally:
            self._lock.release()
