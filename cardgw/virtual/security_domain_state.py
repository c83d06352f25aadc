# -*- test-case-name: tests.virtual.test_security_domain -*-
"""
What the commands of the software card work on: the card, and what one logical channel has of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from attrs import define, frozen

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.gp.privileges import Privilege
from cardgw.scp.card_chaining import Segments
from cardgw.virtual.euicc_answer import Outgoing
from cardgw.virtual.euicc_values import SW_CONDITIONS, Refused
from cardgw.virtual.security_domain_keys import KeyRing
from cardgw.virtual.security_domain_options import SecurityDomainOptions
from cardgw.virtual.security_domain_registry import CardRegistry, Item
from cardgw.virtual.security_domain_session import CardSession, Chance
from cardgw.virtual.security_domain_values import SW_SECURITY


@frozen
class Permit:
    """
    On whose behalf something is done.

    @ivar delegated: on that of a domain that needs tokens for it, and gets receipts.
    @ivar token: the identifier of the token, empty for none.
    """

    delegated: bool = False
    token: bytes = b""


@define
class Loading:
    """
    A load file that comes in blocks.

    @ivar file_hash: what its code must have, empty for anything.
    @ivar total: bytes of the whole, as it announces them; C{None} before the first block.
    @ivar combined: it will be installed in the same breath.
    """

    aid: bytes
    domain: bytes
    file_hash: bytes
    combined: bool
    permit: Permit
    octets: bytes = b""
    number: int = 0
    total: int | None = None


@frozen
class Listing:
    """
    What is left to be told after an answer to GET STATUS.

    @ivar question: P1, the form, and the data of the command.
    """

    question: tuple[int, int, bytes]
    left: tuple[bytes, ...]


@define
class Storing:
    """
    Blocks of STORE DATA.

    @ivar head: P1 of all of them, but the bit of the last one.
    """

    head: int
    octets: bytes = b""
    number: int = 0


@define(eq=False)
class LogicalChannel:
    """
    One logical channel.

    @ivar personalizing: the application that STORE DATA is for.
    @ivar installing: a load file that came, to be installed from in the same breath.
    """

    number: int
    selected: Item
    session: CardSession
    outgoing: Outgoing
    segments: Segments
    loading: Loading | None = None
    listing: Listing | None = None
    storing: Storing | None = None
    personalizing: Item | None = None
    installing: bytes | None = None

    def end(self) -> None:
        """
        What is selected is so no more: there is neither session nor anything half done.
        """
        self.session.terminate()
        self.segments.forget()
        self.outgoing.clear()
        self.loading = self.listing = self.storing = self.personalizing = self.installing = None


@define(eq=False)
class Card:
    """
    The card.

    @ivar channels: the logical channels that are open, by number.
    @ivar receipts: how many were given.
    """

    options: SecurityDomainOptions
    chance: Chance
    registry: CardRegistry
    channels: dict[int, LogicalChannel]
    receipts: int = 0

    def session(self, item: Item) -> CardSession:
        """
        A new one for what is selected.
        """
        return CardSession(item.aid, partial(self.registry.ring, item), self.registry.numbers, self.options, self.chance)

    def is_selected(self, item: Item) -> bool:
        """
        Whether it is, on any channel.
        """
        return any(each.selected is item for each in self.channels.values())


Handler: TypeAlias = Callable[[Card, LogicalChannel, Command], Response]


def require_host(channel: LogicalChannel) -> None:
    """
    @raise Refused: nobody has authenticated on this channel.
    """
    if not channel.session.authenticated:
        raise Refused(SW_SECURITY)


def require_authority(card: Card, channel: LogicalChannel, item: Item, privilege: Privilege) -> None:
    """
    @raise Refused: it does not belong to the domain that is selected, and that has no privilege over all.
    """
    domain = channel.selected
    if domain is not item and domain not in card.registry.above(item) and not domain.privileges & privilege:
        raise Refused(SW_CONDITIONS)


def own_ring(channel: LogicalChannel) -> KeyRing:
    """
    The keys of the domain that is selected, which may have none yet.

    @raise Refused: it is no domain.
    """
    return own(channel.selected)


def own(item: Item) -> KeyRing:
    """
    The keys of a domain, likewise.
    """
    if item.ring is None:
        raise Refused(SW_CONDITIONS)
    return item.ring
