# -*- test-case-name: tests.gateway.test_recognition -*-
"""
L{cardgw.gateway.recognition}, and what becomes of cards that just come.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from cardgw.errors import ChannelError, GatewayStopping, MalformedAnswer, PeerLost, PeerMisbehaved
from cardgw.gateway.recognition import unidentified
from cardgw.gateway.records import JobState
from cardgw.gateway.visit import Visit
from cardgw.quirks import Quirks
from cardgw.values import CardRequest, Feature, Recognised, Reset
from tests.gateway.fakes import QuietChannel
from tests.gateway.world import CARD, GatewayTestCase
from tests.logs import captured

CUID = "cuid:4790503278900612AB34"
NOTHING: frozenset[Feature] = frozenset()


class LocalChannel(QuietChannel):
    """
    A channel to a card in a reader.
    """

    def __init__(self, identity: str = "") -> None:
        super().__init__(CardRequest("arrival"), NOTHING, frozenset({Reset.WARM}), identity)

    def _reset(self, kind: Reset) -> Deferred[None]:
        self.events.append(f"reset {kind.name}")
        return succeed(None)


class ArrivalTestCase(GatewayTestCase):
    """
    Cards that just come.
    """

    routes = {("test", "arrival"): "stay", ("test", "euicc"): "test.again", ("test", "globalplatform"): "test.run"}

    def come(self) -> tuple[LocalChannel, Deferred[Any], Visit]:
        """
        A card comes.
        """
        channel = LocalChannel()
        served = self.inventory.arrived(channel)
        return channel, served, list(self.inventory.visits.values())[-1]

    def say(self, **routes: str) -> None:
        """
        Settings say this about cards that come.
        """
        self.jobs.book.routes = {("test", kind): name for kind, name in routes.items()}

    def done(self) -> list[tuple[str, JobState, str]]:
        """
        The jobs that there were: operation, state, card.
        """
        return [(job.operation, job.state, job.card) for job in self.successResultOf(self.store.jobs.find())]


class RouteTests(ArrivalTestCase):
    """
    What is done to a card that comes.
    """

    def test_byKind(self) -> None:
        """
        A card is identified first; then what settings say about its kind is done, with parameters that are not given, by a job
        that knows who the card is; then it stays.
        """
        channel, served, visit = self.come()
        self.assertEqual((self.sessions[0].identity, visit.managed, visit.record().kind), (CARD, True, "euicc"))
        self.assertEqual(self.sessions[0].parameters.code, "")
        self.sessions[0].farewell("Enabled.", Reset.WARM)
        self.gates[0].callback({})
        self.assertEqual(self.done(), [("test.again", JobState.DONE, CARD)])
        self.assertEqual(channel.events, ["hold", "release", "hold", "release", "reset WARM"])
        self.assertNoResult(served)
        self.assertEqual(self.kinds(), ["card.arrived", "card.identified", "job.started", "job.ended"])
        self.successResultOf(channel.close())
        self.successResultOf(served)

    def test_anotherKind(self) -> None:
        """
        A card of another kind: another operation.
        """
        self.found, self.kind = CUID, "globalplatform"
        self.come()
        self.gates[0].callback({})
        self.assertEqual(self.done(), [("test.run", JobState.DONE, CUID)])

    def test_fallBack(self) -> None:
        """
        Where nothing is said about its kind, or it is of none, what is said of all cards that come is done.
        """
        self.say(arrival="test.again", euicc="test.run")
        for found, kind in (("uid:04A1B2C3", "contactless"), ("", "")):
            self.found, self.kind = found, kind
            self.come()
            self.gates[-1].callback({})
        self.assertEqual({name for name, _, _ in self.done()}, {"test.again"})

    def test_stay(self) -> None:
        """
        A card of which nothing is said but that it stays: it is identified once, and jobs are done to it.
        """
        self.say(arrival="stay", contactless="test.run")
        self.found, self.kind = "", "globalplatform"
        channel, served, visit = self.come()
        self.assertEqual((visit.managed, visit.record().kind, channel.events), (True, "globalplatform", ["hold", "release"]))
        job = self.queue(card="", channel=visit.id)
        visit.asked = True
        visit.ring()
        self.gates[0].callback({})
        self.assertEqual(self.state(job.id), JobState.DONE)
        self.assertNoResult(served)

    def test_known(self) -> None:
        """
        Where the transport knows who the card is, it is not asked; its identity tells its kind.
        """
        channel = LocalChannel(CUID)
        self.inventory.arrived(channel)
        (visit,) = self.inventory.visits.values()
        self.gates[0].callback({})
        self.assertEqual((visit.identity, visit.record().kind, channel.events), (CUID, "globalplatform", ["hold", "release"]))
        self.assertEqual(self.done(), [("test.run", JobState.DONE, CUID)])

    def test_afterwards(self) -> None:
        """
        Jobs that wait for the card come after that which is done to all.
        """
        job = self.queue()
        _, served, _ = self.come()
        self.assertEqual(self.state(job.id), JobState.QUEUED)
        self.gates[0].callback({})
        self.assertEqual(self.state(job.id), JobState.RUNNING)
        self.gates[1].callback({})
        self.assertEqual(self.state(job.id), JobState.DONE)
        self.assertNoResult(served)

    def test_failed(self) -> None:
        """
        A card on which that fails stays, too.
        """
        _, served, _ = self.come()
        self.gates[0].errback(MalformedAnswer("nonsense"))
        self.assertEqual(self.done(), [("test.again", JobState.FAILED, CARD)])
        self.assertNoResult(served)

    def test_nothing(self) -> None:
        """
        Where settings say nothing about cards that come, they are left alone; where it is about others only, after it is known
        that this is none of them.
        """
        events = captured(self)
        for routes, looked in (({}, []), ({"contactless": "test.run"}, ["hold", "release"])):
            self.say(**routes)
            channel, served, _ = self.come()
            self.successResultOf(served)
            self.assertEqual(channel.events, looked)
        self.assertEqual([event["event"] for event in events], ["request-without-route"] * 2)

    def test_otherRequests(self) -> None:
        """
        What a card asks for itself is not decided by its kind, and it is not asked who it is first.
        """
        self.say(euicc="test.again", download="test.run")
        _, served = self.arrive("download")
        self.gates[0].callback({})
        self.successResultOf(served)
        self.assertEqual(self.done(), [("test.run", JobState.DONE, "")])


class TroubleTests(ArrivalTestCase):
    """
    It does not go well.
    """

    def identify_with(self, outcome: Deferred[Recognised]) -> None:
        """
        What comes of asking the card who it is.
        """
        self.inventory.identify = lambda channel, quirks: outcome

    def test_lost(self) -> None:
        """
        A card that is lost while it is asked who it is has left, whichever of both is told first; nothing is done to it.
        """
        for error_first in (True, False):
            asking: Deferred[Recognised] = Deferred()
            self.identify_with(asking)
            channel, served, _ = self.come()
            steps = [lambda asking=asking: asking.errback(PeerLost()), lambda channel=channel: channel._lost(PeerLost())]
            for step in steps if error_first else reversed(steps):
                step()
            self.successResultOf(served)
        self.assertEqual((self.done(), self.inventory.visits), ([], {}))

    def test_endless(self) -> None:
        """
        A card that makes the channel fail, and is here all the same, stays; what is done to all is not done to it.
        """
        self.say(arrival="test.again")
        self.identify_with(fail(PeerMisbehaved("it goes on and on")))
        events = captured(self)
        _, served, visit = self.come()
        self.assertNoResult(served)
        self.assertEqual((visit.identity, visit.managed, self.done()), ("", True, []))
        self.assertEqual([event["event"] for event in events], ["not-identified"])

    def test_stopped(self) -> None:
        """
        When the transport stops, what is being done winds up, and the card does not stay.
        """
        _, served, _ = self.come()
        served.cancel()
        self.successResultOf(served)
        self.assertIsInstance(self.observer.told[-1][3], GatewayStopping)
        self.identify_with(Deferred())
        _, served, _ = self.come()
        served.cancel()
        self.successResultOf(served)

    def test_windUp(self) -> None:
        """
        When the gateway stops, the card may go when what is being done has ended.
        """
        _, served, _ = self.come()
        self.inventory.wind_up()
        self.assertNoResult(served)
        self.gates[0].callback({})
        self.successResultOf(served)

    def test_dismissed(self) -> None:
        """
        An operator may send it away meanwhile.
        """
        _, served, visit = self.come()
        self.successResultOf(Deferred.fromCoroutine(self.inventory.dismiss(visit, "token:anna")))
        self.successResultOf(served)
        self.assertEqual(self.done(), [("test.again", JobState.CANCELLED, CARD)])

    def test_gone(self) -> None:
        """
        A card that goes in the midst of it is gone.
        """
        channel, served, _ = self.come()
        reason: ChannelError = PeerLost("pulled out")
        channel._lost(reason)
        self.gates[0].errback(reason)
        self.successResultOf(served)

    def test_unidentified(self) -> None:
        """
        A gateway that knows no cards finds out nothing.
        """
        nothing: Any = None
        found = self.successResultOf(Deferred.fromCoroutine(unidentified(nothing, Quirks())))
        self.assertEqual((found.identity, found.kind), ("", ""))
