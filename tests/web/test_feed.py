# -*- test-case-name: tests.web.test_feed -*-
"""
Tests for L{cardgw.web.feed}.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve
from twisted.internet.testing import StringTransport

from cardgw.gateway.events import Event
from cardgw.gateway.faults import StoreError
from cardgw.gateway.shown import card_json
from cardgw.web.feed import HEARTBEAT, MOST_STALLED, QUEUE, event_text
from tests.web.client import HOST, Connection, Transport, WebTestCase, encoded
from tests.web.samples import GUEST, SECRETS

BEAT = b": still here"


def body(octets: bytes) -> bytes:
    """
    The body in chunks, without their frames.
    """
    found = b""
    while octets:
        size, _, octets = octets.partition(b"\r\n")
        found, octets = found + octets[: int(size, 16)], octets[int(size, 16) + 2 :]
    return found


def events(octets: bytes) -> list[dict[str, str]]:
    """
    The events in a body.
    """
    blocks = [block.split("\n") for block in body(octets).decode().split("\n\n")]
    fields = [dict(line.split(": ", 1) for line in block if line and not line.startswith(":")) for block in blocks]
    return [each for each in fields if "event" in each]


class FeedTestCase(WebTestCase):
    """
    Tests that follow.
    """

    def follow(self, query: str = "", role: str = "viewer", **headers: str) -> Connection:
        """
        Follow what happens.
        """
        connection = self.connect()
        given = {"Host": HOST, "Authorization": f"Bearer {SECRETS.get(role, role)}", **headers}
        self.head, _, rest = connection.send(encoded("GET", f"/api/v1/events{query}", given, None)).partition(b"\r\n\r\n")
        self.first = rest
        return connection

    def publish(self, *jobs: str, kind: str = "job.queued") -> None:
        """
        Something happens to jobs.
        """
        for job in jobs:
            self.control.events.publish(kind, {"job": job})

    def jobs(self, connection: Connection) -> list[Any]:
        """
        The jobs that were told since the last time.
        """
        return [json.loads(each["data"]).get("job", each["event"]) for each in events(connection.read())]


class FollowTests(FeedTestCase):
    """
    Following.
    """

    def test_begin(self) -> None:
        """
        The answer begins at once, and says when to come back.
        """
        self.follow()
        self.assertTrue(self.head.startswith(b"HTTP/1.1 200"))
        for header in (b"Content-Type: text/event-stream", b"Cache-Control: no-store", b"X-Accel-Buffering: no"):
            self.assertIn(header, self.head)
        self.assertEqual(body(self.first), b"retry: 3000\n\n")

    def test_events(self) -> None:
        """
        Events come with id, kind and data.
        """
        connection = self.follow()
        self.publish("j1")
        self.assertEqual(events(connection.read()), [{"id": "epoch-1", "event": "job.queued", "data": '{"job":"j1"}'}])

    def test_text(self) -> None:
        """
        Whatever is in an event, it is one line of data.
        """
        text = event_text(Event("e-1", "job.stage", {"a": "x\r\ny\u2028 Zoë \ud800"}))
        self.assertEqual(text, b'id: e-1\nevent: job.stage\ndata: {"a":"x\\r\\ny\xe2\x80\xa8 Zo\xc3\xab ?"}\n\n')

    def test_again(self) -> None:
        """
        Who comes back gets what it has missed; by the header or the query.
        """
        self.publish("j1", "j2", "j3")
        for number, (query, headers) in enumerate((("", {"Last-Event-ID": "epoch-1"}), ("?last_event_id=epoch-1", {}))):
            connection = self.follow(query, **headers)
            self.assertEqual([json.loads(each["data"])["job"] for each in events(self.first)][:2], ["j2", "j3"])
            self.publish(f"new{number}")
            self.assertEqual(self.jobs(connection), [f"new{number}"])

    def test_all(self) -> None:
        """
        That is all that is remembered, though a connection takes only so much at a time.
        """

        def write(transport: Transport, data: bytes) -> None:
            StringTransport.write(transport, data)
            if len(transport.value()) > 10_000:
                transport.producer.pauseProducing()

        self.patch(Transport, "write", write)
        size = self.control.events.size
        self.publish(*(f"j{number}" for number in range(size + 1)))
        connection = self.follow(**{"Last-Event-ID": "epoch-1"})
        told = events(self.first)
        for _ in range(size):
            connection.transport.producer.resumeProducing()
            told += events(connection.read())
        self.assertEqual([each["id"] for each in told], [f"epoch-{number}" for number in range(2, size + 2)])

    def test_tooLate(self) -> None:
        """
        What is not known any more leaves a gap.
        """
        self.follow(**{"Last-Event-ID": "another-7"})
        self.assertEqual([each["event"] for each in events(self.first)], ["gap"])

    def test_filter(self) -> None:
        """
        Only what was asked for.
        """
        connection = self.follow("?kind=job.ended,card&job=j1")
        self.publish("j1", "j2")
        self.publish("j1", "j2", kind="job.ended")
        self.assertEqual(self.jobs(connection), ["j1"])

    def test_heartbeat(self) -> None:
        """
        A quiet connection is kept from being closed.
        """
        connection = self.follow()
        for _ in range(3):
            self.control.clock.advance(HEARTBEAT)
            self.assertIn(BEAT, connection.read())

    def test_many(self) -> None:
        """
        Many listeners get the same, and it is written once for all.
        """
        connections = [self.follow() for _ in range(5)]
        made: list[Event] = []
        self.patch(self.feeds, "text", self._counting(made))
        self.publish("j1")
        self.assertEqual([self.jobs(each) for each in connections], [["j1"]] * 5)
        event = made[0]
        self.assertIs(type(self.feeds).text(self.feeds, event), type(self.feeds).text(self.feeds, event))

    def _counting(self, made: list[Event]) -> Any:
        def text(event: Event) -> bytes:
            made.append(event)
            return event_text(event)

        return text


class SlowTests(FeedTestCase):
    """
    Listeners that do not read.
    """

    def test_waits(self) -> None:
        """
        What fits is told later, in order.
        """
        connection = self.follow()
        connection.transport.producer.pauseProducing()
        self.publish("j1", "j2")
        self.assertEqual(connection.read(), b"")
        connection.transport.producer.resumeProducing()
        self.assertEqual(self.jobs(connection), ["j1", "j2"])

    def test_gap(self) -> None:
        """
        What does not fit is one gap; afterwards it goes on as ever.
        """
        connection = self.follow()
        connection.transport.producer.pauseProducing()
        self.publish(*(f"j{number}" for number in range(1, QUEUE + 101)))
        (listener,) = self.feeds.open
        self.assertEqual((len(listener._queue), listener.lost), (QUEUE, 100))
        connection.transport.producer.resumeProducing()
        found = events(connection.read())
        self.assertEqual([each["id"] for each in found[:-1]], [f"epoch-{number}" for number in range(1, QUEUE + 1)])
        self.assertEqual(found[-1], {"id": f"epoch-{QUEUE + 100}", "event": "gap", "data": '{"lost":100}'})
        self.publish("after")
        self.assertEqual(self.jobs(connection), ["after"])

    def test_others(self) -> None:
        """
        Others are not slowed.
        """
        slow, fast = self.follow(), self.follow()
        slow.transport.producer.pauseProducing()
        self.publish("j1")
        self.assertEqual((self.jobs(slow), self.jobs(fast)), ([], ["j1"]))

    def test_again(self) -> None:
        """
        It may stop reading in the midst of what it gets.
        """
        connection = self.follow()
        connection.transport.producer.pauseProducing()
        self.publish("j1", "j2", "j3")
        (listener,) = self.feeds.open
        write = listener._request.write

        def write_and_pause(data: bytes) -> None:
            write(data)
            listener.pauseProducing()

        self.patch(listener._request, "write", write_and_pause)
        for job in ("j1", "j2", "j3"):
            listener.resumeProducing()
            self.assertEqual(self.jobs(connection), [job])

    def test_stuck(self) -> None:
        """
        Who reads nothing for minutes is gone for us; who reads now and then is not.
        """
        connection = self.follow()
        for _ in range(2):
            connection.transport.producer.pauseProducing()
            for _ in range(MOST_STALLED - 1):
                self.control.clock.advance(HEARTBEAT)
            self.assertTrue(connection.transport.connected)
            connection.transport.producer.resumeProducing()
        connection.transport.producer.pauseProducing()
        for _ in range(MOST_STALLED):
            self.control.clock.advance(HEARTBEAT)
        self.assertFalse(connection.transport.connected)
        self.assertEqual((self.control.events.listeners, self.feeds.open), (0, set()))


class EndTests(FeedTestCase):
    """
    The end of it.
    """

    def assert_over(self, connection: Connection) -> None:
        """
        Nobody listens, nothing is left, and the answer is complete.
        """
        self.assertEqual((self.control.events.listeners, self.feeds.open), (0, set()))
        self.assertTrue(connection.read().endswith(b"0\r\n\r\n"))

    def test_gone(self) -> None:
        """
        A connection that is gone leaves nothing behind.
        """
        connection = self.follow()
        connection.transport.loseConnection()
        self.publish("j1")
        self.assertEqual((self.control.events.listeners, self.feeds.open), (0, set()))
        self.assertEqual(self.control.clock.getDelayedCalls(), [])

    def test_card(self) -> None:
        """
        Who may see one card alone sees it go, and that is the end.
        """
        connection = self.follow(role=GUEST)
        card = self.control.here[0]
        self.control.events.publish("card.gone", {"card": card_json(evolve(card, id="00000009")), "reason": None})
        self.assertEqual(connection.read(), b"")
        self.control.events.publish("card.gone", {"card": card_json(card), "reason": None})
        told = connection.transport.value()
        self.assertIn(b"event: card.gone", told)
        self.assert_over(connection)
        self.publish("j1")

    def test_token(self) -> None:
        """
        A token that is revoked ends what it follows.
        """
        connection = self.follow()
        self.control.clock.advance(HEARTBEAT)
        del self.control.secrets[SECRETS["viewer"]]
        self.control.clock.advance(HEARTBEAT)
        self.assert_over(connection)

    def test_checkFails(self) -> None:
        """
        Where that cannot be found out because of a defect, it ends too, and the log has why.
        """
        connection = self.follow()
        self.control.fail_with = RuntimeError("a defect")
        self.control.clock.advance(HEARTBEAT)
        self.assert_over(connection)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_store(self) -> None:
        """
        That the store does not answer now is no reason to end.
        """
        connection = self.follow()
        self.control.fail_with = StoreError("busy")
        self.control.clock.advance(HEARTBEAT)
        self.publish("j1")
        self.assertEqual(self.jobs(connection), ["j1"])

    def test_stop(self) -> None:
        """
        When the server stops, all end; paused ones too.
        """
        first, second = self.follow(), self.follow()
        second.transport.producer.pauseProducing()
        self.feeds.stop()
        self.assert_over(first)
        self.assert_over(second)

    def test_keepAlive(self) -> None:
        """
        After the end the connection can be used for something else.
        """
        connection = self.follow()
        self.feeds.stop()
        connection.read()
        given = {"Host": HOST}
        self.assertIn(b"200 OK", connection.send(encoded("GET", "/livez", given, None)))
