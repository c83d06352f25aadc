# -*- test-case-name: tests.gateway.test_links -*-
"""
L{cardgw.gateway.links}, and what becomes of cards that come by links.
"""

from __future__ import annotations

import hashlib
from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.logger import LogLevel

from cardgw.errors import CardError, GatewayStopping, LinkInUse, PeerLost, UnknownLink
from cardgw.gateway.faults import Conflict, NothingLeft, OtherCard, StoreError
from cardgw.gateway.inventory import Inventory
from cardgw.gateway.links import LINGER
from cardgw.gateway.records import Job, JobState, Link, Role
from cardgw.gateway.recovery import recover
from cardgw.gateway.settings import ManagementSettings
from cardgw.values import LINK, CardRequest
from tests.gateway.fakes import QuietChannel
from tests.gateway.world import ANOTHER, CARD, GatewayTestCase
from tests.logs import captured

_T = TypeVar("_T")


class LinkTestCase(GatewayTestCase):
    """
    A gateway with links.
    """

    def setUp(self) -> None:
        """
        Links end when they have expired.
        """
        super().setUp()
        self.inventory.links.start()
        self.addCleanup(self.stop)

    def stop(self) -> None:
        """
        Leave no timer.
        """
        self.inventory.links.stop()

    def now(self, work: Coroutine[Any, Any, _T]) -> _T:
        """
        What comes of something at once.
        """
        found: _T = self.successResultOf(Deferred.fromCoroutine(work))
        return found

    def make(self, operation: str = "test.again", seconds: float = 600.0, **more: Any) -> tuple[Link, str, str]:
        """
        A link, its token, and that of its page.
        """
        at = self.clock.seconds()
        job = None
        if operation:
            job = Job(self.jobs.ids.job(), operation, requester="token:anna", created=at, **more)
        link = Link("", "token:anna", at, at + seconds, job.id if job else "")
        return self.now(self.inventory.links.add(link, job, ""))

    def come(self, token: str) -> tuple[QuietChannel, Deferred[Any]]:
        """
        A card comes by a link.
        """
        channel = QuietChannel(CardRequest(LINK, self.inventory.link(token)), frozenset())
        return channel, self.inventory.arrived(channel)

    def gone(self, channel: QuietChannel) -> None:
        """
        Its connection is lost, which whatever runs on it notices.
        """
        channel.close(PeerLost())
        if self.gates and not self.gates[-1].called:
            self.gates[-1].errback(PeerLost())

    def restarted(self) -> Inventory:
        """
        The gateway is ended and started again.
        """
        self.inventory.links.stop()
        self.jobs = self.make_jobs()
        self.inventory = Inventory(self.clock, self.jobs, self.inventory.claims, self.identify, self.inventory.management)
        self.now(self.inventory.links.load())
        self.now(recover(self.jobs, self.clock.seconds()))
        self.inventory.links.start()
        return self.inventory

    def error(self, job: str) -> str:
        """
        The code of the error that a job has failed with.
        """
        problem = self.stored(job).error
        return problem.code if problem is not None else ""


class ServedTests(LinkTestCase):
    """
    Cards that come by links.
    """

    def test_job(self) -> None:
        """
        The job is there before the card; it is done when that comes, then the link is used up.
        """
        link, token, _ = self.make()
        self.assertEqual((self.stored(link.job).channel, self.state(link.job)), (link.id, JobState.QUEUED))
        self.assertEqual(self.events[-1].data["job"], link.job)
        _, served = self.come(token)
        (visit,) = self.inventory.visits.values()
        self.assertEqual((visit.id, self.state(link.job), visit.record().request), (link.id, JobState.RUNNING, "link"))
        self.gates[0].callback({"ok": True})
        self.assertIsNone(self.successResultOf(served))
        self.assertEqual((self.state(link.job), self.inventory.links.all()), (JobState.DONE, []))
        self.assertRaises(UnknownLink, self.inventory.link, token)

    def test_several(self) -> None:
        """
        All jobs that were queued for the card are done, also those that come while it is here; what waits for it by its identity
        is not.
        """
        link, token, _ = self.make()
        waits = self.queue()
        second = self.queue(card="", channel=link.id, node="here")
        _, served = self.come(token)
        self.sessions[0].identified(CARD)
        self.gates[0].callback({})
        third = self.queue(card=CARD, channel=link.id, node="here")
        self.gates[1].callback({})
        self.gates[2].callback({})
        self.assertIsNone(self.successResultOf(served))
        done = [self.state(job) for job in (link.job, second.id, third.id, waits.id)]
        self.assertEqual(done, [JobState.DONE] * 3 + [JobState.QUEUED])

    def test_failed(self) -> None:
        """
        What a job has failed with is told to the transport; the link is good for another attempt, which somebody has to ask for.
        """
        link, token, _ = self.make()
        _, served = self.come(token)
        self.gates[0].errback(CardError("no room"))
        self.assertIsInstance(self.successResultOf(served), CardError)
        self.assertEqual((self.state(link.job), self.inventory.links.all()), (JobState.FAILED, [link]))
        self.inventory.visits.clear()
        channel, served = self.come(token)
        self.assertIsInstance(self.successResultOf(served), NothingLeft)
        channel.close()
        self.queue(card="", channel=link.id, node="here")
        _, served = self.come(token)
        self.gates[1].callback({})
        self.assertIsNone(self.successResultOf(served))
        self.assertEqual(self.inventory.links.all(), [])

    def test_stays(self) -> None:
        """
        A card of a link that is for no job stays for jobs, longer than the link is good for a card to come.
        """
        link, token, _ = self.make("")
        channel, served = self.come(token)
        (visit,) = self.inventory.visits.values()
        self.assertEqual((visit.managed, visit.identity), (True, CARD))
        self.clock.advance(10_000)
        self.assertEqual(self.inventory.links.all(), [link])
        self.assertRaises(UnknownLink, self.inventory.link, token)
        job = self.queue(card="", channel=link.id, node="here")
        visit.ring()
        self.gates[0].callback({})
        self.assertEqual(self.state(job.id), JobState.DONE)
        self.assertNoResult(served)
        channel.close()
        self.successResultOf(served)
        self.clock.advance(0)
        self.assertEqual(self.inventory.links.all(), [])

    def test_staysForItsOwn(self) -> None:
        """
        Nor does it get what waits for the card that it says to be: whoever has a link is anybody.
        """
        waits = self.queue()
        link, token, _ = self.make("")
        channel, served = self.come(token)
        (visit,) = self.inventory.visits.values()
        own = self.queue(card=CARD, channel=link.id, node="here")
        visit.ring()
        self.assertEqual((visit.identity, self.state(own.id), self.state(waits.id)), (CARD, JobState.RUNNING, JobState.QUEUED))
        self.gates[0].callback({})
        self.assertEqual((self.state(own.id), self.state(waits.id)), (JobState.DONE, JobState.QUEUED))
        channel.close()
        self.successResultOf(served)

    def test_lost(self) -> None:
        """
        A job that lost its card starts anew when one comes by the same link, and not when the card comes otherwise.
        """
        link, token, _ = self.make()
        channel, served = self.come(token)
        self.sessions[0].identified(CARD)
        self.gone(channel)
        self.assertIsInstance(self.successResultOf(served), PeerLost)
        found = self.stored(link.job)
        self.assertEqual((found.state, found.channel, found.node, found.card), (JobState.QUEUED, link.id, "here", CARD))
        self.arrive()
        self.assertEqual(self.state(link.job), JobState.QUEUED)
        _, served = self.come(token)
        self.gates[1].callback({})
        self.assertIsNone(self.successResultOf(served))
        self.assertEqual((self.state(link.job), self.stored(link.job).runs), (JobState.DONE, 2))

    def test_lostForGood(self) -> None:
        """
        One that must not start anew has failed.
        """
        link, token, _ = self.make("test.run")
        channel, _ = self.come(token)
        self.gone(channel)
        self.assertEqual(self.error(link.job), "peer-lost")

    def test_lostBefore(self) -> None:
        """
        A card that goes before anything was begun has cost nothing.
        """
        link, token, _ = self.make()
        gate: Deferred[Any] = Deferred()
        stored, read = self.stored(link.job), self.store.read
        self.patch(self.store, "read", lambda *_: gate)
        channel, served = self.come(token)
        channel.close(PeerLost())
        self.patch(self.store, "read", read)
        gate.callback(((stored,), 1))
        self.assertIsNone(self.successResultOf(served))
        self.assertEqual(self.state(link.job), JobState.QUEUED)

    def test_otherCard(self) -> None:
        """
        A job that was broken off on one card is not gone on with on another.
        """
        link, token, _ = self.make()
        channel, _ = self.come(token)
        self.sessions[0].identified(CARD)
        self.gone(channel)
        self.come(token)
        error = self.assertRaises(OtherCard, self.sessions[1].identified, ANOTHER)
        self.gates[1].errback(error)
        self.assertEqual(self.error(link.job), "other-card")

    def test_inUse(self) -> None:
        """
        One card at a time.
        """
        _, token, _ = self.make()
        channel, _ = self.come(token)
        self.assertRaises(LinkInUse, self.inventory.link, token)
        self.gone(channel)
        self.come(token)

    def test_superseded(self) -> None:
        """
        A card that comes again while what was done on its lost connection still winds up is served when that has; it is the same
        card for those who look.
        """
        link, token, _ = self.make()
        channel, first = self.come(token)
        channel.close(PeerLost())
        _, second = self.come(token)
        self.assertEqual((len(self.sessions), self.state(link.job)), (1, JobState.RUNNING))
        self.gates[0].errback(PeerLost())
        self.assertIsInstance(self.successResultOf(first), PeerLost)
        self.assertEqual((len(self.sessions), list(self.inventory.visits)), (2, [link.id]))
        self.gates[1].callback({})
        self.assertIsNone(self.successResultOf(second))

    def test_supersededAndServed(self) -> None:
        """
        If what was wound up had ended well, there is nothing left for it.
        """
        _, token, _ = self.make()
        channel, _ = self.come(token)
        channel.close(PeerLost())
        _, second = self.come(token)
        self.gates[0].callback({})
        self.assertIsInstance(self.successResultOf(second), UnknownLink)

    def test_supersededAndGone(self) -> None:
        """
        The later one may go while it waits, or its transport be stopped.
        """
        link, token, _ = self.make()
        channel, _ = self.come(token)
        channel.close(PeerLost())
        again, second = self.come(token)
        again.close(PeerLost())
        _, third = self.come(token)
        third.cancel()
        self.assertIsNone(self.successResultOf(third))
        self.gates[0].errback(PeerLost())
        self.assertIsNone(self.successResultOf(second))
        self.assertEqual((len(self.sessions), self.state(link.job)), (1, JobState.QUEUED))

    def test_forged(self) -> None:
        """
        A request that the gateway has not given leads nowhere; nor does the id of a card that is here.
        """
        link, token, _ = self.make()
        self.come(token)
        for name in (link.id, "0badcafe", ""):
            served = self.inventory.arrived(QuietChannel(CardRequest(LINK, name)))
            self.assertIsInstance(self.successResultOf(served), UnknownLink)
        self.assertEqual(len(self.sessions), 1)

    def test_stopping(self) -> None:
        """
        While the gateway is being stopped, no card is let in, and what could not be done waits.
        """
        link, token, _ = self.make()
        _, other, _ = self.make()
        _, served = self.come(token)
        self.queue(card="", channel=link.id, node="here")
        self.inventory.wind_up()
        self.assertRaises(GatewayStopping, self.inventory.link, other)
        served.cancel()
        self.assertIsInstance(self.successResultOf(served), GatewayStopping)
        self.assertEqual(len(self.successResultOf(self.store.jobs.queued([], link.id))), 2)

    def test_early(self) -> None:
        """
        Until it is read which links there are, nobody is told that there is none.
        """
        _, token, _ = self.make()
        self.inventory.shut()
        self.assertRaises(StoreError, self.inventory.link, token)
        self.inventory.open()
        self.come(token)


class EndTests(LinkTestCase):
    """
    How links end.
    """

    def test_expired(self) -> None:
        """
        What waited for the card fails when the time is over; the token is worthless.
        """
        link, token, _ = self.make(seconds=60.0)
        self.make(seconds=30.0)
        self.clock.advance(59)
        self.assertEqual((self.state(link.job), len(self.inventory.links.all())), (JobState.QUEUED, 1))
        self.clock.advance(1)
        self.assertEqual((self.error(link.job), self.inventory.links.all()), ("link-expired", []))
        self.assertRaises(UnknownLink, self.inventory.link, token)
        self.assertEqual(self.kinds()[-1], "job.ended")

    def test_expiredMeanwhile(self) -> None:
        """
        A card that came in time is served; one that was lost does not come again.
        """
        link, token, _ = self.make(seconds=60.0)
        channel, _ = self.come(token)
        self.clock.advance(100)
        self.assertEqual(self.state(link.job), JobState.RUNNING)
        self.gone(channel)
        self.assertRaises(UnknownLink, self.inventory.link, token)
        self.clock.advance(0)
        self.assertEqual(self.error(link.job), "link-expired")

    def test_storeGone(self) -> None:
        """
        Where it cannot be written down, that is tried again.
        """
        link, token, _ = self.make(seconds=60.0)
        events, row = captured(self), self.store.row
        self.patch(self.store, "row", lambda *_: fail(StoreError("no disk")))
        self.clock.advance(60)
        self.assertEqual([event["log_level"] for event in events if event.get("event") == "links-left"], [LogLevel.error])
        self.assertRaises(UnknownLink, self.inventory.link, token)
        self.patch(self.store, "row", row)
        self.clock.advance(30)
        self.assertEqual(self.error(link.job), "link-expired")

    def test_withdrawn(self) -> None:
        """
        What waits fails, what runs is cancelled, the card is sent away.
        """
        link, token, _ = self.make()
        waits = self.queue(card="", channel=link.id, node="here")
        channel, served = self.come(token)
        self.now(self.inventory.links.withdraw(link.id, "token:anna"))
        self.assertEqual((self.state(link.job), self.error(waits.id)), (JobState.CANCELLED, "link-withdrawn"))
        self.successResultOf(served)
        channel.close()
        self.assertRaises(UnknownLink, self.inventory.link, token)
        self.failureResultOf(Deferred.fromCoroutine(self.inventory.links.withdraw(link.id, "token:anna")), UnknownLink)

    def test_withdrawnLost(self) -> None:
        """
        A job of a link that has ended does not wait for its card elsewhere.
        """
        link, token, _ = self.make()
        channel, _ = self.come(token)
        self.sessions[0].identified(CARD)
        channel.close(PeerLost())
        self.now(self.inventory.links.withdraw(link.id, "token:anna"))
        self.gates[0].errback(PeerLost())
        self.assertEqual(self.error(link.job), "peer-lost")

    def test_forgotten(self) -> None:
        """
        Links that ended long ago are not known any more.
        """
        link, _, page = self.make(seconds=60.0)
        self.clock.advance(60)
        self.assertIs(self.inventory.links.lasts(link.id), False)
        self.clock.advance(LINGER)
        self.make(seconds=60.0)
        self.clock.advance(60)
        self.assertIsNone(self.inventory.links.lasts(link.id))
        self.assertIsNone(self.inventory.links.authenticate(page))

    def test_many(self) -> None:
        """
        There are so many at most.
        """
        self.inventory.links.settings = ManagementSettings(max_links=1)
        self.make(seconds=60.0)
        at = self.clock.seconds()
        again = Deferred.fromCoroutine(self.inventory.links.add(Link("", "token:anna", at, at + 60), None, ""))
        self.failureResultOf(again, Conflict)
        self.clock.advance(60)
        self.make()


class RestartTests(LinkTestCase):
    """
    Links outlive the gateway.
    """

    def test_restart(self) -> None:
        """
        A link is good after a restart, and its job waits.
        """
        link, token, page = self.make()
        inventory = self.restarted()
        self.assertEqual(self.state(link.job), JobState.QUEUED)
        self.assertEqual(inventory.links.all(), [link])
        who = inventory.links.authenticate(page)
        self.assertEqual(who and who.name, f"link:{link.id}")
        _, served = self.come(token)
        self.gates[-1].callback({})
        self.assertIsNone(self.successResultOf(served))
        self.assertEqual(self.state(link.job), JobState.DONE)

    def test_killed(self) -> None:
        """
        A job that was being done starts anew by the same link, where it may.
        """
        link, token, _ = self.make()
        fatal, other, _ = self.make("test.run")
        self.come(token)
        self.come(other)
        self.restarted()
        self.assertEqual((self.state(link.job), self.stored(link.job).channel), (JobState.QUEUED, link.id))
        self.assertEqual(self.error(fatal.job), "job-interrupted")

    def test_expired(self) -> None:
        """
        What expired meanwhile ends at the start.
        """
        link, _, _ = self.make(seconds=60.0)
        self.inventory.links.stop()
        self.clock.advance(100)
        self.restarted()
        self.clock.advance(0)
        self.assertEqual(self.error(link.job), "link-expired")

    def test_ended(self) -> None:
        """
        What ended a moment ago can still be followed.
        """
        link, token, page = self.make()
        self.come(token)
        self.gates[0].callback({})
        inventory = self.restarted()
        self.assertEqual((inventory.links.all(), inventory.links.lasts(link.id)), ([], False))
        self.assertIsNotNone(inventory.links.authenticate(page))
        self.assertRaises(UnknownLink, inventory.link, token)

    def test_others(self) -> None:
        """
        The links of another gateway are not this one's.
        """
        self.make()
        self.patch(self.jobs, "node", "there")
        made = self.make_jobs()
        made.node = "there"
        other = Inventory(self.clock, made, self.inventory.claims, self.identify)
        self.now(other.links.load())
        self.assertEqual(other.links.all(), [])


class TokenTests(LinkTestCase):
    """
    Who has which token.
    """

    def test_tokens(self) -> None:
        """
        The tokens of a link and of its page are not the same, and neither does what the other does.
        """
        link, token, page = self.make()
        self.assertTrue(token.startswith("cgl_"))
        self.assertNotIn(page, token)
        self.assertRaises(UnknownLink, self.inventory.link, page)
        self.assertIsNone(self.inventory.links.authenticate(token))
        who = self.inventory.links.authenticate(page)
        assert who is not None
        self.assertEqual((who.role, who.card, who.follows), (Role.VIEWER, link.id, True))

    def test_path(self) -> None:
        """
        A token can stand in a path, before software that decodes nothing and stops at & and =.
        """
        self.inventory.links.entropy = lambda size: bytes(range(0xE0, 0x100))[:size]
        _, token, page = self.make()
        self.assertRegex(token + page, r"\A[A-Za-z0-9_-]{90}\Z")

    def test_kept(self) -> None:
        """
        Nothing but digests of them is kept, logged or told.
        """
        events = captured(self)
        link, token, page = self.make()
        self.come(token)
        self.gates[0].callback({})
        rows = self.successResultOf(self.store.read("links", lambda link: str(link.exec_driver_sql("SELECT * FROM links").all())))
        self.assertIn(str(hashlib.sha256(token.encode()).digest()), rows)
        for each in (token, page):
            for told in (rows, str(events), str(self.events), repr(link), repr(self.inventory.links), repr(self.inventory)):
                self.assertNotIn(each[4:], told)

    def test_renewed(self) -> None:
        """
        New tokens take the place of the old ones.
        """
        link, token, page = self.make()
        renewed, new, new_page = self.now(self.inventory.links.renew(link))
        self.assertRaises(UnknownLink, self.inventory.link, token)
        self.assertIsNone(self.inventory.links.authenticate(page))
        self.assertEqual(self.inventory.link(new), link.id)
        self.assertIsNotNone(self.inventory.links.authenticate(new_page))
        self.restarted()
        self.assertEqual((self.inventory.link(new), self.inventory.links.all()), (link.id, [renewed]))

    def test_ids(self) -> None:
        """
        No card that is here, or comes, has the id of a link.
        """
        names = iter(("aa", "aa", "bb", "bb", "aa", "cc"))
        self.patch(self.jobs, "ids", _Ids(names, self.jobs.ids.job))
        self.arrive()
        link, _, _ = self.make("")
        self.arrive()
        self.assertEqual((link.id, list(self.inventory.visits)), ("bb", ["aa", "cc"]))


class _Ids:
    def __init__(self, names: Any, job: Any) -> None:
        self.card = lambda: next(names)
        self.job = job
