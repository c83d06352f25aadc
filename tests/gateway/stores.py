"""
Stores for tests.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock

from cardgw.gateway.store.engine import Store
from cardgw.gateway.store.runner import Inline
from cardgw.gateway.store.seal import KEY_BYTES, Seal

KEY = bytes(range(KEY_BYTES))


def memory_store(clock: Any = None) -> Store:
    """
    A store in memory that is open, and does everything at once: its Deferreds have fired when they are returned.

    @param clock: C{IReactorTime}; one of its own by default.
    """
    store = Store("sqlite://", Inline(), clock if clock is not None else Clock(), Seal(KEY))
    opened: list[Any] = []
    store.open().addBoth(opened.append)
    assert opened == [None], opened
    return store
