# -*- test-case-name: tests.scp.test_aside -*-
"""
Where keys are asked that take their time.  A token may need a second for what a processor does at once, and everybody else would
have to wait for it; so whoever keeps keys says where work with them is done (a thread, as a rule), and whoever works with them
goes there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

_T = TypeVar("_T")
_PLACES = ("enc", "mac", "dek", "pair")
"""Attributes of sets of keys that are keys."""


class Aside(Protocol):
    """
    A place where work may take its time.
    """

    def __call__(self, work: Callable[[], _T]) -> Awaitable[_T]:
        """
        Do it there.

        @return: what it returns; raises what it raises.
        """


async def at_once(work: Callable[[], _T]) -> _T:
    """
    Here and now: for keys in this process.
    """
    return work()


def aside_of(keys: Any) -> Aside:
    """
    Where a key, a key pair or a set of keys wants to be asked: it may have an attribute C{aside}.
    """
    for each in (keys, *(getattr(keys, name, None) for name in _PLACES)):
        found: Aside | None = getattr(each, "aside", None)
        if found is not None:
            return found
    return at_once
