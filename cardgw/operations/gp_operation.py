# -*- test-case-name: tests.operations.test_gp_operation -*-
"""
What the operations of GlobalPlatform have in common: the way to the security domain and back, and the dry run.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from cardgw.apdu.command import Command
from cardgw.errors import UnexpectedStatus
from cardgw.interfaces import ISession
from cardgw.operations.gp_domain import Domain, open_domain
from cardgw.operations.gp_head import SCP11B, GpSettings
from cardgw.operations.gp_hints import hint_of
from cardgw.operations.gp_protocol import wanted_keys
from cardgw.operations.gp_signing import NOBODY, KeySource, aside_for, public_of
from cardgw.scp.aside import Aside
from cardgw.scp.diversification import MasterKeys
from cardgw.scp.key_pair import called
from cardgw.scp.keys import KeySet
from cardgw.scp.scp11 import KeysNotManageable
from cardgw.values import Feature


class GpOperation:
    """
    Most of an L{cardgw.interfaces.IOperation}.
    """

    name: str
    settings: Any = GpSettings
    application: bytes | None = None
    requires: frozenset[Feature] = frozenset({Feature.SELECT})
    destructive = True
    repeatable = False

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{cardgw.interfaces.IOperation.run}.

        @return: what L{perform} has found or done; in a dry run C{dry_run}, C{commands}, of key sets C{keys}, and C{warnings}.
        @raise SecretError: a key set is not there.
        """
        self.check(session)
        if wanted_keys(session)[1] == SCP11B and self.manages_keys(session.parameters):
            raise KeysNotManageable(f"{self.name} in SCP11b")
        if getattr(session.parameters, "dry_run", False):
            return await self.aside(session)(partial(self._dry_run, session))
        for name in self.key_sets(session.parameters):
            if name and name != session.parameters.keys:
                session.keys(name)  # what is not there is found out before the card is asked anything
        try:
            domain = await open_domain(session)
            try:
                return await self.perform(session, domain)
            finally:
                await domain.close()
        except UnexpectedStatus as problem:
            problem.hint = problem.hint or hint_of(self.name, problem.response.status, keys=session.parameters.keys)
            raise

    def aside(self, session: ISession) -> Aside:
        """
        Where work with the key sets of L{key_sets} is done.
        """
        return aside_for(session.keys, self.key_sets(session.parameters))

    def _dry_run(self, session: ISession) -> dict[str, Any]:
        names = dict.fromkeys(name for name in self.key_sets(session.parameters) if name)
        return {
            "dry_run": True,
            "commands": [_shown(each) for each in self.plan(session.parameters, session.keys)],
            "keys": [self.shown(session, name) for name in names],
            "warnings": self.warnings(session),
        }

    def manages_keys(self, parameters: Any) -> bool:
        """
        Whether keys of the card are put or deleted, which is refused in a channel in which the card does not know the host.
        """
        return self.name.startswith("gp.keys.")

    def check(self, session: ISession) -> None:
        """
        What can be found out before anything is sent to the card.

        @raise CardGatewayError: it cannot be done.
        """

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        Do it.
        """
        raise NotImplementedError

    def plan(self, parameters: Any, keys: KeySource) -> Iterable[Command]:
        """
        The plain commands that L{perform} would send, as far as they are known before.
        """
        return ()

    def key_sets(self, parameters: Any) -> tuple[str, ...]:
        """
        The names of the key sets that are used; empty ones do not count.
        """
        return (parameters.keys,)

    def shown(self, session: ISession, name: str) -> dict[str, Any]:
        """
        One of them, without its keys: L{shown_keys}.
        """
        return shown_keys(session, name)

    def warnings(self, session: ISession) -> list[str]:
        """
        What whoever reads the dry run has to know besides, in sentences.
        """
        return []


def _shown(command: Command) -> str:
    return command.encode().hex().upper()


def shown_keys(session: ISession, name: str, card: bytes | None = None) -> dict[str, Any]:
    """
    A key set without its keys: C{name}, C{version}, and C{check_values} of ENC, MAC and DEK.  Where each card has its own keys
    and C{card} is not given (C{diversified}), they are those of the master keys.  A key pair or a public key has no check
    values, but a C{kind}.

    @param card: key diversification data: the check values are those of this card.
    """
    keys = session.keys(name)
    told = {"name": name, "version": getattr(keys, "version", 0), "diversified": isinstance(keys, MasterKeys) and card is None}
    if hasattr(keys, "for_card"):
        return {**told, "check_values": [each.hex().upper() for each in _check_values(keys, card)]}
    public = public_of(keys)
    return {**told, "check_values": [], "kind": "" if public is None else called(public)}


def _check_values(keys: Any, card: bytes | None) -> tuple[bytes, ...]:
    if isinstance(keys, MasterKeys) and card is None:
        keys = KeySet(keys.version, keys.enc, keys.mac, keys.dek)
    found: tuple[bytes, ...] = keys.for_card(card or NOBODY).check_values()
    return found
