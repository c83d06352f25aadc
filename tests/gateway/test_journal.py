# -*- test-case-name: tests.gateway.test_journal -*-
"""
L{cardgw.gateway.journal}.
"""

from __future__ import annotations

from typing import Any

from twisted.logger import LogEvent, capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import PeerLost
from cardgw.gateway.journal import Journal, Observers
from cardgw.testing import ObserverTestsMixin
from cardgw.values import CardRequest, ChannelInfo
from tests.gateway.fakes import Memory

INFO = ChannelInfo("test", "somewhere", request=CardRequest("download", "LPA:1$secret"))


def told(method: str, *arguments: Any) -> LogEvent:
    """
    The one log event that an event becomes.
    """
    with capturedLogs() as events:
        getattr(Journal(), method)(*arguments)
    (event,) = events
    return event


class JournalTests(ObserverTestsMixin, SynchronousTestCase):
    """
    Events of the gateway as log events.
    """

    def make_observer(self) -> Journal:
        """
        See L{ObserverTestsMixin}.
        """
        return Journal()

    def test_cards(self) -> None:
        """
        What a card asked for is logged by name; the text that came with it is not.
        """
        text = formatEvent(told("card_arrived", INFO))
        self.assertEqual(text, "test somewhere: a card is here and asks for download")
        self.assertIn("goodbye", formatEvent(told("card_gone", INFO, None)))
        self.assertIn("closed the connection", formatEvent(told("card_gone", INFO, PeerLost())))

    def test_jobs(self) -> None:
        """
        Facts are in the text for people, and keys for programs.
        """
        event = told("job_stage", "7", "es8p_metadata_parse", {"provider": "P", "iccid": "8944"})
        self.assertEqual(formatEvent(event), "job 7: es8p_metadata_parse provider=P, iccid=8944")
        self.assertEqual((event["event"], event["iccid"]), ("job-stage", "8944"))
        self.assertEqual(formatEvent(told("job_started", "7", "test.run", INFO)), "job 7: test.run on test somewhere")
        self.assertEqual(told("job_percent", "7", 40)["percent"], 40)

    def test_raw(self) -> None:
        """
        What a card has told as it is stays out: it may be the number of the card.
        """
        told_raw = {"tag": "0045", "data": "450401020304", "decoded": "01020304", "answer": "AA", "response": "BB"}
        event = told("job_ended", "7", told_raw, None)
        self.assertEqual(formatEvent(event), "job 7: done tag=0045")
        self.assertEqual({"data", "decoded", "answer", "response"} & event.keys(), set())

    def test_collidingFacts(self) -> None:
        """
        A fact that is called like a key of the event itself hides nothing.
        """
        event = told("job_stage", "7", "begin", {"job": "other", "format": "x", "log_level": "y"})
        self.assertEqual(formatEvent(event), "job 7: begin job=other, format=x, log_level=y")
        self.assertEqual(event["job"], "7")

    def test_nobodyWantsDetails(self) -> None:
        """
        Stages and percentages cost nothing where they are not wanted.
        """
        with capturedLogs() as events:
            journal = Journal(lambda: False)
            journal.job_stage("7", "begin", {})
            journal.job_percent("7", 40)
        self.assertEqual(events, [])

    def test_ends(self) -> None:
        """
        A failure has its code, a result its plain values.
        """
        event = told("job_ended", "7", None, PeerLost("in the middle"))
        self.assertEqual((event["outcome"], event["code"]), ("failed", "peer-lost"))
        event = told("job_ended", "7", {"iccid": "8944", "deep": {}}, None)
        self.assertEqual(formatEvent(event), "job 7: done iccid=8944")

    def test_brief(self) -> None:
        """
        A line of a log stays one: what is empty, long, or of several lines is left to the result.
        """
        event = told("job_ended", "7", {"left": "", "listing": "ISD: A0\n", "cap": 81 * "A", "version": 48}, None)
        self.assertEqual(formatEvent(event), "job 7: done version=48")
        self.assertNotIn("listing", event)


class ObserversTests(ObserverTestsMixin, SynchronousTestCase):
    """
    Several observers.
    """

    def make_observer(self) -> Observers:
        """
        See L{ObserverTestsMixin}.
        """
        return Observers([Memory()])

    def test_oneRaises(self) -> None:
        """
        An observer that raises is logged; the others hear all the same.
        """
        memory = Memory()
        observers = Observers([object(), memory])  # type: ignore[list-item]
        observers.card_arrived(INFO)
        observers.card_gone(INFO, None)
        observers.job_started("1", "test.run", INFO)
        observers.job_stage("1", "begin", {})
        observers.job_percent("1", 1)
        observers.job_ended("1", {}, None)
        self.assertEqual(len(memory.told), 6)
        self.assertEqual(len(self.flushLoggedErrors(AttributeError)), 6)
