# -*- test-case-name: tests.gateway.test_door -*-
"""
Where those wait who come too early.
"""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import Deferred, succeed


@define(eq=False)
class Door:
    """
    Open at first.
    """

    _shut: bool = False
    _waiting: list[Deferred[None]] = field(factory=list)

    @property
    def is_shut(self) -> bool:
        """
        Whether everybody waits.
        """
        return self._shut

    def shut(self) -> None:
        """
        From now on everybody waits.
        """
        self._shut = True

    def open(self) -> None:
        """
        Let all in, in the order of their coming.
        """
        self._shut = False
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)

    def passed(self) -> Deferred[None]:
        """
        @return: C{Deferred[None]}, when the way is free; may be cancelled.
        """
        if not self._shut:
            return succeed(None)
        waiting: Deferred[None] = Deferred(self._waiting.remove)
        self._waiting.append(waiting)
        return waiting
