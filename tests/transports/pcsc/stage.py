"""
A card in a reader, and its channel, without threads.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred

from cardgw.transports.pcsc.channel import PcscChannel, open_card
from cardgw.transports.pcsc.place import Place
from cardgw.transports.pcsc.settings import PcscSettings
from cardgw.transports.pcsc.worker import Worker
from tests.transports.pcsc.fake import FakeDriver
from tests.transports.pcsc.fake_machine import SoftCard
from tests.transports.pcsc.fake_threads import ThreadlessReactor

READER = "Reader of tests 00 00"
PEER = "bench"
T1_ATR = bytes.fromhex("3B800181")
"""T=1, and nothing said."""
EXTENDED_ATR = bytes.fromhex("3B85018073C00140F6")
"""T=1, extended length, one logical channel."""
CONTACTLESS_ATR = bytes.fromhex("3B8180018080")
"""What readers make for a DESFire card."""


class Stage:
    """
    A machine with one reader, that people call C{bench}.
    """

    def __init__(self, card: SoftCard | None = None, **settings: Any) -> None:
        self.driver = FakeDriver()
        self.reactor = ThreadlessReactor()
        self.reader = self.driver.plug(READER)
        self.memory: dict[str, int | None] = {}
        self.settings = PcscSettings(**settings)
        self.worker = Worker(self.reactor, READER, self.driver.hand)
        self.card = self.driver.insert(READER, card or SoftCard())

    def open(self, **settings: Any) -> Deferred[PcscChannel]:
        """
        Connect to the card.
        """
        settled = evolve(self.settings, **settings)
        return open_card(Place(self.driver, READER, PEER, settled, self.worker, self.reactor, self.memory))

    def channel(self) -> PcscChannel:
        """
        The channel, once it is there.
        """
        found: list[PcscChannel] = []
        self.open().addCallback(found.append)
        return found[0]

    def transmitted(self) -> list[bytes]:
        """
        The commands that have been given to the driver.
        """
        return [call[3] for call in self.driver.calls if call[0] == "transmit"]

    def called(self, *names: str) -> list[str]:
        """
        Which calls there were, of these.
        """
        return [call[0] for call in self.driver.calls if call[0] in names]
