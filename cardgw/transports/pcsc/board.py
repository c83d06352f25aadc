# -*- test-case-name: tests.transports.pcsc.test_board -*-
"""
Which readers there are and what is in them: what pcscd tells goes in, what has happened comes out.  No I/O.

A state is compared with the one before it.  Its high 16 bits count the cards that came and went, so a card that was taken out
and put in again between two looks is noticed, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from attrs import define, field, frozen

from cardgw.transports.pcsc.codes import NEW_READERS, State
from cardgw.transports.pcsc.driver import ReaderState
from cardgw.transports.pcsc.selectors import Seen

_COUNTER = 16
_LEFT_OUT = ~int(State.CHANGED) & 0xFFFFFFFF
_USE = int(State.EXCLUSIVE | State.INUSE)
_AWAY = int(State.UNAVAILABLE | State.EMPTY)


class What(Enum):
    """
    What happens at a reader.

      - C{READER_GONE}: so is the card in it.
      - C{FREE}: a card may be usable that was not: another program has let go of it, or it was mute.
    """

    READER_HERE = "reader here"
    READER_GONE = "reader gone"
    CARD_IN = "card in"
    CARD_OUT = "card out"
    FREE = "free"


@frozen
class Change:
    """
    Something has happened.

    @ivar reader: where; its C{atr} is that of the card which is in it now.
    """

    what: What
    reader: Seen


@define
class _Known:
    """
    What is known of a reader.

    @ivar event: its state as it was told last; 0 where it was not.
    """

    event: int = 0
    atr: bytes = b""

    @property
    def card(self) -> bool:
        """
        Whether there is a card in it.
        """
        return bool(self.event & State.PRESENT) and not self.event & _AWAY


@define(eq=False)
class Board:
    """
    See the module's docstring.

    @ivar tells_new: whether pcscd tells of readers that come and go; until it has said so, C{None}.
    @ivar most: with so many readers there is no room for this question; C{None} where that is not known.
    """

    tells_new: bool | None = None
    most: int | None = None
    _readers: dict[str, _Known] = field(factory=dict, init=False)
    _news: int = field(default=0, init=False)

    @property
    def readers(self) -> list[str]:
        """
        Those that are here, sorted by name.
        """
        return sorted(self._readers)

    def known(self) -> list[tuple[str, int]]:
        """
        What is waited for a change of: see L{Driver.changes<cardgw.transports.pcsc.driver.Driver.changes>}.
        """
        full = self.most is not None and len(self._readers) >= self.most
        news = [] if full or self.tells_new is False else [(NEW_READERS, self._news)]
        return news + [(name, self._readers[name].event) for name in self.readers]

    def too_many(self) -> bool:
        """
        What is waited for was too much: pcsc-lite waits for 16 at once, which is also how many readers it has at most.

        @return: whether it is less now.
        """
        before = self.known()
        self.most = len(self._readers)
        return self.known() != before

    def listed(self, names: Iterable[str]) -> list[Change]:
        """
        These readers are here now, and no others.
        """
        here = set(names)
        changes = [self._reader_gone(name) for name in self.readers if name not in here]
        new = sorted(here.difference(self._readers))
        self._readers.update((name, _Known()) for name in new)
        return changes + [Change(What.READER_HERE, self._seen(name)) for name in new]

    def _reader_gone(self, name: str) -> Change:
        index = self.readers.index(name)
        del self._readers[name]
        return Change(What.READER_GONE, Seen(name, index))

    def _seen(self, name: str) -> Seen:
        return Seen(name, self.readers.index(name), self._readers[name].atr)

    def saw(self, states: Sequence[ReaderState]) -> list[Change]:
        """
        These states have been told.
        """
        changes = []
        for state in states:
            if state.name == NEW_READERS:
                self.tells_new = not state.event & State.UNKNOWN
                self._news = int(state.event) & _LEFT_OUT
            elif state.name in self._readers:
                changes += [self._reader_gone(state.name)] if state.event & State.UNKNOWN else self._saw(state)
        return changes

    def _saw(self, state: ReaderState) -> list[Change]:
        before, now = self._readers[state.name], _Known(int(state.event) & _LEFT_OUT, state.atr)
        if not now.card:
            now.atr = b""
        self._readers[state.name] = now
        swapped = before.event >> _COUNTER != now.event >> _COUNTER
        whats = []
        if before.card and (swapped or not now.card):
            whats.append(What.CARD_OUT)
        if now.card and (swapped or not before.card):
            whats.append(What.CARD_IN)
        if not whats and now.card and _more_usable(before, now):
            whats.append(What.FREE)
        seen = self._seen(state.name)
        return [Change(what, Seen(seen.name, seen.index) if what is What.CARD_OUT else seen) for what in whats]


def _more_usable(before: _Known, now: _Known) -> bool:
    return bool(before.event & ~now.event & (_USE | State.MUTE)) or (bool(now.atr) and not before.atr)
