# -*- test-case-name: tests.functional.test_download_leaks -*-
"""
A thousand downloads that end anyhow.
"""

from __future__ import annotations

import gc
import random
from collections import Counter

from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.error import ConnectingCancelledError
from twisted.internet.task import deferLater

from cardgw.gateway.session import Session
from cardgw.lpa.download import Download
from cardgw.lpa.isdr import Isdr
from cardgw.transports.estk.channel import EstkChannel
from cardgw.transports.estk.protocol import EstkProtocol
from cardgw.transports.estk.wire import Tag, encode
from cardgw.virtual.smdp_web import Misbehaviour, error_page, rubbish
from cardgw.virtual.terminal import Manners
from tests.functional.download import DownloadTestCase, activation_code, leftovers, reactor
from tests.functional.test_download_cuts import APDUS, FRAMES

KINDS = (EstkProtocol, EstkChannel, Session, Download, Isdr, Deferred)
FUNCTIONS = ("initiateAuthentication", "authenticateClient", "getBoundProfilePackage", "handleNotification", "cancelSession")


def alive() -> Counter[type]:
    """
    How many objects there are that belong to a session.
    """
    gc.collect()
    return Counter(kind for each in gc.get_objects() for kind in KINDS if type(each) is kind)


class LeakTests(DownloadTestCase):
    """
    Nothing is left behind.
    """

    SESSIONS = 1000
    AT_ONCE = 100

    async def test_randomEnds(self) -> None:
        """
        A thousand downloads, killed at random frames, by random servers, leave no file descriptor, timer, job or object behind.
        """
        https = {"request_timeout": 0.2, "connections_per_host": 8, "idle_timeout": 0.5}
        await self.start(https, apdu_timeout=0.2, slow_timeout=0.2)
        self.order()
        await self.download(self.card())
        await self.quiet()
        dice, ends = random.Random(2), Counter[str]()
        await self.cold()
        before, objects = leftovers(), alive()
        for _ in range(self.SESSIONS // self.AT_ONCE):
            self.server.web.misbehave = self.random_faults(dice)
            calls = [self.random_session(dice) for _ in range(self.AT_ONCE)]
            for call in calls:
                if dice.random() < 0.05:
                    reactor.callLater(dice.random() * 0.3, call.cancel)
                call.addErrback(lambda failure: failure.trap(CancelledError, ConnectingCancelledError))
            await DeferredList(calls, fireOnOneErrback=True)
            await self.quiet()
            ends.update(self.codes())
            self.forget()
        self.assertGreater(ends["done"], 0)
        self.assertEqual(ends.keys() & {"card-gateway-error", "plugin", "channel", "card", "server"}, set())
        await self.cold()
        await self.settled(before)
        self.assertEqual((self.inventory.visits, self.ledger.running, self.service.factory.sessions), ({}, {}, set()))
        del calls, call
        left = alive()
        for kind in KINDS:
            self.assertLessEqual(left[kind], objects[kind] + (5 if kind is Deferred else 0), kind)

    async def cold(self) -> None:
        """
        Wait until no connection to the server is kept warm any more.
        """
        self.forget()
        while self.http.connections:
            await deferLater(reactor, 0.01)

    def codes(self) -> list[str]:
        """
        How the jobs ended.
        """
        errors = [event[3] for event in self.ledger.events if event[0] == "job_ended"]
        return ["done" if error is None else error.code for error in errors]

    def forget(self) -> None:
        """
        Errors keep what they came from.
        """
        self.ledger.events.clear()
        self.ledger.ended.clear()
        self.smdp.notifications.clear()

    def random_faults(self, dice: random.Random) -> dict[str, Misbehaviour]:
        """
        A server that is sometimes broken.
        """
        wrong = dice.choice(
            (error_page(), rubbish(), Misbehaviour(drop=True), Misbehaviour(silent=True), Misbehaviour(delay=0.1))
        )
        return {dice.choice(FUNCTIONS): wrong} if dice.random() < 0.4 else {}

    def random_session(self, dice: random.Random) -> Deferred[object]:
        """
        A phone that ends anyhow.
        """
        manners = Manners(
            hang_up_at=dice.choice((None, *range(FRAMES + 1))),
            hard=dice.random() < 0.5,
            fragment=dice.choice((0, 0, 0, 7)),
            silent_at=dice.choice((None, None, None, dice.randrange(1, APDUS))),
            never_close=dice.random() < 0.1,
            garbage_at=dice.choice((None, None, None, dice.randrange(1, APDUS))),
            garbage=dice.choice((dice.randbytes(20), encode(Tag.APDU, b"\x6f\x00"), encode(Tag.APDU, dice.randbytes(20)))),
        )
        session: Deferred[object] = self.dial(self.card(), activation_code("P-1"), manners)  # type: ignore[assignment]
        return session
