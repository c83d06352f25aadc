# -*- test-case-name: tests.gateway.test_events -*-
"""
Tests for L{cardgw.gateway.events}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.events import GAP, Event, EventHub, Subscription, among, concerns
from cardgw.gateway.records import Principal, Role

AA = Principal("code:aa", Role.OPERATOR, "aa")
"""Somebody who was given the code of a card."""


def numbers(events: list[Event]) -> list[Any]:
    """
    What the events of these tests carry, and C{"gap"} where some are missing.
    """
    return [GAP if event.kind == GAP else event.data["n"] for event in events]


class EventHubTests(SynchronousTestCase):
    """
    L{EventHub}.
    """

    def setUp(self) -> None:
        """
        A hub with a small memory.
        """
        self.hub = EventHub(size=4, epoch="e1")
        self.told: list[Event] = []

    def publish(self, *values: int, kind: str = "job.stage") -> None:
        """
        Publish an event for each number.
        """
        for value in values:
            self.hub.publish(kind, {"n": value})

    def after(self, id_: str) -> list[Any]:
        """
        What somebody is told who comes back after this id.
        """
        told: list[Event] = []
        self.hub.subscribe(told.append, id_).stop()
        return numbers(told)

    def test_told(self) -> None:
        """
        Whoever has subscribed is told, in order, until they stop; what was before is not told unless asked for.
        """
        self.publish(1)
        subscription = self.hub.subscribe(self.told.append)
        self.assertEqual(self.hub.listeners, 1)
        self.publish(2, 3)
        subscription.stop()
        subscription.stop()
        self.publish(4)
        self.assertEqual(numbers(self.told), [2, 3])
        self.assertEqual(self.hub.listeners, 0)
        self.assertEqual([event.id for event in self.told], ["e1-2", "e1-3"])

    def test_goesOn(self) -> None:
        """
        After an id, what came later is told first, before what comes now.
        """
        self.publish(1, 2, 3)
        self.hub.subscribe(self.told.append, "e1-1")
        self.publish(4)
        self.assertEqual(numbers(self.told), [2, 3, 4])

    def test_last(self) -> None:
        """
        After the last event there is nothing yet, also where there was none at all.
        """
        self.assertEqual(self.after(self.hub.last), [])
        self.publish(1)
        last = self.hub.last
        self.publish(2, 3)
        self.assertEqual(self.after(last), [2, 3])

    def test_gap(self) -> None:
        """
        Where what came after an id is not all remembered, there is a gap, and then what happens from now on.
        """
        self.publish(1, 2, 3, 4, 5, 6)
        self.assertEqual(self.after("e1-2"), [3, 4, 5, 6])
        self.assertEqual(self.after("e1-1"), [GAP])
        self.hub.subscribe(self.told.append, "e1-1")
        self.publish(7)
        self.assertEqual(numbers(self.told), [GAP, 7])

    def test_afterGap(self) -> None:
        """
        One can go on after a gap as after any event.
        """
        self.publish(1)
        self.hub.subscribe(self.told.append, "e0-77").stop()
        self.publish(2)
        self.assertEqual(self.after(self.told[0].id), [2])

    def test_foreignIds(self) -> None:
        """
        Ids of another process, of events to come, and what is no id at all, give a gap.
        """
        self.publish(1)
        for id_ in ("e0-1", "e1-2", "e1-", "e1", "-1", "e1--1", "e1-²", "e1-" + "9" * 5000, "e1-0x1", " e1-1", "nonsense"):
            self.assertEqual(self.after(id_), [GAP], id_)

    @given(st.text())
    def test_anyId(self, text: str) -> None:
        """
        Whatever somebody gives as an id is answered.
        """
        self.assertIn(self.after(text), ([], [GAP]))

    def test_percent(self) -> None:
        """
        How far a stage has come is told to those who listen, and to nobody later.
        """
        self.publish(1, kind="job.percent")
        self.publish(2)
        self.hub.subscribe(self.told.append)
        self.publish(3, kind="job.percent")
        self.publish(4)
        self.assertEqual(numbers(self.told), [3, 4])
        self.assertEqual(self.after("e1-0"), [2, 4])
        self.assertEqual(self.after(self.told[0].id), [4])

    def test_failing(self) -> None:
        """
        A listener that raises is logged and told again; the others do not notice.
        """
        called: list[Event] = []

        def broken(event: Event) -> None:
            called.append(event)
            raise ValueError(event.id)

        self.hub.subscribe(broken)
        self.hub.subscribe(self.told.append)
        self.publish(1, 2)
        self.assertEqual((numbers(called), numbers(self.told)), ([1, 2], [1, 2]))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)

    def test_sameOrder(self) -> None:
        """
        What a listener publishes is told after what it was told, to all.
        """

        def echo(event: Event) -> None:
            if event.data["n"] < 3:
                self.publish(event.data["n"] + 1)

        self.hub.subscribe(echo)
        self.hub.subscribe(self.told.append)
        self.publish(1)
        self.assertEqual(numbers(self.told), [1, 2, 3])

    def test_publishesInPast(self) -> None:
        """
        What a listener publishes while it is told of the past comes after that past, once.
        """
        self.publish(1, 2)

        def listener(event: Event) -> None:
            self.told.append(event)
            if event.data["n"] == 1:
                self.publish(9)

        self.hub.subscribe(listener, "e1-0")
        self.assertEqual(numbers(self.told), [1, 2, 9])

    def test_subscribesWhenTold(self) -> None:
        """
        Somebody who subscribes while others are being told misses nothing and is told nothing twice.
        """

        def first(event: Event) -> None:
            if event.data["n"] == 1:
                self.publish(2)
                self.hub.subscribe(self.told.append, "e1-0")

        self.hub.subscribe(first)
        self.publish(1)
        self.publish(3)
        self.assertEqual(numbers(self.told), [1, 2, 3])

    def test_stopsAnother(self) -> None:
        """
        Whoever is stopped while others are being told is not told any more.
        """
        others: list[Subscription] = []
        self.hub.subscribe(lambda _: others[0].stop())
        others.append(self.hub.subscribe(self.told.append))
        self.publish(1)
        self.assertEqual(self.told, [])

    def test_ownData(self) -> None:
        """
        An event stays as it was, whatever becomes of what it was made from.
        """
        facts = {"list": [{"a": 1}]}
        self.hub.publish("job.stage", facts)
        facts["list"][0]["a"] = 2
        facts["more"] = []
        self.hub.subscribe(self.told.append, "e1-0")
        self.assertEqual(self.told[0].data, {"list": [{"a": 1}]})

    def test_witness(self) -> None:
        """
        The witness is told first, of all that is not passing, and is no listener: what is for these alone is not made for it.
        """
        seen: list[tuple[str, str]] = []
        self.hub.witness = lambda event: seen.append(("witness", event.kind))
        for kind in ("job.percent", "job.ended"):
            self.hub.publish(kind, {})
        self.assertEqual((seen, self.hub.listeners), ([("witness", "job.ended")], 0))
        self.hub.subscribe(lambda event: seen.append(("listener", event.kind)))
        for kind in ("job.percent", "job.ended"):
            self.hub.publish(kind, {})
        self.assertEqual(seen[1:], [("listener", "job.percent"), ("witness", "job.ended"), ("listener", "job.ended")])

    def test_brokenWitness(self) -> None:
        """
        A defect in it reaches nobody else.
        """
        self.hub.witness = lambda event: event.data["none"]
        self.hub.subscribe(self.told.append)
        self.publish(1)
        self.assertEqual((numbers(self.told), len(self.flushLoggedErrors(KeyError))), ([1], 1))


class AmongTests(SynchronousTestCase):
    """
    L{among}.
    """

    def test_families(self) -> None:
        """
        A family has all kinds that begin with its name, and no others.
        """
        self.assertTrue(among("job.ended", ["card", "job"]))
        self.assertTrue(among("job.ended", ["job.ended"]))
        for chosen in ([], ["jo"], ["job.end"], ["card"], ["job.ended.x"]):
            self.assertFalse(among("job.ended", chosen))


class ConcernsTests(SynchronousTestCase):
    """
    L{concerns}.
    """

    def test_card(self) -> None:
        """
        An event of a card concerns that card; one of a job, the card that it runs on, if whoever manages that has asked for it.
        """
        arrived = Event("1", "card.arrived", {"card": {"id": "aa", "identity": "eid:1"}})
        staged = Event("2", "job.stage", {"job": "7", "card": "eid:1", "channel": "aa", "requester": "code:aa"})
        for event in (arrived, staged):
            self.assertTrue(concerns(event, AA))
            self.assertFalse(concerns(event, evolve(AA, card="bb")))
            self.assertFalse(concerns(event, evolve(AA, card="eid:1")))

    def test_othersJobs(self) -> None:
        """
        What others do with that card is their own.
        """
        for requester in ("token:anna", "card", "code:bb", ""):
            event = Event("1", "job.ended", {"job": "7", "channel": "aa", "requester": requester, "result": {"secret": 1}})
            self.assertFalse(concerns(event, AA))

    def test_page(self) -> None:
        """
        Whoever follows a link is told of all jobs for its card, whoever asked for them.
        """
        page = Principal("link:aa", Role.VIEWER, "aa", follows=True)
        for channel, told in (("aa", True), ("bb", False), ("", False)):
            event = Event("1", "job.ended", {"job": "7", "channel": channel, "requester": "token:anna"})
            self.assertIs(concerns(event, page), told)

    def test_none(self) -> None:
        """
        What is about no card that is here concerns none.
        """
        queued = Event("1", "job.queued", {"job": "7", "card": "eid:1", "channel": None})
        changed = Event("2", "outbox.changed", {"entry": {"card": "eid:1"}})
        unnamed = Event("3", "job.stage", {"job": "7", "card": None, "channel": ""})
        for event in (queued, changed, unnamed):
            self.assertFalse(concerns(event, evolve(AA, card="eid:1")))
            self.assertFalse(concerns(event, evolve(AA, card="")))

    def test_gap(self) -> None:
        """
        A gap concerns everybody.
        """
        self.assertTrue(concerns(Event("1", GAP, {}), AA))
