# -*- test-case-name: tests.bridges.test_touch_daemon_desk -*-
"""
Where pages come with what they want: they are let in, get a card, its PIN is verified if they need that, and it is lent to their
server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.logger import Logger

from cardgw.bridges.touch import Outcome
from cardgw.bridges.touch_daemon_ask import Gate, who
from cardgw.bridges.touch_daemon_errors import SessionCancelled
from cardgw.bridges.touch_daemon_request import HIDDEN, Wanted, origin_of
from cardgw.bridges.touch_errors import TouchReported, shown
from cardgw.errors import CardGatewayError, ChannelError
from cardgw.interfaces import ICardChannel

_log = Logger()


@frozen(eq=False)
class Loan:
    """
    A card that somebody has to himself here.

    @ivar reader: what people call the reader.
    """

    reader: str
    channel: ICardChannel
    _give: Callable[[bool], object]

    def give_back(self, *, keep: bool) -> None:
        """
        @param keep: the card stays as it is for a while, for the same borrower.
        """
        self._give(keep)


class Cards(Protocol):
    """
    The cards in the readers of this machine.
    """

    def borrow(self, whom: str) -> Deferred[Loan]:
        """
        @param whom: who gets the card as he left it.
        @raise CardGatewayError: (as failure) there is none.
        """


class Connector(Protocol):
    """
    What is done with a card.
    """

    def connect(self, loan: Loan, wanted: Wanted) -> Deferred[Outcome]:
        """
        Have the PIN verified at the card that is needed, and lend it to the server.  Cancelling tells the server so, and then it
        fires soon.

        @raise CardGatewayError: (as failure) one of these was not possible.
        """


@define(eq=False)
class Desk:
    """
    See the module's docstring.
    """

    gate: Gate
    cards: Cards
    connector: Connector
    _here: set[Deferred[Outcome]] = field(factory=set, init=False)

    def serve(self, wanted: Wanted) -> Deferred[Outcome]:
        """
        Do what a page wants.  Cancelling it ends the session, where there is one.

        @raise CardGatewayError: (as failure) it was not done.
        """
        serving = Deferred.fromCoroutine(self._serve(wanted))
        self._here.add(serving)

        def left(result: Any) -> Any:
            self._here.discard(serving)
            return result

        return serving.addBoth(left)

    def end(self) -> Deferred[None]:
        """
        End all sessions.

        @return: C{Deferred[None]}, when the servers have been told, as far as they listen.
        """
        here = tuple(self._here)
        ended = DeferredList([_over(each) for each in here]).addCallback(lambda _: None)
        for each in here:
            each.cancel()
        return ended

    async def _serve(self, wanted: Wanted) -> Outcome:
        server, page = origin_of(wanted.url), who(wanted.page)
        try:
            outcome = await self._attend(wanted, f"{server} {wanted.page}")
        except CardGatewayError as error:
            if isinstance(error, ChannelError):
                error.hint = ""  # it is for those who run a gateway
            fmt = "{server}, for {page}: {reason}"
            _log.warn(fmt, event="touch-failed", server=server, page=page, code=error.code, reason=str(error))
            raise
        fmt = "{server}, for {page}: done, with {commands} commands"
        _log.info(fmt, event="touch-done", server=server, page=page, commands=outcome.commands)
        return outcome

    async def _attend(self, wanted: Wanted, whom: str) -> Outcome:
        try:
            outcome = await self._lend(wanted, whom)
        except CancelledError:
            raise SessionCancelled from None
        if outcome.cancelled:
            raise SessionCancelled
        if outcome.failed:
            raise TouchReported(shown(outcome.notice))
        return outcome

    async def _lend(self, wanted: Wanted, whom: str) -> Outcome:
        await self.gate.admit(wanted)
        loan = await self.cards.borrow(whom)
        keep = False
        try:
            outcome = await self.connector.connect(loan, wanted)
            keep = not outcome.cancelled and wanted.page != HIDDEN  # the next one that hides may be another
        finally:
            loan.give_back(keep=keep)
        return outcome


def _over(serving: Deferred[Any]) -> Deferred[None]:
    """
    Fires with something, without taking its result.
    """
    over: Deferred[None] = Deferred()

    def tell(result: Any) -> Any:
        over.callback(None)
        return result

    serving.addBoth(tell)
    return over
