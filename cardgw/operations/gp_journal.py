# -*- test-case-name: tests.operations.test_gp_journal -*-
"""
What is being loaded onto a card, remembered before its first block is sent: after a break the next run finds what is left of it
on the card, and deletes it.  Nothing is resumed.
"""

from __future__ import annotations

from attrs import field, frozen

from cardgw.gp.delete import delete
from cardgw.gp.get_status import read_status
from cardgw.gp.registry import Scope
from cardgw.interfaces import ISession
from cardgw.operations.gp_domain import Domain


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

    async def begun(self, package: bytes) -> bool:
        """
        The card has agreed to be loaded this package, so it did not have it before.

        @param package: its AID.
        @return: whether it is remembered.
        """
        if self.session.identity:
            await self.session.remember(self.session.identity, self._key, package)
        return bool(self.session.identity)

    async def done(self) -> None:
        """
        All of it is there, and installed.
        """
        if self.session.identity:
            await self.session.remember(self.session.identity, self._key, None)

    async def gone(self, package: bytes) -> None:
        """
        A package was deleted, perhaps the one that is remembered.
        """
        if self.session.identity and await self.session.recall(self.session.identity, self._key) == package:
            await self.done()

    async def clean_up(self) -> bytes:
        """
        Delete what a run before has left, with what it had installed of it.

        @return: the AID of the package that was deleted; empty for none.
        @raise UnexpectedStatus: the card refuses.
        """
        if not self.session.identity:
            return b""
        package = await self.session.recall(self.session.identity, self._key)
        if package is None:
            return b""
        there = await read_status(self.domain.channel, Scope.LOAD_FILES, number=self.domain.number)
        found = any(each.aid == package for each in there)
        if found:
            self.session.stage("gp_clean_up", package=package.hex().upper())
            await self.domain.slowly(delete(package, related=True), f"DELETE of {package.hex().upper()}, which is half loaded")
        await self.done()
        return package if found else b""
