# -*- test-case-name: tests.operations.test_gp_journal -*-
"""
What is being loaded onto a card, remembered before its first block is sent: after a break the next run finds what is left of it
on the card (L{cardgw.operations.gp_leftover}).  Nothing is resumed.
"""

from __future__ import annotations

from typing import Self

from attrs import evolve, field, frozen

from cardgw.apdu import tlv
from cardgw.gp.cap import CapFile
from cardgw.gp.life_cycle import SELECTABLE, Kind, LoadFileState
from cardgw.gp.registry import Entry
from cardgw.interfaces import ISession
from cardgw.operations.gp_domain import Domain


@frozen
class Begun:
    """
    What a run puts on a card, as the registry of the card will have it.

    @ivar file: the load file, whole.
    @ivar instances: the AIDs of what the card was told to install from it; nothing else can be there from that run.
    """

    file: Entry
    instances: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, cap: CapFile) -> Self:
        """
        Of a run that loads this file, and has installed nothing yet.
        """
        package = cap.package
        return cls(Entry(Kind.PKG, package.aid, LoadFileState.LOADED, version=bytes(package.version), modules=cap.applets))

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        @param octets: as L{encode} gives them.
        """
        file, *rest = tlv.decode(octets)
        return cls(Entry.decode(file.value, Kind.PKG), tuple(Entry.decode(each.value, Kind.APP).aid for each in rest))

    def encode(self) -> bytes:
        """
        As entries of a registry.
        """
        installed = (Entry(Kind.APP, each, SELECTABLE, load_file=self.file.aid) for each in self.instances)
        return b"".join(each.encode() for each in (self.file, *installed))


@frozen(eq=False)
class LoadJournal:
    """
    Of one security domain of one card.  Of a card that does not tell who it is nothing is remembered.
    """

    session: ISession = field(repr=False)
    domain: Domain

    @property
    def _key(self) -> str:
        return f"gp.loading:{self.domain.aid.hex().upper()}"

    async def begun(self, what: Begun) -> bool:
        """
        From now on it may be on the card, in part or whole.

        @return: whether it is remembered.
        """
        if self.session.identity:
            await self.session.remember(self.session.identity, self._key, what.encode())
        return bool(self.session.identity)

    async def installing(self, instance: bytes) -> None:
        """
        From now on an application may be on the card, too.

        @param instance: its AID.
        """
        what = await self.recalled()
        if what is not None:
            await self.begun(evolve(what, instances=(*what.instances, instance)))

    async def done(self) -> None:
        """
        All of it is there, and installed; or nothing of it is.
        """
        if self.session.identity:
            await self.session.remember(self.session.identity, self._key, None)

    async def gone(self, package: bytes) -> None:
        """
        A package was deleted, perhaps the one that is remembered.

        @param package: its AID.
        """
        what = await self.recalled()
        if what is not None and what.file.aid == package:
            await self.done()

    async def recalled(self) -> Begun | None:
        """
        What a run before has begun, and not brought to its end.
        """
        octets = await self.session.recall(self.session.identity, self._key) if self.session.identity else None
        return None if octets is None else Begun.decode(octets)
