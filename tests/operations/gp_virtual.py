"""
Operations on the whole software card of GlobalPlatform.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred

from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import PeerLost
from cardgw.interfaces import ICardChannel
from cardgw.scp.keys import KeySet
from cardgw.values import ChannelInfo, Feature
from cardgw.virtual.security_domain import DEFAULT_KEY, VirtualSecurityDomain
from tests.operations.gp_card import INFO, GpTestCase
from tests.virtual.security_domain_rig import make_card

FACTORY = KeySet.of_aes(0, DEFAULT_KEY)
EXTENDED = evolve(INFO, offers=frozenset({Feature.SELECT, Feature.EXTENDED_LENGTH}), max_command=65544, max_response=65538)


class Cut:
    """
    A card that is lost.

    @ivar sent: the number of commands that came.
    @ivar happened: whether it was lost.
    """

    def __init__(self, card: VirtualSecurityDomain, after: int, *, done: bool) -> None:
        """
        @param after: it is lost with the command after so many.
        @param done: whether the card has carried that one out.
        """
        self._card, self._after, self._done = card, after, done
        self.sent = 0
        self.happened = False

    def __call__(self, octets: bytes) -> bytes:
        """
        For L{MemoryChannel}.
        """
        self.sent += 1
        if self.sent <= self._after:
            return self._card(octets)
        if self._done:
            self._card(octets)
        self.happened = True
        raise PeerLost


class VirtualTestCase(GpTestCase):
    """
    Runs an operation on that card.

    @ivar virtual: the card.
    """

    info: ChannelInfo = INFO

    def setUp(self) -> None:
        """
        A card with the keys of the factory.
        """
        super().setUp()
        self.virtual = make_card()
        self.key_sets["issuer"] = FACTORY

    def start(self, card: Any = None, **parameters: Any) -> Deferred[dict[str, Any]]:
        """
        See L{GpTestCase.start}.  The card is powered on first.
        """
        self.virtual.reset()
        return super().start(self.virtual if card is None else card, **parameters)

    def make_channel(self, card: Any) -> ICardChannel:
        """
        See L{GpTestCase.make_channel}.  It repairs 61xx, as that of a session does.
        """
        return GetResponse(MemoryChannel(self.info, card))

    def there(self) -> list[str]:
        """
        The AIDs of what is on the card besides what the factory put there.
        """
        return [each.aid.hex().upper() for each in self.virtual.entries[2:]]
