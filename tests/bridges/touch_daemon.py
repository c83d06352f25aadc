"""
What the tests of the daemon for web pages have in common.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field
from twisted.internet.defer import Deferred

from cardgw.bridges.touch_daemon_ask import Choice
from cardgw.bridges.touch_daemon_request import Wanted

SHOP = "https://shop.example"
CARDS = "https://cards.example"
WANTED = Wanted(f"{CARDS}/rt/secret", page=SHOP)


@define(eq=False)
class Person:
    """
    Somebody who is asked.  See L{cardgw.bridges.touch_daemon_ask.Asker}.

    @ivar asked: each question that was shown, and what may be answered.
    @ivar waiting: what each waits for.
    @ivar gone: how many questions were taken away.
    """

    asked: list[tuple[Sequence[str], Sequence[Choice]]] = field(factory=list)
    waiting: list[Deferred[str]] = field(factory=list)
    gone: int = 0

    def choose(self, lines: Sequence[str], choices: Sequence[Choice]) -> Deferred[Choice]:
        """
        See L{cardgw.bridges.touch_daemon_ask.Asker.choose}.
        """
        return self._ask(lines, choices).addCallback(Choice)

    def secret(self, lines: Sequence[str]) -> Deferred[str]:
        """
        See L{cardgw.bridges.touch_daemon_ask.Asker.secret}.
        """
        return self._ask(lines, ())

    def _ask(self, lines: Sequence[str], choices: Sequence[Choice]) -> Deferred[str]:
        self.asked.append((lines, choices))
        waiting: Deferred[str] = Deferred(self._taken_away)
        self.waiting.append(waiting)
        return waiting

    def _taken_away(self, _: Deferred[str]) -> None:
        self.gone += 1

    def says(self, text: str) -> None:
        """
        Answer the question that is shown.
        """
        self.waiting[-1].callback(text)
