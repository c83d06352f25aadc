# -*- test-case-name: tests.virtual.test_security_domain_registry -*-
"""
The registry of the software card: its security domains, applications and load files, and the memory that they take.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import Factory, define

from cardgw.gp.card_data import CIN, IIN
from cardgw.gp.life_cycle import LOCKED, SELECTABLE, CardState, Kind
from cardgw.gp.privileges import NONE, Privilege
from cardgw.gp.registry import Entry
from cardgw.virtual.euicc_values import SW_MEMORY, SW_REFERENCE, Refused
from cardgw.virtual.security_domain_keys import KeyRing
from cardgw.virtual.security_domain_options import SecurityDomainOptions
from cardgw.virtual.security_domain_values import DOMAIN_FILE, DOMAIN_MODULE, ISD_PRIVILEGES

OVERHEAD = 64
"""Bytes that each entry takes."""


@define(eq=False)
class Item:
    """
    One entry.

    @ivar state: its life cycle state.
    @ivar domain: the AID of the security domain that it belongs to.
    @ivar load_file: the AID of what an application was installed from.
    @ivar modules: AIDs, of a load file.
    @ivar size: bytes of memory.
    @ivar data: what was stored in it, by tag.
    @ivar ring: the keys of a security domain.
    """

    aid: bytes
    kind: Kind
    state: int
    domain: bytes
    privileges: Privilege = NONE
    load_file: bytes = b""
    version: bytes = b""
    modules: tuple[bytes, ...] = ()
    size: int = 0
    implicit: tuple[int, ...] = ()
    data: dict[int, bytes] = Factory(dict)
    ring: KeyRing | None = None

    @property
    def is_domain(self) -> bool:
        """
        Whether it is a security domain.
        """
        return self.kind in (Kind.ISD, Kind.SSD)

    @property
    def is_locked(self) -> bool:
        """
        Whether somebody has locked it; the card itself is another matter.
        """
        return self.kind in (Kind.SSD, Kind.APP) and bool(self.state & LOCKED)

    @property
    def is_selectable(self) -> bool:
        """
        Whether SELECT finds it.
        """
        if self.kind is Kind.ISD:
            return True
        return self.kind is not Kind.PKG and not self.is_locked and self.state & SELECTABLE == SELECTABLE

    def entry(self) -> Entry:
        """
        As GET STATUS tells it.
        """
        return Entry(
            self.kind,
            self.aid,
            self.state,
            self.privileges,
            self.load_file,
            self.domain,
            self.version,
            self.modules,
            self.implicit,
        )


class CardRegistry:
    """
    All entries, in the order in which they came.

    @ivar items: by AID.
    """

    def __init__(self, options: SecurityDomainOptions) -> None:
        self._options = options
        aid = options.family.aid
        self.isd = Item(aid, Kind.ISD, CardState.OP_READY, aid, ISD_PRIVILEGES, ring=KeyRing(options.key_versions))
        factory = Item(DOMAIN_FILE, Kind.PKG, 1, aid, version=b"\x01\x00", modules=(DOMAIN_MODULE,))
        self.items: dict[bytes, Item] = {each.aid: each for each in (self.isd, factory)}

    @property
    def card_state(self) -> int:
        """
        The life cycle state of the card.
        """
        return self.isd.state

    def numbers(self) -> tuple[bytes, bytes]:
        """
        The number of the issuer, and that of the card, as they are told.
        """
        data, options = self.isd.data, self._options
        return data.get(IIN, options.iin), data.get(CIN, options.cin)

    def find(self, aid: bytes) -> Item:
        """
        @raise Refused: there is none.
        """
        found = self.items.get(aid)
        if found is None:
            raise Refused(SW_REFERENCE)
        return found

    def domain(self, aid: bytes) -> Item:
        """
        A security domain.

        @raise Refused: there is none.
        """
        found = self.find(aid)
        if not found.is_domain:
            raise Refused(SW_REFERENCE)
        return found

    def add(self, item: Item) -> Item:
        """
        @return: the same.
        @raise Refused: there is no room.
        """
        self.room(item.size + OVERHEAD)
        self.items[item.aid] = item
        return item

    def above(self, item: Item) -> Iterator[Item]:
        """
        The security domains that it belongs to, the next one first.
        """
        seen = {item.aid}
        while item.domain not in seen:
            item = self.domain(item.domain)
            seen.add(item.aid)
            yield item

    def belonging(self, domain: Item) -> list[Item]:
        """
        What belongs to a security domain, but itself.
        """
        return [each for each in self.items.values() if each is not domain and domain in self.above(each)]

    def ring(self, item: Item) -> KeyRing:
        """
        The keys of the secure channel of a domain: its own; while it has none for one, those of the domain that it belongs to.
        """
        for each in (item, *self.above(item)):
            if each.ring is not None and each.ring.opens:
                return each.ring
        return self.isd.ring or KeyRing(0)

    @property
    def free(self) -> int:
        """
        Bytes of memory that are left.
        """
        made = (each for each in self.items.values() if each.kind is not Kind.ISD and each.aid != DOMAIN_FILE)
        return self._options.memory - sum(each.size + OVERHEAD for each in made)

    def room(self, size: int) -> None:
        """
        @raise Refused: there is less.
        """
        if size > self.free:
            raise Refused(SW_MEMORY)
