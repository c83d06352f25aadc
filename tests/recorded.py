# -*- test-case-name: tests.test_replay,tests.cli.test_replay -*-
"""
Transcripts of an eUICC in software, for tests of what replays them.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.gateway.recording import Recording
from cardgw.gateway.records import Job
from cardgw.gateway.registry import load_registry
from cardgw.gateway.stack import stack
from cardgw.testing import FakeSession
from cardgw.values import ChannelInfo, Feature
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.pki import make_pki
from cardgw.virtual.profile_package import make_iccid

INFO = ChannelInfo("test", offers=frozenset({Feature.SELECT, Feature.LOGICAL_CHANNELS}))
ICCID = make_iccid(1)
"""The card's only profile."""


def record(test: SynchronousTestCase, name: str, kind: str) -> tuple[dict[str, Any], str]:
    """
    What an operation without parameters gave, and its transcript.
    """
    card = VirtualEuicc.from_pki(make_pki())
    card.add_profile(ICCID, "One", "Example", "enabled")
    recording = Recording(kind)
    channel = recording.over(MemoryChannel(INFO, card.transmit), Job("j", name), Clock())
    operation = load_registry().operation(name)
    session = FakeSession(stack(channel), operation.parameters(), operation.settings())

    async def run() -> dict[str, Any]:
        return await operation.run(session)

    return test.successResultOf(Deferred.fromCoroutine(run())), recording.text
