# -*- test-case-name: tests.operations.test_gp_leftover -*-
"""
What a run of C{gp.install} that did not come to its end has left on a card: the next one deletes it, if the registry does not
tell that it is somebody else's, or of use.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from cardgw.apdu.script import NOT_FOUND, OK, Script, Step
from cardgw.gp.delete import Delete
from cardgw.gp.life_cycle import Kind
from cardgw.gp.registry import Entry
from cardgw.gp.registry_tree import Registry
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_install_errors import LeftBehind
from cardgw.operations.gp_journal import Begun
from cardgw.operations.gp_present import Present


@frozen
class Leftover:
    """
    It, beside what is on the card now.
    """

    begun: Begun
    present: Present

    @property
    def aid(self) -> bytes:
        """
        The AID of the load file.
        """
        return self.begun.file.aid

    def check(self, loading: bytes) -> bool:
        """
        Whether there is something to be deleted.

        @param loading: the AID of the load file that is to be loaded now; empty for none.
        @raise LeftBehind: perhaps nobody wants it to be deleted.
        """
        registry = self.present.registry
        if registry is None:
            raise LeftBehind(f"{self._name}; the card does not tell what is there now")
        entry = registry.find(self.aid, Kind.PKG)
        if entry is None:
            return False
        why = "; ".join(self._differences(entry, registry))
        if why:
            raise LeftBehind(f"{self._name}, and what is there now is not what it has loaded: {why}")
        if self.aid != loading and self._is_whole(entry, registry):
            raise LeftBehind(f"{self._name}, and it is there whole")
        return True

    @property
    def _name(self) -> str:
        return f"{self.aid.hex().upper()} is of a run that did not come to its end"

    def _differences(self, entry: Entry, registry: Registry) -> Iterable[str]:
        """
        What is there in part only has nothing in it, and often no version.
        """
        if any(entry.version) and entry.version != self.begun.file.version:
            yield "another version"
        if entry.modules and set(entry.modules) != set(self.begun.file.modules):
            yield "other applets in it"
        others = (each.aid for each in registry.instances(entry) if each.aid not in self.begun.instances)
        yield from (f"{each.hex().upper()} was installed from it" for each in others)

    def _is_whole(self, entry: Entry, registry: Registry) -> bool:
        """
        Whether it is, as far as the card tells: that there are applets in it; of a library, or where the card does not tell that
        of any load file, that it has a version.
        """
        told = any(each.modules for each in registry.of(Kind.PKG))
        return bool(entry.modules) or (any(entry.version) and not (told and self.begun.file.modules))

    async def remove(self, domain: Domain, command: Delete) -> bool:
        """
        Delete it, with what was installed from it.

        @return: whether it was there.
        @raise UnexpectedStatus: the card refuses.
        """
        step = Step(command.command(), (OK, NOT_FOUND), slow=True)
        (answer,) = await domain.send(Script((step,)), f"DELETE of {self.aid.hex().upper()}, which a run before has left")
        return answer.status in OK
