# -*- test-case-name: tests.operations.test_gp_operation -*-
"""
What the operations of GlobalPlatform have in common: the way to the security domain and back, and the dry run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cardgw.apdu.command import Command
from cardgw.interfaces import ISession
from cardgw.operations.gp_domain import Domain, open_domain
from cardgw.operations.gp_head import GpSettings
from cardgw.scp.diversification import DATA_LENGTH, MasterKeys
from cardgw.scp.keys import KeySet
from cardgw.values import Feature


class GpOperation:
    """
    Most of an L{cardgw.interfaces.IOperation}.
    """

    settings: Any = GpSettings
    application: bytes | None = None
    requires: frozenset[Feature] = frozenset({Feature.SELECT})
    destructive = True
    repeatable = False

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{cardgw.interfaces.IOperation.run}.

        @return: what L{perform} has found or done; in a dry run C{dry_run} and C{commands}, and of key sets C{keys}.
        """
        if getattr(session.parameters, "dry_run", False):
            keys = [shown_keys(session, name) for name in self.key_sets(session.parameters) if name]
            return {"dry_run": True, "commands": [_shown(each) for each in self.plan(session.parameters)], "keys": keys}
        domain = await open_domain(session)
        try:
            return await self.perform(session, domain)
        finally:
            await domain.close()

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        Do it.
        """
        raise NotImplementedError

    def plan(self, parameters: Any) -> Iterable[Command]:
        """
        The plain commands that L{perform} would send, as far as they are known before.
        """
        return ()

    def key_sets(self, parameters: Any) -> tuple[str, ...]:
        """
        The names of the key sets that are used.
        """
        return (parameters.keys,)


def _shown(command: Command) -> str:
    return command.encode().hex().upper()


def shown_keys(session: ISession, name: str) -> dict[str, Any]:
    """
    A key set without its keys: C{name}, C{version}, and C{check_values} of ENC, MAC and DEK.  Where each card has its own keys
    (C{diversified}), they are those of the master keys.
    """
    keys = session.keys(name)
    if isinstance(keys, MasterKeys):
        values = KeySet(keys.version, keys.enc, keys.mac, keys.dek).check_values()
    else:
        values = keys.for_card(bytes(DATA_LENGTH)).check_values()
    return {
        "name": name,
        "version": keys.version,
        "diversified": isinstance(keys, MasterKeys),
        "check_values": [each.hex().upper() for each in values],
    }
