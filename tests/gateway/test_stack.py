# -*- test-case-name: tests.gateway.test_stack -*-
"""
L{cardgw.gateway.stack}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.script import Script
from cardgw.gateway.stack import stack
from cardgw.interfaces import ICardChannel
from cardgw.values import ChannelInfo
from tests.gateway.fakes import QuietChannel


class StackTests(SynchronousTestCase):
    """
    What operations talk to.
    """

    def test_getResponse(self) -> None:
        """
        61xx is repaired before an operation sees it.
        """
        answers = iter((b"\x61\x02", b"\x01\x02\x90\x00"))
        channel = stack(MemoryChannel(ChannelInfo("test"), lambda _: next(answers)))
        (response,) = self.successResultOf(channel.exchange(Script.of(Command(0x80, 0xCA))))
        self.assertEqual((response.data, response.status), (b"\x01\x02", 0x9000))

    def test_recordingIsBelow(self) -> None:
        """
        What is recorded is what the card sees.
        """
        seen: list[ICardChannel] = []
        channel = QuietChannel()
        stack(channel, lambda below: seen.append(below) or below)  # type: ignore[func-returns-value]
        self.assertEqual(seen, [channel])
