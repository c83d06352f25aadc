# -*- test-case-name: tests.gateway.test_inventory -*-
"""
L{cardgw.gateway.inventory}.
"""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import Deferred

from cardgw.errors import CardError, GatewayStopping, OperationRefused, PeerLost, PeerSilent
from cardgw.gateway.faults import WrongCode
from cardgw.gateway.ids import Ids
from cardgw.gateway.inventory import Inventory
from cardgw.gateway.records import JobState
from cardgw.testing import GatewayTestsMixin
from cardgw.texts.catalogue import catalogue
from cardgw.values import EUICC, CardRequest, Question, Recognised, Reset
from tests.gateway.fakes import QuietChannel
from tests.gateway.world import ANOTHER, CARD, GatewayTestCase
from tests.logs import captured


class InventoryTests(GatewayTestsMixin, GatewayTestCase):
    """
    What becomes of a card that asks.
    """

    def make_gateway(self) -> Inventory:
        """
        See L{GatewayTestsMixin}.
        """
        return self.inventory


class RequestTests(GatewayTestCase):
    """
    What becomes of a card that asks.
    """

    def told(self) -> list[str]:
        """
        What the observer was told of.
        """
        return [event[0] for event in self.observer.told]

    def test_served(self) -> None:
        """
        A request is routed to its operation with the card's text; the last text is shown when the card has been released.
        """
        channel, served = self.arrive("download")
        self.assertNoResult(served)
        self.assertEqual(self.sessions[0].parameters.code, "abc")
        self.assertEqual(self.sessions[0].quirks.segment_size, 63)
        self.gates[0].callback({"iccid": "89"})
        self.successResultOf(served)
        self.assertEqual(channel.events, ["hold", "release", "show done 1"])
        self.assertEqual(self.told(), ["card_arrived", "job_started", "job_ended"])
        (job,) = self.successResultOf(self.store.jobs.find())
        self.assertEqual((job.state, job.requester, job.operation), (JobState.DONE, "card", "test.run"))

    def test_failed(self) -> None:
        """
        The card holder gets the short form of a failure, and the transport may say goodbye.
        """
        channel, served = self.arrive("download")
        self.gates[0].errback(PeerLost("gone"))
        self.successResultOf(served)
        self.assertEqual(channel.events[-1], "show The card's side closed the connection.")
        self.assertIsInstance(self.observer.told[-1][3], PeerLost)

    def test_language(self) -> None:
        """
        All that is shown is in the language of the settings; what is written down is not.
        """
        self.inventory.words.catalogue = catalogue("de")
        channel, served = self.arrive("download")
        self.gates[0].errback(PeerSilent("for 60 s"))
        self.successResultOf(served)
        self.assertEqual(channel.events[-1], "show Die Karte hat nicht rechtzeitig geantwortet.")
        (job,) = self.successResultOf(self.store.jobs.find())
        assert job.error is not None
        self.assertEqual(job.error.brief, "The card's side did not answer in time.")
        channel, served = self.arrive("unheard-of")
        self.successResultOf(served)
        self.assertEqual(channel.events, ["show Das kann dieser Server noch nicht."])

    def test_noRoute(self) -> None:
        """
        A request that settings route nowhere is answered, not left alone.
        """
        channel, served = self.arrive("notifications")
        self.successResultOf(served)
        self.assertEqual(channel.events, ["show This server cannot do that yet."])

    def test_missingOperation(self) -> None:
        """
        An operation that has been taken away meanwhile is a failed job.
        """
        _, served = self.arrive("gone")
        self.successResultOf(served)
        self.assertEqual(self.told(), ["card_arrived", "job_started", "job_ended"])

    def test_stopping(self) -> None:
        """
        A transport that stops cancels; the operation winds up, and the card holder is told why.
        """
        channel, served = self.arrive("download")
        served.cancel()
        self.successResultOf(served)
        self.assertIsInstance(self.observer.told[-1][3], GatewayStopping)
        self.assertEqual(channel.events[-2:], ["release", f"show {GatewayStopping().brief}"])

    def test_gone(self) -> None:
        """
        A card that has gone is forgotten; showing it the result is not tried in vain with noise.
        """
        channel, served = self.arrive("download")
        channel._lost(PeerLost())
        self.gates[0].callback({})
        self.successResultOf(served)
        self.assertEqual(self.inventory.visits, {})
        self.assertIn("card_gone", self.told())

    def test_shut(self) -> None:
        """
        A card that comes before the gateway can do anything waits.  One that goes meanwhile is not served; one whose transport is
        stopped neither.
        """
        self.inventory.shut()
        (_, served), (gone, left), (_, stopped) = [self.arrive("download") for _ in range(3)]
        gone._lost(PeerLost())
        stopped.cancel()
        self.successResultOf(stopped)
        self.assertEqual(self.sessions, [])
        self.inventory.open()
        self.successResultOf(left)
        self.assertEqual(len(self.sessions), 1)
        self.gates[0].callback({})
        self.successResultOf(served)

    def test_nobodyLooks(self) -> None:
        """
        Where texts cannot be shown, none is.
        """
        channel = QuietChannel(CardRequest("download"), frozenset())
        self.inventory.arrived(channel)
        self.gates[0].callback({})
        self.assertEqual(channel.events, ["hold", "release"])

    def test_storeFails(self) -> None:
        """
        A store that fails does not keep a card from what it asked for; it is logged.
        """
        events = captured(self)
        self.successResultOf(self.store.close())
        for shared, more in ((False, set()), (True, {"queue-not-read"})):
            self.jobs.shared = shared
            channel, served = self.arrive("download")
            self.sessions[-1].farewell("Installed.")
            self.gates[-1].callback({})
            self.successResultOf(served)
            self.assertEqual(channel.events[-1], "show Installed.")
            self.assertEqual({event["event"] for event in events}, {"job-not-stored"} | more)

    def test_afterwards(self) -> None:
        """
        When a card that is known has got what it asked for, the jobs that wait for it are done, too; its holder is told once.
        """
        first, second = self.queue(), self.queue()
        channel, served = self.arrive("download")
        self.sessions[0].identified(CARD)
        for number in range(3):
            self.gates[number].callback({})
        self.successResultOf(served)
        self.assertEqual({self.state(first.id), self.state(second.id)}, {JobState.DONE})
        self.assertEqual(channel.events[-1], "show done 1\ndone 2\ndone 3")
        self.assertEqual(self.jobs.absent, 0)

    def test_lookedAt(self) -> None:
        """
        A card that its operation did not identify is identified only where there are jobs that wait.
        """
        asked: list[str] = []

        async def identify(channel: object, quirks: object) -> Recognised:
            asked.append("who")
            return Recognised(CARD, EUICC)

        self.inventory.identify = identify
        for expected in (0, 1):
            _, served = self.arrive("download")
            self.gates[-1].callback({})
            while not served.called:
                self.gates[-1].callback({})
            self.assertEqual(len(asked), expected)
            self.queue()

    def test_askedFor(self) -> None:
        """
        What somebody wants done to the card that is here, whoever it is, is done when it has got what it came for.
        """
        self.found = ""
        _, served = self.arrive("download")
        (visit,) = self.inventory.visits.values()
        visit.asked = True
        job = self.queue(card="", channel=visit.id)
        self.gates[0].callback({})
        self.assertEqual(self.state(job.id), JobState.RUNNING)
        self.gates[1].callback({})
        self.successResultOf(served)
        self.assertEqual(self.state(job.id), JobState.DONE)

    def test_stoppedAfterwards(self) -> None:
        """
        A card that has got what it came for is told so, also if the transport stops while it is asked who it is.
        """
        self.queue()
        asking = Deferred[Recognised]()
        self.patch(self.inventory, "identify", lambda channel, quirks: asking)
        channel, served = self.arrive("download")
        self.gates[0].callback({})
        self.assertNoResult(served)
        served.cancel()
        self.successResultOf(served)
        self.assertEqual(channel.events[-1], "show done 1")

    def test_sameId(self) -> None:
        """
        No two cards that are here have the same id.
        """
        names = iter(("aa", "aa", "aa", "bb"))
        self.patch(Ids, "card", lambda ids: next(names))
        self.arrive()
        self.arrive()
        self.assertEqual(list(self.inventory.visits), ["aa", "bb"])

    def test_reset(self) -> None:
        """
        A card that is to be started anew is told the text first.
        """
        channel = _Resettable(CardRequest("download"))
        served = self.inventory.arrived(channel)
        self.sessions[0].farewell("Enabled.", Reset.REBOOT)
        self.gates[0].callback({})
        self.successResultOf(served)
        self.assertEqual(channel.events[-2:], ["show Enabled.", "reset REBOOT"])


class StayTests(GatewayTestCase):
    """
    Cards that wait for work.
    """

    def test_cardWithoutRequest(self) -> None:
        """
        A card that asked for nothing is identified, and stays until it goes.
        """
        channel, served = self.arrive()
        self.assertNoResult(served)
        (visit,) = self.inventory.visits.values()
        self.assertEqual((visit.identity, visit.managed), (CARD, False))
        self.assertEqual(self.kinds(), ["card.arrived", "card.identified"])
        self.clock.advance(100_000)
        self.assertNoResult(served)
        self.successResultOf(channel.close())
        self.successResultOf(served)
        self.assertEqual(self.inventory.visits, {})
        self.assertEqual(self.kinds()[-1], "card.gone")

    def test_work(self) -> None:
        """
        Jobs that wait for it are done when it comes, later ones when they are queued; one after another.
        """
        first = self.queue()
        self.arrive()
        (visit,) = self.inventory.visits.values()
        self.assertEqual((len(self.sessions), visit.record().job), (1, first.id))
        second = self.queue()
        visit.ring()
        self.assertEqual(len(self.sessions), 1)
        self.gates[0].callback({})
        self.gates[1].callback({})
        self.assertEqual([self.state(job.id) for job in (first, second)], [JobState.DONE, JobState.DONE])

    def test_anything(self) -> None:
        """
        A card that asks for something of which nothing is said, or which just comes, is answered as any: no code is for it, it
        stays until it goes.
        """
        self.jobs.book.routes = {("test", "*"): "stay", ("test", "arrival"): "stay"}
        for request in ("arrival", "update"):
            channel, served = self.arrive(request)
            self.assertEqual([each for each in channel.events if each.startswith("show")], [])
            self.clock.advance(100_000)
            self.assertNoResult(served)
        self.assertTrue(all(visit.managed for visit in self.inventory.visits.values()))

    def test_notAnything(self) -> None:
        """
        What settings name is answered as they say: by an operation, with a code, or not at all.
        """
        self.jobs.book.routes = {("test", "*"): "stay", ("test", "a"): "test.run", ("test", "b"): "stay", ("test", "c"): ""}
        self.arrive("a")
        self.assertEqual(len(self.sessions), 1)
        self.assertIn("show Code:", self.arrive("b")[0].events[-1])
        self.assertIsInstance(self.successResultOf(self.arrive("c")[1]), OperationRefused)

    def test_outcome(self) -> None:
        """
        The transport learns whether what the card asked for has been done.
        """
        _, served = self.arrive("download")
        self.gates[0].callback({})
        self.assertIsNone(self.successResultOf(served))
        _, served = self.arrive("download")
        self.gates[1].errback(CardError("no room"))
        self.assertIn("no room", str(self.successResultOf(served)))

    def test_arrival(self) -> None:
        """
        A card that stays and cannot show its holder anything has no code, and stays until it goes.
        """
        served = self.inventory.arrived(QuietChannel(CardRequest("manage"), frozenset()))
        (visit,) = self.inventory.visits.values()
        self.assertEqual((visit.identity, visit.managed), (CARD, True))
        job = self.queue()
        visit.ring()
        self.gates[0].callback({})
        self.assertEqual(self.state(job.id), JobState.DONE)
        self.clock.advance(100_000)
        self.assertNoResult(served)
        self.inventory.wind_up()
        self.successResultOf(served)

    def test_managed(self) -> None:
        """
        A card that asks to be managed shows its holder a code; with it somebody may manage this card.
        """
        channel, served = self.arrive("manage")
        (visit,) = self.inventory.visits.values()
        self.assertTrue(visit.managed)
        code = channel.events[-1].split("Code: ")[1].split("\n")[0]
        _, card = self.inventory.claims.claim(code, "127.0.0.1")
        self.assertEqual(card, visit.id)
        self.clock.advance(899)
        self.assertNoResult(served)
        self.clock.advance(1)
        self.successResultOf(served)
        self.assertEqual(channel.events[-1], "show Remote management has ended.")

    def test_idleCountsAnew(self) -> None:
        """
        Each job gives a managed card its time again.
        """
        _, served = self.arrive("manage")
        (visit,) = self.inventory.visits.values()
        self.clock.advance(800)
        self.queue()
        visit.ring()
        self.gates[0].callback({})
        self.clock.advance(800)
        self.assertNoResult(served)

    def test_patience(self) -> None:
        """
        A card whose side cannot wait gets what waits for it, and is let go when nothing is left; its side may wait a little.
        """
        for patience in (0.0, 30.0):
            job = self.queue()
            channel = QuietChannel(None)
            channel.info = evolve(channel.info, patience=patience)
            served = self.inventory.arrived(channel)
            self.assertEqual(self.state(job.id), JobState.RUNNING)
            self.clock.advance(1)
            self.gates[-1].callback({})
            self.assertEqual(self.state(job.id), JobState.DONE)
            if patience:
                self.clock.advance(patience - 1)
                self.assertNoResult(served)
            self.clock.advance(1)
            self.successResultOf(served)
            channel._lost(None)

    def test_holderLeaves(self) -> None:
        """
        When the holder ends it, the code is worth nothing any more, and what was queued for this visit has failed or waits.
        """
        channel, served = self.arrive("manage")
        (visit,) = self.inventory.visits.values()
        _, token = visit.id, self.inventory.claims.offer(visit.id)
        visit.asked = True
        job = self.queue(channel=visit.id, card="", operation="test.run")
        channel._lost(PeerLost())
        self.successResultOf(served)
        self.assertRaises(WrongCode, self.inventory.claims.claim, token, "127.0.0.1")
        self.assertEqual(self.state(job.id), JobState.FAILED)

    def test_lostWhileAsking(self) -> None:
        """
        A card is lost while its job waits for an answer: nobody is asked any more, and the job waits for the next visit.
        """
        job = self.queue()
        channel, served = self.arrive("manage")
        self.sessions[0].ask(Question("consent", "Really?")).addErrback(self.gates[0].errback)
        self.assertEqual(self.state(job.id), JobState.WAITING)
        channel._lost(PeerLost())
        self.successResultOf(served)
        self.assertEqual((self.state(job.id), self.stored(job.id).question), (JobState.QUEUED, None))

    def test_cameAgain(self) -> None:
        """
        A card dials in anew while its old connection seems to be alive: when that breaks, its job is done over the new one.
        """
        job = self.queue()
        old, _ = self.arrive("manage")
        self.arrive("manage")
        old._lost(PeerLost())
        self.gates[0].errback(PeerLost())
        self.assertEqual((len(self.sessions), self.state(job.id)), (2, JobState.RUNNING))
        self.gates[1].callback({})
        self.assertEqual(self.state(job.id), JobState.DONE)

    def test_dismiss(self) -> None:
        """
        An operator sends a card away: what runs is cancelled first.
        """
        job = self.queue()
        channel, served = self.arrive("manage")
        (visit,) = self.inventory.visits.values()
        self.successResultOf(Deferred.fromCoroutine(self.inventory.dismiss(visit, "token:anna")))
        self.successResultOf(served)
        self.assertEqual(self.state(job.id), JobState.CANCELLED)
        self.assertEqual(channel.events[-1], "show Remote management has ended.")

    def test_windUp(self) -> None:
        """
        When the gateway stops, a card that only waits is let go at once; one that is at work when that has ended.
        """
        idle, gone = self.arrive("manage")
        self.found = ANOTHER
        self.queue(card=ANOTHER)
        _, busy = self.arrive("manage")
        self.inventory.wind_up()
        self.successResultOf(gone)
        self.assertEqual(idle.events[-1], f"show {GatewayStopping().brief}")
        self.assertNoResult(busy)
        self.gates[0].callback({})
        self.successResultOf(busy)

    def test_holderEnds(self) -> None:
        """
        A holder who ends the waiting is no misfortune.
        """
        channel, _ = self.arrive("manage")
        channel._lost(PeerLost("it said goodbye"))
        self.assertEqual((self.events[-1].kind, self.events[-1].data["reason"]), ("card.gone", None))

    def test_stopping(self) -> None:
        """
        When the transport stops, the holder of a managed card is told so.
        """
        channel, served = self.arrive("manage")
        served.cancel()
        self.successResultOf(served)
        self.assertEqual(channel.events[-1], f"show {GatewayStopping().brief}")

    def test_storeFails(self) -> None:
        """
        Without a store there is no work; the card is sent away with a word.
        """
        events = captured(self)
        self.successResultOf(self.store.close())
        channel, served = self.arrive("manage")
        self.successResultOf(served)
        self.assertIn("not-served", {event.get("event") for event in events})
        self.assertEqual(channel.events[-1], "show This server has a problem. Please try again later.")


class _Resettable(QuietChannel):
    """
    A channel whose card can be rebooted.
    """

    def __init__(self, request: CardRequest) -> None:
        super().__init__(request, resets=frozenset({Reset.REBOOT}))

    def _reset(self, kind: Reset) -> Deferred[None]:
        self.events.append(f"reset {kind.name}")
        self._lost(None)
        return self.when_gone().addCallback(lambda _: None)
