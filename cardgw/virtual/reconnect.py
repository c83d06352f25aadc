# -*- test-case-name: tests.virtual.test_vicc_command -*-
"""
Software cards that dial in once, or again and again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.error import ConnectError
from twisted.internet.task import deferLater

from cardgw.virtual.plain import plain
from cardgw.virtual.vicc import Outcome

Report = Callable[[dict[str, Any]], object]


async def reconnecting(reactor: Any, pause: float | None, session: Callable[[], Awaitable[Outcome]], report: Report) -> bool:
    """
    One session; or one after another, for ever.

    @param pause: so many seconds after the end of a session, or a vain attempt, the next one begins; C{None}: there is one alone.
    @return: whether the card was powered off in the end.
    @raise ConnectError: the reader cannot be reached.
    """
    while pause is not None:
        try:
            await session()
        except ConnectError as problem:
            report({"event": "unreachable", "reason": plain(problem)})
        await deferLater(reactor, pause)
    return (await session()).goodbye
