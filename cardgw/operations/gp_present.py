# -*- test-case-name: tests.operations.test_gp_present -*-
"""
What a card has already, as far as it tells, beside what a load file needs and would bring.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from cardgw.errors import MalformedAnswer, UnexpectedStatus
from cardgw.gp.cap_components import Package
from cardgw.gp.get_status import read_load_files, read_status
from cardgw.gp.registry import Entry, Scope
from cardgw.gp.registry_tree import Registry, version_text
from cardgw.operations.gp_domain import Domain

BUILT_IN = tuple(map(bytes.fromhex, ("A000000062", "A000000151", "A000000009", "A000000087")))
"""
How the AIDs of packages begin that cards have from the factory, and often do not list: of Java Card, GlobalPlatform, ETSI, 3GPP.
"""


@frozen
class Present:
    """
    What is there.

    @ivar registry: applications and load files; C{None} where the card does not tell.
    """

    registry: Registry | None

    def find(self, aid: bytes) -> Entry | None:
        """
        What has this AID; C{None} also where the card does not tell.
        """
        return None if self.registry is None else self.registry.find(aid)

    def lacks(self, imports: Iterable[Package]) -> tuple[str, ...]:
        """
        Packages that are needed and not listed, or in another version: a clause for each.
        """
        return tuple(filter(None, map(self._lacks, imports)))

    def certainly_lacks(self, imports: Iterable[Package]) -> tuple[str, ...]:
        """
        Likewise, without those that cards have and often do not list.
        """
        return self.lacks(each for each in imports if self.find(each.aid) or not each.aid.startswith(BUILT_IN))

    def _lacks(self, package: Package) -> str:
        if self.registry is None:
            return ""
        needed = f"package {package.aid.hex().upper()} {package.version_text}"
        entry = self.find(package.aid)
        if entry is None:
            return f"{needed} that the card does not list"
        if len(entry.version) != len(package.version):
            return ""
        major, minor = entry.version
        fits = major == package.version[0] and minor >= package.version[1]
        return "" if fits else f"{needed}, and the card has {version_text(entry.version)}"


def needs(clauses: Sequence[str]) -> str:
    """
    What a load file needs, as a sentence; empty for nothing.
    """
    return f"The file needs {'; '.join(clauses)}." if clauses else ""


async def read_present(domain: Domain) -> Present:
    """
    Ask a card, which may refuse.

    @raise ChannelError: the card was lost.
    """
    found: tuple[Entry, ...] = ()
    try:
        found += await read_load_files(domain.channel, number=domain.number)
        found += await read_status(domain.channel, Scope.APPLICATIONS, number=domain.number)
    except (UnexpectedStatus, MalformedAnswer):
        return Present(None)
    return Present(Registry(found))
