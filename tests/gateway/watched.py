"""
A table of the store that tells what was asked of it, and fails or tarries where a test wants it to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred


class Watched:
    """
    The table, and what was asked of it.

    @ivar asked: the names of its methods.
    @ivar answers: by the name of a method: what is called in its place the next time, with what calls the method itself.
    """

    def __init__(self, table: Any, names: Mapping[str, str] | None = None) -> None:
        """
        @param names: of methods that are known by another one here.
        """
        self._table, self._names = table, names or {}
        self.asked: list[str] = []
        self.answers: dict[str, Callable[[Callable[[], Deferred[Any]]], Deferred[Any]]] = {}

    def __getattr__(self, name: str) -> Any:
        def method(*arguments: Any, **named: Any) -> Deferred[Any]:
            known = self._names.get(name, name)
            self.asked.append(known)
            ask = partial(getattr(self._table, name), *arguments, **named)
            answer: Deferred[Any] = self.answers.pop(known)(ask) if known in self.answers else ask()
            return answer

        return method
