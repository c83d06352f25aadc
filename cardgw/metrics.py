# -*- test-case-name: tests.test_metrics -*-
"""
Numbers for Prometheus.  No EID or ICCID is in a label: labels are transports, operations, results and outcomes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from zope.interface import implementer

from cardgw.apdu.base import Answers, ChannelDecorator, Watch
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script
from cardgw.errors import CardGatewayError, ChannelError, OperationCancelled
from cardgw.interfaces import ICardChannel, ICardObserver
from cardgw.values import ChannelInfo
from cardgw.version import VERSION

APDU_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds: from a card in a reader here to one that erases its memory behind a slow network."""
JOB_BUCKETS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds."""
OK, WARNING, ERROR, LOST = "ok", "warning", "error", "lost"
RESULTS: Mapping[int, str] = {0x90: OK, 0x91: OK, 0x61: OK, 0x62: WARNING, 0x63: WARNING, 0x6C: WARNING}
"""By SW1 (ISO/IEC 7816-4 5.6, ETSI TS 102 221 10.2.1); all others are errors."""


@define
class Timing:
    """
    How long something took, counted in buckets.
    """

    bounds: Sequence[float]
    counts: list[int] = field(init=False)
    total: float = field(default=0.0, init=False)

    def __attrs_post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def observe(self, seconds: float) -> None:
        """
        Count one.
        """
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """
        For each bound, how many took at most so long.
        """
        below, found = 0, []
        for bound, count in zip((*self.bounds, float("inf")), self.counts, strict=True):
            below += count
            found.append(("+Inf" if bound == float("inf") else str(bound), float(below)))
        return found


@define
class Traffic:
    """
    The APDUs of one transport.

    @ivar answers: by SW1.
    """

    timing: Timing = field(factory=lambda: Timing(APDU_BUCKETS))
    answers: Counter[int] = field(factory=Counter)
    lost: int = 0

    @property
    def results(self) -> Counter[str]:
        """
        How many ended how.
        """
        found = Counter({LOST: self.lost})
        for sw1, count in self.answers.items():
            found[RESULTS.get(sw1, ERROR)] += count
        return found


@implementer(ICardObserver)
class Metrics(Collector):
    """
    Counts what happens.

    @param seconds: gives the time.
    @param listeners: how many follow events.
    """

    def __init__(self, seconds: Callable[[], float], listeners: Callable[[], int] = lambda: 0) -> None:
        self._seconds = seconds
        self._listeners = listeners
        self._traffic: dict[str, Traffic] = {}
        self._cards: Counter[str] = Counter()
        self._running: dict[str, tuple[str, float]] = {}
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._timings: dict[str, Timing] = {}
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def measured(self, channel: ICardChannel) -> ICardChannel:
        """
        The channel, with its APDUs counted.
        """
        return MeasuredChannel(channel, self._traffic.setdefault(channel.info.transport, Traffic()), self._seconds)

    def render(self) -> bytes:
        """
        Everything in the text format of Prometheus (0.0.4).
        """
        return generate_latest(self.registry)

    def describe(self) -> Iterator[Metric]:
        """
        See L{Collector}.
        """
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """
        See L{Collector}.
        """
        yield self._of_apdus()
        yield _timings("cardgw_apdu_seconds", "Time from a command to its answer.", "transport", self._apdu_timings())
        yield _gauge("cardgw_cards", "Cards that are here.", "transport", self._cards)
        yield self._of_jobs()
        yield _timings("cardgw_job_seconds", "Time that an operation ran.", "operation", self._timings)
        yield GaugeMetricFamily("cardgw_events_listeners", "Those who follow events.", value=self._listeners())
        yield _gauge("cardgw_build_info", "What is running.", "version", {VERSION: 1})

    def _apdu_timings(self) -> dict[str, Timing]:
        return {transport: traffic.timing for transport, traffic in self._traffic.items()}

    def _of_apdus(self) -> Metric:
        family = CounterMetricFamily("cardgw_apdus", "Commands sent to cards.", labels=("transport", "result"))
        for transport, traffic in sorted(self._traffic.items()):
            for result, count in sorted(traffic.results.items()):
                family.add_metric((transport, result), count)
        return family

    def _of_jobs(self) -> Metric:
        family = CounterMetricFamily("cardgw_jobs", "Operations that have ended.", labels=("operation", "outcome"))
        for labels, count in sorted(self._outcomes.items()):
            family.add_metric(labels, count)
        return family

    def card_arrived(self, info: ChannelInfo) -> None:
        """
        See L{ICardObserver.card_arrived}.
        """
        self._cards[info.transport] += 1

    def card_gone(self, info: ChannelInfo, reason: ChannelError | None) -> None:
        """
        See L{ICardObserver.card_gone}.
        """
        self._cards[info.transport] -= 1

    def job_started(self, job: str, operation: str, info: ChannelInfo) -> None:
        """
        See L{ICardObserver.job_started}.
        """
        self._running[job] = operation, self._seconds()

    def job_stage(self, job: str, stage: str, facts: Mapping[str, Any]) -> None:
        """
        See L{ICardObserver.job_stage}.
        """

    def job_percent(self, job: str, done: int) -> None:
        """
        See L{ICardObserver.job_percent}.
        """

    def job_ended(self, job: str, result: dict[str, Any] | None, error: CardGatewayError | None) -> None:
        """
        See L{ICardObserver.job_ended}.
        """
        operation, since = self._running.pop(job, ("", 0.0))
        if operation:
            outcome = "done" if error is None else "cancelled" if isinstance(error, OperationCancelled) else "failed"
            self._outcomes[operation, outcome] += 1
            self._timings.setdefault(operation, Timing(JOB_BUCKETS)).observe(self._seconds() - since)


class MeasuredChannel(ChannelDecorator):
    """
    Counts the APDUs of a channel, and how long each took.  Of a script that waits for its turn, the first counts from then.
    """

    def __init__(self, channel: ICardChannel, traffic: Traffic, seconds: Callable[[], float]) -> None:
        super().__init__(channel)
        self._traffic = traffic
        self._seconds = seconds

    def exchange(self, script: Script, watch: Watch = None) -> Deferred[Answers]:
        """
        See L{ICardChannel.exchange}.
        """
        seconds, observe, answers = self._seconds, self._traffic.timing.observe, self._traffic.answers
        since = seconds()

        def answered(response: Response) -> None:
            nonlocal since
            now = seconds()
            observe(now - since)
            answers[response.status >> 8] += 1
            since = now
            if watch is not None:
                watch(response)

        return self.channel.exchange(script, answered).addErrback(self._failed)

    def _failed(self, failure: Failure) -> Failure:
        if isinstance(failure.value, ChannelError):
            self._traffic.lost += failure.value.unanswered
        return failure


def _gauge(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for each, value in sorted(values.items()):
        family.add_metric((each,), value)
    return family


def _timings(name: str, text: str, label: str, timings: Mapping[str, Timing]) -> Metric:
    family = HistogramMetricFamily(name, text, labels=(label,))
    for each, timing in sorted(timings.items()):
        family.add_metric((each,), timing.buckets, timing.total)
    return family
