# -*- test-case-name: tests.test_metrics -*-
"""
Tests for L{cardgw.metrics}.
"""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, Script, Step
from cardgw.errors import CardError, OperationCancelled, PeerLost
from cardgw.interfaces import ICardChannel, ICardObserver
from cardgw.metrics import Metrics, Timing
from cardgw.testing.card import PatientCard
from cardgw.values import ChannelInfo
from cardgw.version import VERSION

INFO = ChannelInfo("estk", "10.0.0.1")
COMMAND = Command(0x80, 0xCA, 0, 1)


def script(count: int) -> Script:
    """
    So many commands, each with any answer.
    """
    return Script(tuple(Step(COMMAND, (ANY,)) for _ in range(count)))


class MetricsTests(SynchronousTestCase):
    """
    L{Metrics}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.metrics = Metrics(self.clock.seconds, lambda: 3)

    def value(self, sample: str, **labels: str) -> float | None:
        """
        The value of a sample, or C{None} if it is not there.
        """
        for family in text_string_to_metric_families(self.metrics.render().decode()):
            for each in family.samples:
                if each.name == sample and each.labels == labels:
                    return float(each.value)
        return None

    def test_observer(self) -> None:
        """
        It observes.
        """
        self.assertTrue(verifyObject(ICardObserver, self.metrics))

    def test_static(self) -> None:
        """
        The version and the listeners are there from the start; nothing says when a counter was made.
        """
        self.assertEqual(self.value("cardgw_build_info", version=VERSION), 1)
        self.assertEqual(self.value("cardgw_events_listeners"), 3)
        self.assertNotIn(b"_created", self.metrics.render())

    def test_cards(self) -> None:
        """
        Cards that are here, by transport.
        """
        for _ in range(2):
            self.metrics.card_arrived(INFO)
        self.metrics.card_gone(INFO, None)
        self.assertEqual(self.value("cardgw_cards", transport="estk"), 1)

    def test_jobs(self) -> None:
        """
        Operations by outcome, and how long they ran.
        """
        for number, error in enumerate((None, CardError(), OperationCancelled())):
            self.metrics.job_started(str(number), "lpa.info", INFO)
            self.metrics.job_stage(str(number), "x", {})
            self.metrics.job_percent(str(number), 5)
            self.clock.advance(2)
            self.metrics.job_ended(str(number), None, error)
        for outcome in ("done", "failed", "cancelled"):
            self.assertEqual(self.value("cardgw_jobs_total", operation="lpa.info", outcome=outcome), 1)
        self.assertEqual(self.value("cardgw_job_seconds_sum", operation="lpa.info"), 6)
        self.assertEqual(self.value("cardgw_job_seconds_count", operation="lpa.info"), 3)
        self.assertEqual(self.value("cardgw_job_seconds_bucket", operation="lpa.info", le="1.0"), 0)
        self.assertEqual(self.value("cardgw_job_seconds_bucket", operation="lpa.info", le="2.5"), 3)

    def test_unknownJob(self) -> None:
        """
        A job that ends without having begun counts nowhere.
        """
        self.metrics.job_ended("7", {}, None)
        self.assertNotIn(b"cardgw_jobs_total{", self.metrics.render())

    def test_several(self) -> None:
        """
        There may be several: nothing is global.
        """
        Metrics(self.clock.seconds).card_arrived(INFO)
        self.assertIsNone(self.value("cardgw_cards", transport="estk"))


class MeasuredChannelTests(MetricsTests):
    """
    L{cardgw.metrics.MeasuredChannel}.
    """

    def setUp(self) -> None:
        super().setUp()
        self.card = PatientCard()
        self.below = MemoryChannel(INFO, self.card)
        self.channel = self.metrics.measured(self.below)

    def test_channel(self) -> None:
        """
        It is a channel with the same information, and tells its caller everything.
        """
        self.assertTrue(verifyObject(ICardChannel, self.channel))
        self.assertEqual(self.channel.info, INFO)
        seen: list[Response] = []
        running = self.channel.exchange(script(1), seen.append)
        self.card.answer(Response(b"\x01", 0x9000))
        self.assertEqual((seen, self.successResultOf(running)), ([Response(b"\x01", 0x9000)], (Response(b"\x01", 0x9000),)))

    def test_results(self) -> None:
        """
        Answers by what they mean.
        """
        statuses = (0x9000, 0x9110, 0x6102, 0x6283, 0x63C2, 0x6C10, 0x6A82, 0x6F00)
        running = self.channel.exchange(script(len(statuses)))
        for status in statuses:
            self.card.answer(Response(b"", status))
        self.successResultOf(running)
        for result, count in (("ok", 3), ("warning", 3), ("error", 2), ("lost", 0)):
            self.assertEqual(self.value("cardgw_apdus_total", transport="estk", result=result), count)

    def test_times(self) -> None:
        """
        The time from each command to its answer.
        """
        self.channel.exchange(script(2))
        for seconds in (0.02, 2.0):
            self.clock.advance(seconds)
            self.card.answer(Response(b"", 0x9000))
        self.assertEqual(self.value("cardgw_apdu_seconds_count", transport="estk"), 2)
        self.assertEqual(self.value("cardgw_apdu_seconds_bucket", transport="estk", le="0.025"), 1)
        self.assertAlmostEqual(self.value("cardgw_apdu_seconds_sum", transport="estk") or 0, 2.02)

    def test_lost(self) -> None:
        """
        Commands that have no answer because the card was lost.
        """
        running = self.channel.exchange(script(2))
        self.below.lose(PeerLost())
        self.failureResultOf(running, PeerLost)
        self.assertEqual(self.value("cardgw_apdus_total", transport="estk", result="lost"), 1)


class TimingTests(SynchronousTestCase):
    """
    L{Timing}.
    """

    def test_bounds(self) -> None:
        """
        A bound belongs to its own bucket; what is above all has one too.
        """
        timing = Timing((1.0, 2.0))
        for seconds in (0.5, 1.0, 1.5, 9.0):
            timing.observe(seconds)
        self.assertEqual(timing.buckets, [("1.0", 2.0), ("2.0", 3.0), ("+Inf", 4.0)])
