"""
Tests of L{cardgw.traffic}.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.logger import formatEvent
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.script import Script
from cardgw.errors import PeerLost
from cardgw.interfaces import ICardChannel
from cardgw.log import LogSettings, rules
from cardgw.testing import KnowingCard
from cardgw.traffic import record
from cardgw.values import ChannelInfo
from tests.logs import captured

_PIN = bytes.fromhex("31323334")
_VERIFY = Command(0x00, 0x20, 0x00, 0x01, _PIN)


class TrafficTests(SynchronousTestCase):
    """
    A channel whose traffic is logged.
    """

    def run_script(self, *, lost: bool = False) -> list[str]:
        """
        What the log says of one command.
        """
        card = KnowingCard({_VERIFY.encode(): bytes.fromhex("0A0B9000")}, lost_after=0 if lost else None)
        channel = record(MemoryChannel(ChannelInfo("memory", "here"), card), Clock())
        self.assertTrue(verifyObject(ICardChannel, channel))
        events = captured(self)
        done = channel.exchange(Script.of(_VERIFY))
        if lost:
            self.failureResultOf(done, PeerLost)
        else:
            self.successResultOf(done)
        self.assertEqual({each["log_namespace"] for each in events}, {"cardgw.traffic"})
        return [formatEvent(each) for each in events]

    def test_redacted(self) -> None:
        """
        Headers, lengths and status words are logged, data are not.
        """
        self.assertEqual(self.run_script(), ["memory here > 00200001 Lc 4", "memory here < 9000, 2 bytes (0.000 s)"])

    def test_unsafe(self) -> None:
        """
        Only C{unsafe_trace} logs the data.
        """
        self.patch(rules, "log", LogSettings(unsafe_trace=True))
        self.assertEqual(self.run_script(), ["memory here > 002000010431323334", "memory here < 0A0B9000 (0.000 s)"])

    def test_lost(self) -> None:
        """
        The end of a connection in the middle of the work is logged, with the command that may have reached the card.
        """
        *_, last = self.run_script(lost=True)
        self.assertEqual(last, "memory here: The card's side closed the connection")
