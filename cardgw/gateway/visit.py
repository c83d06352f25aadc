# -*- test-case-name: tests.gateway.test_visit -*-
"""
A card that is here, from its coming to its going.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field
from twisted.internet.defer import Deferred, succeed

from cardgw.gateway.records import Card
from cardgw.gateway.shown import card_json
from cardgw.identities import kind_of
from cardgw.interfaces import ICardChannel

if TYPE_CHECKING:
    from cardgw.gateway.run import Run


@define(eq=False)
class Visit:
    """
    See the module's docstring.

    @ivar channel: the transport's own.
    @ivar since: in seconds since 1970.
    @ivar kind: what kind of card it is, where it was asked (see L{cardgw.values.Recognised}).
    @ivar asked_who: whether it was asked who it is.
    @ivar managed: whether it stays for operators.
    @ivar queued: how many jobs were queued for it and not begun.
    @ivar run: the job that is being done.
    @ivar leaving: whether it is being sent away, or gone.
    @ivar asked: whether jobs were queued for it as the card that is here, not by its identity.
    @ivar given: ids of the entries in the outbox that the card has given while it was here.
    @ivar changes: counts what L{ring} was told.
    """

    id: str
    channel: ICardChannel
    since: float
    identity: str = ""
    kind: str = ""
    asked_who: bool = False
    managed: bool = False
    queued: int = 0
    run: Run | None = None
    leaving: bool = False
    asked: bool = False
    given: set[str] = field(factory=set)
    changes: int = 0
    _bell: Deferred[None] | None = None

    def ring(self) -> None:
        """
        Something has changed that L{changed} waits for.
        """
        self.changes += 1
        bell, self._bell = self._bell, None
        if bell is not None:
            bell.callback(None)

    def changed(self, seen: int) -> Deferred[None]:
        """
        Wait for a change.  One may wait at a time.

        @param seen: L{changes} as it was when the waiter looked.
        @return: C{Deferred[None]}; may be cancelled.
        """
        if self.changes != seen:
            return succeed(None)
        self._bell = Deferred(lambda _: setattr(self, "_bell", None))
        return self._bell

    def record(self) -> Card:
        """
        As the faces show it.
        """
        info = self.channel.info
        return Card(
            id=self.id,
            identity=self.identity,
            transport=info.transport,
            peer=info.peer,
            since=self.since,
            request=info.request.name if info.request is not None else "",
            job=self.run.job.id if self.run is not None else "",
            queued=self.queued,
            managed=self.managed,
            atr=info.atr.hex().upper() if info.atr else "",
            application=info.application.hex().upper() if info.application else "",
            offers=info.offers,
            resets=info.resets,
            kind=self.kind or kind_of(self.identity),
            uid=info.uid.hex().upper() if info.uid else "",
        )

    def record_json(self) -> dict[str, Any]:
        """
        The same as JSON.
        """
        return card_json(self.record())
