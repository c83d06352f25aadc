"""
Log events, for tests.
"""

from __future__ import annotations

from typing import Any

from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase


def captured(test: SynchronousTestCase) -> list[dict[str, Any]]:
    """
    @return: a list that gets the events of this test.
    """
    events: list[dict[str, Any]] = []
    observer: Any = events.append
    globalLogPublisher.addObserver(observer)
    test.addCleanup(globalLogPublisher.removeObserver, observer)
    return events


def event(**values: Any) -> dict[str, Any]:
    """
    An event as C{Logger} makes it.
    """
    return {
        "log_time": 1_000_000_000.25,
        "log_level": LogLevel.info,
        "log_namespace": "cardgw.test",
        "log_format": "hello",
        **values,
    }
