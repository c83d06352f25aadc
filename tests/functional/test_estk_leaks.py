# -*- test-case-name: tests.functional.test_estk_leaks -*-
"""
A thousand eSTK.me sessions that end anyhow.
"""

from __future__ import annotations

import gc
import random
from pathlib import Path
from typing import Any

from twisted.internet.defer import DeferredList
from twisted.internet.task import deferLater

from cardgw.transports.estk.protocol import EstkProtocol
from cardgw.virtual.terminal import Manners, request_frame
from tests.functional.estk import CODE, FRAMES, EstkTestCase, reactor


def open_files() -> int:
    """
    File descriptors of this process.
    """
    return len(list(Path("/proc/self/fd").iterdir()))


def protocols() -> set[EstkProtocol]:
    """
    The sessions of this process.
    """
    gc.collect()
    return {each for each in gc.get_objects() if isinstance(each, EstkProtocol)}


class LeakTests(EstkTestCase):
    """
    Nothing is left behind.
    """

    SESSIONS = 1000
    AT_ONCE = 125

    async def test_randomEnds(self) -> None:
        """
        A thousand sessions, killed at random, leave no file descriptor, timer, job or protocol.
        """
        others = protocols()
        await self.start(apdu_timeout=0.2, box_timeout=0.2, idle_timeout=0.2)
        await self.dial()
        await self.empty()
        before, timers, dice = open_files(), len(reactor.getDelayedCalls()), random.Random(11)
        for _ in range(self.SESSIONS // self.AT_ONCE):
            await DeferredList([self.random_session(dice) for _ in range(self.AT_ONCE)], fireOnOneErrback=True)
        await self.empty()
        await deferLater(reactor, 0)
        self.assertEqual((open_files(), len(reactor.getDelayedCalls())), (before, timers))
        self.assertEqual(self.gateway.running, 0)
        self.assertEqual(len(self.gateway.requests), len(self.gateway.ends))
        self.assertEqual(protocols() - others, set())

    def random_session(self, dice: random.Random) -> Any:
        """
        A phone that ends anyhow.
        """
        manners = Manners(
            hang_up_at=dice.choice((None, *range(FRAMES + 1))),
            hard=dice.random() < 0.5,
            fragment=dice.choice((0, 0, 1, 7)),
            silent_at=dice.choice((None, None, 3)),
            never_close=dice.random() < 0.1,
            garbage_at=dice.choice((None, None, 2)),
            garbage=dice.randbytes(20),
        )
        requests = (request_frame(2, CODE), request_frame(3), request_frame(1), b"", dice.randbytes(8))
        return self.dial(manners, dice.choice(requests))
