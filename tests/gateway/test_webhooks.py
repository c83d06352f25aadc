"""
Tests of L{cardgw.gateway.webhooks}; see L{tests.functional.test_webhooks} for them over sockets.
"""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred, fail

from cardgw.errors import CardGatewayError
from cardgw.gateway import webhooks as webhooks_module
from cardgw.gateway.faults import StoreError
from cardgw.gateway.outbox_worker import PAUSES
from cardgw.gateway.webhook_courier import WebhookCourier, open_webhooks
from cardgw.gateway.webhook_settings import WebhookSettings
from cardgw.gateway.webhooks import STORE_PAUSE, Webhooks
from cardgw.secrets import Secrets
from cardgw.values import OutboxEntry, ParcelState
from tests.gateway.couriers import OutboxTestCase
from tests.gateway.test_webhook_settings import webhook
from tests.logs import captured

ENDED = {"job": "1", "state": "done", "card": "eid:1"}


class WebhooksTestCase(OutboxTestCase):
    """
    Webhooks on an outbox whose courier a test directs.
    """

    def setUp(self) -> None:
        """
        One that is told what has ended.
        """
        super().setUp()
        self.courier.kind = "webhook"
        self.outbox = self.make_outbox()
        self.webhooks = Webhooks(self.outbox, WebhookCourier(self.clock, Secrets({})), self.clock)
        self.use(webhook(name="desk", events=["job.ended"]))
        self.events.clear()

    def use(self, *settings: WebhookSettings) -> None:
        """
        Have these.
        """
        self.webhooks.use(open_webhooks(settings))

    def stored(self) -> tuple[OutboxEntry, ...]:
        """
        What is in the outbox, the oldest first.
        """
        found: tuple[OutboxEntry, ...] = self.successResultOf(self.store.outbox.find())
        return found[::-1]

    def start(self) -> None:
        """
        Deliver, until the test ends.
        """
        self.outbox.start()
        self.addCleanup(lambda: self.successResultOf(self.outbox.stop()))


class OwedTests(WebhooksTestCase):
    """
    What becomes of an event.
    """

    def test_parcel(self) -> None:
        """
        It is kept, on no card, with all that the receiver is to know.
        """
        self.hub.publish("job.ended", ENDED)
        (entry,) = self.stored()
        parcel = entry.parcel
        self.assertEqual((parcel.kind, parcel.card, parcel.number, parcel.address), ("webhook", "", 1, "desk"))
        self.assertEqual((parcel.facts, parcel.remove), ({"event": "job.ended", "id": "e-1"}, False))
        self.assertEqual((entry.state, entry.on_card, entry.next_attempt), (ParcelState.WAITING, False, self.clock.seconds()))
        time = "2023-11-14T22:13:20.000Z"
        expected = {"id": "e-1", "webhook": "desk", "kind": "job.ended", "time": time, "data": ENDED}
        self.assertEqual(json.loads(parcel.payload), expected)

    def test_atOnce(self) -> None:
        """
        It is sent at once, by nobody's doing, and then is done with.
        """
        self.start()
        self.hub.publish("job.ended", ENDED)
        self.assertEqual(self.courier.numbers, [1])
        (entry,) = self.stored()
        self.assertEqual((entry.state, entry.on_card), (ParcelState.DELIVERED, False))

    def test_keptFirst(self) -> None:
        """
        Nothing is sent before it is written down.
        """
        self.start()
        written: Deferred[Any] = Deferred()
        self.table.answers["keep"] = lambda ask: written.addCallback(lambda _: ask())
        self.hub.publish("job.ended", ENDED)
        self.assertEqual(self.courier.numbers, [])
        written.callback(None)
        self.assertEqual(self.courier.numbers, [1])

    def test_chosen(self) -> None:
        """
        Each is told the kinds and families that it wants, and nothing else.
        """
        self.use(webhook(name="desk", events=["job.ended"]), webhook(name="all", events=["job", "card.gone"]))
        for kind in ("card.arrived", "job.queued", "job.percent", "job.ended", "card.gone"):
            self.hub.publish(kind, {})
        told = [(each.parcel.address, each.parcel.facts["event"]) for each in self.stored()]
        self.assertEqual(told, [("all", "job.queued"), ("desk", "job.ended"), ("all", "job.ended"), ("all", "card.gone")])

    def test_notItself(self) -> None:
        """
        Who wants to know of the outbox is told of notifications, and not of what it is told itself: that would never end.
        """
        self.use(webhook(name="desk", events=["outbox"]))
        self.start()
        self.kept()
        self.assertEqual([each.facts["event"] for each in self.courier.carried], ["outbox.changed"])
        kinds = [each.data["entry"]["kind"] for each in self.events]
        self.assertEqual(kinds, ["notification", "webhook", "webhook"])

    def test_none(self) -> None:
        """
        Without webhooks, or without them any more, nothing is kept; nor do they make the gateway tell of each percent.
        """
        self.assertEqual((self.hub.listeners, self.hub.witness is not None), (1, True))
        self.use()
        self.assertIsNone(self.hub.witness)
        self.hub.publish("job.ended", ENDED)
        self.assertEqual(self.stored(), ())

    def test_strange(self) -> None:
        """
        What a plugin put into its facts is told as text where JSON has no such value.
        """
        self.hub.publish("job.ended", {"facts": {"x": b"\x01"}, "text": "\ud800ü"})
        (entry,) = self.stored()
        self.assertEqual(json.loads(entry.parcel.payload)["data"], {"facts": {"x": "b'\\x01'"}, "text": "\ud800ü"})

    def test_inClear(self) -> None:
        """
        The log warns of one that others can read.
        """
        events = captured(self)
        self.use(webhook(name="desk", url="http://desk.example/hunter2"), webhook(name="here", url="http://127.0.0.1/hunter2"))
        (told,) = events
        self.assertEqual((told["event"], told["webhook"]), ("webhook-in-clear", "desk"))
        self.assertNotIn("hunter2", repr(told))


class OrderTests(WebhooksTestCase):
    """
    One after another.
    """

    def test_order(self) -> None:
        """
        To one receiver in the order of what happened, one at a time; others do not wait for it.
        """
        self.use(webhook(name="desk", events=["job"]), webhook(name="other", events=["card"]))
        self.start()
        self.courier.holding = True
        for _ in range(3):
            self.hub.publish("job.ended", ENDED)
        self.hub.publish("card.gone", {})
        self.assertEqual([(each.address, each.number) for each in self.courier.carried], [("desk", 1), ("other", 7)])
        for _ in range(4):
            self.courier.arrive()
        desk = [each.number for each in self.courier.carried if each.address == "desk"]
        self.assertEqual((desk, len(self.courier.on_the_way)), (sorted(desk), 0))
        self.assertEqual(len(desk), 3)

    def test_rests(self) -> None:
        """
        A receiver that fails is left alone for a while; then it gets all, without anybody's doing.
        """
        self.start()
        self.courier.outcomes.append(CardGatewayError("away"))
        for _ in range(3):
            self.hub.publish("job.ended", ENDED)
        self.assertEqual(len(self.courier.carried), 1)
        self.clock.pump([1] * int(PAUSES[0] * 1.2))
        self.assertEqual({each.state for each in self.stored()}, {ParcelState.DELIVERED})
        self.assertEqual(len(self.courier.carried), 4)


class StoreTests(WebhooksTestCase):
    """
    The store cannot be used.
    """

    def failing(self, count: int = 1) -> None:
        """
        For the next times.
        """
        left = [None] * count

        def answer(ask: Any) -> Deferred[Any]:
            left.pop()
            if left:
                self.table.answers["keep"] = answer
            return fail(StoreError("the disk is full"))

        self.table.answers["keep"] = answer

    def test_later(self) -> None:
        """
        What happens meanwhile is stored later, in its order; the log says so once.
        """
        events = captured(self)
        self.failing(3)
        self.hub.publish("job.ended", ENDED)
        self.hub.publish("job.ended", ENDED)
        self.assertEqual(self.stored(), ())
        self.clock.advance(STORE_PAUSE)
        self.clock.advance(STORE_PAUSE)
        self.assertEqual({each.parcel.facts["id"] for each in self.stored()}, {"e-1", "e-2"})
        self.assertEqual([each["event"] for each in events], ["webhooks-not-stored"])
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.successResultOf(self.webhooks.stop())

    def test_stopped(self) -> None:
        """
        Who stops waits for what is being stored, and not for a store that cannot be used.
        """
        events = captured(self)
        writing: Deferred[Any] = Deferred()
        self.failing()
        self.hub.publish("job.ended", ENDED)
        self.table.answers["keep"] = lambda ask: writing.addCallback(lambda _: ask())
        self.hub.publish("job.ended", ENDED)
        stopping = self.webhooks.stop()
        self.assertNoResult(stopping)
        writing.callback(None)
        self.successResultOf(stopping)
        self.assertEqual([each["event"] for each in events], ["webhooks-not-stored", "webhook-lost"])
        self.assertEqual([each.parcel.number for each in self.stored()], [2])
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.failing()
        self.hub.publish("job.ended", ENDED)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_tooMany(self) -> None:
        """
        Memory is not filled with what cannot be stored; the log names what is lost.
        """
        self.patch(webhooks_module, "MOST_UNSTORED", 1)
        events = captured(self)
        self.failing()
        self.hub.publish("job.ended", ENDED)
        self.hub.publish("job.ended", ENDED)
        self.assertEqual([(each["event"], each.get("number")) for each in events][1:], [("webhook-lost", 2)])
        self.successResultOf(self.webhooks.stop())

    def test_defect(self) -> None:
        """
        Anything else is a defect, logged as one.
        """
        self.table.answers["keep"] = lambda ask: fail(KeyError("x"))
        self.hub.publish("job.ended", ENDED)
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)
        self.assertIsNone(self.successResultOf(self.webhooks.stop()))
